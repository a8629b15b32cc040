import { expect, test } from 'vitest';
import {
  anchorOf,
  clampAnchor,
  contentPx,
  isScaled,
  lastAnchor,
  maxContentPx,
  scrollTopOf,
} from './scroll-model.ts';

test('few rows scroll one to one', () => {
  const size = { rows: 1000, viewportPx: 400 };
  expect(isScaled(size)).toBe(false);
  expect(contentPx(size)).toBe(20_000);
  expect(anchorOf(250, size)).toBe(12.5);
  expect(scrollTopOf(12.5, size)).toBe(250);
});

test('a million rows reach the last one at the end of the scrollbar', () => {
  const size = { rows: 1_000_000, viewportPx: 400 };
  expect(isScaled(size)).toBe(true);
  expect(contentPx(size)).toBe(maxContentPx);
  expect(anchorOf(maxContentPx - 400, size)).toBe(999_980);
  expect(anchorOf(0, size)).toBe(0);
  expect(anchorOf(scrollTopOf(123_456.5, size), size)).toBeCloseTo(123_456.5, 6);
});

test('anchors stay inside', () => {
  const size = { rows: 10, viewportPx: 400 };
  expect(lastAnchor(size)).toBe(0);
  expect(clampAnchor(5, size)).toBe(0);
  expect(clampAnchor(-5, { rows: 100, viewportPx: 400 })).toBe(0);
  expect(clampAnchor(500, { rows: 100, viewportPx: 400 })).toBe(80);
});
