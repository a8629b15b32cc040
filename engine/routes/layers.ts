import { join, posix } from 'node:path';
import type { FilesystemChange } from '../api/containers.ts';
import type {
  EntryType,
  FoundPaths,
  ImageLayers,
  LayerSummary,
  PathBlame,
  TreePage,
  VerifiedLayer,
} from '../api/layers.ts';
import type { Containers } from '../containers/containers.ts';
import { BerthError } from '../errors.ts';
import type { Query } from '../http/query.ts';
import { type Route, route } from '../http/router.ts';
import { type ImageLine, levelUpTo, lineOf, type NumberedImage, noLayer } from '../images/image-layers.ts';
import type { Images } from '../images/images.ts';
import type { MountPlan } from '../layers/driver.ts';
import type { Layers, LayerTrees, TreeOptions } from '../layers/layers.ts';
import { pathName } from '../layers/path-name.ts';
import type { Engine } from '../system/engine.ts';
import { answerTar } from './container-archive.ts';
import { answerFile } from './file-answer.ts';

/** What lies inside layers: `/berth/…` of api/layers.ts, and docker diff. */
export function layerRoutes(engine: Engine): Route[] {
  const { images, containers, layers, layerTrees } = engine;
  return [
    ...imageLayerRoutes(images, layerTrees),
    ...writableRoutes(containers, layerTrees),
    searchRoute(images, layerTrees),
    blameRoute(images, layerTrees),
    extractRoute(engine),
    verifyRoute(layers),
  ];
}

function imageLayerRoutes(images: Images, trees: LayerTrees): Route[] {
  return [
    route('GET', '/berth/images/*name/layers', async ({ params, reply }) => {
      reply.json(await imageLayers(images.numbered(params.name), trees));
    }),
    route('GET', '/berth/images/*name/tree', async ({ params, query, reply }) => {
      const image = images.numbered(params.name);
      const options = treeOptions(query);
      const { level } = lineOf(image, query.integer('layer'));
      if (level === undefined) return reply.json(emptyPage(query, options));
      const page = await trees.tree({ ...options, layers: image.chains, number: level });
      reply.json(withLineNumbers(image, page));
    }),
    route('GET', '/berth/images/*name/merged', async ({ params, query, reply }) => {
      const image = images.numbered(params.name);
      const options = treeOptions(query);
      const upTo = query.integer('upto');
      const level = levelUpTo(image, upTo);
      if (level === 0) return reply.json(emptyPage(query, options));
      // A line without files changed none.
      const unmarked = lineOf(image, upTo).level === undefined;
      const page = await trees.merged({ ...options, layers: image.chains, number: level, unmarked });
      reply.json(withLineNumbers(image, page));
    }),
    route('GET', '/berth/images/*name/file', async (context) => {
      const image = images.numbered(context.params.name);
      const path = askedPath(context.query);
      const level = levelUpTo(image, context.query.integer('layer'));
      if (level === 0) throw noLayer(image, context.query.text('layer'));
      await answerFile(context, await trees.openFile({ layers: image.chains, number: level, path }));
    }),
  ];
}

function searchRoute(images: Images, trees: LayerTrees): Route {
  return route('GET', '/berth/images/*name/search', async ({ params, query, reply }) => {
    const image = images.numbered(params.name);
    const limit = query.integer('limit') ?? mostEntries;
    if (limit < 1 || limit > mostEntries) throw badParameter('limit', String(limit), `1 to ${mostEntries}`);
    const type = query.text('type');
    const { found, total } = await trees.search({
      layers: image.chains,
      glob: askedGlob(query),
      minBytes: query.integer('minBytes') ?? 0,
      ...(type === '' ? {} : { type: type as EntryType }),
      limit,
    });
    const answer: FoundPaths = {
      total,
      entries: found.map(({ path, level, hiddenBy, ...entry }) => ({
        path: pathName(path),
        layer: lineNumber(image, level),
        ...entry,
        ...(hiddenBy === undefined ? {} : { hiddenBy: lineNumber(image, hiddenBy) }),
      })),
    };
    reply.json(answer);
  });
}

/** Each wildcard multiplies the ways to match a name: nobody needs many. */
const mostWildcards = 8;

function askedGlob(query: Query): string {
  const glob = query.text('glob') || '*';
  const wildcards = glob.match(/\*+|\?/g)?.length ?? 0;
  if (glob.length > 4096 || wildcards > mostWildcards) {
    throw badParameter('glob', glob, `a pattern with at most ${mostWildcards} wildcards`);
  }
  return glob;
}

function blameRoute(images: Images, trees: LayerTrees): Route {
  return route('GET', '/berth/images/*name/blame', async ({ params, query, reply }) => {
    const image = images.numbered(params.name);
    const path = askedPath(query);
    const found = await trees.history({ layers: image.chains, path });
    const versions = found.map(({ level, hiddenBy, ...version }) => {
      const layer = lineNumber(image, level);
      const hidden = hiddenBy === undefined ? {} : { hiddenBy: lineNumber(image, hiddenBy) };
      return { layer, command: image.lines[layer - 1]?.command ?? '', ...version, ...hidden };
    });
    const wasted = versions.filter(({ hiddenBy, type }) => hiddenBy !== undefined && type !== 'directory');
    const answer: PathBlame = {
      path: pathName(path),
      versions,
      wastedBytes: wasted.reduce((bytes, { sizeBytes }) => bytes + sizeBytes, 0),
    };
    reply.json(answer);
  });
}

/** A path of an image as a tar: its layers are mounted for a confined program that packs it. */
function extractRoute({ images, layers, files, containers }: Engine): Route {
  return route('GET', '/berth/images/*name/archive', async ({ params, query, reply, signal }) => {
    const image = images.numbered(params.name);
    const upTo = query.integer('upto');
    const level = levelUpTo(image, upTo);
    if (level === 0) throw noLayer(image, String(upTo ?? ''));
    const path = posix.resolve('/', query.text('path') || '/');
    const plan = await layers.plan({ layers: image.chains.slice(0, level), readOnly: true });
    const view = {
      plan: withoutMountPoints(plan, join(files.layers, 'init')),
      target: files.tmp,
      mounts: [],
    };
    const archiveName = path === '/' ? '.' : posix.basename(path);
    const { archive } = await containers.parts.containerTrees.get({ view, path, archiveName, signal });
    await answerTar(reply, archive!);
  });
}

/** The layers alone: what every container has besides is no part of an image. */
function withoutMountPoints(plan: MountPlan, init: string): MountPlan {
  const lower = plan.lower.filter((path) => path !== init);
  // One directory is what it is, and overlay wants two.
  return { ...plan, lower, type: lower.length > 1 ? plan.type : 'bind' };
}

function writableRoutes(containers: Containers, trees: LayerTrees): Route[] {
  const layersOf = (reference: string) => {
    const { files, definition } = containers.get(reference);
    return { upper: files.upper, layers: definition.layers };
  };
  return [
    route('GET', '/berth/containers/:id/layer', async ({ params, query, reply }) => {
      reply.json(await trees.upperTree({ ...layersOf(params.id), ...treeOptions(query) }));
    }),
    route('GET', '/berth/containers/:id/file', async (context) => {
      const { upper } = layersOf(context.params.id);
      await answerFile(context, await trees.openUpperFile({ upper, path: askedPath(context.query) }));
    }),
    route('GET', '/containers/:id/changes', async ({ params, reply }) => {
      const changes = await trees.changes(layersOf(params.id));
      const rows = changes.map(({ path, kind }): FilesystemChange => ({ Path: path.text, Kind: kind }));
      reply.json(rows.length > 0 ? rows : null);
    }),
  ];
}

/** Verifies one layer after the other; what differs is told and does not end the list. */
function verifyRoute(layers: Layers): Route {
  return route('POST', '/berth/layers/verify', async ({ reply, signal }) => {
    const target = reply.stream({ contentType: 'application/json' });
    for (const chainId of layers.list()) {
      if (signal.aborted) return;
      target.write(`${JSON.stringify(await verified(layers, chainId))}\n`);
    }
    target.end();
  });
}

async function verified(layers: Layers, chainId: string): Promise<VerifiedLayer> {
  const { diffId = '' } = layers.record(chainId) ?? {};
  try {
    await layers.verify(chainId);
    return { chainId, diffId, ok: true };
  } catch (error) {
    return { chainId, diffId, ok: false, message: (error as Error).message };
  }
}

async function imageLayers(image: NumberedImage, trees: LayerTrees): Promise<ImageLayers> {
  const { id: imageId, sizeBytes, uniqueBytes } = image;
  const layers = await Promise.all(
    image.lines.map((line, index) => summary(image, { line, number: index + 1 }, trees)),
  );
  return { imageId, sizeBytes, uniqueBytes, layers };
}

async function summary(
  image: NumberedImage,
  { line, number }: { line: ImageLine; number: number },
  trees: LayerTrees,
): Promise<LayerSummary> {
  const { level, ...told } = line;
  const none = { files: 0, directories: 0, added: 0, changed: 0, removed: 0 };
  if (level === undefined) return { number, ...told, ...none };
  const { files, directories, marks } = await trees.counts({ layers: image.chains, number: level });
  return { number, ...told, files, directories, ...marks };
}

function lineNumber(image: NumberedImage, level: number): number {
  return image.lines.findIndex((line) => line.level === level) + 1;
}

/** Pages count layers as the image's lines are numbered, which lines without files are among. */
function withLineNumbers(image: NumberedImage, page: TreePage): TreePage {
  return {
    ...page,
    entries: page.entries.map((entry) => ({
      ...entry,
      layer: lineNumber(image, entry.layer),
      ...(entry.hiddenBy === undefined ? {} : { hiddenBy: lineNumber(image, entry.hiddenBy) }),
    })),
  };
}

function emptyPage(query: Query, { offset }: TreeOptions): TreePage {
  return { path: { text: query.text('path') || '/' }, entries: [], total: 0, offset, indexBytesRead: 0 };
}

const mostEntries = 500;

function treeOptions(query: Query): TreeOptions {
  const sort = query.text('sort') || 'name';
  const offset = query.integer('offset') ?? 0;
  const limit = query.integer('limit') ?? mostEntries;
  if (sort !== 'name' && sort !== 'size') throw badParameter('sort', sort, 'name or size');
  if (offset < 0) throw badParameter('offset', String(offset), '0 or more');
  if (limit < 1 || limit > mostEntries) throw badParameter('limit', String(limit), `1 to ${mostEntries}`);
  return { path: askedPath(query), offset, limit, sort };
}

/** Bytes of the path asked for: `pathBase64` where it is given, else `path`. */
function askedPath(query: Query): Uint8Array {
  const base64 = query.text('pathBase64');
  if (base64 === '') return Buffer.from(query.text('path') || '/');
  const bytes = Buffer.from(base64, 'base64');
  if (bytes.length === 0) throw badParameter('pathBase64', base64, 'base64');
  return bytes;
}

function badParameter(name: string, value: string, wanted: string): BerthError {
  return new BerthError('bad-parameter', `invalid ${name} ${JSON.stringify(value)}: it must be ${wanted}`, {
    name,
    value,
  });
}
