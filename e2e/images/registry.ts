import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Debian's docker-registry on a loopback port of its own; disposed with its data. */
export interface TestRegistry extends AsyncDisposable {
  /** As in image names: 127.0.0.1:<port>. */
  readonly address: string;
  readonly port: number;
  /** Everything it has answered, as its access log says. */
  readonly log: string[];
}

export interface RegistryOptions {
  /** Basic auth with this user; htpasswd line with a bcrypt hash. */
  htpasswd?: string;
  /** Bearer tokens from this server, signed by a key whose certificate lies here. */
  token?: { realm: string; service: string; issuer: string; certificate: string };
  /** Speaks TLS with this certificate; `clientAuthority` is the one that clients must show a certificate of. */
  tls?: { certificate: string; key: string; clientAuthority?: string };
  /** Keeps its data here; by default a temporary directory. */
  dataDir?: string;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

/** Starts a registry and waits until it answers. */
export async function startRegistry(options: RegistryOptions = {}): Promise<TestRegistry> {
  const dir = mkdtempSync(join(tmpdir(), 'berth-registry-'));
  const dataDir = options.dataDir ?? join(dir, 'data');
  mkdirSync(dataDir, { recursive: true });
  const port = await freePort();
  const auth: string[] = [];
  if (options.htpasswd) {
    writeFileSync(join(dir, 'htpasswd'), `${options.htpasswd}\n`);
    auth.push('auth:', '  htpasswd:', '    realm: berth-test', `    path: ${join(dir, 'htpasswd')}`);
  }
  if (options.token) {
    const { realm, service, issuer, certificate } = options.token;
    auth.push('auth:', '  token:', `    realm: ${realm}`, `    service: ${service}`, `    issuer: ${issuer}`);
    auth.push(`    rootcertbundle: ${certificate}`);
  }
  const { tls } = options;
  const clientAuthority = tls?.clientAuthority === undefined ? '' : `, clientcas: [${tls.clientAuthority}]`;
  const secured =
    tls === undefined ? '' : `, tls: {certificate: ${tls.certificate}, key: ${tls.key}${clientAuthority}}`;
  const config = [
    'version: 0.1',
    'log: {level: info, formatter: text, accesslog: {disabled: true}}',
    `storage: {filesystem: {rootdirectory: ${dataDir}}, delete: {enabled: true}}`,
    `http: {addr: "127.0.0.1:${port}"${secured}}`,
    ...auth,
  ];
  writeFileSync(join(dir, 'config.yml'), `${config.join('\n')}\n`);
  const child = spawn('docker-registry', ['serve', join(dir, 'config.yml')], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const log: string[] = [];
  const listening = new Promise<void>((resolve, reject) => {
    const onData = (chunk: Buffer) => {
      log.push(...chunk.toString().split('\n').filter(Boolean));
      if (log.some((line) => line.includes('listening on'))) resolve();
    };
    child.stdout.on('data', onData);
    child.stderr.on('data', onData);
    child.once('exit', (code) => reject(new Error(`docker-registry ended (${code}):\n${log.join('\n')}`)));
    child.once('error', reject);
  });
  await listening;
  return {
    address: `127.0.0.1:${port}`,
    port,
    log,
    async [Symbol.asyncDispose]() {
      await end(child);
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await exited;
}
