import { spawnSync } from 'node:child_process';
import type { CreateRequest } from '../../engine/api/containers.ts';
import type { Contestant } from './contestant.ts';
import { interleaved, once, timed, usualRounds } from './rounds.ts';
import type { Row } from './samples.ts';

const shapes: { name: string; body: Partial<CreateRequest>; flags: string[]; cliTarget: string }[] = [
  {
    name: 'none',
    body: { HostConfig: { NetworkMode: 'none' } },
    flags: ['--network', 'none'],
    cliTarget: '≤ 0.25×',
  },
  { name: 'bridge', body: {}, flags: [], cliTarget: '≤ 0.2×' },
  {
    name: 'bridge, -p',
    body: {
      HostConfig: { PortBindings: { '80/tcp': [{ HostIp: '127.0.0.1', HostPort: '' }] } },
      ExposedPorts: { '80/tcp': {} },
    },
    flags: ['-p', '127.0.0.1::80'],
    cliTarget: '≤ 0.15×',
  },
];

const lives = { serial: 50, parallel: 50 };
const manyContainers = 1000;
/** Fewer than the 15 of the other rows: each takes a peer the better part of a second. */
const cliRounds = 9;

/** The rows about containers' lives; `docker` is the command to drive, `image` a busybox that every engine has. */
export async function* containerRows(
  contestants: Contestant[],
  { image, docker }: { image: string; docker: string },
): AsyncGenerator<Row> {
  for (const { name, body } of shapes) {
    yield {
      figure: `API create + start + wait, network ${name}`,
      unit: 'ms',
      target: '≤ 0.05×',
      results: await interleaved(contestants, (contestant) => lifeCycle(contestant, { image, body })),
    };
  }
  const bare = { image, body: shapes[0]?.body ?? {} };
  yield {
    figure: `${lives.serial} starts back to back, network none`,
    unit: 'ms',
    target: '≤ 0.1×',
    results: await once(contestants, (contestant) =>
      timed(async () => {
        for (let round = 0; round < lives.serial; round += 1) await lifeCycle(contestant, bare);
      }),
    ),
  };
  yield {
    figure: `${lives.parallel} starts at once, network none`,
    unit: 'ms',
    target: '≤ 0.1×',
    results: await once(contestants, (contestant) =>
      timed(() => Promise.all(Array.from({ length: lives.parallel }, () => lifeCycle(contestant, bare)))),
    ),
  };
  yield {
    figure: 'CPU of one life cycle on bridge, all processes (mean of 30)',
    unit: 'ms',
    target: '≤ 0.2×',
    results: await once(contestants, (contestant) => cpuOfLives(contestant, image)),
  };
  for (const { name, flags, cliTarget } of shapes) {
    yield {
      figure: `docker run --rm, network ${name}, the command’s wall time`,
      unit: 'ms',
      target: cliTarget,
      results: await interleaved(
        contestants,
        (contestant) =>
          timed(async () => {
            const words = ['-H', `unix://${contestant.socket}`, 'run', '--rm', ...flags, image, 'true'];
            const result = spawnSync(docker, words);
            if (result.status !== 0) throw new Error(`docker run on ${contestant.name}: ${result.stderr}`);
          }),
        cliRounds,
      ),
    };
  }
  yield* runningRows(contestants, image);
  yield await listRow(contestants, image);
}

/** create + start + wait of a program that ends at once; it is removed outside the measured time. */
async function lifeCycle(
  { client }: Contestant,
  { image, body }: { image: string; body: Partial<CreateRequest> },
): Promise<number> {
  let id = '';
  const time = await timed(async () => {
    id = (await client.containers.create({ Image: image, Cmd: ['true'], ...body })).Id;
    await client.containers.start(id);
    await client.containers.wait(id);
  });
  await client.containers.remove(id);
  return time;
}

/** Processor time, with what is done behind the answers: refilling, deleting, closing namespaces. */
async function cpuOfLives(contestant: Contestant, image: string): Promise<number> {
  const before = contestant.cpuMs();
  for (let round = 0; round < 30; round += 1) await lifeCycle(contestant, { image, body: {} });
  // Until it is quiet, or as quiet as it gets.
  for (let round = 0, last = before; round < 10 && contestant.cpuMs() - last > 5; round += 1) {
    last = contestant.cpuMs();
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  return (contestant.cpuMs() - before) / 30;
}

/** Rows that need a container which runs: exec, exit to event, the monitor's memory. */
async function* runningRows(contestants: Contestant[], image: string): AsyncGenerator<Row> {
  const sleeping = new Map<Contestant, string>();
  for (const contestant of contestants) sleeping.set(contestant, await startSleeper(contestant, image));
  const idOf = (contestant: Contestant) => sleeping.get(contestant) as string;
  yield {
    figure: 'exec through the API: create + start + output + inspect',
    unit: 'ms',
    target: '≤ 0.08×',
    results: await interleaved(contestants, (contestant) =>
      timed(() => execTrue(contestant, idOf(contestant))),
    ),
  };
  yield {
    figure: 'memory of one container’s monitor (PSS)',
    unit: 'MB',
    target: '≤ 0.15 MB',
    results: await once(contestants, (contestant) => contestant.monitorMB(idOf(contestant))),
  };
  for (const contestant of contestants)
    await contestant.client.containers.remove(idOf(contestant), { force: true });
  yield {
    figure: 'kill → its die event on the socket',
    unit: 'ms',
    target: '≤ 0.05×',
    results: await interleaved(contestants, (contestant) => killToEvent(contestant, image)),
  };
}

async function startSleeper({ client }: Contestant, image: string): Promise<string> {
  const { Id: id } = await client.containers.create({ Image: image, Cmd: ['sleep', '6000'] });
  await client.containers.start(id);
  return id;
}

async function execTrue({ client }: Contestant, id: string): Promise<void> {
  const body = { Cmd: ['true'], AttachStdout: true };
  const exec = await client.call<{ Id: string }>('POST', `/containers/${id}/exec`, { body });
  const path = `/exec/${exec.Id}/start`;
  const answer = await client.open({ method: 'POST', path, body: { Detach: false } });
  for await (const _ of answer.body);
  await client.call('GET', `/exec/${exec.Id}/json`);
}

async function killToEvent(contestant: Contestant, image: string): Promise<number> {
  const { client } = contestant;
  const id = await startSleeper(contestant, image);
  const gone = new AbortController();
  const lines = client.events({
    filters: { container: [id], event: ['die'] },
    signal: gone.signal,
  });
  // The subscription is there once the answer's headers are; asking for the first line sends the request.
  const died = lines.next();
  await client.version();
  const time = await timed(async () => {
    await Promise.all([client.containers.kill(id), died]);
  });
  gone.abort();
  await client.containers.remove(id, { force: true });
  return time;
}

async function listRow(contestants: Contestant[], image: string): Promise<Row> {
  const ids = new Map<Contestant, string[]>();
  for (const contestant of contestants) {
    const made: string[] = [];
    for (let count = 0; count < manyContainers; count += 1) {
      made.push((await contestant.client.containers.create({ Image: image, Cmd: ['true'] })).Id);
    }
    ids.set(contestant, made);
  }
  const results = await interleaved(
    contestants,
    ({ client }) => timed(() => client.containers.list({ all: true })),
    usualRounds,
  );
  for (const [{ client }, made] of ids) for (const id of made) await client.containers.remove(id);
  return { figure: '/containers/json of 1,000 containers', unit: 'ms', target: '≤ 0.1×', results };
}
