import { expect, test } from 'vitest';
import { answer, encodeName, parseQuestion, recordType, reverseAddress, serverFailure } from './message.ts';

/** A query as a resolver library sends it. */
function query(name: string, type: number): Buffer {
  const header = Buffer.from('123401000001000000000000', 'hex');
  return Buffer.concat([header, encodeName(name), Buffer.from([0, type, 0, 1])]);
}

test('a question is read, its name in lower case', () => {
  expect(parseQuestion(query('Web.Example', recordType.a))).toMatchObject({
    id: 0x1234,
    name: 'web.example',
    type: 1,
  });
});

test.each([
  ['too short', Buffer.alloc(11)],
  ['an answer', Buffer.from('123481800001000000000000', 'hex')],
  ['two questions', Buffer.from('123401000002000000000000', 'hex')],
  ['a name without an end', Buffer.from('1234010000010000000000000361', 'hex')],
  ['a compressed name', Buffer.from('123401000001000000000000c00c00010001', 'hex')],
])('%s is no question', (_, message) => {
  expect(parseQuestion(message)).toBeUndefined();
});

test('an answer repeats the question and points to its name', () => {
  const question = parseQuestion(query('web', recordType.a))!;
  const data = Buffer.from([10, 0, 0, 1]);
  const text = answer(question, [{ type: recordType.a, data }]).toString('hex');
  expect(text).toBe(
    '1234818000010001000000000377656200 00010001 c00c00010001000002580004 0a000001'.replaceAll(' ', ''),
  );
  expect(answer(question, []).readUInt16BE(6)).toBe(0);
  expect(serverFailure(question).readUInt16BE(2) & 0xf).toBe(2);
});

test('names of the reverse tree', () => {
  expect(reverseAddress('2.0.18.172.in-addr.arpa')).toBe('172.18.0.2');
  expect(reverseAddress('2.0.18.in-addr.arpa')).toBeUndefined();
});
