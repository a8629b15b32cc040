import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The Debian mirror to fetch from: BERTH_DEBIAN_MIRROR, else the first archive that this machine's apt uses. No
 * mirror is written down in this repository, so a copy behind a company's own mirror works unchanged.
 * Throws with what to set when there is none.
 */
export function debianMirror(
  environment: NodeJS.ProcessEnv = process.env,
  aptDirectory = '/etc/apt',
): string {
  const wanted = environment.BERTH_DEBIAN_MIRROR;
  const found = wanted === undefined || wanted === '' ? mirrorOfApt(aptDirectory) : wanted;
  if (found === undefined) {
    throw new Error(
      'No Debian mirror is known: apt on this machine uses none over HTTP. ' +
        'Set BERTH_DEBIAN_MIRROR to the address of one (the directory that holds dists/ and pool/).',
    );
  }
  return found.replace(/\/+$/, '');
}

function mirrorOfApt(aptDirectory: string): string | undefined {
  const parts = join(aptDirectory, 'sources.list.d');
  const files = existsSync(parts) ? readdirSync(parts).sort() : [];
  const texts = (suffix: string) =>
    files.filter((name) => name.endsWith(suffix)).map((name) => readFileSync(join(parts, name), 'utf8'));
  const main = join(aptDirectory, 'sources.list');
  const oneLine = [...(existsSync(main) ? [readFileSync(main, 'utf8')] : []), ...texts('.list')];
  return [...oneLine.flatMap(oneLineSources), ...texts('.sources').flatMap(stanzaSources)].find(isArchive)
    ?.uri;
}

/** A line of apt's sources, whichever way it is written (sources.list(5)). */
export interface AptSource {
  uri: string;
  suites: string[];
  components: string[];
}

export function oneLineSources(text: string): AptSource[] {
  return text.split('\n').flatMap((line) => {
    const words = /^\s*deb\s+(?:\[[^\]]*\]\s+)?(\S+)\s+(\S+)\s*([^#]*)/.exec(line);
    if (!words) return [];
    return [
      {
        uri: words[1] as string,
        suites: [words[2] as string],
        components: (words[3] as string).split(/\s+/).filter(Boolean),
      },
    ];
  });
}

export function stanzaSources(text: string): AptSource[] {
  return text.split(/\n\s*\n/).flatMap((stanza) => {
    const fields = new Map<string, string[]>();
    let last: string[] = [];
    for (const line of stanza.split('\n').filter((line) => !line.startsWith('#'))) {
      const [, key, value] = /^([A-Za-z-]+):\s*(.*)$/.exec(line) ?? [];
      const words = (value ?? line).split(/\s+/).filter(Boolean);
      if (key !== undefined) {
        last = [];
        fields.set(key.toLowerCase(), last);
      }
      last.push(...words);
    }
    if (!fields.get('types')?.includes('deb') || fields.get('enabled')?.[0]?.toLowerCase() === 'no')
      return [];
    const suites = fields.get('suites') ?? [];
    const components = fields.get('components') ?? [];
    return (fields.get('uris') ?? []).map((uri) => ({ uri, suites, components }));
  });
}

/** Debian's main archive: security updates and other people's repositories have no pool of all packages. */
function isArchive({ uri, suites, components }: AptSource): boolean {
  return (
    /^https?:/.test(uri) &&
    components.includes('main') &&
    !/debian-security/.test(uri) &&
    suites.some((suite) =>
      /^(bookworm|trixie|forky|sid|stable|oldstable|testing|unstable)(-updates)?$/.test(suite),
    )
  );
}
