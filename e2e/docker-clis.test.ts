import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { type DockerCliName, dockerCli, dockerClis } from './docker-clis.ts';

test.each(Object.keys(dockerClis) as DockerCliName[])('the docker command %s runs', async (name) => {
  const { program, version } = await dockerCli(name);
  const result = spawnSync(program, ['--version'], { encoding: 'utf8' });
  expect(result.stderr).toBe('');
  expect(result.stdout).toContain(version.split('+')[0]);
});
