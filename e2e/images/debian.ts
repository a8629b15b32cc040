import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { packLayer, type TestLayer } from './layer.ts';
import type { TestImage } from './push.ts';

/**
 * Test images from Debian packages, unpacked without running their scripts: a base, and nginx, redis and python as
 * further layers on top of it.
 */

const packages = {
  base: [
    ...['base-files', 'base-passwd', 'bash', 'coreutils', 'dash', 'findutils', 'grep', 'hostname', 'libacl1'],
    ...[
      'libattr1',
      'libc-bin',
      'libc6',
      'libgcc-s1',
      'gcc-12-base',
      'libgmp10',
      'libpcre2-8-0',
      'libselinux1',
    ],
    ...['libtinfo6', 'ncurses-base', 'procps', 'libproc2-0', 'libsystemd0', 'libcap2', 'libgcrypt20'],
    ...['libgpg-error0', 'liblz4-1', 'liblzma5', 'libzstd1', 'sed', 'libncursesw6', 'libcrypt1'],
  ],
  nginx: ['nginx', 'nginx-common', 'libssl3', 'zlib1g'],
  redis: [
    'redis-server',
    'redis-tools',
    'libatomic1',
    'libhiredis0.14',
    'libjemalloc2',
    'liblua5.1-0',
    'liblzf1',
  ].concat(['libssl3', 'libstdc++6', 'lua-bitop', 'lua-cjson']),
  python: [
    'python3.11-minimal',
    'libpython3.11-minimal',
    'python3-minimal',
    'libpython3.11-stdlib',
    'libffi8',
    'libexpat1',
    'zlib1g',
    'libssl3',
  ],
} as const;

function command(program: string, args: string[], cwd?: string): void {
  const result = spawnSync(program, args, { cwd, stdio: ['ignore', 'ignore', 'pipe'], encoding: 'utf8' });
  if (result.status !== 0)
    throw new Error(`${program} ${args.join(' ')} failed:\n${result.stderr.slice(0, 2000)}`);
}

/** Downloads the packages by the system's own apt and unpacks them into the tree. */
function unpack(names: readonly string[], cache: string, tree: string): void {
  const debs = join(cache, 'debs');
  mkdirSync(debs, { recursive: true });
  const have = () => readdirSync(debs);
  const missing = names.filter((name) => !have().some((file) => file.startsWith(`${name}_`)));
  if (missing.length > 0) command('apt-get', ['-qq', 'download', ...missing], debs);
  for (const name of names) {
    const file = have().find((candidate) => candidate.startsWith(`${name}_`));
    if (!file) throw new Error(`apt-get download brought no ${name}`);
    // /bin and /lib are links into /usr: a package's own ./bin directory must not replace them.
    command('sh', [
      '-c',
      'dpkg-deb --fsys-tarfile "$1" | tar --extract --keep-directory-symlink --directory="$2" --exclude=./usr/share/doc --exclude=./usr/share/man --exclude=./usr/share/locale',
      'sh',
      join(debs, file),
      tree,
    ]);
  }
}

/** All paths below the tree; links to directories are not entered (Node's own recursion does). */
function listTree(tree: string, below = ''): Set<string> {
  const paths = new Set<string>();
  for (const entry of readdirSync(join(tree, below), { withFileTypes: true })) {
    const path = join(below, entry.name);
    paths.add(path);
    if (entry.isDirectory()) for (const inner of listTree(tree, path)) paths.add(inner);
  }
  return paths;
}

/** Applies a change to the tree and packs what it added. */
function addedLayer(tree: string, out: string, createdBy: string, change: () => void): TestLayer {
  const before = listTree(tree);
  change();
  const added = [...listTree(tree)].filter((path) => !before.has(path)).sort();
  const touched = new Set<string>();
  for (const path of added) {
    // Parents of what is new belong into the layer, as every builder writes them.
    const parts = path.split('/');
    for (let depth = 1; depth < parts.length; depth += 1) touched.add(parts.slice(0, depth).join('/'));
    touched.add(path);
  }
  return packLayer({ tree, out, createdBy, paths: [...touched].sort().map((path) => `./${path}`) });
}

function makeBase(cache: string, tree: string): void {
  for (const name of ['bin', 'sbin', 'lib', 'lib64']) {
    mkdirSync(join(tree, 'usr', name), { recursive: true });
    symlinkSync(`usr/${name}`, join(tree, name));
  }
  unpack(packages.base, cache, tree);
  copyFileSync(join(tree, 'usr/share/base-passwd/passwd.master'), join(tree, 'etc/passwd'));
  copyFileSync(join(tree, 'usr/share/base-passwd/group.master'), join(tree, 'etc/group'));
  if (!existsSync(join(tree, 'usr/bin/sh'))) symlinkSync('dash', join(tree, 'usr/bin/sh'));
  for (const name of ['dev', 'proc', 'sys', 'tmp', 'run', 'root']) {
    mkdirSync(join(tree, name), { recursive: true });
  }
  chmodSync(join(tree, 'tmp'), 0o1777);
}

const nginxConf = `user www-data;
worker_processes 1;
error_log /var/log/nginx/error.log notice;
pid /run/nginx.pid;
events { worker_connections 256; }
http {
  include /etc/nginx/mime.types;
  log_format main '$remote_addr - [$time_local] "$request" $status $body_bytes_sent "$http_user_agent"';
  access_log /var/log/nginx/access.log main;
  server { listen 80; server_name localhost; location / { root /usr/share/nginx/html; index index.html; } }
}
`;

function makeNginx(cache: string, tree: string): void {
  unpack(packages.nginx, cache, tree);
  rmSync(join(tree, 'etc/nginx/modules-enabled'), { recursive: true, force: true });
  writeFileSync(join(tree, 'etc/nginx/nginx.conf'), nginxConf);
  mkdirSync(join(tree, 'var/log/nginx'), { recursive: true });
  for (const directory of ['body', 'fastcgi', 'proxy', 'scgi', 'uwsgi']) {
    mkdirSync(join(tree, 'var/lib/nginx', directory), { recursive: true });
  }
  symlinkSync('/dev/stdout', join(tree, 'var/log/nginx/access.log'));
  symlinkSync('/dev/stderr', join(tree, 'var/log/nginx/error.log'));
  mkdirSync(join(tree, 'usr/share/nginx/html'), { recursive: true });
  writeFileSync(
    join(tree, 'usr/share/nginx/html/index.html'),
    '<!doctype html>\n<title>Welcome to nginx</title>\n<h1>Hello from a container in Berth</h1>\n',
  );
}

/** The images nginx, redis and python on one base, and the base itself as debian:bookworm. */
export function debianImages(cache: string): TestImage[] {
  const tree = join(cache, 'tree');
  const build = (name: keyof typeof packages, createdBy: string, change: () => void) =>
    addedLayer(tree, join(cache, name), createdBy, change);
  rmSync(tree, { recursive: true, force: true });
  mkdirSync(tree, { recursive: true });
  const base = build('base', '/bin/sh -c #(nop) ADD file:debian-bookworm in / ', () => makeBase(cache, tree));
  const architecture = process.arch === 'arm64' ? 'arm64' : 'amd64';
  const environment = ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'];
  const image = (
    name: string,
    tag: string,
    config: Record<string, unknown>,
    ...layers: TestLayer[]
  ): TestImage => ({
    name,
    tag,
    architecture,
    config: { Env: environment, ...config },
    layers: [base, ...layers],
  });
  const onBase = (name: keyof typeof packages, createdBy: string, change: () => void): TestLayer => {
    const layer = build(name, createdBy, change);
    rmSync(tree, { recursive: true, force: true });
    mkdirSync(tree);
    command('tar', ['--extract', '--gzip', `--file=${base.file}`, `--directory=${tree}`]);
    return layer;
  };
  const nginx = onBase('nginx', 'RUN /bin/sh -c apt-get install -y nginx', () => makeNginx(cache, tree));
  const redis = onBase('redis', 'RUN /bin/sh -c apt-get install -y redis-server', () =>
    unpack(packages.redis, cache, tree),
  );
  const python = onBase('python', 'RUN /bin/sh -c apt-get install -y python3-minimal', () => {
    unpack(packages.python, cache, tree);
    if (!lstatSync(join(tree, 'usr/bin/python3'), { throwIfNoEntry: false })) {
      symlinkSync('python3.11', join(tree, 'usr/bin/python3'));
    }
  });
  rmSync(tree, { recursive: true, force: true });
  return [
    image('debian', 'bookworm', { Cmd: ['bash'] }),
    image(
      'nginx',
      'latest',
      {
        Cmd: ['nginx', '-g', 'daemon off;'],
        ExposedPorts: { '80/tcp': {} },
        StopSignal: 'SIGQUIT',
        Labels: { maintainer: 'Berth tests' },
      },
      nginx,
    ),
    image(
      'redis',
      'latest',
      { Cmd: ['redis-server', '--protected-mode', 'no'], ExposedPorts: { '6379/tcp': {} } },
      redis,
    ),
    image('python', '3.11', { Cmd: ['python3'] }, python),
  ];
}
