import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { fetchDebianPackages, readDebianPackage } from './debian.ts';
import { type LockedPackage, readLock, writeLock } from './lock.ts';
import { debianMirror } from './mirror.ts';
import { lockedNames } from './packages.ts';

let directory: string;
let server: Server;
let mirror: string;
let asked: string[];
const contents = new Map<string, Buffer>();
const realLock = join(import.meta.dirname, 'debian-lock.json');

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'berth-debian-'));
  asked = [];
  contents.clear();
  server = createServer((request, response) => {
    asked.push(request.url as string);
    const bytes = contents.get(request.url as string);
    response.writeHead(bytes ? 200 : 404).end(bytes);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  mirror = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  await new Promise((resolve) => server.close(resolve));
  rmSync(directory, { recursive: true });
});

function locked(bytes: Buffer, fields: Partial<LockedPackage> = {}): LockedPackage {
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const base = {
    name: 'a',
    arch: 'amd64',
    suite: 'trixie',
    version: '1',
    path: 'pool/main/a/a_1.deb',
  } as const;
  return { ...base, sha256, sizeBytes: bytes.length, ...fields };
}

function options(entry: LockedPackage) {
  const lockFile = join(directory, 'lock.json');
  writeLock(lockFile, [entry]);
  return { lockFile, mirror, arch: entry.arch, cacheDirectory: join(directory, 'cache') };
}

test('fetches once, then takes the cache; a damaged file is fetched again', async () => {
  const bytes = Buffer.from('package');
  contents.set('/pool/main/a/a_1.deb', bytes);
  const [first] = await fetchDebianPackages(['a'], options(locked(bytes)));
  expect(readFileSync(first?.file as string)).toEqual(bytes);
  await fetchDebianPackages(['a'], options(locked(bytes)));
  expect(asked).toHaveLength(1);
  writeFileSync(first?.file as string, 'damaged');
  await fetchDebianPackages(['a'], options(locked(bytes)));
  expect(asked).toHaveLength(2);
});

test('refuses other bytes than the lock names, and keeps nothing of them', async () => {
  contents.set('/pool/main/a/a_1.deb', Buffer.from('something else'));
  const wanted = options(locked(Buffer.from('package')));
  await expect(fetchDebianPackages(['a'], wanted)).rejects.toThrow('has not the sha256');
  await expect(fetchDebianPackages(['a'], wanted)).rejects.toThrow('has not the sha256');
  expect(asked).toHaveLength(2);
});

test('names what the lock does not have', async () => {
  await expect(fetchDebianPackages(['b'], options(locked(Buffer.from('x'))))).rejects.toThrow(
    'no b of trixie for amd64',
  );
});

test('a vanished version is resolved anew, by lists that Debian signed', async () => {
  const real = readLock(realLock).packages.find(({ name, arch }) => name === 'libmnl0' && arch === 'amd64');
  const lines: string[] = [];
  const old = locked(Buffer.from('old'), {
    name: 'libmnl0',
    version: '0.9',
    path: 'pool/main/libm/libmnl/gone.deb',
  });
  const [fetched] = await fetchDebianPackages(['libmnl0'], {
    ...options(old),
    mirror: debianMirror(),
    say: (line) => lines.push(line),
  });
  expect(fetched?.name).toBe(real?.name);
  expect(fetched?.version).not.toBe('0.9');
  expect(lines.join('\n')).toContain(`libmnl0 0.9`);
  const paths = readDebianPackage(fetched?.file as string).map(({ path }) => path);
  expect(paths.some((path) => /^usr\/lib\/x86_64-linux-gnu\/libmnl\.so\./.test(path))).toBe(true);
});

test('a list without a good signature is refused', async () => {
  contents.set('/dists/trixie/InRelease', Buffer.from('Suite: stable\n'));
  const gone = options(locked(Buffer.from('x')));
  await expect(fetchDebianPackages(['a'], gone)).rejects.toThrow('signature');
});

test('the lock has everything that both architectures are built from, and no download host', () => {
  const { packages } = readLock(realLock);
  for (const arch of ['amd64', 'arm64'] as const) {
    const names = packages.filter((entry) => entry.arch === arch).map(({ name }) => name);
    expect(names.toSorted()).toEqual(lockedNames(arch).toSorted());
  }
  expect(readFileSync(realLock, 'utf8')).not.toMatch(/https?:|\.debian\.org/);
});
