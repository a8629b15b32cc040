import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { join } from 'node:path';

/** A file or program that a part needs, and the Debian package that brings it. */
export interface Need {
  /** An absolute path, or a program looked up in PATH and the system's sbin directories. */
  file: string;
  package: string;
  why: string;
}

const qemu = process.arch === 'arm64' ? 'qemu-system-aarch64' : 'qemu-system-x86_64';
const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg';

/** What building the programs and the machine's image takes. */
export const buildNeeds: Need[] = [
  { file: 'cc', package: 'gcc', why: 'compiles the native programs' },
  { file: '/usr/include/stdio.h', package: 'libc6-dev', why: 'compiles the native programs' },
  { file: '/usr/include/linux/bpf.h', package: 'linux-libc-dev', why: 'compiles the native programs' },
  { file: 'musl-gcc', package: 'musl-tools', why: 'links the monitor and the machine’s init statically' },
  { file: '/usr/include/zlib.h', package: 'zlib1g-dev', why: 'unpacks gzip layers' },
  { file: '/usr/include/zstd.h', package: 'libzstd-dev', why: 'unpacks zstd layers' },
  { file: '/usr/include/libdeflate.h', package: 'libdeflate-dev', why: 'packs layers that are pushed' },
  { file: 'strip', package: 'binutils', why: 'keeps the machine’s image small' },
  { file: 'xz', package: 'xz-utils', why: 'opens Debian packages' },
  { file: 'zstd', package: 'zstd', why: 'packs the machine’s initramfs' },
  { file: 'cpio', package: 'cpio', why: 'packs the machine’s initramfs' },
  { file: 'gpgv', package: 'gpgv', why: 'checks signatures of Debian’s package lists' },
  { file: keyring, package: 'debian-archive-keyring', why: 'checks signatures of Debian’s package lists' },
];

/** What running the built-in machine takes. */
export const machineNeeds: Need[] = [
  {
    file: qemu,
    package: process.arch === 'arm64' ? 'qemu-system-arm' : 'qemu-system-x86',
    why: 'runs the built-in machine',
  },
  { file: 'qemu-img', package: 'qemu-utils', why: 'makes the machine’s data disk' },
];

/** What running containers on this host itself takes. */
export const localNeeds: Need[] = [
  { file: 'nft', package: 'nftables', why: 'sets up the network of containers' },
];

/** What the tests need beyond all of the above. */
export const testNeeds: Need[] = [
  { file: 'chromium', package: 'chromium', why: 'runs the app in the tests' },
  {
    file: '/usr/share/fonts/opentype/inter',
    package: 'fonts-inter',
    why: 'the app’s Latin typeface in screenshots',
  },
  {
    file: '/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc',
    package: 'fonts-noto-cjk',
    why: 'Chinese in screenshots',
  },
  { file: 'Xvfb', package: 'xvfb', why: 'a display for the app’s window' },
  { file: 'strace', package: 'strace', why: 'shows what a start executes' },
  { file: 'docker-registry', package: 'docker-registry', why: 'a real registry to pull from' },
  { file: 'openssl', package: 'openssl', why: 'certificates of the registry tests' },
  { file: 'sshd', package: 'openssh-server', why: 'a real SSH server to connect to' },
  { file: 'ssh-keygen', package: 'openssh-client', why: 'keys for the SSH tests' },
  { file: 'busybox', package: 'busybox-static', why: 'the smallest test image' },
  { file: 'clang', package: 'clang', why: 'builds the native tests with sanitizers' },
  {
    file: `/usr/lib/llvm-14/lib/clang/14.0.6/lib/linux/libclang_rt.asan-${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}.a`,
    package: 'libclang-rt-14-dev',
    why: 'sanitizer runtime of the native tests',
  },
  { file: 'ip', package: 'iproute2', why: 'network namespaces of the tests' },
  { file: 'nsenter', package: 'util-linux', why: 'network namespaces of the tests' },
  { file: 'ps', package: 'procps', why: 'looks at processes in the tests' },
  { file: 'mkfs.ext4', package: 'e2fsprogs', why: 'small disks to fill in the tests' },
];

/** What measuring against Debian's own engines needs beyond all of the above. */
export const benchNeeds: Need[] = [
  {
    file: 'debootstrap',
    package: 'debootstrap',
    why: 'a tree with dockerd, runc and crun to measure against',
  },
];

/** What building and running a machine of arm64 on another computer needs. */
export const arm64Needs: Need[] = [
  { file: 'aarch64-linux-gnu-gcc', package: 'gcc-aarch64-linux-gnu', why: 'compiles for arm64' },
  {
    file: '/usr/aarch64-linux-gnu/include/stdio.h',
    package: 'libc6-dev-arm64-cross',
    why: 'compiles for arm64',
  },
  { file: 'qemu-system-aarch64', package: 'qemu-system-arm', why: 'runs a machine of arm64' },
];

function present(file: string): boolean {
  if (file.startsWith('/')) return existsSync(file);
  const directories = [...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/sbin'];
  return directories.some((directory) => {
    try {
      accessSync(join(directory, file), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** Those of the needs that this computer does not meet. */
export function missingNeeds(needs: Need[]): Need[] {
  return needs.filter((need) => !present(need.file));
}

/**
 * Installs what is missing by apt-get, after saying what and why; as another user than root by sudo, for this one
 * command. Throws with the command to run by hand where that cannot work.
 */
export function installMissing(needs: Need[]): void {
  const missing = missingNeeds(needs);
  if (missing.length === 0) return;
  console.log('These system packages are missing:');
  for (const need of missing) console.log(`  ${need.package.padEnd(24)} ${need.why}`);
  const names = [...new Set(missing.map((need) => need.package))];
  const byHand = `apt-get update && apt-get install --no-install-recommends ${names.join(' ')}`;
  if (!present('apt-get')) {
    throw new Error(
      `This system has no apt-get. Install what these Debian packages hold: ${names.join(' ')}`,
    );
  }
  const root = process.getuid?.() === 0;
  if (!root && (!present('sudo') || !process.stdin.isTTY)) {
    throw new Error(`Root is needed to install them. Run as root: ${byHand}`);
  }
  const sudo = root ? [] : ['sudo'];
  const apt = (...args: string[]) => {
    const command = [...sudo, 'apt-get', ...args];
    const result = spawnSync(command[0] as string, command.slice(1), {
      stdio: ['inherit', 'ignore', 'inherit'],
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    });
    if (result.status !== 0) throw new Error(`${command.join(' ')} failed. Run as root: ${byHand}`);
  };
  apt('update', '-qq');
  apt('install', '-y', '-qq', '--no-install-recommends', ...names);
  const still = missingNeeds(needs);
  if (still.length > 0) {
    throw new Error(`Installed, but still missing: ${still.map((need) => need.file).join(', ')}`);
  }
}
