import { readFileSync } from 'node:fs';
import { readFile, statfs } from 'node:fs/promises';
import { arch, hostname, release } from 'node:os';

/** Facts of the machine that do not change while it runs. */
export interface Machine {
  hostname: string;
  kernel: string;
  /** As uname -m. */
  architecture: string;
  /** As Docker names it. */
  goArchitecture: string;
  operatingSystem: string;
}

export function readMachine(): Machine {
  const known: Record<string, [string, string]> = { x64: ['x86_64', 'amd64'], arm64: ['aarch64', 'arm64'] };
  const [architecture, goArchitecture] = known[arch()] ?? [arch(), arch()];
  return {
    hostname: hostname(),
    kernel: release(),
    architecture,
    goArchitecture,
    operatingSystem: readSystemName(),
  };
}

function readSystemName(): string {
  for (const path of ['/etc/os-release', '/usr/lib/os-release']) {
    try {
      const found = /^PRETTY_NAME="?([^"\n]*)"?$/m.exec(readFileSync(path, 'utf8'));
      if (found?.[1]) return found[1];
    } catch {
      // The next place.
    }
  }
  return 'Linux';
}

export async function readMemory(): Promise<{ total: number; available: number }> {
  const text = await readFile('/proc/meminfo', 'utf8');
  const bytes = (name: string) =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1] ?? 0) * 1024;
  return { total: bytes('MemTotal'), available: bytes('MemAvailable') };
}

export async function readDisk(path: string): Promise<{ totalBytes: number; freeBytes: number }> {
  const { blocks, bavail, bsize } = await statfs(path);
  return { totalBytes: blocks * bsize, freeBytes: bavail * bsize };
}

/** Share of all processors in use since the last call, 0 to 1. */
export class CpuMeter {
  #busy = 0;
  #total = 0;

  async read(): Promise<number> {
    const text = await readFile('/proc/stat', 'utf8');
    const fields = (text.split('\n', 1)[0] ?? '').trim().split(/\s+/).slice(1, 9).map(Number);
    const total = fields.reduce((sum, field) => sum + field, 0);
    const busy = total - (fields[3] ?? 0) - (fields[4] ?? 0);
    const share = total > this.#total ? (busy - this.#busy) / (total - this.#total) : 0;
    this.#busy = busy;
    this.#total = total;
    return share;
  }
}
