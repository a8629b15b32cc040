import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, cpus, release, totalmem } from 'node:os';
import { join } from 'node:path';
import { dockerCli } from '../docker-clis.ts';
import { startTestRegistry } from '../images/catalogue.ts';
import { startBerth } from './berth.ts';
import { containerRows } from './container-rows.ts';
import type { Contestant } from './contestant.ts';
import { startDockerd } from './dockerd.ts';
import { imageRows, pull } from './image-rows.ts';
import { machineRows } from './machine-rows.ts';
import { pageRows } from './page-rows.ts';
import { enterable, peersTree } from './peers.ts';
import { writePerformance } from './performance-page.ts';
import { once } from './rounds.ts';
import { runtimeRows } from './runtime-rows.ts';
import { formatRow, type Row, tableHead } from './samples.ts';
import { streamRows } from './stream-rows.ts';

/**
 * npm run bench [AREA…]: ours beside Debian's dockerd and crun, in one run, in turns, on one file system. It runs in
 * network and mount namespaces of its own (`unshare`), so that a peer's firewall rules and bridges touch nobody, and
 * writes what it found to docs/performance.md.
 */

const projectDir = join(import.meta.dirname, '..', '..');

interface Areas {
  [name: string]: () => AsyncIterable<Row> | Iterable<Row> | Promise<Row[]>;
}

async function main(wanted: string[]): Promise<void> {
  const tree = peersTree();
  // Not in /tmp, which may be memory: everybody writes where a real data root would be.
  mkdirSync(join(projectDir, '.cache', 'bench'), { recursive: true });
  const data = mkdtempSync(join(projectDir, '.cache', 'bench', 'run-'));
  command('ip', ['link', 'set', 'lo', 'up']);
  enterable(tree, data);
  try {
    const docker = await dockerCli('newest');
    await using registry = await startTestRegistry();
    await using berth = await startBerth({ bundle: join(projectDir, 'build/bundle'), data });
    await using dockerd = await startDockerd({ tree, data });
    const contestants = [berth, dockerd];
    const image = `${registry.address}/busybox`;
    const idle = await idleRow(contestants);
    for (const contestant of contestants) await pull(contestant, image, 'latest');
    const areas: Areas = {
      containers: () => containerRows(contestants, { image: `${image}:latest`, docker: docker.program }),
      runtime: () => runtimeRows({ tree, data, native: join(projectDir, 'build/native') }),
      streams: () => streamRows(contestants, data),
      images: () => imageRows(contestants, registry.address, join(projectDir, '.cache/bench/images')),
      memory: () => [idle],
      machine: () => machineRows(data),
      page: pageRows,
    };
    const unknown = wanted.find((name) => !areas[name]);
    if (unknown !== undefined)
      throw new Error(`no area ${unknown}; there are ${Object.keys(areas).join(', ')}`);
    const versions = `dockerd ${dockerd.version}, docker command ${docker.version}`;
    console.log(`Berth ${berth.version} beside ${versions}\n`);
    for (const [name, measure] of Object.entries(areas)) {
      if (wanted.length > 0 && !wanted.includes(name)) continue;
      console.log(`\n${name}\n\n${tableHead}`);
      const rows: Row[] = [];
      for await (const row of await measure()) {
        console.log(formatRow(row));
        rows.push(row);
      }
      writePerformance(join(projectDir, 'docs/performance.md'), { area: name, rows, about: about(versions) });
    }
  } finally {
    // A peer's own mounts below it would keep the directory busy.
    command('umount', ['--recursive', '--lazy', join(tree, 'bench')]);
    rmSync(data, { recursive: true, force: true });
  }
}

function idleRow(contestants: Contestant[]): Promise<Row> {
  return once(contestants, (contestant) => contestant.idleMB()).then((results) => ({
    figure: 'resident memory of the idle engine (dockerd with containerd)',
    unit: 'MB',
    target: '≤ 0.6×',
    results,
  }));
}

function about(versions: string): string {
  const commit = spawnSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).stdout.trim();
  const memory = `${Math.round(totalmem() / 2 ** 30)} GiB`;
  const model = cpus()[0]?.model ?? 'unknown processor';
  const date = new Date().toISOString().slice(0, 10);
  return `${date}, commit ${commit}, ${availableParallelism()} cores (${model}), ${memory}, Linux ${release()}; ${versions}`;
}

function command(program: string, words: string[]): void {
  const result = spawnSync(program, words, { encoding: 'utf8' });
  if (result.status !== 0) throw new Error(`${program} ${words.join(' ')}: ${result.stderr}`);
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  // With `await using`, what failed first stands inside what failed while cleaning up.
  for (let cause = error; cause instanceof Error; ) {
    console.error(cause.stack);
    cause = cause instanceof SuppressedError ? cause.suppressed : cause.cause;
  }
  process.exitCode = 1;
}
