import { BerthError } from '../errors.ts';

/** Every capability by its number in linux/capability.h. */
const byNumber = `
CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE
NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN
SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE
MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE`
  .trim()
  .split(/\s+/)
  .map((name) => `CAP_${name}`);

/** What a container has when nothing is said: Docker's list (moby, daemon/pkg/oci/caps/defaults.go). */
export const defaultCapabilities = `
CHOWN DAC_OVERRIDE FSETID FOWNER MKNOD NET_RAW SETGID SETUID SETFCAP SETPCAP NET_BIND_SERVICE SYS_CHROOT KILL
AUDIT_WRITE`
  .trim()
  .split(/\s+/)
  .map((name) => `CAP_${name}`);

/** All capabilities that the kernel knows, by the number of its last one. */
export function allCapabilities(last: number): string[] {
  return byNumber.slice(0, last + 1);
}

/**
 * The capabilities of a container, by Docker's rules for --cap-add, --cap-drop and --privileged.
 * Throws bad-parameter for a name that no kernel has.
 */
export function planCapabilities(options: {
  add: string[];
  drop: string[];
  privileged: boolean;
  last: number;
}): string[] {
  const all = allCapabilities(options.last);
  if (options.privileged) return all;
  const add = options.add.map(normalize);
  const drop = options.drop.map(normalize);
  if (add.includes('ALL')) return all.filter((name) => !drop.includes(name));
  const base = drop.includes('ALL') ? [] : defaultCapabilities.filter((name) => !drop.includes(name));
  return [...new Set([...base, ...add])].filter((name) => all.includes(name));
}

function normalize(word: string): string {
  const upper = word.toUpperCase();
  if (upper === 'ALL') return upper;
  const name = upper.startsWith('CAP_') ? upper : `CAP_${upper}`;
  if (!byNumber.includes(name)) {
    throw new BerthError('bad-parameter', `invalid capability: "${word}"`, {
      parameter: 'CapAdd',
      value: word,
    });
  }
  return name;
}
