import { expect, test } from 'vitest';
import { DetachKeys } from './detach-keys.ts';

const feed = (keys: string, ...parts: string[]) => {
  const watcher = new DetachKeys(keys);
  const answers = parts.map((part) => watcher.feed(Buffer.from(part, 'latin1')));
  return {
    passed: answers.map(({ pass }) => pass.toString('latin1')).join(''),
    detached: answers.at(-1)?.detached,
  };
};

test('the default keys, in one piece and in two', () => {
  expect(feed('', 'ab\x10\x11cd')).toEqual({ passed: 'ab', detached: true });
  expect(feed('', 'ab\x10', '\x11')).toEqual({ passed: 'ab', detached: true });
});

test('a first key that is not followed by the second is passed on', () => {
  expect(feed('', '\x10', 'x')).toEqual({ passed: '\x10x', detached: false });
  expect(feed('', '\x10\x10\x11')).toEqual({ passed: '\x10', detached: true });
});

test('keys of one’s own', () => {
  expect(feed('a,ctrl-[', 'a\x1b')).toEqual({ passed: '', detached: true });
  expect(feed('ctrl-@', '\0')).toEqual({ passed: '', detached: true });
});

test.each(['ctrl-', 'ctrl-1', 'ctrl-ab', 'xy', 'a,,b'])('%j are no keys', (keys) => {
  expect(() => new DetachKeys(keys)).toThrow(/Invalid detach keys/);
});
