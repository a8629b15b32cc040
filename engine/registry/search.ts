import * as z from 'zod';
import type { RegistryAuth, SearchResult } from '../api/images.ts';
import { BerthError } from '../errors.ts';
import { problemOf, problemText } from './answer-error.ts';
import { Authorization } from './authorization.ts';
import { openEndpoint } from './endpoint.ts';
import { splitRegistry } from './hosts.ts';
import { type HttpAnswer, readSmall } from './http.ts';
import type { Registries } from './registries.ts';

const answerLimitBytes = 8 * 1024 * 1024;
/** Names that one page of a catalogue is asked for, and pages that are read of a large one. */
const cataloguePage = 1000;
const cataloguePages = 20;

const searchAnswer = z.looseObject({
  results: z
    .array(
      z.looseObject({
        name: z.string(),
        description: z.string().nullish(),
        star_count: z.number().nullish(),
        is_official: z.boolean().nullish(),
        is_automated: z.boolean().nullish(),
      }),
    )
    .nullish(),
});
const catalogueAnswer = z.looseObject({ repositories: z.array(z.string()).nullish() });

interface SearchOptions {
  term: string;
  limit: number;
  auth?: RegistryAuth;
  registries: Registries;
  signal: AbortSignal;
}

/**
 * Repositories whose name has the term: by the search of Docker Hub, which some other registries have too, else by the
 * catalogue of the distribution API. Throws registry-failed with a sentence where a registry has neither.
 */
export async function searchRegistry(options: SearchOptions): Promise<SearchResult[]> {
  const { domain, rest } = splitRegistry(options.term);
  const { registries, signal } = options;
  const { transport } = registries;
  if (domain === undefined) {
    const url = searchUrl(new URL('https://index.docker.io/'), rest, options.limit);
    const answer = await transport.send({ method: 'GET', url, insecure: false, signal });
    if (answer.status !== 200) throw await refused(answer);
    return await searchResults(answer);
  }
  const target = registries.registry(domain);
  const { base, unauthorized } = await openEndpoint({ target, transport, signal });
  const insecure = target.allowsPlain;
  const authorization = new Authorization({ transport, auth: options.auth, insecure });
  const scope = 'registry:catalog:*';
  if (unauthorized !== undefined) await authorization.meet(unauthorized, { scope, method: 'Get', signal });
  const get = async (url: URL) => {
    const header = await authorization.header(scope, signal);
    const headers: Record<string, string> = header === undefined ? {} : { authorization: header };
    return await transport.send({ method: 'GET', url, headers, insecure, signal });
  };
  const answer = await get(searchUrl(base, rest, options.limit));
  if (answer.status === 200 && /json/.test(answer.headers['content-type'] ?? '')) {
    return await searchResults(answer);
  }
  answer.body.resume();
  return await searchCatalogue(base, { domain, term: rest, limit: options.limit, get });
}

function searchUrl(base: URL, term: string, limit: number): URL {
  const url = new URL('/v1/search', base);
  url.searchParams.set('q', term);
  url.searchParams.set('n', String(limit));
  return url;
}

async function searchResults(answer: HttpAnswer): Promise<SearchResult[]> {
  const { results } = await readAs(answer, searchAnswer);
  return (results ?? []).map((entry) => ({
    name: entry.name,
    description: entry.description ?? '',
    star_count: entry.star_count ?? 0,
    is_official: entry.is_official ?? false,
    is_automated: entry.is_automated ?? false,
  }));
}

async function searchCatalogue(
  base: URL,
  options: { domain: string; term: string; limit: number; get: (url: URL) => Promise<HttpAnswer> },
): Promise<SearchResult[]> {
  const { domain, term, limit, get } = options;
  const found: string[] = [];
  let url = new URL(`_catalog?n=${cataloguePage}`, base);
  for (let page = 0; page < cataloguePages && found.length < limit; page++) {
    const answer = await get(url);
    if (answer.status !== 200) {
      const { message } = await problemOf(answer);
      throw new BerthError(
        'registry-failed',
        `${domain} has neither a search nor a catalogue (${message}): type the whole name of the image`,
        { host: domain },
      );
    }
    const last = (await readAs(answer, catalogueAnswer)).repositories ?? [];
    found.push(...last.filter((name) => name.includes(term)));
    const final = last.at(-1);
    if (final === undefined || answer.headers.link === undefined) break;
    url = new URL(`_catalog?n=${cataloguePage}&last=${encodeURIComponent(final)}`, base);
  }
  const nothing = { description: '', star_count: 0, is_official: false, is_automated: false };
  return found.slice(0, limit).map((name) => ({ name: `${domain}/${name}`, ...nothing }));
}

async function readAs<Schema extends z.ZodType>(
  answer: HttpAnswer,
  schema: Schema,
): Promise<z.infer<Schema>> {
  const text = (await readSmall(answer, answerLimitBytes)).toString('utf8');
  try {
    return schema.parse(JSON.parse(text));
  } catch (error) {
    throw new BerthError(
      'registry-failed',
      `${answer.url.href}: invalid answer: ${(error as Error).message}`,
      {
        host: answer.url.host,
      },
    );
  }
}

async function refused(answer: HttpAnswer): Promise<BerthError> {
  const problem = await problemOf(answer);
  const code = answer.status === 429 ? 'registry-rate-limited' : 'registry-failed';
  return new BerthError(code, `Unexpected status code ${answer.status} (${problemText(problem)})`, {
    host: answer.url.host,
  });
}
