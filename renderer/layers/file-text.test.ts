import { expect, test } from 'vitest';
import { fileText } from './file-text.ts';

test('text stays text, also when a character is cut at the end', () => {
  const bytes = new TextEncoder().encode('名前');
  expect(fileText(bytes)).toEqual({ text: '名前', binary: false });
  expect(fileText(bytes.subarray(0, 5))).toEqual({ text: '名', binary: false });
  expect(fileText(new Uint8Array())).toEqual({ text: '', binary: false });
});

test('other bytes become a hex dump', () => {
  const { text, binary } = fileText(Uint8Array.of(0x7f, 0x45, 0x4c, 0x46, 0, 255));
  expect(binary).toBe(true);
  expect(text).toMatch(/^00000000 {2}7f 45 4c 46 00 ff +\.ELF\.\.$/);
  expect(fileText(Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0xff)).binary).toBe(true);
});
