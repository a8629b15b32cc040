import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BerthError, isErrno } from '../errors.ts';

/** What is trusted and shown to one registry beside the system's authorities. */
export interface HostCertificates {
  /** PEM, each file of it. */
  authorities: string[];
  client: { certificate: string; key: string } | undefined;
  /** Changes with the contents. */
  fingerprint: string;
}

/**
 * Docker's directory layout of certificates: `<directory>/<host[:port]>/` with `*.crt` (authorities) and pairs of
 * `NAME.cert` and `NAME.key` (what the client shows). The first directory that has the host counts. Read anew for each
 * request, so that a changed file needs no restart.
 */
export class Certificates {
  readonly #directories: readonly string[];
  constructor(directories: readonly string[]) {
    this.#directories = directories;
  }

  /** Throws registry-failed, with Docker's words, for half a pair. */
  async of(host: string): Promise<HostCertificates | undefined> {
    for (const directory of this.#directories) {
      const path = join(directory, host);
      const names = await list(path);
      if (names !== undefined) return await read(path, names.sort());
    }
    return undefined;
  }
}

async function list(path: string): Promise<string[] | undefined> {
  try {
    return await readdir(path);
  } catch (error) {
    if (isErrno(error) && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) return undefined;
    throw error;
  }
}

async function read(path: string, names: string[]): Promise<HostCertificates> {
  const text = (name: string) => readFile(join(path, name), 'utf8');
  const authorities = await Promise.all(names.filter((name) => name.endsWith('.crt')).map(text));
  const certificates = names.filter((name) => name.endsWith('.cert'));
  for (const name of certificates) {
    const key = name.replace(/\.cert$/, '.key');
    if (!names.includes(key)) throw half(`missing key ${key} for client certificate ${name}`, path);
  }
  for (const name of names.filter((other) => other.endsWith('.key'))) {
    const certificate = name.replace(/\.key$/, '.cert');
    if (!names.includes(certificate))
      throw half(`missing client certificate ${certificate} for key ${name}`, path);
  }
  const first = certificates[0];
  const client =
    first === undefined
      ? undefined
      : { certificate: await text(first), key: await text(first.replace(/\.cert$/, '.key')) };
  const hash = createHash('sha256').update(JSON.stringify([authorities, client]));
  return { authorities, client, fingerprint: hash.digest('hex') };
}

function half(detail: string, path: string): BerthError {
  return new BerthError(
    'registry-failed',
    `${detail}. CA certificates must use the extension .crt (looked in ${path})`,
    { path },
  );
}
