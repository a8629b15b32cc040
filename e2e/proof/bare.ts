import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { writeProof } from './record.ts';

/**
 * npm run proof -- bare: both commands of the README in a Debian 12 that has nothing but nodejs and npm. Made by
 * debootstrap, entered with namespaces of its own; it gets a clone of the last commit and this computer's way to its
 * registries (apt sources, certificates, npm settings), nothing else. Writes docs/proof/bare.md and bare.log.
 */

function run(program: string, args: string[], quiet = false): string {
  const result = spawnSync(program, args, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', quiet ? 'ignore' : 'inherit'],
    maxBuffer: 256 << 20,
  });
  if (result.status !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${result.status}`);
  return result.stdout;
}

/** Files that say where this computer's package registries are; none of them holds a program. */
const registrySettings = [
  '/etc/apt/sources.list',
  '/etc/apt/sources.list.d/debian.sources',
  '/etc/apt/apt.conf.d',
]
  .concat(['/etc/ssl/certs', '/usr/local/share/ca-certificates', '/etc/resolv.conf', '/etc/hosts'])
  .filter(existsSync);

const proxySettings = Object.entries(process.env).filter(([name]) =>
  /_proxy$|^NODE_EXTRA_CA_CERTS$|^SSL_CERT/i.test(name),
);

/** A bare Debian 12 with nodejs and npm in a new directory. */
function makeTree(tree: string): void {
  const sources = readFileSync('/etc/apt/sources.list.d/debian.sources', 'utf8');
  const mirror = process.env.BERTH_DEBIAN_MIRROR ?? /^URIs:\s*(\S+)/m.exec(sources)?.[1];
  if (!mirror) throw new Error('no Debian mirror in the apt sources; set BERTH_DEBIAN_MIRROR');
  run('debootstrap', ['--variant=minbase', 'bookworm', tree, mirror]);
  for (const path of registrySettings)
    cpSync(path, join(tree, path), { recursive: true, force: true, dereference: true });
  const npmrc = join(homedir(), '.npmrc');
  if (existsSync(npmrc)) cpSync(npmrc, join(tree, 'root/.npmrc'));
}

/** Runs a shell line inside the tree, in mount and pid namespaces of its own, and returns what it printed. */
function inside(tree: string, line: string): { status: number; output: string } {
  const setup = [
    `mount -t proc proc ${tree}/proc`,
    `mount --rbind /sys ${tree}/sys`,
    `mount --rbind /dev ${tree}/dev`,
    `mount -t tmpfs tmpfs ${tree}/run`,
    `exec chroot ${tree} /usr/bin/env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 CI=true ${proxySettings
      .map(([name, value]) => `${name}='${value}'`)
      .join(' ')} /bin/sh -c "$1"`,
  ].join(' && ');
  const result = spawnSync(
    'unshare',
    ['--mount', '--pid', '--fork', '--kill-child', 'sh', '-c', setup, 'sh', `${line} 2>&1`],
    {
      encoding: 'utf8',
      maxBuffer: 256 << 20,
    },
  );
  return { status: result.status ?? 1, output: result.stdout + result.stderr };
}

const berth = 'node_modules/node-linux-*/bin/node electron/cli/main.ts';

/**
 * The README's commands. Without a display npm start prints the app's address; the machine boots behind it, which the
 * lines after it wait for. Nothing is left running.
 */
const commands: Record<string, string> = {
  'local start': `npm start -- --machine local && ${berth} start && ${berth} status && ${berth} stop --host`,
  start: `npm start && ${berth} start && ${berth} status && ${berth} stop --host`,
  'second start': `npm start && ${berth} start && ${berth} stop --host`,
  test: 'npm test',
};

/** Runs the proof, or some of its commands, and writes its record; true when they did what the README says. */
export function proveBare(names: string[] = Object.keys(commands)): boolean {
  const dir = mkdtempSync('/var/tmp/berth-bare-');
  const tree = join(dir, 'tree');
  try {
    makeTree(tree);
    const install = inside(
      tree,
      'apt-get update -qq && apt-get install -y -qq --no-install-recommends nodejs npm',
    );
    if (install.status !== 0)
      throw new Error(`nodejs and npm did not install:\n${install.output.slice(-2000)}`);
    const packages = inside(tree, 'dpkg-query -W').output.trim();
    run('git', ['clone', '--quiet', '.', join(tree, 'root/berth')]);
    const log: string[] = [];
    const lines: string[] = [];
    let allDone = true;
    for (const name of names) {
      const line = commands[name];
      if (line === undefined) throw new Error(`no command is called ${name}`);
      const beganMs = Date.now();
      const { status, output } = inside(tree, `cd /root/berth && ${line}`);
      const seconds = Math.round((Date.now() - beganMs) / 1000);
      allDone &&= status === 0;
      log.push(`$ ${line}\n${output}\n[status ${status}]\n`);
      lines.push(`- ${name}: \`${line}\`: ${status === 0 ? 'passed' : `failed (${status})`}, ${seconds} s`);
      // After each, so that a long one that is cut off leaves the earlier ones.
      record({ lines, packages, log });
    }
    return allDone;
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

function record({ lines, packages, log }: { lines: string[]; packages: string; log: string[] }): void {
  writeProof('bare', {
    title: 'The README’s commands on a bare Debian 12',
    lines: [
      ...lines,
      '',
      'Log: [bare.log](bare.log). Packages before the first command:',
      ...['', '```', packages, '```'],
    ],
  });
  writeFileSync('docs/proof/bare.log', log.map(withoutSurroundings).join('\n'));
}

/** The log without colours, one-time tokens, and the addresses of this computer's mirrors. */
function withoutSurroundings(text: string): string {
  return text
    .replaceAll(/\x1b\[[0-9;]*m/g, '')
    .replaceAll(/#token=\S+/g, '#token=…')
    .replaceAll(/https?:\/\/(?!127\.0\.0\.1|localhost)[^\s/]+/g, 'http://mirror');
}
