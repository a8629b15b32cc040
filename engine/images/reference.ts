import { BerthError } from '../errors.ts';

/**
 * Names of images as Docker reads and writes them: `nginx` is `docker.io/library/nginx:latest`, and is shown as
 * `nginx:latest`. Grammar: distribution/reference.
 */
export interface Reference {
  /** Registry as written in the full name, e.g. `docker.io`, `localhost:5000`. */
  domain: string;
  /** Path within the registry, e.g. `library/nginx`. */
  path: string;
  tag?: string;
  /** `sha256:…` */
  digest?: string;
}

const defaultDomain = 'docker.io';
const pathComponent = '[a-z0-9]+(?:(?:[._]|__|[-]+)[a-z0-9]+)*';
const pathPattern = new RegExp(`^${pathComponent}(?:/${pathComponent})*$`);
const domainComponent = '(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])';
const domainPattern = new RegExp(
  `^(?:${domainComponent}(?:\\.${domainComponent})*|\\[(?:[a-fA-F0-9:]+)\\])(?::[0-9]+)?$`,
);
const tagPattern = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/;
const digestPattern = /^[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}$/;
const identifierPattern = /^[a-f0-9]{64}$/;
const nameLimit = 255;

function invalid(detail = ''): BerthError {
  return new BerthError('bad-reference', `invalid reference format${detail}`);
}

/** Parses a name; throws bad-reference in Docker's words. Without tag and digest neither is set. */
export function parseReference(text: string): Reference {
  if (identifierPattern.test(text)) {
    throw new BerthError(
      'bad-reference',
      `invalid repository name (${text}), cannot specify 64-byte hexadecimal strings`,
    );
  }
  let rest = text;
  const reference: Partial<Reference> = {};
  const at = rest.indexOf('@');
  if (at >= 0) {
    reference.digest = rest.slice(at + 1);
    rest = rest.slice(0, at);
    if (!digestPattern.test(reference.digest)) throw invalid();
  }
  const colon = rest.lastIndexOf(':');
  if (colon > rest.lastIndexOf('/')) {
    reference.tag = rest.slice(colon + 1);
    rest = rest.slice(0, colon);
    if (!tagPattern.test(reference.tag)) throw invalid();
  }
  const { domain, path } = splitDomain(rest);
  if (path !== path.toLowerCase()) {
    throw invalid(`: repository name (${path}) must be lowercase`);
  }
  if (!pathPattern.test(path) || !domainPattern.test(domain)) throw invalid();
  if (domain.length + path.length + 1 > nameLimit) {
    throw new BerthError('bad-reference', 'repository name must not be more than 255 characters');
  }
  return { domain, path, ...reference };
}

export function isTag(text: string): boolean {
  return tagPattern.test(text);
}

function splitDomain(name: string): { domain: string; path: string } {
  const slash = name.indexOf('/');
  const first = slash < 0 ? '' : name.slice(0, slash);
  const isDomain =
    slash >= 0 && (/[.:]/.test(first) || first === 'localhost' || first !== first.toLowerCase());
  let domain = isDomain ? first : defaultDomain;
  let path = isDomain ? name.slice(slash + 1) : name;
  if (domain === 'index.docker.io') domain = defaultDomain;
  if (domain === defaultDomain && !path.includes('/')) path = `library/${path}`;
  return { domain, path };
}

/** Full name without tag and digest. */
export function repositoryName(reference: Reference): string {
  return `${reference.domain}/${reference.path}`;
}

/** The name as people write it: without `docker.io/` and `library/`. */
export function familiarName(repository: string): string {
  if (!repository.startsWith(`${defaultDomain}/`)) return repository;
  const path = repository.slice(defaultDomain.length + 1);
  return /^library\/[^/]+$/.test(path) ? path.slice('library/'.length) : path;
}

/** The whole reference as people write it. */
export function familiar(reference: Reference): string {
  const tag = reference.tag === undefined ? '' : `:${reference.tag}`;
  const digest = reference.digest === undefined ? '' : `@${reference.digest}`;
  return familiarName(repositoryName(reference)) + tag + digest;
}

/** With `latest` where it has neither tag nor digest. */
export function withDefaultTag(reference: Reference): Reference {
  if (reference.tag !== undefined || reference.digest !== undefined) return reference;
  return { ...reference, tag: 'latest' };
}
