import { createHash } from 'node:crypto';

/** The name of a stack of layers (OCI image spec): hex of its chain id, by diff ids from the base upwards. */
export function chainIds(diffIds: readonly string[]): string[] {
  const chain: string[] = [];
  for (const diffId of diffIds) chain.push(chainHex(diffId, chain.at(-1)));
  return chain;
}

/** Chain id (hex) of a layer with this diff id on top of `parent` (hex), or as a base. */
export function chainHex(diffId: string, parent: string | undefined): string {
  if (parent === undefined) return diffId.replace(/^sha256:/, '');
  return createHash('sha256').update(`sha256:${parent} ${diffId}`).digest('hex');
}
