import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { problemActions, stageNames } from '../../electron/host/api/machine.ts';
import { errorCodes } from '../../engine/api/errors.ts';
import en from '../../renderer/messages/en/index.ts';
import { chooseLanguage } from '../../renderer/messages/index.ts';
import zh from '../../renderer/messages/zh-CN/index.ts';

/** Every key with its text; English singular forms have no Chinese counterpart. */
function flatten(tree: object, prefix = ''): Map<string, string> {
  const texts = new Map<string, string>();
  for (const [key, value] of Object.entries(tree)) {
    if (typeof value === 'string') texts.set(prefix + key, value);
    else for (const [inner, text] of flatten(value, `${prefix}${key}.`)) texts.set(inner, text);
  }
  return texts;
}
const english = flatten(en);
const chinese = flatten(zh);
const placeholders = (text: string) => [...text.matchAll(/\{\{(\w+)\}\}|<\/?\w+>/g)].map(String).sort();

test('both catalogues have the same keys', () => {
  expect([...chinese.keys()].sort()).toEqual(
    [...english.keys()].filter((key) => !key.endsWith('_one')).sort(),
  );
});

test('both sides of a message have the same placeholders', () => {
  for (const [key, text] of chinese)
    expect([key, placeholders(text)]).toEqual([key, placeholders(english.get(key) ?? '')]);
});

test('a plural has both English forms', () => {
  for (const key of english.keys())
    if (key.endsWith('_one')) expect(english.has(key.replace(/_one$/, '_other')), key).toBe(true);
});

test('every problem, action, stage and error code has words', () => {
  expect(Object.keys(en.machine.problem).sort()).toEqual(Object.keys(problemActions).sort());
  for (const action of Object.values(problemActions).flat()) expect(en.machine.action).toHaveProperty(action);
  expect(Object.keys(en.machine.stage).sort()).toEqual([...stageNames].sort());
  for (const code of Object.keys(errorCodes)) expect(en.errors.code, code).toHaveProperty(code);
});

test('the system language decides where nothing is set', () => {
  expect(chooseLanguage('system', ['zh-TW', 'en'])).toBe('zh-CN');
  expect(chooseLanguage('system', ['de-DE'])).toBe('en');
  expect(chooseLanguage('en', ['zh-CN'])).toBe('en');
});

function sources(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return entry.name === 'messages' ? [] : sources(path);
    return entry.name.endsWith('.tsx') ? [path] : [];
  });
}

/** JSX text with a letter in it, and string attributes that people read. */
const hardCoded = [
  /<(?:p|span|b|h[1-6]|div|dt|dd|th|td|li|button|label|Button|MenuItem|Badge)(?:\s[^<>]*)?>\s*[A-Za-z\u4e00-\u9fff][^<{}]*</g,
  /\b(?:title|aria-label|label|placeholder|alt|hint)="[^"]*[A-Za-z\u4e00-\u9fff][^"]*"/g,
];
test('no text stands in the source', () => {
  const found = sources('renderer').flatMap((path) => {
    const text = readFileSync(path, 'utf8');
    return hardCoded.flatMap((pattern) => [...text.matchAll(pattern)].map((match) => `${path}: ${match[0]}`));
  });
  expect(found).toEqual([]);
});
