import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

const listening = '0A';
const unconnected = '07';

/** `name (pid n)` of the process that has the port open; undefined when it cannot be told. For error messages only. */
export function portOwner(protocol: 'tcp' | 'udp', port: number): string | undefined {
  const inodes = new Set(
    [protocol, `${protocol}6`].flatMap((table) =>
      socketInodes(readText(`/proc/net/${table}`), protocol, port),
    ),
  );
  if (inodes.size === 0) return undefined;
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    if (holdsSocket(pid, inodes)) return `${readText(`/proc/${pid}/comm`).trim()} (pid ${pid})`;
  }
  return undefined;
}

/** Format of /proc/net/tcp and udp. */
function socketInodes(text: string, protocol: 'tcp' | 'udp', port: number): string[] {
  const wanted = port.toString(16).toUpperCase().padStart(4, '0');
  return text
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([, local, , state]) => {
      return local?.endsWith(`:${wanted}`) && state === (protocol === 'tcp' ? listening : unconnected);
    })
    .map((fields) => fields[9] ?? '');
}

function holdsSocket(pid: string, inodes: Set<string>): boolean {
  try {
    return readdirSync(`/proc/${pid}/fd`).some((fd) => {
      const inode = /^socket:\[(\d+)\]$/.exec(readLink(`/proc/${pid}/fd/${fd}`))?.[1];
      return inode !== undefined && inodes.has(inode);
    });
  } catch {
    // It ended while we looked.
    return false;
  }
}

function readLink(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
