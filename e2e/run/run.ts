import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** Runs the suites one after the other and prints their sum last, as `N passed, N failed, N skipped`. */

interface Outcome {
  passed: number;
  failed: number;
  skipped: number;
}

function run(program: string, args: string[]): boolean {
  return spawnSync(program, args, { stdio: 'inherit' }).status === 0;
}

function check(name: string, program: string, args: string[]): Outcome {
  console.log(`\n== ${name}`);
  return run(program, args) ? { passed: 1, failed: 0, skipped: 0 } : { passed: 0, failed: 1, skipped: 0 };
}

/** Vitest's own JSON report is the source of the numbers; a run without tests counts as a failure. */
function vitest(): Outcome {
  console.log('\n== unit and engine tests');
  const report = 'build/vitest.json';
  const ok = run('node_modules/.bin/vitest', [
    'run',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
  ]);
  const { numPassedTests, numFailedTests, numPendingTests } = JSON.parse(readFileSync(report, 'utf8'));
  const broken = numPassedTests === 0 || (!ok && numFailedTests === 0) ? 1 : 0;
  return { passed: numPassedTests, failed: numFailedTests + broken, skipped: numPendingTests };
}

const typecheck = () => check('types', 'node_modules/.bin/tsc', ['-b']);
const lint = () => check('lint and format', 'node_modules/.bin/biome', ['check', '.']);

const suites: Record<string, (() => Outcome)[]> = {
  test: [typecheck, lint, vitest],
  typecheck: [typecheck],
  lint: [lint],
};

const wanted = suites[process.argv[2] ?? 'test'];
if (!wanted) {
  console.error(`Unknown suite ${process.argv[2]}. There are: ${Object.keys(suites).join(', ')}.`);
  process.exit(2);
}
const sum: Outcome = { passed: 0, failed: 0, skipped: 0 };
for (const suite of wanted) {
  const outcome = suite();
  sum.passed += outcome.passed;
  sum.failed += outcome.failed;
  sum.skipped += outcome.skipped;
}
console.log(`\n${sum.passed} passed, ${sum.failed} failed, ${sum.skipped} skipped`);
process.exit(sum.failed === 0 ? 0 : 1);
