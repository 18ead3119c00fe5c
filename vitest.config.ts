import { defineConfig } from 'vitest/config';

const ALL = ['src/**/*.test.ts'];
/** Runs at a speed of their own, judged by how well they kept to it: on a machine that is busy with other tests they would say so, rightly. */
const ALONE = ['src/cli/capacity.test.ts', 'src/cli/compare-postgres.test.ts', 'src/cli/problems.test.ts', 'src/dashboard/server/large-page.test.ts'];

export default defineConfig({
  test: {
    pool: 'forks',
    testTimeout: 30_000,
    // Runs of the tests are no steps of the pipeline that runs the tests.
    env: { GITHUB_STEP_SUMMARY: '', GITHUB_ACTIONS: '' },
    projects: [
      // Many tests wait for a real run to go its time.
      { extends: true, test: { name: 'beside', include: ALL, exclude: ALONE, maxWorkers: 2, sequence: { groupOrder: 0 } } },
      { extends: true, test: { name: 'alone', include: ALONE, maxWorkers: 1, sequence: { groupOrder: 1 } } },
    ],
  },
});
