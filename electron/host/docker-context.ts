import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { writeFileAtomic } from './atomic-file.ts';

/**
 * Writes the docker CLI's context `berth` (`berth-<instance>` for others) into its store, so that
 * `docker --context berth …` works. The current context is never changed.
 * Layout: contexts/meta/<sha256 of the name>/meta.json, from docker/cli's context store.
 */
export function writeDockerContext({
  instance,
  dockerSocket,
}: {
  instance: string;
  dockerSocket: string;
}): void {
  const name = instance === 'default' ? 'berth' : `berth-${instance}`;
  const config = process.env.DOCKER_CONFIG ?? join(homedir(), '.docker');
  const id = createHash('sha256').update(name).digest('hex');
  const file = join(config, 'contexts', 'meta', id, 'meta.json');
  const host = process.platform === 'win32' ? `npipe://${dockerSocket}` : `unix://${dockerSocket}`;
  const contents = JSON.stringify({
    Name: name,
    Metadata: { Description: 'Berth' },
    Endpoints: { docker: { Host: host, SkipTLSVerify: false } },
  });
  if (existsSync(file) && readFileSync(file, 'utf8') === contents) return;
  writeFileAtomic(file, contents);
}
