import { expect, test } from 'vitest';
import { parseSerial } from './serial.ts';

test('stages are read between the kernel’s lines', () => {
  const { stages, problem } = parseSerial(
    '[    1.2] pci 0000\r\n@stage init 1.402\r\nsome @stage words\r\n@stage sshd 1.950\r\n',
  );
  expect(stages).toEqual([
    { name: 'init', seconds: 1.402 },
    { name: 'sshd', seconds: 1.95 },
  ]);
  expect(problem).toBeUndefined();
});

test.each([
  ['[  2.0] Kernel panic - not syncing: Attempted to kill init!', 'kernel-panic'],
  ['@problem system-damaged EUCLEAN', 'image-damaged'],
  ['@problem data-disk-damaged bad magic', 'disk-damaged'],
])('%s is the problem %s', (line, code) => {
  expect(parseSerial(`@stage init 1.0\n${line}\n`).problem).toMatchObject({
    code,
    detail: expect.stringContaining(line.replace(/^@problem /, '')),
  });
});
