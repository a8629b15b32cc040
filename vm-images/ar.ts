/** A member of an ar archive: its name as stored (padding removed) and a view of its bytes. */
export interface ArMember {
  name: string;
  bytes: Buffer;
}

const magic = '!<arch>\n';
const headerBytes = 60;

/**
 * Reads the common ar format, which is what a Debian package is (deb(5)): short names only, members padded to two
 * bytes. Throws an Error on anything that is not whole.
 */
export function readAr(archive: Buffer): ArMember[] {
  if (archive.toString('latin1', 0, magic.length) !== magic) throw new Error('not an ar archive');
  const members: ArMember[] = [];
  for (let at = magic.length; at < archive.length; ) {
    const header = archive.toString('latin1', at, at + headerBytes);
    if (header.length < headerBytes || header.slice(58) !== '`\n')
      throw new Error(`damaged ar header at ${at}`);
    const size = Number(header.slice(48, 58).trim());
    const start = at + headerBytes;
    if (!Number.isInteger(size) || size < 0 || start + size > archive.length)
      throw new Error(`ar member at ${at} is cut off`);
    members.push({
      name: header.slice(0, 16).trimEnd().replace(/\/$/, ''),
      bytes: archive.subarray(start, start + size),
    });
    at = start + size + (size % 2);
  }
  return members;
}
