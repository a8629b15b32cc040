import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { makeKeyPair, type SshAddress } from '../machine/ssh.ts';

/** A port of the loopback that nobody uses at this moment. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

/** Debian's OpenSSH server with keys, port and directory of its own, configured as the machine's. */
export async function startSshd(program = '/usr/sbin/sshd') {
  const dir = mkdtempSync(join(tmpdir(), 'berth-sshd-'));
  const hostKey = makeKeyPair('host');
  const clientKey = makeKeyPair('client');
  const port = await freePort();
  const write = (name: string, text: string) => writeFileSync(join(dir, name), text, { mode: 0o600 });
  // sshd insists on its directory for separated privileges.
  if (userInfo().uid === 0) mkdirSync('/run/sshd', { recursive: true });
  write('host_key', hostKey.private);
  write('authorized_keys', `${clientKey.public}\n`);
  write(
    'sshd_config',
    [
      `Port ${port}`,
      'ListenAddress 127.0.0.1',
      `HostKey ${join(dir, 'host_key')}`,
      `AuthorizedKeysFile ${join(dir, 'authorized_keys')}`,
      `PidFile ${join(dir, 'pid')}`,
      'PermitRootLogin prohibit-password',
      'PasswordAuthentication no',
      'KbdInteractiveAuthentication no',
      'UsePAM no',
      'StrictModes no',
      'AllowStreamLocalForwarding yes',
      'AllowTcpForwarding yes',
      'MaxSessions 1000',
      'MaxStartups 100',
    ].join('\n'),
  );
  const child = spawn(program, ['-D', '-e', '-f', join(dir, 'sshd_config')], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let log = '';
  child.stderr.on('data', (chunk: Buffer) => {
    log += chunk.toString();
  });
  await new Promise<void>((resolve, reject) => {
    child.once('exit', () => reject(new Error(`sshd ended: ${log}`)));
    child.stderr.on('data', () => log.includes('Server listening') && resolve());
  });
  const address: SshAddress = {
    host: '127.0.0.1',
    port,
    user: userInfo().username,
    clientKey: clientKey.private,
    hostKeyPublic: hostKey.public,
  };
  return {
    dir,
    address,
    pid: child.pid as number,
    log: () => log,
    async [Symbol.asyncDispose]() {
      child.removeAllListeners('exit');
      child.kill('SIGKILL');
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
