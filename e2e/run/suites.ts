import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';

/** What one suite came to, as its own runner's report says. */
export interface Outcome {
  passed: number;
  failed: number;
  skipped: number;
  /** Names of skipped tests, to be held against the list of allowed skips. */
  skippedNames: string[];
}

/** Several runs as one. */
export function together(outcomes: Outcome[]): Outcome {
  const sum: Outcome = { passed: 0, failed: 0, skipped: 0, skippedNames: [] };
  for (const outcome of outcomes) {
    sum.passed += outcome.passed;
    sum.failed += outcome.failed;
    sum.skipped += outcome.skipped;
    sum.skippedNames.push(...outcome.skippedNames);
  }
  return sum;
}

const env = {
  ...process.env,
  // Nothing in the tests may look for a desktop session's bus or keyring.
  NO_COLOR: '1',
};

function run(program: string, args: string[], more: Record<string, string> = {}): boolean {
  return spawnSync(program, args, { stdio: 'inherit', env: { ...env, ...more } }).status === 0;
}

/** A check without a report of its own counts as one test. */
export function check(name: string, program: string, args: string[]): Outcome {
  console.log(`\n== ${name}`);
  const ok = run(program, args);
  return { passed: ok ? 1 : 0, failed: ok ? 0 : 1, skipped: 0, skippedNames: [] };
}

function readReport<T>(file: string): T | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as T;
  } catch {
    return undefined;
  }
}

interface VitestReport {
  testResults: {
    status: string;
    message?: string;
    assertionResults: { fullName: string; status: 'passed' | 'failed' | 'skipped' | 'pending' | 'todo' }[];
  }[];
}

/** Runs Vitest with the arguments given. No test, no report, or a file that did not load counts as a failure. */
export function vitest(name: string, args: string[], environment: Record<string, string> = {}): Outcome {
  console.log(`\n== ${name}`);
  const report = `build/reports/${name.replaceAll(/\W+/g, '-')}.json`;
  mkdirSync('build/reports', { recursive: true });
  rmSync(report, { force: true });
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const ok = run('node_modules/.bin/vitest', ['run', ...args, ...reporters], environment);
  const tests = readReport<VitestReport>(report)?.testResults ?? [];
  const results = tests.flatMap((file) => file.assertionResults);
  const of = (...states: string[]) => results.filter((result) => states.includes(result.status));
  const failed = of('failed').length;
  const passed = of('passed').length;
  const broken = (!ok && failed === 0) || results.length === 0 ? 1 : 0;
  const skipped = of('skipped', 'pending', 'todo');
  return {
    passed,
    failed: failed + broken,
    skipped: skipped.length,
    skippedNames: skipped.map((result) => result.fullName),
  };
}

interface PlaywrightReport {
  stats: { expected: number; unexpected: number; flaky: number; skipped: number };
}

/**
 * A network of its own, with nothing but loopback: interfaces that come and go beside the tests, as those of
 * containers do, make Chromium drop what it is just fetching.
 */
const inOwnNetwork = [
  ...(process.getuid?.() === 0 ? [] : ['--map-root-user']),
  '--net',
  'sh',
  '-c',
  'ip link set lo up && exec "$@"',
  'sh',
];

/** Runs Playwright projects. A flaky test counts as failed: it was wrong once. */
export function playwright(
  name: string,
  args: string[],
  options: { ownNetwork?: boolean; environment?: Record<string, string> } = {},
): Outcome {
  console.log(`\n== ${name}`);
  const report = `build/reports/${name.replaceAll(/\W+/g, '-')}.json`;
  mkdirSync('build/reports', { recursive: true });
  rmSync(report, { force: true });
  const command = ['node_modules/.bin/playwright', 'test', ...args, '--reporter=list,json'];
  const [program, ...rest] = options.ownNetwork ? ['unshare', ...inOwnNetwork, ...command] : command;
  const ok =
    spawnSync(program as string, rest, {
      stdio: 'inherit',
      env: { ...env, ...options.environment, PLAYWRIGHT_JSON_OUTPUT_NAME: report },
    }).status === 0;
  const stats = readReport<PlaywrightReport>(report)?.stats;
  if (!stats) return { passed: 0, failed: 1, skipped: 0, skippedNames: [] };
  const failed = stats.unexpected + stats.flaky;
  const broken = (!ok && failed === 0) || stats.expected + failed === 0 ? 1 : 0;
  return {
    passed: stats.expected,
    failed: failed + broken,
    skipped: stats.skipped,
    skippedNames: stats.skipped > 0 ? [`${stats.skipped} of ${name}`] : [],
  };
}
