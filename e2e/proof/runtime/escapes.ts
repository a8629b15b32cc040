import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { release } from 'node:os';
import { join, resolve } from 'node:path';
import { type Attack, attacks } from '../../runtime/attacks/attacks.ts';
import { TestBundle } from '../../runtime/bundle.ts';

/** Where the builds without a guard are; nothing else runs them. */
const builds = '.cache/proof-escapes';

interface Outcome extends Attack {
  /** Whether it succeeded against the program as it is, and against one without its guard. */
  guarded: boolean;
  unguarded: boolean;
}

/**
 * Tries every attack against berth-runtime as it is, and against a build that lacks the attack's guard, and writes
 * docs/proof/escapes.md. True when each fails in the first case and succeeds in the second.
 */
export async function proveEscapes(): Promise<boolean> {
  const outcomes: Outcome[] = [];
  for (const attack of attacks) {
    const guarded = await attempt(attack);
    const unguarded = await attempt(attack, buildWithout(attack.guard));
    console.log(
      `${attack.name}: ${guarded ? 'SUCCEEDS' : 'fails'}, without its guard ${unguarded ? 'succeeds' : 'FAILS'}`,
    );
    outcomes.push({ ...attack, guarded, unguarded });
  }
  mkdirSync('docs/proof', { recursive: true });
  writeFileSync('docs/proof/escapes.md', report(outcomes));
  spawnSync('node_modules/.bin/biome', ['format', '--write', 'docs/proof/escapes.md']);
  return outcomes.every(({ guarded, unguarded }) => !guarded && unguarded);
}

async function attempt(attack: Attack, program?: string): Promise<boolean> {
  await using bundle = new TestBundle(() => {}, program);
  return await attack.attempt(bundle);
}

function buildWithout(guard: string): string {
  const directory = resolve(builds, guard.toLowerCase());
  mkdirSync(directory, { recursive: true });
  const env = { ...process.env, BUILD_DIR: directory, CFLAGS: `-O1 -DBERTH_WITHOUT_${guard}` };
  const { status, stderr } = spawnSync('sh', ['engine/native/build.sh', 'runtime'], {
    env,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`building without ${guard}: ${stderr}`);
  return join(directory, 'berth-runtime');
}

function report(outcomes: Outcome[]): string {
  const commit = spawnSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).stdout.trim();
  return [
    '# Published escapes, as attacks',
    '',
    `\`npm run proof -- escapes\`, ${new Date().toISOString().slice(0, 10)}, commit ${commit}, Linux ${release()}.`,
    'Each attack of `e2e/runtime/attacks/` was tried against berth-runtime as it is built, and against a build that',
    'lacks the one guard (`engine/native/runtime/guards.h`) that stands against it. The library is the one that the',
    'engine’s monitor runs.',
    '',
    '| attack | published as | as it is | without the guard |',
    '| --- | --- | --- | --- |',
    ...outcomes.map(
      ({ name, published, guard, guarded, unguarded }) =>
        `| ${name} | ${published} | ${guarded ? '**succeeds**' : 'fails'} | ${unguarded ? 'succeeds' : '**fails**'}: \`${guard}\` |`,
    ),
    '',
    'CVE-2022-0492’s own way, a cgroup hierarchy mounted in a new user namespace, is closed by kernels of today',
    'themselves (`release_agent` takes CAP_SYS_ADMIN of the first user namespace); what is left to a runtime is that',
    'nothing the container can write names a program of the host, which the core_pattern row stands for.',
    '',
  ].join('\n');
}
