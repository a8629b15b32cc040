import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { startTestRegistry } from '../images/catalogue.ts';
import { startEngine } from './engine.ts';

test('a registry that runs as a container of this engine works at localhost without any configuration', async () => {
  await using source = await startTestRegistry();
  await using engine = await startEngine();
  const base = `${source.address}/debian:bookworm`;
  await engine.dockerText('pull', '-q', base);
  const program = spawnSync('sh', ['-c', 'command -v docker-registry'], { encoding: 'utf8' }).stdout.trim();
  const config = 'version: 0.1\nstorage: {filesystem: {rootdirectory: /data}}\nhttp: {addr: ":5000"}\n';
  await engine.dockerText(
    ...['run', '-d', '--name', 'registry', '-p', '127.0.0.1::5000', '-e', `CONFIG=${config}`],
    ...['-v', `${program}:/bin/docker-registry:ro`, '-v', 'registry-data:/data', base],
    ...['sh', '-c', 'printf "%s" "$CONFIG" > /config.yml && exec docker-registry serve /config.yml'],
  );
  await expect
    .poll(async () => (await engine.docker(['logs', 'registry'])).stderr, { timeout: 30_000 })
    .toContain('listening on');
  const published = await engine.dockerText('port', 'registry', '5000/tcp');
  const host = `localhost:${published.split(':').at(-1)}`;
  const name = `${host}/own/debian:1`;
  await engine.dockerText('tag', base, name);
  expect(await engine.dockerText('push', name)).toMatch(/^1: digest: sha256:/m);
  await engine.dockerText('rmi', name);
  expect(await engine.dockerText('pull', name)).toContain(`Downloaded newer image for ${name}`);
  expect(await engine.dockerText('search', '--format', '{{.Name}}', `${host}/own`)).toBe(
    `${host}/own/debian`,
  );
  await engine.dockerText('rm', '-f', 'registry');
});
