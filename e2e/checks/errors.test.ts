import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { errorCodes } from '../../engine/api/errors.ts';
import { statusOfKind } from '../../engine/http/status.ts';
import english from '../../renderer/messages/en/errors.ts';
import chinese from '../../renderer/messages/zh-CN/errors.ts';

const page = readFileSync(join(import.meta.dirname, '../../docs/errors.md'), 'utf8');

/** Rows of the page's table of codes: cells by column. */
const rows = page
  .split('\n')
  .filter((line) => line.startsWith('| `'))
  .map((line) =>
    line
      .split(/(?<!\\)\|/)
      .slice(1, -1)
      .map((cell) => cell.trim().replaceAll('\\|', '|')),
  );

test('docs/errors.md has every code with its kind, its status and the app’s words', () => {
  const words: Record<string, string> = english.code;
  const expected = Object.entries(errorCodes).map(([code, kind]) => [
    `\`${code}\``,
    kind,
    String(statusOfKind[kind]),
    words[code],
  ]);
  expect(rows.map(([code, kind, status, , said]) => [code, kind, status, said])).toEqual(expected);
  for (const [code, , , text, , provoked] of rows) {
    expect([code, text, provoked]).not.toContain('');
  }
});

test('both languages have words for every code', () => {
  for (const messages of [english, chinese]) {
    for (const code of Object.keys(errorCodes)) expect(messages.code).toHaveProperty(code);
  }
});
