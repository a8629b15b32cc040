import { noiseTar } from '../images/noise.ts';
import { pushImage } from '../images/push.ts';
import { type BulkImage, bulkImage } from './bulk-images.ts';
import type { Contestant } from './contestant.ts';
import { interleaved, timed } from './rounds.ts';
import { type Row, summarize } from './samples.ts';

const rounds = 3;

/** Pull, push, load, save, list and removal of images, with a registry on loopback; `cache` keeps what is made for it. */
export async function* imageRows(
  contestants: Contestant[],
  registry: string,
  cache: string,
): AsyncGenerator<Row> {
  const names: [BulkImage, shown: string, target: string][] = [
    ['bulk', '209 MB, 15,000 files', '≤ 0.3×'],
    ['many-files', '240 MB, 60,000 files', '≤ 0.3×'],
  ];
  for (const [name, shown, target] of names) {
    await pushImage({ address: registry }, bulkImage(name, cache));
    yield* await pullRows(contestants, { image: `${registry}/${name}`, shown, target });
  }
  yield* await archiveRows(contestants, `${registry}/bulk`, 'latest');
  yield await pushRow(contestants, registry);
  yield await listRow(contestants);
}

/** Pull, removal up to its answer, and what a pull adds to the daemon's memory at its highest. */
async function pullRows(
  contestants: Contestant[],
  { image, shown, target }: { image: string; shown: string; target: string },
): Promise<Row[]> {
  const removals = contestants.map(() => [] as number[]);
  const peaks = contestants.map(() => [] as number[]);
  const pulls = await interleaved(
    contestants,
    async (contestant) => {
      const index = contestants.indexOf(contestant);
      const before = contestant.idleMB();
      let peak = before;
      const sampler = setInterval(() => {
        peak = Math.max(peak, contestant.idleMB());
      }, 50);
      const time = await timed(() => pull(contestant, image, 'latest'));
      clearInterval(sampler);
      peaks[index]?.push(peak - before);
      removals[index]?.push(await timed(() => contestant.client.images.remove(`${image}:latest`)));
      return time;
    },
    rounds,
  );
  const results = (values: number[][]) =>
    contestants.map(({ name }, index) => ({ contestant: name, samples: summarize(values[index] ?? []) }));
  return [
    { figure: `pull of ${shown}, registry on loopback`, unit: 'ms', target, results: pulls },
    {
      figure: '– what it adds to the memory of the daemon',
      unit: 'MB',
      target: '≤ 150 MB',
      results: results(peaks),
    },
    { figure: '– removal of it, to the answer', unit: 'ms', target: '≤ 50 ms', results: results(removals) },
  ];
}

/** A layer that the registry has not: imported anew for each round. */
async function pushRow(contestants: Contestant[], registry: string): Promise<Row> {
  let serial = 0;
  const results = await interleaved(
    contestants,
    async (contestant) => {
      serial += 1;
      const name = `${registry}/pushed-${serial}`;
      const path = `/images/create?fromSrc=-&repo=${encodeURIComponent(name)}&tag=1`;
      const made = await contestant.client.open({ method: 'POST', path, body: noiseTar(50_000_000) });
      for await (const _ of made.body);
      const time = await timed(async () => {
        const headers = { 'X-Registry-Auth': 'e30=' };
        const answer = await contestant.client.open({
          method: 'POST',
          path: `/images/${name}/push?tag=1`,
          headers,
        });
        for await (const _ of answer.body);
      });
      await contestant.client.images.remove(`${name}:1`);
      return time;
    },
    rounds,
  );
  return {
    figure: 'push of a layer of 50 MB that gzip cannot make smaller',
    unit: 'ms',
    target: '≤ 0.6×',
    results,
  };
}

async function listRow(contestants: Contestant[]): Promise<Row> {
  for (const { client } of contestants) {
    for (let serial = 0; serial < 300; serial++) {
      const path = `/images/create?fromSrc=-&repo=listed&tag=${serial}&message=${serial}`;
      const made = await client.open({ method: 'POST', path, body: noiseTar(100) });
      for await (const _ of made.body);
    }
  }
  const results = await interleaved(contestants, ({ client }) => timed(() => client.images.list()));
  for (const { client } of contestants) {
    for (let serial = 0; serial < 300; serial++) await client.images.remove(`listed:${serial}`);
  }
  return { figure: '/images/json with 300 images', unit: 'ms', target: '≤ 30 ms, ≤ 0.2×', results };
}

export async function pull({ name, client }: Contestant, image: string, tag: string): Promise<void> {
  for await (const line of client.images.pull(image, tag)) {
    if (line.error) throw new Error(`${name}: ${line.error}`);
  }
}

async function archiveRows(contestants: Contestant[], image: string, tag: string): Promise<Row[]> {
  const reference = `${image}:${tag}`;
  const archives = new Map<Contestant, Uint8Array>();
  for (const contestant of contestants) await pull(contestant, image, tag);
  const save = await interleaved(
    contestants,
    (contestant) =>
      timed(async () => {
        const path = `/images/get?names=${encodeURIComponent(reference)}`;
        const { body } = await contestant.client.open({ method: 'GET', path });
        const chunks: Uint8Array[] = [];
        for await (const chunk of body) chunks.push(chunk);
        archives.set(contestant, Buffer.concat(chunks));
      }),
    rounds,
  );
  const load = await interleaved(
    contestants,
    async (contestant) => {
      await contestant.client.images.remove(reference);
      return await timed(async () => {
        const body = archives.get(contestant) as Uint8Array;
        const headers = { 'Content-Type': 'application/x-tar' };
        const answer = await contestant.client.open({ method: 'POST', path: '/images/load', body, headers });
        for await (const _ of answer.body);
      });
    },
    rounds,
  );
  for (const { client } of contestants) await client.images.remove(reference);
  return [
    { figure: 'save of the image of 209 MB', unit: 'ms', target: '–', results: save },
    { figure: 'load of it', unit: 'ms', target: '≤ 0.4×', results: load },
  ];
}
