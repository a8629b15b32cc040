import { BerthError } from '../errors.ts';
import type { Query } from '../http/query.ts';
import { type Route, route } from '../http/router.ts';
import { levelUpTo } from '../images/image-layers.ts';
import type { ComparedSide } from '../layers/layers.ts';
import type { Engine } from '../system/engine.ts';

const mostEntries = 5000;
const usualEntries = 500;

/** `/berth/compare`: any two of image, layer and container. */
export function compareRoutes(engine: Engine): Route[] {
  return [
    route('GET', '/berth/compare', async ({ query, reply }) => {
      const limit = query.integer('limit') ?? usualEntries;
      const sort = query.text('sort') || 'size';
      if (limit < 1 || limit > mostEntries) throw bad('limit', String(limit), `1 to ${mostEntries}`);
      if (sort !== 'path' && sort !== 'size') throw bad('sort', sort, 'path or size');
      const [left, right] = [side(engine, query, 'left'), side(engine, query, 'right')];
      reply.json(await engine.layerTrees.compare({ left, right, limit, sort }));
    }),
  ];
}

function side({ images, containers }: Engine, query: Query, name: 'left' | 'right'): ComparedSide {
  const text = query.text(name);
  const found = /^(image|container|layer:(\d+)):(.+)$/.exec(text);
  if (found === null) throw bad(name, text, 'image:NAME, layer:NUMBER:NAME or container:ID');
  const [, kind, number, reference = ''] = found;
  if (kind === 'container') {
    const { definition, files } = containers.get(reference);
    return { layers: definition.layers, upper: files.upper };
  }
  const image = images.numbered(reference);
  if (number === undefined) return { layers: image.chains };
  return { layers: image.chains.slice(0, levelUpTo(image, Number(number))) };
}

function bad(name: string, value: string, wanted: string): BerthError {
  return new BerthError('bad-parameter', `invalid ${name} ${JSON.stringify(value)}: it must be ${wanted}`, {
    name,
    value,
  });
}
