import { createHash } from 'node:crypto';
import { type TarEntry, tarOf } from '../../engine/layers/tar.fixture.ts';

/** A docker-archive of one image made of these layers, for docker load. `null` stands for a line without files. */
export function imageArchive(options: {
  tag: string;
  layers: ({ command: string; entries: TarEntry[] | Buffer } | { command: string; entries: null })[];
  config?: Record<string, unknown>;
}): Buffer {
  const tars = options.layers.flatMap(({ entries }) =>
    entries === null ? [] : [Buffer.isBuffer(entries) ? entries : tarOf(entries)],
  );
  const created = '2026-01-02T03:04:05Z';
  const config = JSON.stringify({
    architecture: process.arch === 'arm64' ? 'arm64' : 'amd64',
    os: 'linux',
    created,
    config: options.config ?? {},
    rootfs: { type: 'layers', diff_ids: tars.map((tar) => `sha256:${sha256(tar)}`) },
    history: options.layers.map(({ command, entries }) => ({
      created,
      created_by: command,
      ...(entries === null ? { empty_layer: true } : {}),
    })),
  });
  const manifest = [
    {
      Config: `${sha256(Buffer.from(config))}.json`,
      RepoTags: [options.tag],
      Layers: tars.map((_, index) => `${index}.tar`),
    },
  ];
  return tarOf([
    { name: `${sha256(Buffer.from(config))}.json`, data: config },
    ...tars.map((tar, index) => ({ name: `${index}.tar`, data: tar })),
    { name: 'manifest.json', data: JSON.stringify(manifest) },
  ]);
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
