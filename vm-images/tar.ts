/** An entry of a file tree. `path` has neither a leading nor a trailing slash; the root is the empty path. */
export interface TreeEntry {
  path: string;
  type: 'file' | 'directory' | 'symlink' | 'hardlink';
  /** Permission bits, 0 to 0o7777. */
  mode: number;
  /** Target of a symlink as stored; of a hardlink the path of another entry. */
  target?: string;
  /** Contents of a file. */
  bytes?: Buffer;
}

const blockBytes = 512;
const types: Record<string, TreeEntry['type']> = {
  '0': 'file',
  '\0': 'file',
  '1': 'hardlink',
  '2': 'symlink',
  '5': 'directory',
};

/**
 * Reads a tar stream as Debian's packages hold it: ustar and GNU with long names, no sparse files. Device nodes and
 * other types throw, because no package that goes into the image has any.
 */
export function readTar(archive: Buffer): TreeEntry[] {
  const entries: TreeEntry[] = [];
  let longName: string | undefined;
  let longTarget: string | undefined;
  for (let at = 0; at + blockBytes <= archive.length; ) {
    const header = archive.subarray(at, at + blockBytes);
    if (header[0] === 0) break;
    const size = number(header, 124, 12);
    const bytes = archive.subarray(at + blockBytes, at + blockBytes + size);
    if (bytes.length < size) throw new Error(`tar entry at ${at} is cut off`);
    at += blockBytes + Math.ceil(size / blockBytes) * blockBytes;
    const flag = String.fromCharCode(header[156] as number);
    if (flag === 'L') longName = text(bytes, 0, size);
    else if (flag === 'K') longTarget = text(bytes, 0, size);
    else {
      entries.push(entry(header, flag, bytes, longName, longTarget));
      longName = undefined;
      longTarget = undefined;
    }
  }
  return entries;
}

function entry(
  header: Buffer,
  flag: string,
  bytes: Buffer,
  longName: string | undefined,
  longTarget: string | undefined,
): TreeEntry {
  const prefix = header.toString('latin1', 257, 262) === 'ustar' ? text(header, 345, 155) : '';
  const name = longName ?? (prefix === '' ? text(header, 0, 100) : `${prefix}/${text(header, 0, 100)}`);
  const type = types[flag];
  if (type === undefined)
    throw new Error(`tar entry ${name} is of type ${JSON.stringify(flag)}, which no image needs`);
  const result: TreeEntry = { path: cleanPath(name), type, mode: number(header, 100, 8) & 0o7777 };
  if (type === 'file') result.bytes = bytes;
  const target = longTarget ?? text(header, 157, 100);
  if (type === 'symlink') result.target = target;
  if (type === 'hardlink') result.target = cleanPath(target);
  return result;
}

function cleanPath(path: string): string {
  const parts = path.split('/').filter((part) => part !== '' && part !== '.');
  if (parts.includes('..')) throw new Error(`tar entry ${path} leaves its tree`);
  return parts.join('/');
}

function text(block: Buffer, start: number, length: number): string {
  const field = block.subarray(start, start + length);
  const end = field.indexOf(0);
  return field.toString('utf8', 0, end < 0 ? length : end);
}

function number(block: Buffer, start: number, length: number): number {
  const digits = text(block, start, length).trim();
  const value = digits === '' ? 0 : Number.parseInt(digits, 8);
  if (!Number.isInteger(value) || value < 0) throw new Error(`bad number in a tar header: ${digits}`);
  return value;
}

/** Writes entries as a GNU tar stream, in their order, all owned by root, with one time for all (seconds). */
export function writeTar(entries: TreeEntry[], timeSeconds: number): Buffer {
  const blocks: Buffer[] = [];
  for (const item of entries) {
    const name = item.type === 'directory' ? `${item.path}/` : item.path;
    const path = Buffer.from(item.path === '' ? './' : name);
    const target = Buffer.from(item.target ?? '');
    if (target.length > 100) blocks.push(...long('K', target));
    if (path.length > 100) blocks.push(...long('L', path));
    const bytes = item.bytes ?? Buffer.alloc(0);
    const flag = { file: '0', hardlink: '1', symlink: '2', directory: '5' }[item.type];
    blocks.push(headerOf({ path, target, flag, mode: item.mode, size: bytes.length, timeSeconds }));
    blocks.push(bytes, padding(bytes.length));
  }
  blocks.push(Buffer.alloc(2 * blockBytes));
  return Buffer.concat(blocks);
}

function long(flag: string, value: Buffer): Buffer[] {
  const bytes = Buffer.concat([value, Buffer.alloc(1)]);
  const path = Buffer.from('././@LongLink');
  const header = headerOf({
    path,
    target: Buffer.alloc(0),
    flag,
    mode: 0,
    size: bytes.length,
    timeSeconds: 0,
  });
  return [header, bytes, padding(bytes.length)];
}

function padding(size: number): Buffer {
  return Buffer.alloc((blockBytes - (size % blockBytes)) % blockBytes);
}

function headerOf(fields: {
  path: Buffer;
  target: Buffer;
  flag: string;
  mode: number;
  size: number;
  timeSeconds: number;
}): Buffer {
  const header = Buffer.alloc(blockBytes);
  const octal = (value: number, at: number, length: number) =>
    header.write(value.toString(8).padStart(length - 1, '0'), at, 'latin1');
  fields.path.copy(header, 0, 0, 100);
  octal(fields.mode, 100, 8);
  octal(0, 108, 8);
  octal(0, 116, 8);
  octal(fields.size, 124, 12);
  octal(fields.timeSeconds, 136, 12);
  header.write(fields.flag, 156, 'latin1');
  fields.target.copy(header, 157, 0, 100);
  header.write('ustar  ', 257, 'latin1');
  header.fill(' ', 148, 156);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return header;
}
