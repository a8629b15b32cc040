import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { makeKeyPair } from '../../electron/host/machine/ssh.ts';
import { debianMirror } from '../../vm-images/mirror.ts';

/**
 * The machine's peer: a plain Debian guest with the same kernel version, systemd, sshd and the same engine bundle.
 * Made once by debootstrap; the directory also holds its keys.
 */

const directory = join(import.meta.dirname, '..', '..', '.cache', 'peers', 'debian-guest');
const packages = ['systemd-sysv', 'udev', 'openssh-server', 'linux-image-cloud-amd64', 'nftables', 'kmod'];

const engineUnit = `[Unit]
Description=Berth engine
[Service]
WorkingDirectory=/opt/berth
Environment=NODE_COMPILE_CACHE=/var/cache/berth
ExecStart=/usr/bin/node engine.mjs --instance default --bind-source desktop
KillMode=process
Delegate=yes
[Install]
WantedBy=multi-user.target
`;

const network = `[Match]
Name=en*
[Network]
Address=10.0.2.15/24
Gateway=10.0.2.2
LinkLocalAddressing=no
`;

/** Builds the guest's disk where it is not there yet. Needs root and the network. */
export function prepareDebianGuest(bundle: string, node: string): void {
  if (existsSync(join(directory, 'disk.img'))) return;
  console.log('Making a plain Debian guest to boot beside ours …');
  const part = `${directory}.part`;
  rmSync(part, { recursive: true, force: true });
  const tree = join(part, 'tree');
  mkdirSync(part, { recursive: true });
  command('debootstrap', [
    '--variant=minbase',
    `--include=${packages.join(',')}`,
    'trixie',
    tree,
    debianMirror(),
  ]);
  const client = makeKeyPair('bench');
  const host = makeKeyPair('bench');
  writeFileSync(
    join(part, 'keys.json'),
    JSON.stringify({ clientKey: client.private, hostKeyPublic: host.public }),
  );
  mkdirSync(join(tree, 'root/.ssh'), { recursive: true, mode: 0o700 });
  writeFileSync(join(tree, 'root/.ssh/authorized_keys'), `${client.public}\n`, { mode: 0o600 });
  writeFileSync(join(tree, 'etc/ssh/ssh_host_ed25519_key'), host.private, { mode: 0o600 });
  // Every connection comes from one address: a client that tries again early must not be punished for it.
  writeFileSync(join(tree, 'etc/ssh/sshd_config.d/guest.conf'), 'PerSourcePenalties no\nMaxStartups 200\n');
  cpSync(bundle, join(tree, 'opt/berth'), { recursive: true });
  copyFileSync(node, join(tree, 'usr/bin/node'));
  chmodSync(join(tree, 'usr/bin/node'), 0o755);
  writeFileSync(join(tree, 'etc/systemd/system/berth.service'), engineUnit);
  writeFileSync(join(tree, 'etc/systemd/network/10-guest.network'), network);
  writeFileSync(join(tree, 'etc/fstab'), '/dev/vda / ext4 defaults 0 1\n');
  command('chroot', [tree, 'systemctl', 'enable', 'systemd-networkd', 'berth', 'ssh']);
  const boot = readdirSync(join(tree, 'boot'));
  for (const [name, prefix] of [
    ['vmlinuz', 'vmlinuz-'],
    ['initrd.img', 'initrd.img-'],
  ] as const) {
    const found = boot.find((file) => file.startsWith(prefix));
    if (found === undefined) throw new Error(`the Debian guest has no ${name}`);
    copyFileSync(join(tree, 'boot', found), join(part, name));
  }
  command('mkfs.ext4', ['-q', '-d', tree, join(part, 'disk.img'), '3G']);
  rmSync(tree, { recursive: true });
  renameSync(part, directory);
}

export interface DebianGuest extends AsyncDisposable {
  pid: number;
  /** Port of its sshd on loopback. */
  port: number;
  keysFile: string;
}

/** Starts it with the devices and the accelerator that ours has under emulation. What it writes is thrown away. */
export async function startDebianGuest(options: {
  cpus: number;
  memoryMiB: number;
  log: string;
}): Promise<DebianGuest> {
  const port = await freePort();
  const child = spawn(
    'qemu-system-x86_64',
    [
      ...['-nodefaults', '-no-user-config', '-display', 'none', '-no-reboot', '-snapshot'],
      ...['-machine', 'q35', '-accel', 'tcg,thread=multi,tb-size=128', '-cpu', 'max,-cx16'],
      ...['-smp', String(options.cpus), '-m', `${options.memoryMiB}M`],
      ...['-kernel', join(directory, 'vmlinuz'), '-initrd', join(directory, 'initrd.img')],
      ...['-append', 'root=/dev/vda rw console=ttyS0 quiet', '-serial', `file:${options.log}`],
      ...['-drive', `if=virtio,file=${join(directory, 'disk.img')},format=raw`],
      ...['-netdev', `user,id=net,ipv6=off,hostfwd=tcp:127.0.0.1:${port}-:22`],
      ...['-device', 'virtio-net-pci,netdev=net,romfile=', '-device', 'virtio-rng-pci'],
    ],
    { stdio: ['ignore', 'inherit', 'inherit'] },
  );
  await once(child, 'spawn');
  return {
    pid: child.pid as number,
    port,
    keysFile: join(directory, 'keys.json'),
    [Symbol.asyncDispose]: () => end(child),
  };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

function command(program: string, words: string[]): void {
  const result = spawnSync(program, words, { stdio: ['ignore', 'ignore', 'inherit'] });
  if (result.status !== 0) throw new Error(`${program} ${words.join(' ')} ended with ${result.status}`);
}
