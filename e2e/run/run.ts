import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { buildAll } from '../../electron/start/build.ts';
import {
  benchNeeds,
  buildNeeds,
  installMissing,
  localNeeds,
  machineNeeds,
  testNeeds,
} from '../../electron/start/system-packages.ts';
import { writeProof } from '../proof/record.ts';
import { MachineKeeper } from './machine-keeper.ts';
import { native, proveFuzz } from './native.ts';
import { check, type Outcome, playwright, together, vitest } from './suites.ts';

/**
 * npm test: installs what the tests need, builds, runs every suite and prints their sum last, as
 * `N passed, N failed, N skipped`. A skip that allowed-skips.json does not name counts as a failure.
 */

/** What takes too long for npm test; each writes its dated result under docs/proof. */
const proofs: Record<string, (words: string[]) => boolean | Promise<boolean>> = {
  arm64: async () => (await import('../proof/arm64.ts')).proveArm64(),
  bare: async (words) => (await import('../proof/bare.ts')).proveBare(words.length > 0 ? words : undefined),
  escapes: async () => {
    await buildAll(['native']);
    return (await import('../proof/runtime/escapes.ts')).proveEscapes();
  },
  fuzz: () => proveFuzz(),
  image: proveImage,
  kills: async () => {
    await buildAll(['native']);
    return (await import('../proof/kills.ts')).proveKills();
  },
  machine: async () => (await import('../../vm-images/boot.proof.ts')).proveBoot(),
  runtime: async () => {
    await buildAll(['native']);
    return (await import('../proof/runtime/runtime.ts')).proveRuntime();
  },
  screenshots: renewScreenshots,
  'runtime-machine': async () => {
    await buildAll(['native']);
    return (await import('../proof/runtime/machine.ts')).proveRuntimeInMachine();
  },
  'machine-arm64': async () => (await import('../../vm-images/boot.proof.ts')).proveBoot('arm64'),
};

/** Engine tests that are run with Debian 12's docker command too: every noun of the API once. */
const filesForOldestCli = [
  'run.test',
  'life.test',
  'images-names.test',
  'images-archive.test',
  'images-login.test',
];

type Suite = () => Outcome | Promise<Outcome>;

const keeper = new MachineKeeper();
const checks: Record<string, Suite> = {
  types: () => check('types', 'node_modules/.bin/tsc', ['-b']),
  lint: () => check('lint and format', 'node_modules/.bin/biome', ['check', '--error-on-warnings', '.']),
};
const tests: Record<string, Suite> = {
  ...checks,
  unit: () => vitest('unit', ['--project=unit']),
  native,
  engine: () => vitest('engine', ['--project=engine'], { DOCKER_CLI: 'newest' }),
  // What an older command asks for and reads differently, without doubling the time of all the rest.
  'engine-oldest-cli': () =>
    vitest('engine with docker 20.10', ['--project=engine', ...filesForOldestCli], { DOCKER_CLI: '20.10' }),
  runtime: () => vitest('runtime', ['--project=runtime']),
  pages: () => playwright('pages', ['--project=pages'], { ownNetwork: true }),
  start: () => vitest('start', ['--project=start'], { DOCKER_CLI: 'newest' }),
  journey: onMachine((environment) => playwright('journey', ['--project=journey'], { environment })),
  machine: onMachine((environment) => vitest('machine', ['--project=machine'], environment)),
};

/** A suite on the machine that all such suites share. */
function onMachine(suite: (environment: Record<string, string>) => Outcome): Suite {
  return async () => {
    const environment = await keeper.environment().catch((error: Error) => {
      console.error(error.message);
    });
    return environment ? suite(environment) : { passed: 0, failed: 1, skipped: 0, skippedNames: [] };
  };
}

/** Builds the machine's image twice, in different surroundings. */
async function proveImage(): Promise<boolean> {
  const { compareTwoBuilds } = await import('../../vm-images/reproducible.proof.ts');
  const { same, lines } = compareTwoBuilds();
  console.log(lines.join('\n'));
  const surroundings =
    'Built twice: in directories of different depth and name, as root and as nobody, with umask 022 and 077, ' +
    'in UTC and Asia/Kathmandu, in the locales C and zh_CN.UTF-8.';
  const words = ['sha256 of each file:', '', '```', ...lines, '```'];
  writeProof('image', {
    title: 'Two builds of the machine’s image are the same bytes',
    lines: [surroundings, ...words],
  });
  return same;
}

/** Walks the demonstration journey, which takes the pictures of the documents as it goes. */
async function renewScreenshots(): Promise<boolean> {
  await buildAll();
  await using machine = new MachineKeeper();
  const environment = { ...(await machine.environment()), BERTH_PICTURES: 'docs/screenshots' };
  return playwright('screenshots', ['--project=journey', 'demonstration'], { environment }).failed === 0;
}

async function runSuites(suites: Suite[]): Promise<number> {
  const outcomes: Outcome[] = [];
  try {
    for (const suite of suites) outcomes.push(await suite());
  } finally {
    await keeper[Symbol.asyncDispose]();
  }
  const sum = together(outcomes);
  const allowed = JSON.parse(readFileSync('e2e/run/allowed-skips.json', 'utf8')) as { test: string }[];
  const unexpected = sum.skippedNames.filter((name) => !allowed.some((entry) => entry.test === name));
  for (const name of unexpected) console.error(`Skipped, and not in e2e/run/allowed-skips.json: ${name}`);
  sum.failed += unexpected.length;
  console.log(`\n${sum.passed} passed, ${sum.failed} failed, ${sum.skipped} skipped`);
  return sum.failed === 0 ? 0 : 1;
}

async function main([command = 'test', ...rest]: string[]): Promise<number> {
  if (command === 'typecheck') return runSuites([checks.types as Suite]);
  if (command === 'lint') return runSuites([checks.lint as Suite]);
  if (command === 'test') {
    const names = rest.length > 0 ? rest : Object.keys(tests);
    const unknown = names.find((name) => !tests[name]);
    if (unknown) {
      console.error(`No suite is called ${unknown}. There are: ${Object.keys(tests).join(', ')}.`);
      return 2;
    }
    installMissing([...buildNeeds, ...machineNeeds, ...localNeeds, ...testNeeds]);
    await buildAll();
    return runSuites(names.map((name) => tests[name] as Suite));
  }
  if (command === 'bench') {
    installMissing([...buildNeeds, ...machineNeeds, ...localNeeds, ...testNeeds, ...benchNeeds]);
    await buildAll();
    await (await import('../bench/prepare.ts')).prepareBench();
    // Namespaces of its own: what a peer does to network and mounts ends with the run.
    const words = ['--net', '--mount', process.execPath, 'e2e/bench/bench.ts', ...rest];
    return spawnSync('unshare', words, { stdio: 'inherit' }).status ?? 1;
  }
  if (command === 'proof') {
    const proof = proofs[rest[0] ?? ''];
    if (!proof) {
      console.error(`Say which proof. There are: ${Object.keys(proofs).join(', ')}.`);
      return 2;
    }
    return (await proof(rest.slice(1))) ? 0 : 1;
  }
  console.error(`There is no command ${command}. There are: test, bench, proof, typecheck, lint.`);
  return 2;
}

process.exit(await main(process.argv.slice(2)));
