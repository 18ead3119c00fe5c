/** What happens beside a run and is written to logs, or keeps a target from answering, is a problem of its report. */

import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { reportOf, SMALL, started, until } from './meterstorm.fixture.ts';

let work = '';

beforeAll(() => {
  work = mkdtempSync(join(tmpdir(), 'meterstorm-events-'));
});

afterAll(() => rmSync(work, { recursive: true, force: true }));

it('lines of a log that prove a failure, and a target that nobody can ask, are problems of the run', { timeout: 60_000 }, async () => {
  const [log, plan, out] = [join(work, 'database.log'), join(work, 'watch.yaml'), join(work, 'run')];
  const old = '2026-11-28 17:00:00.000 UTC [1] ERROR:  deadlock detected\n';
  writeFileSync(log, old);
  writeFileSync(plan, `targets:\n  - { name: exporter, prometheus: 'http://127.0.0.1:1/metrics', every: 500 ms }\nlogs:\n  - { name: database-log, file: ${log}, rules: [postgresql] }\n`);
  const args = ['--stations', '20', '--steps', '10', '--speed', '900', '--set', 'behaviour.spread=5 min', '--set', 'network.links=ignored'];
  const { ended, text } = started(['run', SMALL, ...args, '--monitor', plan, '--out', out]);
  await until(() => / step [2-9]\//.test(text()));
  const now = new Date().toISOString().replace('T', ' ').replace('Z', ' UTC');
  appendFileSync(log, `${now} [7] LOG:  checkpoints are occurring too frequently (3 seconds apart)\n${now} [7] HINT:  Consider increasing the configuration parameter "max_wal_size".\n`);
  appendFileSync(log, `${now} [9] FATAL:  sorry, too many clients already\n`.repeat(2));
  await ended;
  const { verdict, run, events } = reportOf(out);
  const byId = new Map(verdict.problems.map((problem) => [problem.id, problem]));
  const checkpoints = byId.get('checkpoints-too-frequent');
  expect(checkpoints?.evidence).toContain('1 line in database-log: “');
  expect(checkpoints?.evidence).toContain('checkpoints are occurring too frequently (3 seconds apart)');
  expect(checkpoints?.remedy).toContain('max_wal_size');
  expect(checkpoints?.from).toBeGreaterThan(0);
  expect(checkpoints?.to).toBeLessThan(run.wallSeconds * 1000);
  expect(byId.get('too-many-connections')).toMatchObject({ severity: 'critical' });
  expect(byId.get('too-many-connections')?.evidence).toMatch(/^2 lines in database-log, the first: /);
  expect(byId.get('target-not-seen')?.evidence).toMatch(/no answer from exporter for [\d.]+ s \(/);
  // It stood there before the run began.
  expect(byId.has('deadlock')).toBe(false);
  // They do not say that the head-end is unable.
  expect(verdict.able).toBe(true);
  expect(events?.shown.some(({ rule }) => rule === 'checkpoints-too-frequent')).toBe(true);
  const page = readFileSync(join(out, 'report.html'), 'utf8');
  expect(page).toMatch(/<title>Checkpoints come too often, [^<]* after its begin\. 1 line in database-log/);
  expect(page).toMatch(/>Events of database-log<.*<title>[^<]*, error, too-many-connections: /s);
});
