import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readHostFacts } from '../../engine/runtime/host-facts.ts';
import { fuzzLogReader } from '../../engine/runtime/log-reader.fuzz.ts';
import { defaultSeccomp } from '../../engine/runtime/seccomp.ts';
import { type Outcome, together, vitest } from './suites.ts';

const programs = 'build/native/test';
const corpora = 'engine/native/test/fuzz/corpus';

function counted(passed: number, failed: number): Outcome {
  return { passed, failed, skipped: 0, skippedNames: [] };
}

function build(): boolean {
  return spawnSync('sh', ['engine/native/build.sh', 'test'], { stdio: 'inherit' }).status === 0;
}

/** Runs a program that tells its tests as TAP. A plan that is missing or not kept counts as a failure. */
function tap(program: string, args: string[]): Outcome {
  const { stdout, status } = spawnSync(program, args, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  process.stdout.write(stdout);
  const count = (pattern: RegExp) => stdout.match(pattern)?.length ?? 0;
  const passed = count(/^ok \d/gm);
  const failed = count(/^not ok \d/gm);
  const planned = Number(/^1\.\.(\d+)$/m.exec(stdout)?.[1] ?? 0);
  const broken = planned === 0 || planned !== passed + failed || (status !== 0 && failed === 0);
  return counted(passed, failed + (broken ? 1 : 0));
}

function libraryTests(): Outcome {
  const profile = join(programs, 'default-profile.json');
  writeFileSync(profile, JSON.stringify(defaultSeccomp({ host: readHostFacts(), capabilities: [] })));
  return tap(join(programs, 'native-tests'), [profile]);
}

/** What a fuzzer did: its runs, and where it left the input that broke it. */
export interface FuzzResult {
  name: string;
  ok: boolean;
  runs: number;
  /** The last lines of its report where it found something. */
  report: string;
}

/** Every fuzzer for so many seconds each, from the committed corpus on. What breaks one is left in build/reports. */
export function fuzz(seconds: number): FuzzResult[] {
  mkdirSync('build/reports', { recursive: true });
  return readdirSync(corpora).map((name) => {
    const found = mkdtempSync(join(tmpdir(), 'berth-fuzz-'));
    const limits = [`-max_total_time=${seconds}`, '-timeout=20', '-rss_limit_mb=1024'];
    const places = [`-artifact_prefix=build/reports/${name}-`, found, join(corpora, name)];
    const { status, stderr } = spawnSync(join(programs, `${name}-fuzz`), [...limits, ...places], {
      encoding: 'utf8',
      maxBuffer: 64 << 20,
    });
    rmSync(found, { recursive: true });
    const runs = Number(/^Done (\d+) runs/m.exec(stderr)?.[1] ?? 0);
    const ok = status === 0 && runs > 0;
    return { name, ok, runs, report: ok ? '' : stderr.trim().split('\n').slice(-40).join('\n') };
  });
}

/** The engine's reader of logs, which is no C: a loop of its own. */
async function fuzzReader(seconds: number): Promise<FuzzResult> {
  const end = performance.now() + seconds * 1000;
  let rounds = 0;
  try {
    await fuzzLogReader({
      seed: Date.now() >>> 0,
      enough: (done) => {
        rounds = done;
        return performance.now() > end;
      },
    });
    return { name: 'log reader', ok: true, runs: rounds, report: '' };
  } catch (error) {
    return { name: 'log reader', ok: false, runs: rounds, report: String(error) };
  }
}

/**
 * The C code under AddressSanitizer and UndefinedBehaviorSanitizer: the library's tests, the fuzzers for a moment, and
 * the tests of real containers and of the protocol's golden transcripts with the sanitized shim.
 */
export function native(): Outcome {
  console.log('\n== native: library');
  if (!build()) return counted(0, 1);
  const library = libraryTests();
  console.log('\n== native: fuzzers');
  const fuzzed = fuzz(4).map(({ name, ok, runs, report }) => {
    console.log(`${ok ? 'ok' : 'not ok'} - ${name}: ${runs} runs\n${report}`.trim());
    return counted(ok ? 1 : 0, ok ? 0 : 1);
  });
  return together([library, ...fuzzed, vitest('native: shim', ['--project=native'])]);
}

/** npm run proof -- fuzz: an hour of every fuzzer, unless BERTH_FUZZ_SECONDS says otherwise. Writes docs/proof/fuzz.md. */
export async function proveFuzz(): Promise<boolean> {
  if (!build()) return false;
  const seconds = Number(process.env.BERTH_FUZZ_SECONDS ?? 3600);
  const results = [...fuzz(seconds), await fuzzReader(seconds)];
  const commit = spawnSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).stdout.trim();
  const lines = [
    '# Fuzzing the native code',
    '',
    `${new Date().toISOString().slice(0, 10)}, commit ${commit}: clang's libFuzzer with AddressSanitizer and`,
    `UndefinedBehaviorSanitizer, ${seconds} seconds for each, from \`${corpora}\` on.`,
    'Run again by `npm run proof -- fuzz`.',
    '',
    '| fuzzer | runs | found |',
    '| --- | ---: | --- |',
    ...results.map(
      ({ name, runs, ok }) => `| ${name} | ${runs.toLocaleString('en')} | ${ok ? 'nothing' : 'see below'} |`,
    ),
    ...results
      .filter(({ ok }) => !ok)
      .flatMap(({ name, report }) => ['', `## ${name}`, '', '```', report, '```']),
  ];
  mkdirSync('docs/proof', { recursive: true });
  writeFileSync('docs/proof/fuzz.md', `${lines.join('\n')}\n`);
  return results.every(({ ok }) => ok);
}
