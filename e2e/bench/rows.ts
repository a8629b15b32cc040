import { spawnSync } from 'node:child_process';
import { engineClient } from '../../engine/api/client.ts';
import type { CreateRequest } from '../../engine/api/containers.ts';
import type { Contestant } from './dockerd.ts';
import { type Row, summarize } from './samples.ts';
import { unixTransport } from './unix-transport.ts';

const rounds = 15;
const warmUps = 2;

/** Runs the work by turns, ours first, and keeps every contestant's times in milliseconds. */
async function interleaved(
  contestants: Contestant[],
  work: (contestant: Contestant, round: number) => Promise<number>,
  count = rounds,
): Promise<Row['results']> {
  const times = contestants.map(() => [] as number[]);
  for (let round = -warmUps; round < count; round += 1) {
    for (const [index, contestant] of contestants.entries()) {
      const value = await work(contestant, round);
      if (round >= 0) times[index]?.push(value);
    }
  }
  return contestants.map((contestant, index) => ({
    contestant: contestant.name,
    samples: summarize(times[index] ?? []),
  }));
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

const clientOf = (contestant: Contestant) => engineClient(unixTransport(contestant.socket));

/** create + start + wait of a program that ends at once, then removed outside the measured time. */
async function lifeCycle(contestant: Contestant, body: CreateRequest): Promise<number> {
  const client = clientOf(contestant);
  let id = '';
  const time = await timed(async () => {
    id = (await client.containers.create(body)).Id;
    await client.containers.start(id);
    await client.containers.wait(id);
  });
  await client.containers.remove(id);
  return time;
}

async function containerRows(contestants: Contestant[], image: string): Promise<Row[]> {
  const rows: Row[] = [];
  const shapes: [string, CreateRequest['HostConfig'], CreateRequest['ExposedPorts']][] = [
    ['none', { NetworkMode: 'none' }, undefined],
    ['bridge', {}, undefined],
    ['bridge, -p', { PortBindings: { '80/tcp': [{ HostIp: '127.0.0.1', HostPort: '' }] } }, { '80/tcp': {} }],
  ];
  for (const [name, host, exposed] of shapes) {
    const body: CreateRequest = { Image: image, Cmd: ['true'], HostConfig: host, ExposedPorts: exposed };
    rows.push({
      figure: `API create + start + wait, net ${name}`,
      unit: 'ms',
      target: '≤ 0.05×',
      results: await interleaved(contestants, (contestant) => lifeCycle(contestant, body)),
    });
  }
  return rows;
}

function cliRow(contestants: Contestant[], image: string, docker: string): Promise<Row> {
  const run = async (contestant: Contestant) =>
    timed(async () => {
      const result = spawnSync(docker, ['-H', `unix://${contestant.socket}`, 'run', '--rm', image, 'true']);
      if (result.status !== 0) throw new Error(`docker run on ${contestant.name}: ${result.stderr}`);
    });
  return interleaved(contestants, run).then((results) => ({
    figure: 'docker run --rm, bridge, CLI wall',
    unit: 'ms',
    target: '≤ 0.2×',
    results,
  }));
}

async function execRow(contestants: Contestant[], image: string): Promise<Row> {
  const ids = new Map<string, string>();
  for (const contestant of contestants) {
    const client = clientOf(contestant);
    const { Id } = await client.containers.create({
      Image: image,
      Cmd: ['sleep', '600'],
      HostConfig: { Init: false },
    });
    await client.containers.start(Id);
    ids.set(contestant.name, Id);
  }
  const results = await interleaved(contestants, (contestant) => {
    const client = clientOf(contestant);
    return timed(async () => {
      const exec = await client.call<{ Id: string }>('POST', `/containers/${ids.get(contestant.name)}/exec`, {
        body: { Cmd: ['true'], AttachStdout: true },
      });
      const answer = await client.open({
        method: 'POST',
        path: `/exec/${exec.Id}/start`,
        body: { Detach: false },
      });
      for await (const _ of answer.body);
      await client.call('GET', `/exec/${exec.Id}/json`);
    });
  });
  for (const contestant of contestants) {
    await clientOf(contestant).containers.remove(ids.get(contestant.name) ?? '', { force: true });
  }
  return { figure: 'exec through the API', unit: 'ms', target: '≤ 0.08×', results };
}

async function pullRow(contestants: Contestant[], name: string): Promise<Row> {
  const results = await interleaved(
    contestants,
    async (contestant) => {
      const client = clientOf(contestant);
      const time = await timed(async () => {
        for await (const line of client.images.pull(name, 'latest'))
          if (line.error) throw new Error(line.error);
      });
      await client.images.remove(`${name}:latest`);
      return time;
    },
    5,
  );
  return {
    figure: `pull of ${name.split('/').at(-1)}, local registry`,
    unit: 'ms',
    target: '≤ 0.3×',
    results,
  };
}

/** Every row that one run measures. `docker` is the CLI to drive; the images are pulled from `registry`. */
export async function measure(contestants: Contestant[], registry: string, docker: string): Promise<Row[]> {
  const image = `${registry}/busybox:latest`;
  for (const contestant of contestants) {
    for await (const line of clientOf(contestant).images.pull(`${registry}/busybox`, 'latest')) {
      if (line.error) throw new Error(`${contestant.name}: ${line.error}`);
    }
  }
  return [
    ...(await containerRows(contestants, image)),
    await cliRow(contestants, image, docker),
    await execRow(contestants, image),
    await pullRow(contestants, `${registry}/redis`),
  ];
}
