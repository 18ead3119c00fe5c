/** Thresholds as their user meets them: a real run that holds some and breaks others, its exit code, and what is wrong input. */

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { meterstorm, reportOf, SMALL } from './meterstorm.fixture.ts';

/** A hamlet of an hour. */
const QUICK = ['run', SMALL, '--stations', '5', '--steps', '4', '--no-monitor'];

let work = '';
const directory = (name: string): string => join(work, name);

beforeAll(() => {
  work = mkdtempSync(join(tmpdir(), 'meterstorm-thresholds-'));
});

afterAll(() => {
  rmSync(work, { recursive: true, force: true });
});

describe('a run with thresholds', () => {
  it('that hold ends with 0, and a later audit judges the store as it is then', async () => {
    const out = directory('held');
    const thresholds = 'thresholds=[audit.missing == 0, audit.unexpected == 0, delays.sendingToConfirmationMs.p99 < 1 min, kpi.storedWithin24h >= 99.5 %]';
    const { code, stdout, stderr } = await meterstorm([...QUICK, '--out', out, '--set', thresholds]);
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(stdout).toContain('All 4 thresholds held.');
    expect(reportOf(out).thresholds.map(({ held }) => held)).toEqual([true, true, true, true]);
    expect((await meterstorm(['report', out])).stdout).toContain('All 4 thresholds held.');
    const again = await meterstorm(['audit', out]);
    expect(again).toMatchObject({ code: 0 });
    expect(again.stdout).toContain('All 4 thresholds held.');
    expect(readFileSync(join(out, 'report.md'), 'utf8')).toContain('| `audit.missing == 0` | 0 | held |');
  });

  it('that break, or name what the run does not tell, ends with 1, as does a later audit', async () => {
    const out = directory('broken');
    const { code, stdout } = await meterstorm([...QUICK, '--out', out, '--set', 'thresholds=[run.readingsPerSecond > 1e12, kpi.onDemandReadP95Seconds < 30 s, audit.missing == 0]']);
    expect(code).toBe(1);
    expect(reportOf(out).verdict.able).toBe(true);
    expect(reportOf(out).thresholds.map(({ held }) => held)).toEqual([false, null, true]);
    expect(stdout).toMatch(/^ {2}Thresholds ! run\.readingsPerSecond > 1e12: broken, [\d,]+\/s$/m);
    expect(stdout).toMatch(/^ {13}! kpi\.onDemandReadP95Seconds < 30 s: unknown: counts as broken$/m);
    expect(await meterstorm(['audit', out])).toMatchObject({ code: 1 });
    expect(await meterstorm(['report', out])).toMatchObject({ code: 0 });
  });

  it('that are wrong does not begin', async () => {
    const wrong = await meterstorm([...QUICK, '--out', directory('wrong'), '--set', 'thresholds=[audit.mising == 0, audit.missing < 5 min]']);
    expect(wrong).toMatchObject({ code: 2, stdout: '' });
    expect(wrong.stderr).toBe(
      '--set:thresholds.0: found unknown indicator `audit.mising`; did you mean `audit.missing`? Allowed: a name that `meterstorm indicators` lists\n' +
        '--set:thresholds.1: found `5 min` for `audit.missing`; allowed: a number without a unit, such as `0` or `1e6`\n',
    );
  });
});

describe('meterstorm indicators', () => {
  it('lists names, units and meanings; of a run, its values', async () => {
    const { code, stdout } = await meterstorm(['indicators']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^audit\.missing +count {2}planned, but not in the store$/m);
    const out = directory('held');
    expect((await meterstorm(['indicators', out])).stdout).toMatch(/^audit\.missing +0 {2}planned, but not in the store$/m);
    const list = JSON.parse((await meterstorm(['indicators', out, '--json'])).stdout) as readonly { readonly name: string; readonly value: number | null }[];
    expect(list.find(({ name }) => name === 'audit.planned')?.value).toBe(reportOf(out).audit.planned);
    expect(await meterstorm(['indicators', directory('none')])).toMatchObject({ code: 2 });
  });
});
