/** Tar archives for tests, legal ones and others, entry by entry. */
export interface TarEntry {
  /** Latin-1 text stands for bytes. */
  name: string;
  /** '0' file, '1' hard link, '2' symlink, '3' character, '4' block, '5' directory, '6' fifo, or any other. */
  type?: string;
  data?: string | Buffer;
  link?: string;
  mode?: number;
  uid?: number;
  gid?: number;
  /** Seconds. */
  mtime?: number;
  major?: number;
  minor?: number;
  /** Records of an extended header before the entry; values as latin-1 bytes. */
  pax?: Record<string, string>;
  /** Overrides the size that the header tells. */
  size?: number;
  /** Raw bytes of the size field, 12 of them. */
  sizeField?: Buffer;
}

const block = 512;

export function tarOf(entries: readonly TarEntry[], options: { end?: boolean } = {}): Buffer {
  const parts = entries.flatMap(entryBlocks);
  if (options.end !== false) parts.push(Buffer.alloc(2 * block));
  return Buffer.concat(parts);
}

function entryBlocks(entry: TarEntry): Buffer[] {
  const data = Buffer.from(entry.data ?? '');
  const name = Buffer.from(entry.name, 'latin1');
  const link = Buffer.from(entry.link ?? '', 'latin1');
  return [
    ...(entry.pax === undefined ? [] : paxBlocks(entry.pax)),
    ...(name.length > 100 ? longBlocks('L', name) : []),
    ...(link.length > 100 ? longBlocks('K', link) : []),
    tarHeader({ ...entry, size: entry.size ?? data.length }),
    padded(data),
  ];
}

/** One header block with its checksum. */
export function tarHeader(entry: TarEntry): Buffer {
  const header = Buffer.alloc(block);
  const octal = (value: number, at: number, length: number) =>
    header.write(value.toString(8).padStart(length - 1, '0'), at, 'latin1');
  const type = entry.type ?? (entry.name.endsWith('/') ? '5' : '0');
  header.write(entry.name.slice(0, 100), 0, 'latin1');
  octal(entry.mode ?? (type === '5' ? 0o755 : 0o644), 100, 8);
  octal(entry.uid ?? 0, 108, 8);
  octal(entry.gid ?? 0, 116, 8);
  if (entry.sizeField === undefined) octal(entry.size ?? 0, 124, 12);
  else entry.sizeField.copy(header, 124);
  octal(entry.mtime ?? 1_700_000_000, 136, 12);
  header.write(type, 156, 'latin1');
  header.write((entry.link ?? '').slice(0, 100), 157, 'latin1');
  header.write('ustar\x0000', 257, 'latin1');
  octal(entry.major ?? 0, 329, 8);
  octal(entry.minor ?? 0, 337, 8);
  return withChecksum(header);
}

export function withChecksum(header: Buffer): Buffer {
  header.fill(' ', 148, 156);
  let sum = 0;
  for (let at = 0; at < block; at++) sum += header[at]!;
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return header;
}

function longBlocks(type: string, text: Buffer): Buffer[] {
  const data = Buffer.concat([text, Buffer.alloc(1)]);
  return [tarHeader({ name: '././@LongLink', type, size: data.length }), padded(data)];
}

function paxBlocks(records: Record<string, string>): Buffer[] {
  const data = Buffer.concat(Object.entries(records).map(([key, value]) => paxRecord(key, value)));
  return [tarHeader({ name: 'PaxHeaders/entry', type: 'x', size: data.length }), padded(data)];
}

/** "%d key=value\n": the number counts itself. */
export function paxRecord(key: string, value: string): Buffer {
  const body = Buffer.from(` ${key}=${value}\n`, 'latin1');
  let length = body.length;
  while (String(length).length + body.length !== length) length = String(length).length + body.length;
  return Buffer.concat([Buffer.from(String(length)), body]);
}

function padded(data: Buffer): Buffer {
  return Buffer.concat([data, Buffer.alloc((block - (data.length % block)) % block)]);
}
