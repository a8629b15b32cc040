import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestEngine } from '../engine.ts';
import { call, made, type Provocations, running } from './provocation.ts';

/** Images, volumes and networks that are there, or are not. */
export const stored: Provocations = {
  'image-not-found': ({ engine }) => call(engine, 'POST', '/containers/create', { Image: 'nope' }),
  'image-in-use': async ({ engine }) => {
    await running(engine);
    return await call(engine, 'DELETE', '/images/busybox');
  },
  'image-has-children': async ({ engine }) => {
    await engine.docker(['import', '-', 'parent'], { input: Buffer.alloc(1024) });
    const id = await engine.dockerText('inspect', '-f', '{{.Id}}', 'parent');
    await engine.docker(['load'], { input: archiveOfChild(engine, id) });
    return await call(engine, 'DELETE', `/images/${id}`);
  },
  'archive-invalid': ({ engine }) => call(engine, 'POST', '/images/load', 'this is no archive'),
  'volume-not-found': ({ engine }) => call(engine, 'GET', '/volumes/nope'),
  'volume-in-use': async ({ engine }) => {
    await made(engine, { HostConfig: { Binds: ['used:/v'] } });
    return await call(engine, 'DELETE', '/volumes/used');
  },
  'network-not-found': ({ engine }) => call(engine, 'GET', '/networks/nope'),
  'network-in-use': ({ engine }) => call(engine, 'DELETE', '/networks/bridge'),
  'network-exists': ({ engine }) => call(engine, 'POST', '/networks/create', { Name: 'bridge' }),
  'layer-not-found': async ({ desktop }) => {
    const id = await made(desktop, { Cmd: ['true'] });
    // What a disk check or a hand may have taken away is missed when an engine starts with it gone.
    const layers = join(desktop.root, 'layers');
    const names = readdirSync(layers).filter((name) => /^[0-9a-f]{64}$/.test(name));
    for (const name of names) renameSync(join(layers, name), join(desktop.root, 'tmp', name));
    await desktop.stop();
    await desktop.start();
    return await call(desktop, 'POST', `/containers/${id}/start`);
  },
};

/** An archive as docker save writes it, of an image that was made from another. */
function archiveOfChild(engine: TestEngine, parent: string): Buffer {
  const directory = join(engine.directory, 'child');
  mkdirSync(directory);
  const layer = Buffer.alloc(20_480);
  const diffId = `sha256:${createHash('sha256').update(layer).digest('hex')}`;
  const architecture = process.arch === 'arm64' ? 'arm64' : 'amd64';
  const rootfs = { type: 'layers', diff_ids: [diffId] };
  const config = JSON.stringify({ os: 'linux', architecture, parent, config: {}, rootfs });
  const name = `${createHash('sha256').update(config).digest('hex')}.json`;
  writeFileSync(join(directory, name), config);
  writeFileSync(join(directory, 'layer.tar'), layer);
  const manifest = [{ Config: name, RepoTags: ['child:latest'], Layers: ['layer.tar'] }];
  writeFileSync(join(directory, 'manifest.json'), JSON.stringify(manifest));
  return spawnSync('tar', ['-c', '-C', directory, 'manifest.json', name, 'layer.tar']).stdout;
}
