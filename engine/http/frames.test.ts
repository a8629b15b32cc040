import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { frame, writeSlowly } from './frames.ts';

test('a frame is stream, three zeros, big-endian length, bytes', () => {
  expect([...frame('stdout', Buffer.from('hi'))]).toEqual([1, 0, 0, 0, 0, 0, 0, 2, 104, 105]);
  expect([...frame('stderr', Buffer.alloc(0))]).toEqual([2, 0, 0, 0, 0, 0, 0, 0]);
  expect(frame('stdout', Buffer.alloc(70_000)).readUInt32BE(4)).toBe(70_000);
});

test('a slow reader is waited for, and one that has gone is said', async () => {
  const target = new PassThrough({ highWaterMark: 1 });
  const written = writeSlowly(target, Buffer.from('ab'));
  target.resume();
  expect(await written).toBe(true);
  target.pause();
  const waiting = writeSlowly(target, Buffer.from('cd'));
  target.destroy();
  expect(await waiting).toBe(false);
  expect(await writeSlowly(target, Buffer.from('ef'))).toBe(false);
});
