import { afterAll, beforeAll, expect, test } from 'vitest';
import type { HealthState } from '../../engine/api/containers.ts';
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

const status = (name: string) => engine.dockerText('inspect', '-f', '{{.State.Health.Status}}', name);
const health = async (name: string) =>
  JSON.parse(await engine.dockerText('inspect', '-f', '{{json .State.Health}}', name)) as HealthState;
const run = (name: string, ...options: string[]) =>
  engine.dockerText('run', '-d', '--name', name, ...options, 'busybox', 'sleep', '1000');

test('a check is starting, becomes healthy, fails, and comes back; each is told once', async () => {
  using events = followEvents(engine, 'container=turns', 'event=health_status');
  const check = ['--health-cmd', 'cat /good', '--health-interval', '100ms', '--health-retries', '2'];
  await engine.dockerText('create', '--name', 'turns', ...check, 'busybox', 'sleep', '1000');
  await engine.dockerText('start', 'turns');
  await events.action('health_status: unhealthy');
  expect(await engine.dockerText('ps', '--filter', 'health=unhealthy', '--format', '{{.Names}}')).toBe(
    'turns',
  );
  const failed = await health('turns');
  expect(failed.FailingStreak).toBeGreaterThanOrEqual(2);
  expect(failed.Log.at(-1)).toMatchObject({
    ExitCode: 1,
    Output: expect.stringContaining("can't open '/good'"),
  });
  await engine.dockerText('exec', 'turns', 'sh', '-c', 'echo fine > /good');
  await events.action('health_status: healthy');
  expect(await engine.dockerText('ps', '--filter', 'name=turns', '--format', '{{.Status}}')).toMatch(
    /\(healthy\)$/,
  );
  expect(await health('turns')).toMatchObject({ FailingStreak: 0 });
  await engine.dockerText('exec', 'turns', 'rm', '/good');
  await events.action('health_status: unhealthy');
  // A new start begins anew.
  await engine.dockerText('restart', '-t', '0', 'turns');
  expect(['starting', 'unhealthy']).toContain(await status('turns'));
});

test('a check that takes too long is a failure, and says so', async () => {
  using events = followEvents(engine, 'container=slow', 'event=health_status');
  const times = ['--health-interval', '100ms', '--health-timeout', '200ms', '--health-retries', '1'];
  await run('slow', '--health-cmd', 'sleep 100', ...times);
  await events.action('health_status: unhealthy');
  const [last] = (await health('slow')).Log.slice(-1);
  expect(last).toMatchObject({ ExitCode: -1, Output: 'Health check exceeded timeout (0.2s)' });
});

test('failures while it starts do not count, and checks come faster then', async () => {
  using events = followEvents(engine, 'container=starter', 'event=health_status');
  const period = [
    '--health-start-period',
    '1h',
    '--health-start-interval',
    '50ms',
    '--health-interval',
    '1h',
  ];
  const script = 'echo x >> /tries; test "$(wc -l < /tries)" -ge 5';
  await run('starter', '--health-cmd', script, '--health-retries', '1', ...period);
  await events.action('health_status: healthy');
  expect((await health('starter')).Log.map(({ ExitCode }) => ExitCode)).toEqual([1, 1, 1, 1, 0]);
});

test('the image’s own check, in both of its forms, and none of it', async () => {
  const shell = 'HEALTHCHECK --interval=100ms CMD test "$HOME" = /root && echo "$0"';
  await engine.importBusybox({ name: 'with-shell', changes: [shell] });
  await engine.importBusybox({
    name: 'with-words',
    changes: ['HEALTHCHECK --interval=100ms CMD ["echo", "a b"]'],
  });
  using events = followEvents(engine, 'event=health_status');
  await engine.dockerText('run', '-d', '--name', 'inherits', 'with-shell', 'sleep', '1000');
  await events.next((event) => event.Actor.Attributes.name === 'inherits');
  expect((await health('inherits')).Log.at(-1)).toMatchObject({ ExitCode: 0, Output: '/bin/sh\n' });
  await engine.dockerText('run', '-d', '--name', 'words', 'with-words', 'sleep', '1000');
  await events.next((event) => event.Actor.Attributes.name === 'words');
  expect((await health('words')).Log.at(-1)).toMatchObject({ ExitCode: 0, Output: 'a b\n' });
  await engine.dockerText(
    'run',
    '-d',
    '--name',
    'opts-out',
    '--no-healthcheck',
    'with-shell',
    'sleep',
    '1000',
  );
  expect(await engine.dockerText('inspect', '-f', '{{.State.Health}}', 'opts-out')).toBe('<nil>');
});

test('a paused container is not asked, and an engine that starts again goes on asking', async () => {
  using events = followEvents(engine, 'container=resting');
  await run('resting', '--health-cmd', 'cat /good', '--health-interval', '100ms', '--health-retries', '1');
  await events.action('health_status: unhealthy');
  await engine.dockerText('pause', 'resting');
  expect(await status('resting')).toBe('unhealthy');
  await engine.dockerText('unpause', 'resting');
  await engine.stop();
  await engine.start();
  using later = followEvents(engine, 'container=resting');
  expect(await status('resting')).toBe('unhealthy');
  await engine.dockerText('exec', 'resting', 'touch', '/good');
  await later.action('health_status: healthy');
});
