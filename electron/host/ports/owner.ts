import { readdir, readFile, readlink } from 'node:fs/promises';
import type { ForwardAddress } from '../machine/driver.ts';

/** State of a listening TCP socket in /proc/net/tcp; a bound UDP socket has 07. */
const listening = { tcp: '0A', udp: '07' } as const;

/**
 * Name and pid of the program that holds a port of this desktop, as "nginx (1234)". Undefined where the system does
 * not tell (another user's process, other systems than Linux).
 */
export async function portOwner({ protocol, desktopPort }: ForwardAddress): Promise<string | undefined> {
  if (process.platform !== 'linux') return undefined;
  const tables = await Promise.all(
    ['', '6'].map((suffix) => readFile(`/proc/net/${protocol}${suffix}`, 'utf8').catch(() => '')),
  );
  const inodes = new Set(tables.flatMap((table) => holders(table, desktopPort, listening[protocol])));
  if (inodes.size === 0) return undefined;
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    if (await holdsSocket(pid, inodes)) {
      const name = await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '');
      return `${name.trim()} (${pid})`;
    }
  }
  return undefined;
}

/** Inodes of the sockets that hold a port, from a table of /proc/net. */
export function holders(table: string, port: number, state: string): string[] {
  const hex = port.toString(16).toUpperCase().padStart(4, '0');
  return table.split('\n').flatMap((line) => {
    const fields = line.trim().split(/\s+/);
    return fields[1]?.endsWith(`:${hex}`) && fields[3] === state && fields[9] !== undefined
      ? [fields[9]]
      : [];
  });
}

async function holdsSocket(pid: string, inodes: Set<string>): Promise<boolean> {
  const descriptors = await readdir(`/proc/${pid}/fd`).catch(() => []);
  for (const descriptor of descriptors) {
    const target = await readlink(`/proc/${pid}/fd/${descriptor}`).catch(() => '');
    const inode = /^socket:\[(\d+)\]$/.exec(target)?.[1];
    if (inode !== undefined && inodes.has(inode)) return true;
  }
  return false;
}
