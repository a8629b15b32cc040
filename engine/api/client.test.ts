import { expect, test } from 'vitest';
import { encodeQuery, engineClient, jsonLines } from './client.ts';

async function* chunks(...parts: string[]) {
  for (const part of parts) yield new TextEncoder().encode(part);
}

test('JSON lines survive any chunk boundary, inside a character too', async () => {
  const bytes = new TextEncoder().encode('{"a":"名"}\n{"a":"b"}');
  async function* split() {
    for (const byte of bytes) yield Uint8Array.of(byte);
  }
  const values = [];
  for await (const value of jsonLines(split())) values.push(value);
  expect(values).toEqual([{ a: '名' }, { a: 'b' }]);
});

test('a failed call throws with text, status and code', async () => {
  const client = engineClient(async () => ({
    status: 404,
    headers: {},
    body: chunks(
      '{"message":"No such container: x","berth":{"code":"container-not-found","params":{"id":"x"}}}',
    ),
  }));
  await expect(client.containers.inspect('x')).rejects.toMatchObject({
    status: 404,
    message: 'No such container: x',
    berth: { code: 'container-not-found' },
  });
});

test('undefined query values are left out, others encoded', () => {
  expect(encodeQuery({ a: undefined, b: 'x y', c: true })).toBe('?b=x%20y&c=true');
  expect(encodeQuery({})).toBe('');
});
