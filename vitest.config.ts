import { defineConfig } from 'vitest/config';

const shared = {
  environment: 'node' as const,
  testTimeout: 60_000,
  hookTimeout: 120_000,
  // What is waited for comes when the computer has time for it.
  expect: { poll: { timeout: 45_000, interval: 100 } },
};

export default defineConfig({
  test: {
    // Real processes, real containers: more workers than cores would only be in each other's way.
    maxWorkers: 2,
    projects: [
      {
        test: {
          ...shared,
          name: 'unit',
          include: [
            '{engine,electron,renderer,vm-images}/**/*.test.ts',
            'e2e/{checks,run,images,bench}/**/*.test.ts',
          ],
        },
      },
      {
        // The same containers and layers as in unit, under programs with sanitizers (engine/native/build.sh test).
        test: {
          ...shared,
          name: 'native',
          include: [
            'engine/runtime/shim-*.test.ts',
            'engine/layers/{driver,hostile-tars,layer-trees,random-layers}.test.ts',
          ],
          env: {
            BERTH_TEST_SHIM: `${import.meta.dirname}/build/native/test/berth-shim`,
            BERTH_TEST_UNPACK: `${import.meta.dirname}/build/native/test/berth-unpack`,
          },
        },
      },
      {
        test: {
          ...shared,
          name: 'engine',
          include: ['e2e/engine/**/*.test.ts'],
          globalSetup: 'e2e/engine/docker-cli.setup.ts',
          fileParallelism: false,
        },
      },
      { test: { ...shared, name: 'runtime', include: ['e2e/runtime/**/*.test.ts'], fileParallelism: false } },
      {
        test: {
          ...shared,
          name: 'start',
          include: ['e2e/start/**/*.test.ts'],
          globalSetup: 'e2e/engine/docker-cli.setup.ts',
          fileParallelism: false,
        },
      },
      {
        test: {
          ...shared,
          name: 'machine',
          include: ['e2e/machine/**/*.test.ts'],
          globalSetup: ['e2e/engine/docker-cli.setup.ts', 'e2e/machine/global-setup.ts'],
          fileParallelism: false,
          // An emulated machine on a busy computer.
          testTimeout: 120_000,
        },
      },
    ],
  },
});
