import type { DebianArch } from './lock.ts';

/** Debian's kernel for virtual machines: small, and with everything that containers use. */
export function kernelPackage(arch: DebianArch): string {
  return `linux-image-cloud-${arch}`;
}

/**
 * What the system image is made of, beside the kernel and Node. Libraries are listed too, because nothing here
 * follows dependencies: those of a package ask for systemd, PAM modules and debconf, which the machine does not run.
 * A library that is missing here stops the build with its name.
 */
export const systemPackages = [
  'openssh-server',
  'busybox-static',
  'e2fsprogs',
  'nftables',
  'ca-certificates',
  // C and C++ libraries, for Node and all below
  'libc6',
  'libgcc-s1',
  'libstdc++6',
  // sshd
  'libaudit1',
  'libcap-ng0',
  'libcom-err2',
  'libcrypt1',
  'libgssapi-krb5-2',
  'libkrb5-3',
  'libk5crypto3',
  'libkrb5support0',
  'libkeyutils1',
  'libpam0g',
  'libpcre2-8-0',
  'libselinux1',
  'libssl3t64',
  'libwrap0',
  'libwtmpdb0',
  'libsqlite3-0',
  'libzstd1',
  'zlib1g',
  'libnsl2',
  'libtirpc3t64',
  // e2fsprogs
  'libblkid1',
  'libext2fs2t64',
  'libss2',
  'libuuid1',
  // nft
  'libnftables1',
  'libnftnl11',
  'libmnl0',
  'libedit2',
  'libtinfo6',
  'libbsd0',
  'libmd0',
  'libjansson4',
  'libxtables12',
  'libgmp10',
];

/** What packs the image; run on the building computer from its unpacked tree. Debian 12's mkfs.erofs is too old. */
export const toolPackages = [
  'erofs-utils',
  'libc6',
  'libdeflate0',
  'liblz4-1',
  'liblzma5',
  'libpcre2-8-0',
  'libselinux1',
  'libuuid1',
  'libxxhash0',
  'libzstd1',
  'zlib1g',
];

/** The C library that init is linked with, so that both architectures are built alike. */
export const initPackages = ['musl-dev'];

export const suite = 'trixie';

/** Everything that the lock must hold, for each architecture. */
export function lockedNames(arch: DebianArch): string[] {
  return [...new Set([kernelPackage(arch), ...systemPackages, ...toolPackages, ...initPackages])];
}
