import { expect, test } from 'vitest';
import { kernelProblem } from './local.ts';

test.each([
  ['linux', '4.19.0-21-amd64'],
  ['linux', '5.13.19'],
  ['darwin', '24.1.0'],
])('%s %s cannot run containers itself, and says which kernel can', (platform, kernel) => {
  expect(kernelProblem(platform, kernel)).toMatchObject({
    code: 'kernel-too-old',
    params: { wanted: '5.14' },
  });
});

test.each([['5.14.0'], ['5.15.0-91-generic'], ['6.1.0-18-amd64'], ['10.0.0']])('Linux %s can', (kernel) => {
  expect(kernelProblem('linux', kernel)).toBeUndefined();
});
