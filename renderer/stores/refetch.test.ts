import { expect, test, vi } from 'vitest';
import { Refetcher } from './refetch.ts';

function deferred() {
  let resolve = () => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

test('marks within 100 ms share one request', async () => {
  vi.useFakeTimers();
  const fetch = vi.fn(async () => {});
  const refetcher = new Refetcher(fetch);
  for (let i = 0; i < 50; i++) refetcher.mark();
  expect(fetch).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(100);
  expect(fetch).toHaveBeenCalledTimes(1);
  vi.useRealTimers();
});

test('a mark during a request is fetched once more after it, never beside it', async () => {
  const first = deferred();
  let calls = 0;
  let inFlight = 0;
  const refetcher = new Refetcher(async () => {
    calls++;
    expect(++inFlight).toBe(1);
    if (calls === 1) await first.promise;
    inFlight--;
  });
  const done = refetcher.now();
  refetcher.mark();
  refetcher.mark();
  void refetcher.now();
  first.resolve();
  await done;
  expect(calls).toBe(2);
});
