/** The part of DNS (RFC 1035) that a container's name server speaks by itself; everything else is passed on unread. */

export const recordType = { a: 1, ptr: 12, aaaa: 28 } as const;
const classInternet = 1;
const headerBytes = 12;
/** Docker's: names change with every start, and nobody shall remember them for long. */
const ttlSeconds = 600;

export interface Question {
  id: number;
  /** Lower case, without the dot at the end. */
  name: string;
  type: number;
  /** Header and question as they came, which an answer begins with. */
  bytes: Buffer;
}

/** Reads a query with one question; undefined for anything else. */
export function parseQuestion(message: Buffer): Question | undefined {
  if (message.length < headerBytes) return undefined;
  const isQuery = (message.readUInt16BE(2) & 0xf800) === 0;
  if (!isQuery || message.readUInt16BE(4) !== 1) return undefined;
  const labels: string[] = [];
  let at = headerBytes;
  for (;;) {
    const length = message[at];
    // Names of a question are never compressed.
    if (length === undefined || length > 63) return undefined;
    at += 1;
    if (length === 0) break;
    labels.push(message.toString('latin1', at, at + length));
    at += length;
  }
  if (at + 4 > message.length || message.readUInt16BE(at + 2) !== classInternet) return undefined;
  return {
    id: message.readUInt16BE(0),
    name: labels.join('.').toLowerCase(),
    type: message.readUInt16BE(at),
    bytes: message.subarray(0, at + 4),
  };
}

/** An answer with these records (addresses of four bytes, or names); without any, the name is there and has none. */
export function answer(question: Question, records: { type: number; data: Buffer }[]): Buffer {
  const header = Buffer.from(question.bytes);
  // Answer, recursion available; desired as asked.
  header.writeUInt16BE(0x8080 | (header.readUInt16BE(2) & 0x0100), 2);
  header.writeUInt16BE(records.length, 6);
  header.writeUInt32BE(0, 8);
  const bodies = records.map(({ type, data }) => {
    const record = Buffer.alloc(12);
    // The name is the question's, behind the header.
    record.writeUInt16BE(0xc000 | headerBytes, 0);
    record.writeUInt16BE(type, 2);
    record.writeUInt16BE(classInternet, 4);
    record.writeUInt32BE(ttlSeconds, 6);
    record.writeUInt16BE(data.length, 10);
    return Buffer.concat([record, data]);
  });
  return Buffer.concat([header, ...bodies]);
}

/** SERVFAIL: nobody could be asked. */
export function serverFailure(question: Question): Buffer {
  const failed = answer(question, []);
  failed.writeUInt16BE(failed.readUInt16BE(2) | 2, 2);
  return failed;
}

/** A name as the data of a record. */
export function encodeName(name: string): Buffer {
  const labels = name.split('.').filter(Boolean);
  return Buffer.concat([
    ...labels.map((label) => {
      const text = Buffer.from(label.slice(0, 63), 'latin1');
      return Buffer.concat([Buffer.from([text.length]), text]);
    }),
    Buffer.from([0]),
  ]);
}

/** The address that a name of the reverse tree asks about: `4.3.2.1.in-addr.arpa`. */
export function reverseAddress(name: string): string | undefined {
  const found = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.in-addr\.arpa$/.exec(name);
  return found === null ? undefined : found.slice(1).reverse().join('.');
}
