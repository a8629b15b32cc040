import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Paths of a certificate and its key, PEM. */
export interface KeyPair {
  certificate: string;
  key: string;
}

/** An authority of the tests' own, by openssl(1). */
export function makeAuthority(directory: string, name = 'authority'): KeyPair {
  mkdirSync(directory, { recursive: true });
  const pair = pathsOf(directory, name);
  openssl([
    ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '30', '-subj', `/CN=Berth test ${name}`],
    ...['-keyout', pair.key, '-out', pair.certificate],
  ]);
  return pair;
}

/** A certificate that the authority has signed: of a server with these names (`DNS:x`, `IP:127.0.0.1`), or a client. */
export function issueCertificate(
  authority: KeyPair,
  options: { directory: string; name: string; subjects?: string[] },
): KeyPair {
  const { directory, name, subjects = [] } = options;
  mkdirSync(directory, { recursive: true });
  const pair = pathsOf(directory, name);
  const request = join(directory, `${name}.csr`);
  const extensions = join(directory, `${name}.ext`);
  writeFileSync(
    extensions,
    subjects.length > 0 ? `subjectAltName=${subjects.join(',')}\n` : 'extendedKeyUsage=clientAuth\n',
  );
  openssl([
    'req',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-subj',
    `/CN=${name}`,
    '-keyout',
    pair.key,
    '-out',
    request,
  ]);
  openssl([
    ...['x509', '-req', '-in', request, '-CA', authority.certificate, '-CAkey', authority.key],
    ...['-CAcreateserial', '-days', '30', '-extfile', extensions, '-out', pair.certificate],
  ]);
  return pair;
}

function pathsOf(directory: string, name: string): KeyPair {
  return { certificate: join(directory, `${name}.pem`), key: join(directory, `${name}-key.pem`) };
}

function openssl(args: string[]): void {
  const { status, stderr } = spawnSync('openssl', args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`openssl ${args[0]} ended with ${status}: ${stderr}`);
}
