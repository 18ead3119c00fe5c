/** `meterstorm capacity` as its user runs it: real processes, head-ends slowed on purpose. Needs `npm run build`. */

import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CapacityReport } from '../report/capacity/capacity-report.ts';
import { slowHeadend } from '../run/capacity/slow-headend.fixture.ts';
import { childrenOf, meterstorm, SMALL, started, until } from './meterstorm.fixture.ts';

let work = '';
let count = 0;
const directory = (): string => join(work, `capacity-${count++}`);

beforeAll(() => {
  work = mkdtempSync(join(tmpdir(), 'meterstorm-capacity-'));
});

afterAll(() => {
  rmSync(work, { recursive: true, force: true });
});

const capacityOf = (out: string): CapacityReport => JSON.parse(readFileSync(join(out, 'capacity.json'), 'utf8')) as CapacityReport;

/** Equivalent meters of a head-end that takes so long for a message of 70 readings each quarter hour. */
const heldBy = (millisecondsPerMessage: number): number => ((1000 / millisecondsPerMessage) * 900 * 100_000) / 1430;

async function searched(millisecondsPerMessage: number): Promise<CapacityReport> {
  const headend = await slowHeadend(millisecondsPerMessage);
  const out = directory();
  const limits = ['--for', '8M', '--window', '2s', '--precision', '10%', '--budget', '40s'];
  const { code, stdout, stderr } = await meterstorm(['capacity', SMALL, '--headend', headend.address, ...limits, '--out', out]);
  headend.close();
  expect(code, stderr).toBe(0);
  expect(stderr).not.toContain('\u001b');
  expect(stdout).toContain('capacity.html');
  expect(readFileSync(join(out, 'capacity.html'), 'utf8')).toContain('</html>');
  expect(readFileSync(join(out, 'capacity.md'), 'utf8')).toContain('## Trials');
  return capacityOf(out);
}

describe('meterstorm capacity', () => {
  // A machine that others share may fill up first; then it says so, rightly.
  it('finds what a head-end holds, half of it where each message takes twice as long, and that the head-end is full', { retry: 2, timeout: 120_000 }, async () => {
    const reports = await Promise.all([searched(5), searched(10)]);
    for (const { answer, saturation, trials, alternative } of reports) {
      expect(answer.kind).toBe('value');
      expect(saturation?.what).toBe('head-end');
      expect(alternative).toBeNull();
      expect(trials.some(({ judgement }) => judgement === 'holds')).toBe(true);
    }
    // Late readings go in messages of their own, so that somewhat fewer meters are held than by the sum alone.
    const [fast, slow] = reports.map(({ answer }) => answer);
    expect(fast?.metersLow).toBeLessThan(1.1 * heldBy(5));
    expect(fast?.metersHigh).toBeGreaterThan(0.7 * heldBy(5));
    expect(slow?.metersLow).toBeLessThan(1.1 * heldBy(10));
    expect(slow?.metersHigh).toBeGreaterThan(0.7 * heldBy(10));
    expect(fast?.meters).toBeGreaterThan(1.25 * (slow?.meters ?? Infinity));
  });

  it.each([
    [['--for', 'many'], '--for: found `many`'],
    [['--for', '10'], '--for: found `10`'],
    [['--budget', '1 s'], '--budget: found `1 s`'],
    [['--window', 'long'], '--window: found `long`'],
    [['--precision', '60%'], '--precision: found `60%`'],
    [['--headend', 'nobody'], '--headend: found `nobody`'],
    [['--set', 'behaviour.communication=pull'], 'only pushes'],
    [['--unconfirmed'], '--unconfirmed: the built-in head-end always confirms'],
    [['--watch', 'x=pid:1x'], '--watch:'],
  ])('says in one line what is wrong: %s', async (flags, says) => {
    const { code, stderr } = await meterstorm(['capacity', SMALL, ...flags, '--out', directory()]);
    expect(code).toBe(2);
    expect(stderr).toContain(says);
    expect(stderr.trim().split('\n')).toHaveLength(1);
  });
});

describe.concurrent('meterstorm capacity', () => {
  it.each(['store', 'intake'])('a head-end whose %s stands still holds nothing, and that is what was full', async (part) => {
    const out = directory();
    const { child, ended } = started(['capacity', SMALL, '--for', '5M', '--window', '2s', '--budget', '10s', '--out', out, '--json']);
    const pid = child.pid ?? 0;
    // Once there are simulators, the head-end has started.
    const halt = setInterval(() => {
      if (childrenOf(pid, 'simulator-process').length === 0) return;
      for (const each of childrenOf(pid, `${part}-process`)) process.kill(each, 'SIGSTOP');
    }, 20);
    const { code, stdout, stderr } = await ended;
    clearInterval(halt);
    expect(code, stderr).toBe(0);
    const report = JSON.parse(stdout) as CapacityReport;
    expect(report).toEqual(capacityOf(out));
    const { answer, saturation, trials, proof } = report;
    expect(answer.kind).toBe('at-most');
    expect(answer.meters).toBeLessThanOrEqual(5e6);
    expect(saturation?.what).toBe(part);
    expect(saturation?.evidence).toContain('waited for something else');
    expect(trials[0]?.judgement).toBe('diverges');
    expect(trials[0]?.growth?.share).toBeGreaterThan(0.5);
    expect(proof).toBeNull();
    // What trials wrote is gone.
    expect(existsSync(join(out, 'trial-1'))).toBe(false);
  }, 60_000);

  it('says that there is nobody, with exit code 3', async () => {
    const { code, stderr } = await meterstorm(['capacity', SMALL, '--headend', '127.0.0.1:1', '--out', directory()]);
    expect({ code, stderr }).toEqual({ code: 3, stderr: 'meterstorm: no concentrator could connect to 127.0.0.1:1 within 15 s\n' });
  }, 40_000);

  it('interrupted, it ends with what it knows', async () => {
    const out = directory();
    const { child, ended, text } = started(['capacity', SMALL, '--window', '2s', '--budget', '60s', '--out', out]);
    await until(() => text().includes('trial 1'));
    child.kill('SIGINT');
    const { code } = await ended;
    expect(code).toBe(130);
    expect(capacityOf(out)).toMatchObject({ complete: false, answer: { kind: 'at-least' } });
  }, 60_000);
});
