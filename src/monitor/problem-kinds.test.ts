import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { packageFile } from '../base/package-root.ts';
import { PROBLEM_KINDS, problemTable } from './problem-kinds.ts';

test('the page on problems has the table as it is', () => {
  expect(readFileSync(packageFile('docs', 'problems.md'), 'utf8')).toContain(problemTable());
});

test.each(Object.entries(PROBLEM_KINDS))('%s says what to do, in a sentence', (id, { remedy, what, threshold }) => {
  expect(id).toMatch(/^[a-z]+(-[a-z]+)*$/);
  expect(remedy).toMatch(/^[A-Z].*\.$/);
  expect(`${what}${threshold}${remedy}`).not.toMatch(/[|\n]/);
});
