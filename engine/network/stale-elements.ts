import { runNft } from './nft-program.ts';
import { elementPlace, type PortElement, parseElements } from './port-element.ts';
import { boundMap, publishedMap } from './ruleset.ts';

/** Elements of the instance's maps that no container claims: it ended while no engine was there to close its ports. */
export async function staleElements(table: string, claimed: PortElement[]): Promise<PortElement[]> {
  const places = new Set(claimed.map(elementPlace));
  const listed: PortElement[] = [];
  for (const map of [publishedMap, boundMap]) {
    listed.push(...parseElements(await runNft(['-j', 'list', 'map', 'inet', table, map])));
  }
  return listed.filter((element) => !places.has(elementPlace(element)));
}
