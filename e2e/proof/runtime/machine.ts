import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { build } from 'vite';
import { buildMachine } from '../../../vm-images/build.ts';
import { hostArch } from '../../../vm-images/debian.ts';
import { Guest, makeKeys } from '../../../vm-images/guest.proof.ts';

interface Outcome {
  field: string;
  /** Empty where the proof held. */
  problem: string;
}

const inside = '/data/proof';

/**
 * Every row of docs/oci.md once more in the built-in machine, where cgroup version 2 is all there is, and writes
 * docs/proof/runtime-machine.md. True when all hold.
 */
export async function proveRuntimeInMachine(): Promise<boolean> {
  const image = resolve('build/machine');
  await buildMachine(hostArch(), image);
  const directory = mkdtempSync(join(tmpdir(), 'berth-runtime-proof-'));
  try {
    makeKeys(directory);
    run('qemu-img', ['create', '-q', '-f', 'qcow2', join(directory, 'data.qcow2'), '8G']);
    const files = await pack(directory);
    await using guest = await Guest.start({ arch: hostArch(), image, directory, dataDisk: 'data.qcow2' });
    const kernel = (await guest.ssh('uname -r')).trim();
    await guest.ssh(`mkdir -p ${inside}/tmp && cd ${inside} && base64 -d | tar -x`, files.toString('base64'));
    const environment = `TMPDIR=${inside}/tmp PATH=${inside}/bin:$PATH BERTH_BUSYBOX=${inside}/bin/busybox`;
    const text = await guest.ssh(
      `cd ${inside} && ${environment} node inside.mjs ${inside}/bin/berth-runtime`,
    );
    const outcomes = text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Outcome);
    mkdirSync('docs/proof', { recursive: true });
    writeFileSync('docs/proof/runtime-machine.md', report(kernel, outcomes));
    run('node_modules/.bin/biome', ['format', '--write', 'docs/proof/runtime-machine.md']);
    for (const { field, problem } of outcomes) if (problem !== '') console.error(`${field}: ${problem}`);
    return outcomes.every(({ problem }) => problem === '');
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** A tar of the program, busybox, unshare and the proofs as one file of JavaScript. */
async function pack(directory: string): Promise<Buffer> {
  const tree = join(directory, 'tree');
  mkdirSync(join(tree, 'bin'), { recursive: true });
  await build({
    configFile: false,
    logLevel: 'warn',
    resolve: { alias: { vitest: resolve('e2e/proof/runtime/expect.ts') } },
    ssr: { noExternal: true },
    build: {
      ssr: 'e2e/proof/runtime/inside.ts',
      outDir: tree,
      emptyOutDir: false,
      target: 'node24',
      rollupOptions: { output: { entryFileNames: 'inside.mjs', format: 'es' } },
    },
  });
  copyFileSync('build/native/berth-runtime', join(tree, 'bin/berth-runtime'));
  copyFileSync('/bin/busybox', join(tree, 'bin/busybox'));
  copyFileSync('/usr/bin/unshare', join(tree, 'bin/unshare'));
  run('sh', ['-c', `cd ${tree}/bin && for n in sh find rmdir mkdir sleep ps; do ln -sf busybox $n; done`]);
  const tar = join(directory, 'files.tar');
  run('tar', ['--create', `--file=${tar}`, `--directory=${tree}`, '.']);
  return readFileSync(tar);
}

function run(program: string, args: string[]): void {
  const { status, stderr } = spawnSync(program, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}: ${stderr}`);
}

function report(kernel: string, outcomes: Outcome[]): string {
  const commit = spawnSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).stdout.trim();
  const failed = outcomes.filter(({ problem }) => problem !== '');
  return [
    '# berth-runtime in the machine',
    '',
    `\`npm run proof -- runtime-machine\`, ${new Date().toISOString().slice(0, 10)}, commit ${commit}, Linux ${kernel},`,
    'cgroup version 2 alone. Every row of [oci.md](../oci.md) was proved once more there.',
    '',
    `${outcomes.length - failed.length} of ${outcomes.length} rows hold.`,
    '',
    ...failed.map(({ field, problem }) => `- \`${field}\`: ${problem.split('\n')[0]}`),
    ...(failed.length > 0 ? [''] : []),
  ].join('\n');
}
