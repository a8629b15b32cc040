// Plain JavaScript for Node 18: a fresh Debian 12 has nothing newer. Gets this project's packages from the lock file,
// Node 24 among them, and goes on in that Node.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const projectDir = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

const isNew = Number(process.versions.node.split('.')[0]) >= 24;

function npmCi(options, path) {
  const result = spawnSync('npm', ['ci', '--no-audit', '--no-fund', ...options], {
    cwd: projectDir,
    stdio: ['ignore', 'ignore', 'inherit'],
    shell: process.platform === 'win32',
    env: { ...process.env, PATH: path, npm_config_loglevel: 'error' },
  });
  if (result.status === 0) return;
  console.error('npm ci failed. Is the npm registry reachable? Try again with: npm ci');
  process.exit(1);
}

/** Runs the work with a PATH on which the lock file's Node comes first: a copy, as npm ci empties node_modules. */
function withOwnNode(work) {
  npmCi(['--omit=dev'], process.env.PATH);
  const directory = mkdtempSync(join(tmpdir(), 'berth-node-'));
  try {
    copyFileSync(nodeProgram(), join(directory, process.platform === 'win32' ? 'node.exe' : 'node'));
    work(`${directory}${delimiter}${process.env.PATH}`);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Installs the packages when the lock file has changed since the last time; says so. */
function installPackages() {
  const stamp = join(projectDir, 'node_modules', '.berth-lock');
  const wanted = createHash('sha256')
    .update(readFileSync(join(projectDir, 'package-lock.json')))
    .digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  console.log('Installing the packages of package-lock.json into node_modules (npm ci) …');
  // npm leaves out optional packages that the running Node is too old for, such as the bundler's compiled part. So an
  // old Node only gets the new one, which then installs everything.
  if (isNew) npmCi([], process.env.PATH);
  else withOwnNode((path) => npmCi([], path));
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, wanted);
}

/** Path of the Node 24 that the lock file brings for this processor, else the running one if new enough. */
function nodeProgram() {
  const name = process.platform === 'win32' ? 'node.exe' : join('bin', 'node');
  const packaged = join(projectDir, 'node_modules', `node-${process.platform}-${process.arch}`, name);
  if (existsSync(packaged)) return packaged;
  if (isNew) return process.execPath;
  console.error(
    `Berth needs Node 24; this is ${process.version}, and the packages bring none for ${process.platform} ${process.arch}.`,
  );
  process.exit(1);
}

/** Runs a script of the project in Node 24 with the arguments given and ends with its exit code. */
export function continueInNode24(script, args) {
  installPackages();
  const node = nodeProgram();
  const result = spawnSync(node, [script, ...args], {
    cwd: projectDir,
    stdio: 'inherit',
    env: {
      ...process.env,
      PATH: `${dirname(node)}:${process.env.PATH}`,
      BERTH_STARTED_AT_MS: String(Math.round(performance.timeOrigin)),
    },
  });
  process.exit(result.status ?? 1);
}
