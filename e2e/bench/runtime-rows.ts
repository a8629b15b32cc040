import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Row, summarize } from './samples.ts';

const rounds = 15;
const warmUps = 2;

/**
 * `run` of one bundle by our OCI runtime and Debian's, cold, interleaved. A runtime that refuses this host (crun, where
 * cgroups are hybrid) is left out, and said so.
 */
export function runtimeRows(options: { tree: string; data: string; native: string }): Row[] {
  const { tree, data, native } = options;
  const ours = join(native, 'berth-runtime');
  if (!existsSync(ours)) {
    console.log('There is no berth-runtime in this build: nothing to measure.');
    return [];
  }
  const bundle = makeBundle(tree, join(data, 'bundle'));
  const runtimes: { name: string; command: string[] }[] = [
    { name: 'Berth', command: [ours, '--root', join(data, 'runtime-state')] },
    { name: 'crun', command: ['chroot', tree, 'crun', '--root', '/bench/crun-state'] },
    { name: 'runc', command: ['chroot', tree, 'runc', '--root', '/bench/runc-state'] },
  ];
  const values = runtimes.map(() => [] as number[]);
  const refused = new Set<string>();
  for (let round = -warmUps; round < rounds; round += 1) {
    for (const [index, { name, command }] of runtimes.entries()) {
      if (refused.has(name)) continue;
      const path = command[0] === 'chroot' ? '/bench/bundle' : bundle;
      const start = performance.now();
      const words = [
        ...command.slice(1),
        'run',
        '--bundle',
        path,
        `bench-${name.toLowerCase()}-${round + 10}`,
      ];
      const result = spawnSync(command[0] as string, words, { encoding: 'utf8' });
      const time = performance.now() - start;
      if (result.status !== 0) {
        if (index === 0) throw new Error(`berth-runtime run: ${result.stderr}`);
        console.log(`${name} does not run here: ${result.stderr.trim().split('\n').at(-1)}`);
        refused.add(name);
      } else if (round >= 0) values[index]?.push(time);
    }
  }
  const results = runtimes.flatMap(({ name }, index) =>
    refused.has(name) ? [] : [{ contestant: name, samples: summarize(values[index] ?? []) }],
  );
  return [
    {
      figure: '`run` of a bundle by the OCI runtime’s command, cold, process wall time',
      unit: 'ms',
      target: '≤ 1.0× crun, ≤ 0.25× runc',
      results,
    },
  ];
}

/** A bundle of busybox with runc's own example configuration, without a terminal, running `true`. */
function makeBundle(tree: string, bundle: string): string {
  mkdirSync(join(bundle, 'rootfs/bin'), { recursive: true });
  copyFileSync('/bin/busybox', join(bundle, 'rootfs/bin/busybox'));
  const spec = spawnSync(
    'chroot',
    [tree, 'sh', '-c', 'cd /tmp && rm -f config.json && runc spec && cat config.json'],
    {
      encoding: 'utf8',
    },
  );
  if (spec.status !== 0) throw new Error(`runc spec: ${spec.stderr}`);
  const config = JSON.parse(spec.stdout) as { process: { terminal: boolean; args: string[] } };
  config.process.terminal = false;
  config.process.args = ['/bin/busybox', 'true'];
  writeFileSync(join(bundle, 'config.json'), JSON.stringify(config));
  return bundle;
}
