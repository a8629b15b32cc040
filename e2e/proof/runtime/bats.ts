import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';

export type TestState = 'passed' | 'failed' | 'skipped';

export interface TestResult {
  /** File and name, which together are unique. */
  name: string;
  state: TestState;
  /** Why it was skipped; the first lines of what it said when it failed. */
  reason: string;
}

/** Not run for either: the file and why. */
export const leftOut = { 'checkpoint.bats': 'checkpoint/restore' } as const;

const secondsATest = 60;
const secondsAFile = 900;

/** Runs every file with `program` as runc; a file that does not end counts as one failed test. */
export function runBats(directory: string, program: string): TestResult[] {
  const files = readdirSync(directory).filter((name) => name.endsWith('.bats') && !(name in leftOut));
  return files.sort().flatMap((file) => {
    console.log(`  ${file}`);
    // Bats' own time limit is a background job, and these tests wait for all of theirs.
    const limit = file === 'events.bats' ? '' : `BATS_TEST_TIMEOUT=${secondsATest}`;
    // A controlling terminal: the tests open /dev/tty.
    const line = `env RUNC=${program} ${limit} timeout ${secondsAFile} bats --tap ${file} </dev/null`;
    const { stdout } = spawnSync('script', ['-qec', line, '/dev/null'], {
      cwd: directory,
      encoding: 'utf8',
      maxBuffer: 64 << 20,
    });
    const results = readTap(file, stdout);
    const plan = Number(/^1\.\.(\d+)/m.exec(stdout)?.[1] ?? -1);
    if (plan === results.length) return results;
    return [
      ...results,
      { name: `${file}: (the file itself)`, state: 'failed', reason: 'did not end' } as const,
    ];
  });
}

/** TAP as bats writes it; what a failed test said follows in comments. */
export function readTap(file: string, text: string): TestResult[] {
  const results: TestResult[] = [];
  for (const line of text.split(/\r?\n/)) {
    const found = /^(not )?ok \d+ (.*?)(?: # skip ?(.*)| # timeout.*)?$/.exec(line);
    const last = results.at(-1);
    if (found) {
      const [, not, name = '', skip] = found;
      const state = not ? 'failed' : skip === undefined ? 'passed' : 'skipped';
      results.push({ name: `${file}: ${name}`, state, reason: skip ?? '' });
    } else if (last?.state === 'failed' && line.startsWith('# ') && last.reason.length < 600) {
      last.reason += `${line.slice(2)}\n`;
    }
  }
  return results;
}
