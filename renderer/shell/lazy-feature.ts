import { type ComponentType, lazy } from 'react';

type Module<Props> = { default: ComponentType<Props> };
const modules = import.meta.glob(['../features/*/index.tsx', '../terminal/index.tsx']);

/** A feature's page as a chunk of its own; features are named, never imported, so that none pulls in another. */
export function lazyFeature<Props = object>(name: string) {
  const path = name.startsWith('..') ? `${name}/index.tsx` : `../features/${name}/index.tsx`;
  return lazy<ComponentType<Props>>(async () => {
    const load = modules[path];
    if (!load) throw new TypeError(`no feature ${name}`);
    return (await load()) as Module<Props>;
  });
}
