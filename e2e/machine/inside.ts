import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { sshBanner } from '../../electron/host/machine/banner.ts';
import type { Link } from '../../electron/host/machine/link.ts';
import { connectSsh } from '../../electron/host/machine/ssh.ts';
import type { TestMachine } from './test-machine.ts';

const bannerMs = 15_000;

/** A connection of the test's own into the machine, for looking around and for breaking things there. */
export async function connectInside(machine: TestMachine): Promise<Link> {
  const { clientKey, hostKey } = machine.files.machine;
  const address = {
    host: '127.0.0.1',
    port: await sshPort(machine.qemuPid()),
    user: 'root',
    clientKey: readFileSync(clientKey, 'utf8'),
    hostKeyPublic: readFileSync(`${hostKey}.pub`, 'utf8').trim(),
  };
  return await connectSsh(address, { signal: AbortSignal.timeout(30_000) });
}

/** Runs a line of shell in the machine and gives what it printed; throws when it fails. */
export async function inside(link: Link, line: string): Promise<string> {
  const { code, stdout, stderr } = await link.exec(line);
  if (code !== 0) throw new Error(`${line} ended with ${code}: ${stderr.toString()}`);
  return stdout.toString().trim();
}

/** The one port of QEMU behind which an SSH server answers; only QEMU's own console knows, and the host holds that. */
async function sshPort(qemu: number): Promise<number> {
  for (const port of listeningPorts(qemu)) {
    const answers = await sshBanner(port, AbortSignal.timeout(bannerMs)).then(
      () => true,
      () => false,
    );
    if (answers) return port;
  }
  throw new Error('no port of QEMU leads to an SSH server');
}

function listeningPorts(pid: number): number[] {
  const sockets = new Set(readdirSync(`/proc/${pid}/fd`).map((fd) => linkOf(`/proc/${pid}/fd/${fd}`)));
  const lines = readFileSync(`/proc/${pid}/net/tcp`, 'utf8').trim().split('\n').slice(1);
  return lines.flatMap((line) => {
    const fields = line.trim().split(/\s+/);
    const [local = '', state, inode] = [fields[1], fields[3], fields[9]];
    if (state !== '0A' || !sockets.has(`socket:[${inode}]`)) return [];
    return [Number.parseInt(local.split(':')[1] ?? '', 16)];
  });
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}
