import { expect, test } from 'vitest';
import type { ProgressLine } from '../../engine/api/json-stream.ts';
import { joinReference, noProgress, pullProgress, pullTotals, splitReference } from './pull-progress.ts';

const run = (lines: ProgressLine[]) => lines.reduce(pullProgress, noProgress);

test('a layer goes through Docker’s words', () => {
  const lines: ProgressLine[] = [
    { status: 'Pulling from library/nginx', id: 'latest' },
    { status: 'Already exists', id: 'aaa' },
    { status: 'Pulling fs layer', id: 'bbb' },
    { status: 'Downloading', id: 'bbb', progressDetail: { current: 50, total: 100 } },
  ];
  const half = run(lines);
  expect(half.layers).toMatchObject([
    { id: 'aaa', phase: 'here' },
    { id: 'bbb', phase: 'downloading', receivedBytes: 50, totalBytes: 100 },
  ]);
  expect(pullTotals(half)).toMatchObject({ receivedBytes: 50, totalBytes: 100, share: 0.375, done: 1 });
  const extracting = [half].map((progress) =>
    pullProgress(pullProgress(progress, { status: 'Download complete', id: 'bbb', progressDetail: {} }), {
      status: 'Extracting',
      id: 'bbb',
      progressDetail: { current: 10, total: 100 },
    }),
  )[0]!;
  expect(extracting.layers[1]).toMatchObject({ phase: 'extracting', receivedBytes: 100, extracted: 0.1 });
  const end = pullProgress(extracting, { status: 'Pull complete', id: 'bbb', progressDetail: {} });
  expect(pullTotals(end)).toMatchObject({ share: 1, done: 2 });
});

test('a retry keeps its words until the download goes on', () => {
  const retrying = run([
    { status: 'Downloading', id: 'b', progressDetail: { current: 1, total: 9 } },
    { status: 'Retrying in 3 seconds', id: 'b' },
  ]);
  expect(retrying.layers[0]).toMatchObject({
    phase: 'retrying',
    note: 'Retrying in 3 seconds',
    receivedBytes: 1,
  });
  expect(pullProgress(retrying, { status: 'Downloading', id: 'b' }).layers[0]?.note).toBeUndefined();
});

test('digest and up to date are read from the last lines', () => {
  expect(
    run([{ status: 'Digest: sha256:abc' }, { status: 'Status: Image is up to date for nginx:latest' }]),
  ).toMatchObject({ digest: 'sha256:abc', upToDate: true });
});

test.each([
  ['nginx', 'nginx', 'latest'],
  ['nginx:1.31', 'nginx', '1.31'],
  ['localhost:5000/a/b', 'localhost:5000/a/b', 'latest'],
  ['localhost:5000/a/b:x', 'localhost:5000/a/b', 'x'],
  ['nginx@sha256:abc', 'nginx', 'sha256:abc'],
  ['docker pull redis:8', 'redis', '8'],
])('%s', (text, fromImage, tag) => {
  expect(splitReference(text)).toEqual({ fromImage, tag });
  expect(splitReference(joinReference({ fromImage, tag }))).toEqual({ fromImage, tag });
});
