import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startEngine, type TestEngine } from './engine.ts';

/** The whole way once with the storage driver of whole copies. */

let engine: TestEngine;
let directory: string;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'berth-vfs-'));
  const config = join(directory, 'daemon.json');
  writeFileSync(config, JSON.stringify({ 'storage-driver': 'vfs' }));
  engine = await startEngine({ config });
  await engine.importBusybox();
});
afterAll(async () => {
  await engine?.[Symbol.asyncDispose]();
});

test('run, diff, cp, export, commit, and what is written stays over a restart', async () => {
  expect(await engine.dockerText('info', '-f', '{{.Driver}}')).toBe('vfs');
  const script = 'echo 1 > /one; rm /bin/vi; echo done; sleep 1000';
  await engine.dockerText('run', '-d', '--name', 'copy', '-v', 'kept:/data', 'busybox', 'sh', '-c', script);
  const logs = engine.spawnDocker(['logs', '-f', 'copy']);
  await new Promise((resolve) => logs.stdout.once('data', resolve));
  logs.kill();
  const changes = ['C /bin', 'D /bin/vi', 'A /data', 'A /one'];
  expect((await engine.dockerText('diff', 'copy')).split('\n')).toEqual(changes);
  await engine.dockerText('stop', '-t', '0', 'copy');
  expect((await engine.dockerText('diff', 'copy')).split('\n')).toEqual(changes);
  await engine.dockerText('cp', 'copy:/one', join(directory, 'one'));
  expect(readFileSync(join(directory, 'one'), 'utf8')).toBe('1\n');
  await engine.dockerText('cp', join(directory, 'one'), 'copy:/data/two');
  await engine.dockerText('cp', join(directory, 'one'), 'copy:/three');
  await engine.dockerText('start', 'copy');
  expect(await engine.dockerText('exec', 'copy', 'cat', '/one', '/data/two', '/three')).toBe('1\n1\n1');
  await engine.dockerText('commit', 'copy', 'committed');
  const seen = ['run', '--rm', 'committed', 'sh', '-c', 'cat /three; ls /data; ls /bin/vi'];
  expect((await engine.docker(seen)).stdout).toBe('1\n');
  expect(await engine.dockerText('history', '--format', '{{.Size}}', 'committed')).toMatch(/^4B\n/);
  await engine.dockerText('rm', '-f', 'copy');
  await engine.dockerText('rmi', 'committed');
});

test('a container of its own sees nothing of another', async () => {
  await engine.dockerText('run', '--name', 'first', 'busybox', 'sh', '-c', 'echo x > /etc/mine');
  expect((await engine.docker(['run', '--rm', 'busybox', 'cat', '/etc/mine'])).code).toBe(1);
  await engine.dockerText('rm', 'first');
});
