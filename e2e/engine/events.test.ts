import { afterAll, beforeAll, expect, test } from 'vitest';
import { startEngine, type TestEngine } from './engine.ts';
import { followEvents } from './event-lines.ts';

let engine: TestEngine;
beforeAll(async () => {
  engine = await startEngine();
  await engine.importBusybox();
});
afterAll(async () => {
  await engine?.[Symbol.asyncDispose]();
});

const past = async (...args: string[]) =>
  (
    await engine.dockerText(
      'events',
      '--until',
      String(Date.now() / 1000),
      '--format',
      '{{.Type}} {{.Action}}',
      ...args,
    )
  )
    .split('\n')
    .filter(Boolean);

test('docker run tells its steps in Docker’s order, and so does the end', async () => {
  using events = followEvents(engine, 'label=order');
  using parts = followEvents(engine, 'type=network', 'type=volume');
  await engine.dockerText('run', '--rm', '-l', 'order', '-v', 'ordered:/v', 'busybox', 'true');
  expect(await events.actions(5)).toEqual([
    'container create',
    'container attach',
    'container start',
    'container die',
    'container destroy',
  ]);
  expect(await parts.actions(5)).toEqual([
    'volume create',
    'network connect',
    'volume mount',
    'network disconnect',
    'volume unmount',
  ]);
});

test('a stop is a kill, a die and a stop; attributes say which', async () => {
  using events = followEvents(engine, 'container=stopped', 'type=container');
  await engine.dockerText('run', '-d', '--name', 'stopped', '-l', 'team=a', 'busybox', 'sleep', '1000');
  await engine.dockerText('stop', '-t', '0', 'stopped');
  const kill = await events.action('kill');
  expect(kill.Actor.Attributes).toEqual({ image: 'busybox', name: 'stopped', signal: '15', team: 'a' });
  const die = await events.action('die');
  expect(die.Actor.Attributes).toMatchObject({
    exitCode: '137',
    execDuration: expect.stringMatching(/^\d+$/),
  });
  expect(die).toMatchObject({ status: 'die', id: die.Actor.ID, from: 'busybox', scope: 'local' });
  await events.action('stop');
});

test('everything that happens to a container has its event', async () => {
  using events = followEvents(engine, 'container=told', 'type=container');
  await engine.dockerText('run', '-d', '--name', 'told', 'busybox', 'sleep', '1000');
  await engine.dockerText('pause', 'told');
  await engine.dockerText('unpause', 'told');
  await engine.dockerText('update', '--pids-limit', '50', 'told');
  await engine.dockerText('exec', 'told', 'true');
  await engine.dockerText('top', 'told');
  await engine.dockerText('restart', '-t', '0', 'told');
  await engine.dockerText('rename', 'told', 'renamed');
  await engine.dockerText('rm', '-f', 'renamed');
  for (const action of [
    'create',
    'start',
    'pause',
    'unpause',
    'update',
    'exec_create: true',
    'exec_start: true',
  ]) {
    await events.action(action);
  }
  for (const action of ['exec_die', 'top', 'kill', 'die', 'start', 'restart']) await events.action(action);
  // By its new name, events follow the id no more.
  expect(await past('--since', '0', '--filter', 'container=renamed', '--filter', 'event=rename')).toEqual([
    'container rename',
  ]);
});

test('since and until give what is past, and end', async () => {
  const before = Date.now() / 1000;
  await engine.dockerText('volume', 'create', 'timed');
  await engine.dockerText('volume', 'rm', 'timed');
  const filter = ['--filter', 'volume=timed'];
  expect(await past('--since', String(before), ...filter)).toEqual(['volume create', 'volume destroy']);
  expect(await past('--since', String(before + 3600), ...filter).catch(String)).toContain('cannot be after');
  const wrong = await engine.api('GET', '/events?since=2&until=1');
  expect(wrong.status).toBe(400);
});

test('prunes tell what they gave back', async () => {
  await engine.docker(['run', '--name', 'pruned', 'busybox', 'sh', '-c', 'head -c 5000 /dev/zero > /file']);
  const pruned = await engine.dockerText('container', 'prune', '-f', '--filter', 'until=1h');
  expect(pruned).not.toContain('Deleted Containers');
  const answer = await engine.api('POST', '/containers/prune');
  const { ContainersDeleted: deleted, SpaceReclaimed: bytes } = answer.json() as {
    ContainersDeleted: string[];
    SpaceReclaimed: number;
  };
  expect(deleted.length).toBeGreaterThan(0);
  expect(bytes).toBeGreaterThanOrEqual(5000);
  using events = followEvents(engine, 'type=container', 'event=prune');
  await events.action('prune');
  expect((await events.action('prune')).Actor.Attributes).toEqual({ reclaimed: String(bytes) });
});

test('wait conditions: not-running, next-exit, removed', async () => {
  const wait = async (name: string, condition: string) =>
    (await engine.api('POST', `/containers/${name}/wait?condition=${condition}`)).json();
  await engine.docker(['run', '--name', 'ended', 'busybox', 'sh', '-c', 'exit 5']);
  expect(await wait('ended', 'not-running')).toEqual({ StatusCode: 5 });
  const next = wait('ended', 'next-exit');
  const removed = wait('ended', 'removed');
  await engine.dockerText('start', 'ended');
  expect(await next).toEqual({ StatusCode: 5 });
  await engine.docker(['wait', 'ended']);
  await engine.dockerText('rm', 'ended');
  expect(await removed).toEqual({ StatusCode: 5 });
  const wrong = await engine.api('POST', '/containers/ended/wait?condition=soon');
  expect([400, 404]).toContain(wrong.status);
});
