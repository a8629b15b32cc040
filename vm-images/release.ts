import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DebianArch, LockedPackage } from './lock.ts';

const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg';

/** Fields of one package in a Packages file that matter here. */
export interface PackageRecord {
  Package: string;
  Version: string;
  Depends?: string;
  Filename: string;
  SHA256: string;
  Size: string;
}

/**
 * Package lists of one suite, trusted by Debian's signature on its InRelease file. Lists are fetched once a run.
 * A list past its Valid-Until is refused, except for sid, where a mirror that lags is a fact of life and nothing is
 * taken into a product from.
 */
export class SignedSuite {
  readonly #mirror: string;
  readonly #suite: string;
  #release: Promise<Map<string, string>> | undefined;
  readonly #lists = new Map<DebianArch, Promise<Map<string, PackageRecord>>>();

  constructor(mirror: string, suite: string) {
    this.#mirror = mirror;
    this.#suite = suite;
  }

  /** Looks a package up; a metapackage that only depends on a versioned name of itself is followed to that. */
  async resolve(name: string, arch: DebianArch): Promise<LockedPackage> {
    const packages = await this.#list(arch);
    const asked = packages.get(name);
    if (!asked) throw new Error(`Debian ${this.#suite} has no package ${name} for ${arch}`);
    const found = packages.get(realName(asked)) ?? asked;
    return {
      name,
      arch,
      suite: this.#suite,
      ...(found.Package === name ? {} : { package: found.Package }),
      version: found.Version,
      path: found.Filename,
      sha256: found.SHA256,
      sizeBytes: Number(found.Size),
    };
  }

  #list(arch: DebianArch): Promise<Map<string, PackageRecord>> {
    const known = this.#lists.get(arch);
    if (known) return known;
    const list = this.#fetchList(arch);
    this.#lists.set(arch, list);
    return list;
  }

  async #fetchList(arch: DebianArch): Promise<Map<string, PackageRecord>> {
    this.#release ??= this.#fetchRelease();
    const path = `main/binary-${arch}/Packages.xz`;
    const sha256 = (await this.#release).get(path);
    if (sha256 === undefined) throw new Error(`Debian ${this.#suite} lists no ${path}`);
    const bytes = await download(`${this.#mirror}/dists/${this.#suite}/${path}`);
    if (createHash('sha256').update(bytes).digest('hex') !== sha256)
      throw new Error(`${this.#mirror}: ${path} of ${this.#suite} is not what InRelease says`);
    return parsePackages(decompress('xz', bytes).toString('utf8'));
  }

  async #fetchRelease(): Promise<Map<string, string>> {
    const signed = await download(`${this.#mirror}/dists/${this.#suite}/InRelease`);
    const text = verifySignature(signed, this.#suite);
    const until = /^Valid-Until: (.*)$/m.exec(text)?.[1];
    if (until !== undefined && Date.parse(until) < Date.now() && this.#suite !== 'sid')
      throw new Error(`${this.#mirror}: the list of ${this.#suite} was valid until ${until}`);
    return parseRelease(text);
  }
}

/** `linux-image-cloud-amd64` depends on `linux-image-6.12.…-cloud-amd64`: the name that carries the files. */
function realName(record: PackageRecord): string {
  const match = /^(linux-image-\d\S*)/.exec(record.Depends ?? '');
  return match && record.Package.startsWith('linux-image-') ? (match[1] as string) : record.Package;
}

/** sha256 by path below dists/<suite>/. */
export function parseRelease(text: string): Map<string, string> {
  const section = /^SHA256:\n((?: .*\n?)+)/m.exec(text)?.[1] ?? '';
  const digests = new Map<string, string>();
  for (const line of section.split('\n')) {
    const [sha256, , path] = line.trim().split(/\s+/);
    if (sha256 && path) digests.set(path, sha256);
  }
  return digests;
}

/** Stanzas of a Packages file by name; of several versions the last one wins. */
export function parsePackages(text: string): Map<string, PackageRecord> {
  const packages = new Map<string, PackageRecord>();
  for (const stanza of text.split('\n\n')) {
    const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(stanza)?.[1];
    const name = field('Package');
    if (name === undefined) continue;
    packages.set(name, {
      Package: name,
      Version: field('Version') ?? '',
      Depends: field('Depends') ?? '',
      Filename: field('Filename') ?? '',
      SHA256: field('SHA256') ?? '',
      Size: field('Size') ?? '0',
    });
  }
  return packages;
}

/** The signed text of a clear-signed file. Throws unless a key of Debian's archive signed it. */
function verifySignature(signed: Buffer, suite: string): string {
  if (!existsSync(keyring))
    throw new Error(`${keyring} is missing: install the package debian-archive-keyring`);
  const directory = mkdtempSync(join(tmpdir(), 'berth-release-'));
  try {
    const file = join(directory, 'InRelease');
    const plain = join(directory, 'Release');
    writeFileSync(file, signed);
    const result = spawnSync('gpgv', ['--quiet', '--keyring', keyring, '--output', plain, file], {
      encoding: 'utf8',
      env: { ...process.env, LC_ALL: 'C' },
    });
    if (result.error) throw new Error(`gpgv cannot be run: ${result.error.message}`);
    if (result.status !== 0)
      throw new Error(`the signature of Debian ${suite}'s package list is not good:\n${result.stderr}`);
    return readFileSync(plain, 'utf8');
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** The server said that the file is not there (404 or 410); anything else is an ordinary Error. */
export class Vanished extends Error {}

/** Fetches a file whole. Throws with the address in the message; three tries, because mirrors drop connections. */
export async function download(url: string): Promise<Buffer> {
  let last: unknown;
  for (let attempt = 0; attempt < 3; attempt++) {
    try {
      const answer = await fetch(url);
      if (answer.status === 404 || answer.status === 410)
        throw new Vanished(`${url} is gone (${answer.status})`);
      if (!answer.ok) throw new Error(`${url} answered ${answer.status} ${answer.statusText}`);
      return Buffer.from(await answer.arrayBuffer());
    } catch (error) {
      if (error instanceof Vanished) throw error;
      last = error;
    }
  }
  throw new Error(`${url} cannot be fetched: ${reason(last)}`);
}

function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message} (${error.cause.message})` : error.message;
}

/** Runs a decompressor of the system over bytes in memory. */
export function decompress(program: 'xz', bytes: Buffer): Buffer {
  const result = spawnSync(program, ['-d', '-c', '-q'], { input: bytes, maxBuffer: 2 ** 30 });
  if (result.error) throw new Error(`${program} cannot be run: ${result.error.message}`);
  if (result.status !== 0) throw new Error(`${program} failed: ${result.stderr.toString()}`);
  return result.stdout;
}
