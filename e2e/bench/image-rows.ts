import type { Contestant } from './contestant.ts';
import { interleaved, timed } from './rounds.ts';
import { type Row, summarize } from './samples.ts';

const rounds = 5;

/** Pull, load, save and removal of images from a registry on loopback. */
export async function* imageRows(contestants: Contestant[], registry: string): AsyncGenerator<Row> {
  for (const name of ['redis', 'python']) {
    const image = `${registry}/${name}`;
    const tag = name === 'python' ? '3.11' : 'latest';
    const size = await pulledMB(contestants[0] as Contestant, image, tag);
    yield {
      figure: `pull of ${name} (${size.toFixed(0)} MB unpacked) from a registry on loopback`,
      unit: 'ms',
      target: '≤ 0.3×',
      results: await interleaved(
        contestants,
        async (contestant) => {
          const time = await timed(() => pull(contestant, image, tag));
          await contestant.client.images.remove(`${image}:${tag}`);
          return time;
        },
        rounds,
      ),
    };
  }
  yield* await archiveRows(contestants, `${registry}/python`, '3.11');
}

export async function pull({ name, client }: Contestant, image: string, tag: string): Promise<void> {
  for await (const line of client.images.pull(image, tag)) {
    if (line.error) throw new Error(`${name}: ${line.error}`);
  }
}

async function pulledMB(contestant: Contestant, image: string, tag: string): Promise<number> {
  await pull(contestant, image, tag);
  const { Size: size } = await contestant.client.images.inspect(`${image}:${tag}`);
  await contestant.client.images.remove(`${image}:${tag}`);
  return size / 1e6;
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
  const remove: number[][] = contestants.map(() => []);
  const load = await interleaved(
    contestants,
    async (contestant) => {
      const index = contestants.indexOf(contestant);
      remove[index]?.push(await timed(() => contestant.client.images.remove(reference)));
      return await timed(async () => {
        const body = archives.get(contestant) as Uint8Array;
        const headers = { 'Content-Type': 'application/x-tar' };
        const answer = await contestant.client.open({ method: 'POST', path: '/images/load', body, headers });
        for await (const _ of answer.body);
      });
    },
    rounds,
  );
  const removed = contestants.map(({ name }, index) => ({
    contestant: name,
    samples: summarize(remove[index] ?? []),
  }));
  for (const { client } of contestants) await client.images.remove(reference);
  return [
    { figure: 'save of the same image', unit: 'ms', target: '–', results: save },
    { figure: 'load of the same image', unit: 'ms', target: '≤ 0.4×', results: load },
    { figure: 'removal of the same image, to the answer', unit: 'ms', target: '≤ 50 ms', results: removed },
  ];
}
