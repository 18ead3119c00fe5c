import { describe, expect, test } from 'vitest';
import { kpiLead, kpiLine, kpiRows, onDemandText } from './kpi-content.ts';
import type { Kpi, RunReport } from './run-report.ts';
import { sampleReport } from './sample-report.fixture.ts';

const report = sampleReport({ steps: 288 });

function withKpi(change: Partial<Kpi>): RunReport {
  if (report.kpi === null) throw new Error('the sample has KPIs');
  return { ...report, kpi: { ...report.kpi, ...change } };
}

describe('what was stored in time', () => {
  test('is named by the interval', () => {
    expect(kpiRows(report)[0]).toMatchObject({ label: 'within the same quarter hour', brief: 'same quarter hour', stored: '97.63 %' });
    expect(kpiRows({ ...report, run: { ...report.run, intervalSeconds: 3600 } })[0]?.label).toBe('within the same 1 h');
    expect(kpiRows({ ...report, kpi: null })).toEqual([]);
  });

  test('is compared with what was possible only where that is more', () => {
    expect(kpiLine(report)).toBe('same quarter hour 97.63 %, 1 h 98.71 %, 24 h 99.94 %, by 06:00 99.87 %');
    expect(kpiLine(withKpi({ storedBy06: 0.5 }))).toBe('same quarter hour 97.63 %, 1 h 98.71 %, 24 h 99.94 %, by 06:00 50 %; possible were 97.63 %, 98.71 %, 99.94 %, 99.87 %');
    expect(kpiLine({ ...report, kpi: null })).toBeNull();
  });

  test('says how it was counted', () => {
    expect(kpiLead(report)).toMatch(/outages and links of the scenario .* At full speed the machine’s own time .* does not count\.$/);
    const slow = { ...report, links: null, run: { ...report.run, speed: 96, steps: 16 } };
    expect(kpiLead(slow)).toMatch(/outages of the scenario leave, with a head-end that takes no time\. The run covers 4 h: a reading that was not lost can’t be older\.$/);
  });
});

describe('reads on demand', () => {
  test.each<readonly [Partial<Kpi>, string | null]>([
    [{}, null],
    [{ onDemandReads: 186, onDemandFailed: 4, onDemandReadP95Seconds: 31.68 }, '186 reads on demand, 4 without an answer; 95 % of the others had theirs within 31.7 s of the grid.'],
    [{ onDemandReads: 1, onDemandFailed: 1, onDemandReadP95Seconds: null }, '1 read on demand, 1 without an answer.'],
  ])('%# are said in a sentence', (change, expected) => expect(onDemandText(withKpi(change))).toBe(expected));
});
