import type { Contestant } from './contestant.ts';
import { type Row, summarize } from './samples.ts';

export const usualRounds = 15;
const warmUps = 2;

/** Runs the work by turns, ours first, and keeps every contestant's figures; warm-up rounds do not count. */
export async function interleaved(
  contestants: Contestant[],
  work: (contestant: Contestant) => Promise<number>,
  rounds = usualRounds,
): Promise<Row['results']> {
  const values = contestants.map(() => [] as number[]);
  for (let round = -warmUps; round < rounds; round += 1) {
    for (const [index, contestant] of contestants.entries()) {
      const value = await work(contestant);
      if (round >= 0) values[index]?.push(value);
    }
  }
  return contestants.map((contestant, index) => ({
    contestant: contestant.name,
    samples: summarize(values[index] ?? []),
  }));
}

/** One value for each contestant. */
export async function once(
  contestants: Contestant[],
  work: (contestant: Contestant) => Promise<number> | number,
): Promise<Row['results']> {
  const results: Row['results'] = [];
  for (const contestant of contestants) {
    results.push({ contestant: contestant.name, samples: summarize([await work(contestant)]) });
  }
  return results;
}

/** Wall time in milliseconds. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}
