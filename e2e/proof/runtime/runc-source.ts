import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { installMissing, type Need } from '../../../electron/start/system-packages.ts';
import { debianImages } from '../../images/debian.ts';

/**
 * runc's own integration tests, from Debian's source package of the very runc that is installed. Fetched when the
 * proof runs, into .cache; nothing of it is committed.
 */

const modules = '/usr/share/gocode/src/github.com';

const needs: Need[] = [
  { file: 'runc', package: 'runc', why: 'the peer, and the tests’ own subject' },
  { file: 'bats', package: 'bats', why: 'runs runc’s tests' },
  { file: 'jq', package: 'jq', why: 'runc’s tests edit configurations with it' },
  { file: 'gawk', package: 'gawk', why: 'runc’s tests read mounts with it' },
  { file: 'go', package: 'golang-go', why: 'compiles the helper programs of runc’s tests' },
  { file: '/usr/include/seccomp.h', package: 'libseccomp-dev', why: 'the seccomp agent of runc’s tests' },
  { file: 'dpkg-source', package: 'dpkg-dev', why: 'source packages' },
  { file: 'busybox', package: 'busybox-static', why: 'the image of runc’s tests' },
  ...[
    ['containerd/console', 'golang-github-containerd-console-dev'],
    ['urfave/cli', 'golang-github-urfave-cli-dev'],
    ['sirupsen/logrus', 'golang-github-sirupsen-logrus-dev'],
    ['opencontainers/runtime-spec', 'golang-github-opencontainers-specs-dev'],
    ['seccomp/libseccomp-golang', 'golang-github-seccomp-libseccomp-golang-dev'],
    ['opencontainers/runc', 'golang-github-opencontainers-runc-dev'],
  ].map(([directory = '', name = '']) => ({
    file: join(modules, directory),
    package: name,
    why: 'the helper programs of runc’s tests',
  })),
];

export interface RuncTests {
  /** Directory of the .bats files. */
  directory: string;
  /** Version of the source package. */
  version: string;
  /** Helper programs that could not be compiled, with the compiler's last words. */
  missing: { name: string; reason: string }[];
}

/** Installs what the tests take, and unpacks and prepares them below `cache`. Throws with what failed. */
export function fetchRuncTests(cache: string): RuncTests {
  installMissing(needs);
  mkdirSync(cache, { recursive: true });
  const version = /^Version: (.*)$/m.exec(run('dpkg-query', ['--status', 'runc']))?.[1] ?? '';
  const goPath = resolve(cache, 'go');
  const source = join(goPath, 'src/github.com/opencontainers/runc');
  rmSync(goPath, { recursive: true, force: true });
  mkdirSync(source, { recursive: true });
  run('tar', [
    '--extract',
    `--file=${fetchSource(resolve(cache), version)}`,
    `--directory=${source}`,
    '--strip-components=1',
  ]);
  const directory = join(source, 'tests/integration');
  const images = [`BUSYBOX_IMAGE=${busyboxTar(resolve(cache))}`, `DEBIAN_IMAGE=${debianTar(resolve(cache))}`];
  writeFileSync(
    join(directory, 'get-images.sh'),
    `#!/bin/sh\n${images.map((line) => `echo ${line}\n`).join('')}`,
  );
  return { directory, version, missing: buildHelpers(source, goPath) };
}

/** Path of the upstream tar, brought by apt from the mirror that the system's own packages come from. */
function fetchSource(cache: string, version: string): string {
  const upstream = version.replace(/-[^-]*$/, '').replace(/^\d+:/, '');
  const found = () =>
    readdirSync(cache).find((name) => name.startsWith(`runc_${upstream}.orig.tar`) && !name.endsWith('.asc'));
  if (!found()) {
    const format = ['--format', '$(REPO_URI) $(RELEASE) $(COMPONENT)', 'Created-By: Packages'];
    const lines = new Set(
      run('apt-get', ['indextargets', ...format])
        .trim()
        .split('\n'),
    );
    const list = join(cache, 'sources.list');
    writeFileSync(list, [...lines].map((line) => `deb-src ${line}\n`).join(''));
    const lists = join(cache, 'lists');
    mkdirSync(join(lists, 'partial'), { recursive: true });
    const options = [
      `Dir::Etc::sourcelist=${list}`,
      'Dir::Etc::sourceparts=/dev/null',
      `Dir::State::lists=${lists}`,
    ];
    const flags = [...options, 'APT::Sandbox::User=root'].flatMap((option) => ['-o', option]);
    run('apt-get', ['update', '-qq', ...flags]);
    run('apt-get', ['source', '-qq', '--download-only', ...flags, `runc=${version}`], cache);
  }
  const name = found();
  if (!name) throw new Error(`apt-get source brought no runc ${upstream}`);
  return join(cache, name);
}

/** As the image that the tests are written for: no /proc and no /sys, which the runtime has to make. */
function busyboxTar(cache: string): string {
  const tree = join(cache, 'busybox');
  const file = join(cache, 'busybox.tar');
  rmSync(tree, { recursive: true, force: true });
  for (const name of ['bin', 'dev', 'etc', 'home', 'root', 'tmp', 'usr', 'var']) {
    mkdirSync(join(tree, name), { recursive: true });
  }
  cpSync('/bin/busybox', join(tree, 'bin/busybox'));
  for (const name of run('/bin/busybox', ['--list']).split('\n').filter(Boolean)) {
    if (!existsSync(join(tree, 'bin', name))) linkSync(join(tree, 'bin/busybox'), join(tree, 'bin', name));
  }
  writeFileSync(join(tree, 'etc/passwd'), 'root:x:0:0:root:/root:/bin/sh\n');
  writeFileSync(join(tree, 'etc/group'), 'root:x:0:\n');
  run('tar', ['--create', `--file=${file}`, `--directory=${tree}`, '.']);
  return file;
}

function debianTar(cache: string): string {
  const [image] = debianImages(join(cache, 'debian'));
  const link = join(cache, 'debian.tar');
  rmSync(link, { force: true });
  symlinkSync(image?.layers[0]?.file ?? '', link);
  return link;
}

function buildHelpers(source: string, goPath: string): RuncTests['missing'] {
  const env = { ...process.env, GO111MODULE: 'off', GOPATH: `${goPath}:/usr/share/gocode`, GOFLAGS: '' };
  const missing: RuncTests['missing'] = [{ name: 'sd-helper', reason: 'only the tests of systemd use it' }];
  for (const name of ['recvtty', 'seccompagent']) {
    const output = join(source, 'contrib/cmd', name, name);
    const args = ['build', '-tags', 'seccomp', '-o', output, `./contrib/cmd/${name}`];
    const { status, stderr } = spawnSync('go', args, { cwd: source, env, encoding: 'utf8' });
    if (status !== 0)
      missing.push({ name, reason: (stderr ?? '').trim().split('\n').at(-1) ?? 'no compiler' });
  }
  return missing;
}

function run(program: string, args: string[], cwd?: string): string {
  const { status, stdout, stderr } = spawnSync(program, args, { cwd, encoding: 'utf8', maxBuffer: 64 << 20 });
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}: ${stderr || stdout}`);
  return stdout;
}
