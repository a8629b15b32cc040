import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';

const manifestType = 'application/vnd.docker.distribution.manifest.v2+json';
const digestOf = (bytes: Uint8Array) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

/**
 * A registry that does wrong what a real one does right: the repository's name says what. It speaks plain HTTP.
 *
 *   denied unauthorized limited missing broken   refuse the manifest
 *   foreign                                      has the image for another processor only
 *   truncated mismatch invalid                   give a layer that is not what the manifest says
 */
export async function startFaultyRegistry(address = '127.0.0.1'): Promise<FaultyRegistry> {
  const registry = new FaultyRegistry();
  registry.server.listen(0, address);
  await once(registry.server, 'listening');
  return registry;
}

const refusals: Record<string, [status: number, code: string]> = {
  denied: [403, 'DENIED'],
  unauthorized: [401, 'UNAUTHORIZED'],
  limited: [429, 'TOOMANYREQUESTS'],
  missing: [404, 'MANIFEST_UNKNOWN'],
  broken: [500, 'UNKNOWN'],
};

export class FaultyRegistry {
  readonly server: Server = createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://registry').pathname;
    const [, , name = '', kind, reference = ''] = path.split('/');
    if (kind === undefined || kind === '') response.end('{}');
    else if (kind === 'manifests') manifest(name, response);
    else blob(name, reference, response);
  });

  /** host:port, as in an image's name. */
  get domain(): string {
    const { address, port } = this.server.address() as AddressInfo;
    return `${address}:${port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }
}

function manifest(name: string, response: ServerResponse): void {
  const refusal = refusals[name];
  if (refusal !== undefined) {
    const [status, code] = refusal;
    response.writeHead(status, { 'Content-Type': 'application/json' });
    response.end(JSON.stringify({ errors: [{ code, message: 'refused for the test' }] }));
    return;
  }
  const body = Buffer.from(JSON.stringify(name === 'foreign' ? foreignIndex() : imageManifest(name)));
  response.writeHead(200, {
    'Content-Type': name === 'foreign' ? 'application/vnd.oci.image.index.v1+json' : manifestType,
    'Content-Length': body.length,
    'Docker-Content-Digest': digestOf(body),
  });
  response.end(body);
}

function foreignIndex() {
  const entry = { mediaType: manifestType, digest: digestOf(Buffer.from('none')), size: 4 };
  return { schemaVersion: 2, manifests: [{ ...entry, platform: { os: 'linux', architecture: 's390x' } }] };
}

/** A layer as its manifest names it, and the bytes that come. */
function layerOf(name: string): { named: Buffer; sent: Buffer } {
  const whole = gzipSync(Buffer.alloc(10_240));
  if (name === 'truncated') {
    const cut = whole.subarray(0, whole.length - 12);
    return { named: cut, sent: cut };
  }
  if (name === 'mismatch') return { named: whole, sent: gzipSync(Buffer.alloc(10_240), { level: 1 }) };
  const noTar = gzipSync(Buffer.alloc(10_240, 'no tar '));
  return { named: noTar, sent: noTar };
}

function configOf(): Buffer {
  const rootfs = { type: 'layers', diff_ids: [digestOf(Buffer.alloc(10_240))] };
  const architecture = process.arch === 'arm64' ? 'arm64' : 'amd64';
  return Buffer.from(JSON.stringify({ os: 'linux', architecture, config: {}, rootfs }));
}

function imageManifest(name: string) {
  const config = configOf();
  const { named, sent } = layerOf(name);
  return {
    schemaVersion: 2,
    mediaType: manifestType,
    config: {
      mediaType: 'application/vnd.docker.container.image.v1+json',
      digest: digestOf(config),
      size: config.length,
    },
    layers: [
      {
        mediaType: 'application/vnd.docker.image.rootfs.diff.tar.gzip',
        digest: digestOf(named),
        size: sent.length,
      },
    ],
  };
}

function blob(name: string, digest: string, response: ServerResponse): void {
  const config = configOf();
  const body = digest === digestOf(config) ? config : layerOf(name).sent;
  response.writeHead(200, { 'Content-Type': 'application/octet-stream', 'Content-Length': body.length });
  response.end(body);
}
