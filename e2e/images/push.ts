import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

/** An image made for the tests: its config and its layers as gzip files, base first. */
export interface TestImage {
  name: string;
  tag: string;
  architecture: 'amd64' | 'arm64';
  config: Record<string, unknown>;
  /** Each: path of the compressed tar, digest of it, digest of the tar inside. */
  layers: { file: string; digest: string; diffId: string; sizeBytes: number; createdBy: string }[];
}

const dockerTypes = {
  manifest: 'application/vnd.docker.distribution.manifest.v2+json',
  index: 'application/vnd.docker.distribution.manifest.list.v2+json',
  config: 'application/vnd.docker.container.image.v1+json',
  layer: 'application/vnd.docker.image.rootfs.diff.tar.gzip',
};
const ociTypes = {
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  index: 'application/vnd.oci.image.index.v1+json',
  config: 'application/vnd.oci.image.config.v1+json',
  layer: 'application/vnd.oci.image.layer.v1.tar+gzip',
};

const digestOf = (bytes: Uint8Array) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

/** The image config whose digest is the image's id. */
export function configBytes(image: TestImage): Buffer {
  const created = '2026-01-01T00:00:00Z';
  return Buffer.from(
    JSON.stringify({
      architecture: image.architecture,
      os: 'linux',
      created,
      config: image.config,
      rootfs: { type: 'layers', diff_ids: image.layers.map((layer) => layer.diffId) },
      history: image.layers.map((layer) => ({ created, created_by: layer.createdBy })),
    }),
  );
}

async function check(response: Response, what: string): Promise<Response> {
  if (!response.ok) throw new Error(`${what}: ${response.status} ${await response.text()}`);
  return response;
}

async function pushBlob(base: string, name: string, digest: string, bytes: Uint8Array, headers: HeadersInit) {
  const known = await fetch(`${base}/v2/${name}/blobs/${digest}`, { method: 'HEAD', headers });
  if (known.ok) return;
  const opened = await check(
    await fetch(`${base}/v2/${name}/blobs/uploads/`, { method: 'POST', headers }),
    `upload to ${name}`,
  );
  const target = new URL(opened.headers.get('location') ?? '', base);
  target.searchParams.set('digest', digest);
  await check(
    await fetch(target, {
      method: 'PUT',
      headers: { ...headers, 'Content-Type': 'application/octet-stream' },
      body: Buffer.from(bytes),
    }),
    `blob ${digest}`,
  );
}

async function putManifest(
  base: string,
  name: string,
  tag: string,
  type: string,
  body: Buffer,
  headers: HeadersInit,
) {
  await check(
    await fetch(`${base}/v2/${name}/manifests/${tag}`, {
      method: 'PUT',
      headers: { ...headers, 'Content-Type': type },
      body: new Uint8Array(body),
    }),
    `manifest ${name}:${tag}`,
  );
}

/**
 * Pushes an image, or with several architectures an index of them, by the registry's own HTTP API.
 * Returns the digest of what the tag names.
 */
export async function pushImage(
  registry: { address: string },
  images: TestImage | TestImage[],
  options: { oci?: boolean; basic?: string } = {},
): Promise<string> {
  const base = `http://${registry.address}`;
  const types = options.oci ? ociTypes : dockerTypes;
  const headers: Record<string, string> = options.basic
    ? { Authorization: `Basic ${Buffer.from(options.basic).toString('base64')}` }
    : {};
  const list = Array.isArray(images) ? images : [images];
  const manifests: { mediaType: string; digest: string; size: number; platform: object }[] = [];
  for (const image of list) {
    for (const layer of image.layers) {
      await pushBlob(base, image.name, layer.digest, readFileSync(layer.file), headers);
    }
    const config = configBytes(image);
    await pushBlob(base, image.name, digestOf(config), config, headers);
    const manifest = Buffer.from(
      JSON.stringify({
        schemaVersion: 2,
        mediaType: types.manifest,
        config: { mediaType: types.config, size: config.length, digest: digestOf(config) },
        layers: image.layers.map((layer) => ({
          mediaType: types.layer,
          size: layer.sizeBytes,
          digest: layer.digest,
        })),
      }),
    );
    const reference = list.length === 1 ? image.tag : digestOf(manifest);
    await putManifest(base, image.name, reference, types.manifest, manifest, headers);
    manifests.push({
      mediaType: types.manifest,
      digest: digestOf(manifest),
      size: manifest.length,
      platform: { os: 'linux', architecture: image.architecture },
    });
  }
  const first = list[0];
  if (!first) throw new Error('no image given');
  if (list.length === 1) return manifests[0]?.digest ?? '';
  const index = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: types.index, manifests }));
  await putManifest(base, first.name, first.tag, types.index, index, headers);
  return digestOf(index);
}
