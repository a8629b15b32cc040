/** A section of a 64-bit little-endian ELF file. */
interface Section {
  name: string;
  type: number;
  bytes: Buffer;
  /** Index of the section with its strings. */
  link: number;
}

const dynamicSection = 6;
const noBits = 8;
const tags = { needed: 1, soname: 14 };

/** Whether the bytes are a 64-bit little-endian ELF file, the only kind in an image. */
export function isElf(bytes: Buffer): boolean {
  return bytes.length > 64 && bytes.toString('latin1', 0, 6) === '\x7fELF\x02\x01';
}

function sections(bytes: Buffer): Section[] {
  const at = Number(bytes.readBigUInt64LE(0x28));
  const size = bytes.readUInt16LE(0x3a);
  const count = bytes.readUInt16LE(0x3c);
  const names = bytes.readUInt16LE(0x3e);
  const raw = Array.from({ length: count }, (_, index) => {
    const header = at + index * size;
    const type = bytes.readUInt32LE(header + 4);
    const start = Number(bytes.readBigUInt64LE(header + 24));
    const length = type === noBits ? 0 : Number(bytes.readBigUInt64LE(header + 32));
    return {
      nameAt: bytes.readUInt32LE(header),
      type,
      bytes: bytes.subarray(start, start + length),
      link: bytes.readUInt32LE(header + 40),
    };
  });
  const strings = raw[names]?.bytes ?? Buffer.alloc(0);
  return raw.map(({ nameAt, ...section }) => ({ name: stringAt(strings, nameAt), ...section }));
}

function stringAt(strings: Buffer, at: number): string {
  return strings.toString('latin1', at, strings.indexOf(0, at));
}

/** Names of the shared libraries that a program or library asks for (DT_NEEDED), in its order. */
export function neededLibraries(bytes: Buffer): string[] {
  const all = sections(bytes);
  const dynamic = all.find((section) => section.type === dynamicSection);
  const strings = dynamic && all[dynamic.link];
  if (!dynamic || !strings) return [];
  const needed: string[] = [];
  for (let at = 0; at + 16 <= dynamic.bytes.length; at += 16) {
    if (Number(dynamic.bytes.readBigInt64LE(at)) === tags.needed) {
      needed.push(stringAt(strings.bytes, Number(dynamic.bytes.readBigUInt64LE(at + 8))));
    }
  }
  return needed;
}

/** What a kernel module says about itself in .modinfo: `key=value` strings, keys repeated. */
export function moduleInfo(bytes: Buffer): { key: string; value: string }[] {
  const info = sections(bytes).find((section) => section.name === '.modinfo');
  if (!info) return [];
  return info.bytes
    .toString('latin1')
    .split('\0')
    .filter((line) => line.includes('='))
    .map((line) => {
      const equals = line.indexOf('=');
      return { key: line.slice(0, equals), value: line.slice(equals + 1) };
    });
}
