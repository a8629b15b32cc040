import { expect, test } from 'vitest';
import { checkKernel } from './minimum-kernel.ts';

test.each(['5.14.0', '5.15.0-91-generic', '6.1.0-30-amd64', '10.0'])('%s is new enough', (release) => {
  expect(() => checkKernel(release)).not.toThrow();
});

test.each(['5.13.19', '4.19.0', '3.10.0-1160.el7'])('%s is refused with a sentence', (release) => {
  expect(() => checkKernel(release)).toThrow(
    `this machine runs Linux ${release}; Berth needs 5.14 or newer.`,
  );
});
