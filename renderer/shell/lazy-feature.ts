import type { ComponentType } from 'react';
import { lazyPart } from '../ui/lazy-part.tsx';

type Module<Props> = { default: ComponentType<Props> };
const modules = import.meta.glob(['../features/*/index.tsx', '../terminal/index.tsx']);

/** A feature's page as a chunk of its own; features are named, never imported, so that none pulls in another. */
export function lazyFeature<Props extends object = object>(
  name: string,
  options: { soon?: boolean } = {},
): ComponentType<Props> {
  const path = name.startsWith('..') ? `${name}/index.tsx` : `../features/${name}/index.tsx`;
  const load = modules[path];
  if (!load) throw new TypeError(`no feature ${name}`);
  return lazyPart(async () => ((await load()) as Module<Props>).default, options);
}
