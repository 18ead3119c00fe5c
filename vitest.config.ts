import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts'],
    pool: 'forks',
    testTimeout: 30_000,
    // Many tests wait for a real run to go its time.
    maxWorkers: 2,
    // Runs of the tests are no steps of the pipeline that runs the tests.
    env: { GITHUB_STEP_SUMMARY: '', GITHUB_ACTIONS: '' },
  },
});
