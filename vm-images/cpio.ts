import type { TreeEntry } from './tar.ts';

const typeBits = { file: 0o100000, directory: 0o040000, symlink: 0o120000 } as const;

/**
 * Writes entries in the "newc" format that the kernel reads as an initramfs: owned by root, without times, inode
 * numbers by position, so that the same entries give the same bytes. Hard links are not supported (throws).
 */
export function writeCpio(entries: TreeEntry[]): Buffer {
  const parts: Buffer[] = [];
  entries.forEach((entry, index) => {
    if (entry.type === 'hardlink') throw new Error(`${entry.path}: an initramfs has no use for hard links`);
    const bytes =
      entry.type === 'symlink' ? Buffer.from(entry.target ?? '') : (entry.bytes ?? Buffer.alloc(0));
    parts.push(...member(entry.path, index + 1, typeBits[entry.type] | entry.mode, bytes));
  });
  parts.push(...member('TRAILER!!!', 0, 0, Buffer.alloc(0)));
  return Buffer.concat(parts);
}

function member(path: string, inode: number, mode: number, bytes: Buffer): Buffer[] {
  const name = Buffer.from(`${path}\0`);
  const links = 1;
  const fields = [inode, mode, 0, 0, links, 0, bytes.length, 0, 0, 0, 0, name.length, 0];
  const header = `070701${fields.map((value) => value.toString(16).padStart(8, '0')).join('')}`;
  const head = Buffer.concat([Buffer.from(header, 'latin1'), name]);
  return [head, padding(head.length), bytes, padding(bytes.length)];
}

function padding(length: number): Buffer {
  return Buffer.alloc((4 - (length % 4)) % 4);
}
