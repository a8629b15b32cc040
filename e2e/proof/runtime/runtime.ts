import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { release } from 'node:os';
import { join, resolve } from 'node:path';
import { leftOut, runBats, type TestResult } from './bats.ts';
import { fetchRuncTests, type RuncTests } from './runc-source.ts';

/** What neither runtime can pass here, or only one may: by name, with the reason. */
const known: Record<string, string> = {
  'spec.bats: spec validator': 'clones a repository from the Internet; fails for both without it',
};

const cache = '.cache/proof-runtime';

/**
 * Runs runc's tests for Debian's runc and for berth-runtime on this host, one after the other, and writes
 * docs/proof/runtime.md. True when ours passes all that runc passes but for the differences that are known.
 */
export function proveRuntime(): boolean {
  const tests = fetchRuncTests(cache);
  const peer = spawnSync('sh', ['-c', 'command -v runc'], { encoding: 'utf8' }).stdout.trim();
  // Under runc's name: its tests look for that in help and version.
  const ours = resolve(cache, 'bin/runc');
  mkdirSync(join(cache, 'bin'), { recursive: true });
  copyFileSync('build/native/berth-runtime', ours);
  console.log('runc:');
  const theirs = runBats(tests.directory, peer);
  console.log('berth-runtime:');
  const own = runBats(tests.directory, ours);
  mkdirSync('docs/proof', { recursive: true });
  writeFileSync('docs/proof/runtime.md', report(tests, theirs, own));
  spawnSync('node_modules/.bin/biome', ['format', '--write', 'docs/proof/runtime.md']);
  const lost = differences(theirs, own).filter(({ name }) => !known[name]);
  for (const { name, reason } of lost) console.error(`${name}\n${reason}`);
  return lost.length === 0;
}

/** Tests that the first passed and the second did not. */
function differences(first: TestResult[], second: TestResult[]): TestResult[] {
  const passed = new Set(second.filter(({ state }) => state === 'passed').map(({ name }) => name));
  return first
    .filter(({ name, state }) => state === 'passed' && !passed.has(name))
    .map(
      ({ name }) =>
        second.find((result) => result.name === name) ?? { name, state: 'failed', reason: 'not run' },
    );
}

function counts(results: TestResult[]): string {
  const of = (state: TestResult['state']) => results.filter((result) => result.state === state).length;
  return `${of('passed')} | ${of('failed')} | ${of('skipped')}`;
}

function firstLine(reason: string): string {
  return reason.trim().split('\n')[0]?.replaceAll('|', '\\|') ?? '';
}

function list(results: TestResult[], words: (result: TestResult) => string): string[] {
  return results.length === 0 ? ['None.'] : results.map((result) => `- ${result.name}${words(result)}`);
}

function report(tests: RuncTests, theirs: TestResult[], own: TestResult[]): string {
  const lost = differences(theirs, own);
  const won = differences(own, theirs);
  const neither = own.filter(
    ({ name, state }) =>
      state === 'failed' && theirs.find((result) => result.name === name)?.state === 'failed',
  );
  const skips = new Map<string, number>();
  for (const { state, reason } of own)
    if (state === 'skipped') skips.set(reason, (skips.get(reason) ?? 0) + 1);
  const commit = spawnSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).stdout.trim();
  return [
    '# berth-runtime under runc’s own tests',
    '',
    `\`npm run proof -- runtime\`, ${new Date().toISOString().slice(0, 10)}, commit ${commit}, Linux ${release()}.`,
    `The bats suite of Debian’s source package runc ${tests.version}, run for Debian’s runc and for berth-runtime on`,
    'the same host, one after the other.',
    '',
    '| runtime | passed | failed | skipped by the suite |',
    '| --- | --- | --- | --- |',
    `| runc ${tests.version} | ${counts(theirs)} |`,
    `| berth-runtime | ${counts(own)} |`,
    '',
    `## Passed by runc, not by berth-runtime (${lost.length})`,
    '',
    ...list(lost, ({ name, reason }) => `: ${known[name] ?? firstLine(reason)}`),
    '',
    `## Passed by berth-runtime, not by runc (${won.length})`,
    '',
    ...list(won, ({ reason }) => (reason === '' ? '' : `: ${firstLine(reason)}`)),
    '',
    `## Failed by both (${neither.length})`,
    '',
    ...list(neither, ({ name, reason }) => `: ${known[name] ?? firstLine(reason)}`),
    '',
    '## Not run',
    '',
    ...Object.entries(leftOut).map(([file, why]) => `- ${file}: ${why}`),
    ...tests.missing.map(({ name, reason }) => `- the helper ${name}: ${reason}`),
    ...[...skips].map(([reason, count]) => `- ${count} skipped by the suite itself: ${reason}`),
    '',
  ].join('\n');
}
