import type { Readable } from 'node:stream';
import type { ProgressLine } from '../api/json-stream.ts';
import { BerthError } from '../errors.ts';
import { machinePlatform, parsePlatform } from '../registry/manifest.ts';
import { applyChanges } from './config-changes.ts';
import { familiar } from './reference.ts';
import { nameOf } from './reference-table.ts';
import type { ImageStoreParts } from './store.ts';
import { newTag } from './tag.ts';

export interface ImportOptions {
  /** `-` for the archive that comes with the request, else the URL of one. */
  source: string;
  archive: Readable;
  repository: string;
  tag: string;
  message: string;
  changes: string[];
  platform?: string;
  signal: AbortSignal;
  progress: (line: ProgressLine) => void;
}

/** POST /images/create?fromSrc=-: a tar of a root file system becomes an image of one layer. Gives its id. */
export async function importImage(parts: ImageStoreParts, options: ImportOptions): Promise<string> {
  const reference = options.repository === '' ? undefined : newTag(options.repository, options.tag);
  const platform = options.platform ? parsePlatform(options.platform) : machinePlatform();
  const config = applyChanges({}, options.changes);
  const applied = await parts.layers.apply({
    blob: await importSource(parts, options),
    mediaType: '',
    signal: options.signal,
  });
  const created = new Date().toISOString();
  const comment = options.message || `Imported from ${options.source}`;
  using _lease = parts.leases.hold([applied.chainHex]);
  await applied.commit();
  await parts.layers.sync();
  const bytes = Buffer.from(
    JSON.stringify({
      architecture: platform.architecture,
      ...(platform.variant === undefined ? {} : { variant: platform.variant }),
      comment,
      config,
      created,
      history: [{ created, comment }],
      os: platform.os,
      rootfs: { type: 'layers', diff_ids: [applied.diffId] },
    }),
  );
  const image = await parts.images.add(bytes);
  if (reference !== undefined) {
    image.record.lastTagTime = created;
    await parts.images.save(image);
    await parts.references.add([nameOf(reference)], image.id);
  }
  parts.events.publish('image', 'import', image.id, {
    name: reference === undefined ? image.id : familiar(reference),
  });
  return image.id;
}

/** The archive of the request, or what a web server has at a URL (without a scheme: http, as in Docker). */
async function importSource(parts: ImageStoreParts, options: ImportOptions): Promise<Readable> {
  const { source, archive, signal, progress } = options;
  if (source === '-') return archive;
  const text = /^[a-z]+:\/\//i.test(source) ? source : `http://${source}`;
  if (source === '' || !URL.canParse(text)) {
    throw new BerthError(
      'bad-parameter',
      `invalid import source ${JSON.stringify(source)}: neither - nor a URL`,
      {
        name: 'fromSrc',
        value: source,
      },
    );
  }
  const url = new URL(text);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new BerthError(
      'bad-parameter',
      `Get "${text}": unsupported protocol scheme "${url.protocol.slice(0, -1)}"`,
      {
        name: 'fromSrc',
        value: source,
      },
    );
  }
  const answer = await parts.registries.transport.send({ method: 'GET', url, insecure: false, signal });
  if (answer.status !== 200) {
    answer.body.resume();
    throw new BerthError(
      'registry-failed',
      `Get "${url.href}": status ${answer.status} ${answer.statusText}`,
      {
        host: url.host,
      },
    );
  }
  progress({ status: `Downloading from ${url.href}` });
  return answer.body;
}
