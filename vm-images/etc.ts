import type { TreeEntry } from './tar.ts';

const sshdConfig = `# Keys only, from the desktop, handed in by fw_cfg before sshd starts (docs/machine.md).
Port 22
ListenAddress 0.0.0.0
PidFile none
HostKey /run/berth/ssh/ssh_host_ed25519_key
AuthorizedKeysFile /run/berth/ssh/authorized_keys
PermitRootLogin prohibit-password
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM no
UseDNS no
PrintMotd no
X11Forwarding no
AllowTcpForwarding yes
AllowStreamLocalForwarding yes
StreamLocalBindUnlink yes
# Every connection comes from the one address of the user network, so limits by address would hit the host itself.
PerSourcePenalties no
MaxStartups 200:30:400
MaxSessions 10000
LoginGraceTime 30
TCPKeepAlive yes
LogLevel INFO
`;

const passwd = `root:*:0:0:root:/root:/bin/sh
sshd:*:101:65534:sshd:/run/sshd:/usr/sbin/nologin
nobody:*:65534:65534:nobody:/nonexistent:/usr/sbin/nologin
`;

const group = `root:x:0:
tty:x:5:
disk:x:6:
docker:x:999:
nogroup:x:65534:
`;

const osRelease = (kernel: string) => `PRETTY_NAME="Berth machine (Debian GNU/Linux 13)"
NAME="Berth machine"
ID=berth
ID_LIKE=debian
VERSION_ID="13"
BERTH_KERNEL=${kernel}
`;

/** Configuration of the read-only root, all written here. */
export function etcFiles(kernelRelease: string): TreeEntry[] {
  const texts: Record<string, string> = {
    'etc/ssh/sshd_config': sshdConfig,
    'etc/passwd': passwd,
    'etc/group': group,
    'etc/os-release': osRelease(kernelRelease),
    'etc/shells': '/bin/sh\n',
    'etc/hostname': 'berth\n',
    'etc/hosts': '127.0.0.1 localhost berth\n::1 localhost ip6-localhost\n10.0.2.2 desktop.berth.internal\n',
    // QEMU's user network answers here, by asking the desktop's own resolver.
    'etc/resolv.conf': 'nameserver 10.0.2.3\n',
    'etc/nsswitch.conf': 'passwd: files\ngroup: files\nhosts: files dns\n',
  };
  const files = Object.entries(texts).map(
    ([path, text]): TreeEntry => ({ path, type: 'file', mode: 0o644, bytes: Buffer.from(text) }),
  );
  return [...files, { path: 'etc/mtab', type: 'symlink', mode: 0o777, target: '/proc/self/mounts' }];
}
