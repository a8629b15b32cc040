import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['{engine,electron,renderer,vm-images,e2e}/**/*.test.ts'],
    environment: 'node',
    // Real processes, real containers: one file at a time on small machines is quicker than many in each other's way.
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
