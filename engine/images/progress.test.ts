import { expect, test } from 'vitest';
import type { ProgressLine } from '../api/json-stream.ts';
import { BarMeter, barLine, humanSize, progressBar, wordLine } from './progress.ts';

/** Bars that dockerd 28.5 has sent, with the numbers beside them. */
const recorded: [current: number, total: number, bar: string][] = [
  [545792, 94724877, '[>                                                  ]  545.8kB/94.72MB'],
  [24276992, 94724877, '[============>                                      ]  24.28MB/94.72MB'],
  [65938432, 94724877, '[==================================>                ]  65.94MB/94.72MB'],
  [79101952, 94724877, '[=========================================>         ]   79.1MB/94.72MB'],
  [83001344, 94724877, '[===========================================>       ]     83MB/94.72MB'],
  [94724877, 94724877, '[==================================================>]  94.72MB/94.72MB'],
  [19968, 1993220, '[>                                                  ]  19.97kB/1.993MB'],
  [2140160, 1993220, '[==================================================>]   2.14MB'],
];

test.each(recorded)('the bar of %d of %d bytes', (current, total, bar) => {
  expect(progressBar(current, total)).toBe(bar);
});

test('a bar without a total has only the size', () => {
  expect(progressBar(1500, 0)).toBe('   1.5kB');
});

test.each([
  [0, '0B'],
  [999, '999B'],
  [1000, '1kB'],
  [1_993_220, '1.993MB'],
  [999_999, '1000kB'],
  [5_000_000_000, '5GB'],
  [1e18, '1000PB'],
])('%d bytes are %s', (bytes, text) => {
  expect(humanSize(bytes)).toBe(text);
});

test('lines have exactly dockerd’s fields', () => {
  expect(wordLine('Pull complete', 'abc')).toEqual({
    status: 'Pull complete',
    progressDetail: {},
    id: 'abc',
  });
  expect(barLine('Downloading', 'abc', 1, 2)).toEqual({
    status: 'Downloading',
    progressDetail: { current: 1, total: 2 },
    progress: progressBar(1, 2),
    id: 'abc',
  });
});

test('a meter thins out what comes fast, never says less than before, and always says the end', () => {
  const lines: ProgressLine[] = [];
  const total = 10_000_000;
  const meter = new BarMeter({ send: (line) => lines.push(line), status: 'Downloading', id: 'a', total });
  for (let bytes = 0; bytes <= total; bytes += 1000) meter.update(bytes);
  meter.finish();
  expect(lines.length).toBeLessThan(1000);
  const currents = lines.map((line) => line.progressDetail?.current ?? 0);
  expect(currents).toEqual(currents.toSorted((a, b) => a - b));
  expect(currents.at(-1)).toBe(total);
});
