/** Reads on demand in a real pull: real processes and sockets, the KPI in the report, a threshold on it, and the audit beside it. */

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { meterstorm, reportOf, SMALL } from './meterstorm.fixture.ts';

let work = '';

beforeAll(() => {
  work = mkdtempSync(join(tmpdir(), 'meterstorm-on-demand-'));
});

afterAll(() => {
  rmSync(work, { recursive: true, force: true });
});

/** Four minutes with a value a minute; a read takes about eight seconds of its line, and 40 are made. */
const PULL = ['--stations', '5', '--steps', '4', '--no-monitor', '--set', 'behaviour.interval=1 min', '--set', 'behaviour.communication=pull', '--set', 'behaviour.on-demand={ per-hour: 600 }'];

it('are answered beside the mass reading, and measured', async () => {
  const out = join(work, 'run');
  const thresholds = 'thresholds=[kpi.onDemandReadP95Seconds < 1 h, kpi.onDemandReads > 10, audit.missing == 0]';
  const { code, stdout, stderr } = await meterstorm(['run', SMALL, ...PULL, '--speed', '60', '--intakes', '2', '--set', thresholds, '--out', out]);
  expect({ code, stderr }).toMatchObject({ code: 0 });
  expect(stdout).toContain('All 3 thresholds held.');
  const { kpi, audit } = reportOf(out);
  expect(audit).toMatchObject({ missing: 0, exact: true });
  // A Poisson number; the last ones may still wait at the end.
  expect(kpi?.onDemandReads).toBeGreaterThan(15);
  expect(kpi?.onDemandReads).toBeLessThan(70);
  expect(kpi?.onDemandFailed).toBeLessThan(10);
  // The links alone take longer than this, there and back.
  expect(kpi?.onDemandReadP95Seconds).toBeGreaterThan(1);
  expect(readFileSync(join(out, 'report.md'), 'utf8')).toMatch(/^\d+ reads on demand, \d+ without an answer; 95 % of the others had theirs within .* of the grid\.$/m);
  await meterstorm(['audit', out]);
  expect(reportOf(out).kpi).toEqual(kpi);
}, 120_000);

it('have no length at full speed, and are not made', async () => {
  const out = join(work, 'max');
  const { code } = await meterstorm(['run', SMALL, ...PULL, '--out', out]);
  expect(code).toBe(0);
  expect(reportOf(out).kpi).toMatchObject({ onDemandReads: null, onDemandReadP95Seconds: null });
}, 120_000);
