import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestRegistry } from '../images/catalogue.ts';
import type { TestRegistry } from '../images/registry.ts';
import { startEngine, type TestEngine } from './engine.ts';
import { storeContents } from './store-contents.ts';

/** Names, removal and clean-up of images: the words are those of dockerd 28.5 for the same commands. */

let registry: TestRegistry;
let engine: TestEngine;
let nginx: string;
let busybox: string;
beforeAll(async () => {
  registry = await startTestRegistry();
  engine = await startEngine();
  nginx = `${registry.address}/nginx`;
  busybox = `${registry.address}/busybox`;
  await engine.dockerText('pull', '-q', busybox);
});
afterAll(async () => {
  await engine?.[Symbol.asyncDispose]();
  await registry?.[Symbol.asyncDispose]();
});

const idOf = (name: string) => engine.dockerText('inspect', '-f', '{{.Id}}', name);
const failure = async (...words: string[]) => {
  const { code, stderr } = await engine.docker(words);
  return { code, stderr: stderr.trimEnd() };
};
const refused = (text: string) => ({ code: 1, stderr: `Error response from daemon: ${text}` });
const shortId = (id: string) => id.replace('sha256:', '').slice(0, 12);

describe('tags', () => {
  test('a further tag is a further name; the last one takes the image with it', async () => {
    await engine.dockerText('pull', '-q', nginx);
    const id = await idOf(nginx);
    await engine.dockerText('tag', nginx, 'web:1');
    await engine.dockerText('tag', shortId(id), 'docker.io/library/web');
    expect(await engine.dockerText('inspect', '-f', '{{join .RepoTags " "}}', id)).toBe(
      `${nginx}:latest web:1 web:latest`.split(' ').sort().join(' '),
    );
    expect(await engine.dockerText('rmi', 'web:1')).toBe('Untagged: web:1');
    const untagged = await engine.dockerText('rmi', `${nginx}:latest`);
    expect(untagged.split('\n')).toEqual([
      `Untagged: ${nginx}:latest`,
      expect.stringMatching(new RegExp(`^Untagged: ${nginx}@sha256:[0-9a-f]{64}$`)),
    ]);
    const gone = (await engine.dockerText('rmi', 'web')).split('\n');
    expect(gone.slice(0, 2)).toEqual(['Untagged: web:latest', `Deleted: ${id}`]);
    expect(gone.slice(2).every((line) => /^Deleted: sha256:[0-9a-f]{64}$/.test(line))).toBe(true);
    expect(gone).toHaveLength(4);
  });

  test('a tag that moves leaves the image before it without a name', async () => {
    await engine.dockerText('pull', '-q', nginx);
    await engine.dockerText('tag', nginx, 'moving');
    await engine.dockerText('tag', busybox, 'moving');
    expect(await idOf('moving')).toBe(await idOf(busybox));
    await engine.dockerText('rmi', 'moving');
    await engine.dockerText('rmi', nginx);
  });

  test('what cannot be a name', async () => {
    const words = async (repo: string, tag: string) => {
      const answer = await engine.api('POST', `/images/${busybox}/tag?repo=${repo}&tag=${tag}`);
      const { message, berth } = answer.json() as { message: string; berth: { code: string } };
      return [answer.status, message, berth.code];
    };
    expect(await words('X', 'y')).toEqual([
      400,
      'invalid reference format: repository name (library/X) must be lowercase',
      'bad-reference',
    ]);
    expect(await words('x', '!!')).toEqual([400, 'invalid tag format', 'bad-reference']);
    expect(await words('sha256', '')).toEqual([
      400,
      'refusing to create an ambiguous tag using digest algorithm as name',
      'bad-reference',
    ]);
    expect(await words(`x@sha256:${'0'.repeat(64)}`, '')).toEqual([
      400,
      'cannot import digest reference',
      'bad-reference',
    ]);
  });
});

describe('an image in use', () => {
  test('by a stopped container: its last name needs force, one of several does not', async () => {
    await engine.dockerText('pull', '-q', nginx);
    const id = await idOf(nginx);
    await engine.dockerText('tag', nginx, 'web:2');
    const container = await engine.dockerText('create', '--name', 'stopped', 'web:2', 'true');
    expect(await engine.dockerText('rmi', 'web:2')).toBe('Untagged: web:2');
    expect(await failure('rmi', nginx)).toEqual(
      refused(
        `conflict: unable to remove repository reference "${nginx}" (must force) - container ${shortId(container)} is using its referenced image ${shortId(id)}`,
      ),
    );
    expect(await failure('rmi', shortId(id))).toEqual(
      refused(
        `conflict: unable to delete ${shortId(id)} (must be forced) - image is being used by stopped container ${shortId(container)}`,
      ),
    );
    const answer = await engine.api('DELETE', `/images/${nginx}`);
    expect(answer.status).toBe(409);
    expect(answer.json()).toMatchObject({ berth: { code: 'image-in-use', params: { container } } });
    await engine.dockerText('rmi', '-f', shortId(id));
    expect(await engine.dockerText('images', '-q', nginx)).toBe('');
    // The container still has its files: its layers went out of sight, not away.
    await engine.dockerText('start', 'stopped');
    await engine.dockerText('rm', '-f', 'stopped');
    await engine.dockerText('images');
    expect(storeContents(engine).images).toEqual([(await idOf(busybox)).slice('sha256:'.length)]);
  });

  test('by a running container: by id not even force removes it', async () => {
    await engine.dockerText('pull', '-q', nginx);
    const id = await idOf(nginx);
    const container = await engine.dockerText('run', '-d', '--network', 'none', nginx, 'sleep', '1000');
    expect(await failure('rmi', '-f', shortId(id))).toEqual(
      refused(
        `conflict: unable to delete ${shortId(id)} (cannot be forced) - image is being used by running container ${shortId(container)}`,
      ),
    );
    const untagged = await engine.dockerText('rmi', '-f', nginx);
    expect(untagged.split('\n')[0]).toBe(`Untagged: ${nginx}:latest`);
    expect(
      await engine.dockerText('images', '--format', '{{.Repository}}:{{.Tag}}', '-f', 'dangling=true'),
    ).toMatch(/<none>$/);
    await engine.dockerText('rm', '-f', container);
    expect(await engine.dockerText('image', 'prune', '-f')).toContain(`deleted: ${id}`);
  });

  test('a name of several repositories, by id', async () => {
    const id = await idOf(busybox);
    await engine.dockerText('tag', busybox, 'other/box');
    expect(await failure('rmi', shortId(id))).toEqual(
      refused(
        `conflict: unable to delete ${shortId(id)} (must be forced) - image is referenced in multiple repositories`,
      ),
    );
    await engine.dockerText('rmi', 'other/box');
  });
});

describe('lists and prune', () => {
  test('filters', async () => {
    await engine.dockerText('pull', '-q', nginx);
    const list = async (...filters: string[]) => {
      const flags = filters.flatMap((filter) => ['--filter', filter]);
      const text = await engine.dockerText('images', '--format', '{{.Repository}}', ...flags);
      return text.split('\n').filter(Boolean).sort();
    };
    expect(await list()).toEqual([busybox, nginx]);
    expect(await list('label=maintainer')).toEqual([nginx]);
    expect(await list('label=maintainer=nobody')).toEqual([]);
    expect(await list(`reference=${registry.address}/n*`)).toEqual([nginx]);
    expect(await list('dangling=true')).toEqual([]);
    expect(await list('until=2020-01-01T00:00:00Z')).toEqual([]);
    expect(await failure('images', '-f', 'foo=bar')).toEqual(refused("invalid filter 'foo'"));
    expect(await failure('images', '-f', 'dangling=maybe')).toEqual(
      refused("invalid filter 'dangling=[maybe]'"),
    );
    expect(await failure('images', '-f', 'until=xyz')).toEqual(
      refused('failed to parse value as time or duration: "xyz"'),
    );
    expect(await failure('images', '-f', 'before=nope')).toEqual(refused('No such image: nope:latest'));
  });

  test('prune takes what has no name, with -a what no container uses, and says the space', async () => {
    await engine.dockerText('create', '--name', 'keeper', busybox, 'true');
    expect(await engine.dockerText('image', 'prune', '-f')).toBe('Total reclaimed space: 0B');
    const pruned = await engine.dockerText('image', 'prune', '-af');
    expect(pruned).toContain(`untagged: ${nginx}:latest`);
    expect(pruned).toMatch(/^Total reclaimed space: \d+(\.\d+)?MB$/m);
    expect(await engine.dockerText('images', '--format', '{{.Repository}}')).toBe(busybox);
    expect(await failure('image', 'prune', '-f', '--filter', 'foo=bar')).toEqual(
      refused("invalid filter 'foo'"),
    );
    await engine.dockerText('rm', 'keeper');
  });

  test('history and inspect tell an image’s layers and where they lie', async () => {
    await engine.dockerText('pull', '-q', nginx);
    const history = await engine.dockerText(
      'history',
      '--no-trunc',
      '--format',
      '{{.ID}}|{{.CreatedBy}}',
      nginx,
    );
    expect(history.split('\n')).toEqual([
      `${await idOf(nginx)}|RUN /bin/sh -c apt-get install -y nginx`,
      '<missing>|/bin/sh -c #(nop) ADD file:debian-bookworm in /',
    ]);
    const [found] = JSON.parse(await engine.dockerText('inspect', nginx)) as {
      RootFS: { Type: string; Layers: string[] };
      GraphDriver: { Name: string; Data: Record<string, string> };
      Config: { Cmd: string[] };
    }[];
    expect(found?.RootFS).toEqual({ Type: 'layers', Layers: expect.any(Array) });
    expect(found?.RootFS.Layers).toHaveLength(2);
    expect(found?.GraphDriver.Name).toBe('overlay2');
    expect(Object.keys(found?.GraphDriver.Data ?? {}).sort()).toEqual([
      'LowerDir',
      'MergedDir',
      'UpperDir',
      'WorkDir',
    ]);
    expect(found?.Config.Cmd).toEqual(['nginx', '-g', 'daemon off;']);
  });

  test('older clients get the fields that their version had', async () => {
    const read = async (version: string) =>
      (await engine.api('GET', `/${version}/images/${nginx}/json`)).json() as Record<string, unknown>;
    const newest = await read('v1.51');
    expect(newest).not.toHaveProperty('VirtualSize');
    expect(newest.Config).not.toHaveProperty('Hostname');
    const old = await read('v1.41');
    expect(old.VirtualSize).toBe(newest.Size);
    expect(old.Config).toMatchObject({ Hostname: '', AttachStdin: false });
    expect(old.ContainerConfig).toMatchObject({ Cmd: null });
    const list = async (version: string) =>
      (await engine.api('GET', `/${version}/images/json`)).json() as {
        Containers: number;
        VirtualSize?: number;
      }[];
    expect((await list('v1.51')).map((row) => [row.Containers, 'VirtualSize' in row])).toContainEqual([
      0,
      false,
    ]);
    expect((await list('v1.41')).map((row) => [row.Containers, 'VirtualSize' in row])).toContainEqual([
      -1,
      true,
    ]);
  });
});
