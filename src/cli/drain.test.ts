/** Runs at a speed end in bounded time, whatever the head-end does; and what is missing then is put down to it. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { childrenOf, meterstorm, reportOf, SMALL, started, until } from './meterstorm.fixture.ts';

const VILLAGE = ['--stations', '20', '--steps', '8', '--speed', '1800', '--set', 'network.links=ignored'];
const STEP_MS = 500;

let work = '';
let run = 0;

beforeAll(() => {
  work = mkdtempSync(join(tmpdir(), 'meterstorm-drain-'));
});

afterAll(() => rmSync(work, { recursive: true, force: true }));

/** The run with one process of its head-end stopped (SIGSTOP) after a few steps, and not before. */
async function stalled(module: string): Promise<ReturnType<typeof reportOf>> {
  const out = join(work, `run-${run++}`);
  const { child, ended, text } = started(['run', SMALL, ...VILLAGE, '--drain', '2 s', '--out', out]);
  await until(() => / step [1-6]\//.test(text()));
  const [victim] = childrenOf(child.pid ?? 0, module);
  expect(victim).toBeDefined();
  process.kill(victim ?? 0, 'SIGSTOP');
  const { code, stderr } = await ended;
  expect({ code, stderr }).toMatchObject({ code: 1 });
  return reportOf(out);
}

describe('--drain', () => {
  it('ends a run whose intake takes nothing any more; what it did not confirm is missing because of it', async () => {
    const { run: facts, audit, verdict } = await stalled('intake-process');
    expect(facts).toMatchObject({ complete: true, cutOffAfterSeconds: 2 });
    // Last step, drain, last confirmations, end in order; and room for a slow machine.
    expect(facts.wallSeconds * 1000).toBeGreaterThan(7 * STEP_MS + 2000);
    expect(facts.wallSeconds).toBeLessThan(25);
    expect(audit.missing).toBeGreaterThan(1000);
    expect(audit).toMatchObject({ duplicate: 0, wrong: 0, unexpected: 0, attribution: { simulator: 0, network: 0, headend: audit.missing } });
    expect(verdict.able).toBe(false);
    expect(verdict.why).toContain('not stored 2 s after the last step, when the run was cut off');
    expect(verdict.problems[0]).toMatchObject({ id: 'not-in-time' });
  }, 60_000);

  it('ends a run whose store stores nothing any more, though all was confirmed', async () => {
    const { run: facts, audit, verdict } = await stalled('store-process');
    expect(facts).toMatchObject({ complete: true, cutOffAfterSeconds: 2 });
    expect(facts.confirmedReadings).toBe(audit.sent);
    expect(facts.wallSeconds).toBeLessThan(25);
    expect(audit.missing).toBeGreaterThan(1000);
    expect(audit).toMatchObject({ duplicate: 0, wrong: 0, unexpected: 0, attribution: { simulator: 0, network: 0, headend: audit.missing } });
    expect(verdict.able).toBe(false);
  }, 60_000);

  it('says nothing of a head-end that is done in time', async () => {
    const out = join(work, `run-${run++}`);
    const { code } = await meterstorm(['run', SMALL, ...VILLAGE, '--drain', '20 s', '--out', out]);
    expect(code).toBe(0);
    expect(reportOf(out).run).toMatchObject({ complete: true, cutOffAfterSeconds: null });
    expect(reportOf(out).audit.exact).toBe(true);
  }, 60_000);

  it.each([
    ['soon', '1800', /--drain: found `soon`/],
    ['0 s', '1800', /--drain.*from 1 s/],
    ['9 s', 'max', /--drain: at speed `max`/],
  ])('refuses %s at speed %s in one line', async (drain, speed, message) => {
    const { code, stderr } = await meterstorm(['run', SMALL, '--drain', drain, '--speed', speed]);
    expect({ code, lines: stderr.trimEnd().split('\n').length }).toEqual({ code: 2, lines: 1 });
    expect(stderr).toMatch(message);
  });
});
