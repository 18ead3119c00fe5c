import { describe, expect, test } from 'vitest';
import { auditRows, keyFigures, needs } from './report-content.ts';
import { backlogChart, gridCharts } from './report-charts.ts';
import type { RunReport } from './run-report.ts';
import { sampleReport } from './sample-report.fixture.ts';

const SERIES = { wallMs: [0, 100, 200, 300], sentReadings: [0, 50, 100, 120], confirmedReadings: [0, 20, 60, 100], storedReadings: [0, 10, 60, 100] };

/** 100 readings, some of which were sent twice. */
function reportOf(intake: 'buffered' | 'direct'): RunReport {
  const sample = sampleReport({ steps: 8 });
  const { store } = sample;
  if (store === undefined || store === null) throw new Error('the sample has a store');
  return { ...sample, audit: { ...sample.audit, sent: 100 }, store: { ...store, intake }, series: { ...sample.series, ...SERIES } };
}

describe('backlog', () => {
  test.each([
    ['buffered', [0, 10, 0, 0], /that are confirmed and not yet in the store, at most 10 /],
    ['direct', [0, 40, 40, 0], /that are sent and not yet in the store, at most 40 /],
  ] as const)('%s: what waits before the store', (intake, values, caption) => {
    const chart = backlogChart(reportOf(intake));
    expect(chart?.series.map((series) => series.values)).toEqual([values]);
    expect(chart?.caption).toMatch(caption);
  });
});

describe('an interrupted run', () => {
  const sample = sampleReport({ steps: 8 });
  const cut = (values: readonly number[]): number[] => values.map((value, i) => (i < 5 ? value : 0));
  const { communicatingMeters, arrivedInTime, arrivedLate } = sample.series;
  const report: RunReport = {
    ...sample,
    run: { ...sample.run, complete: false, realTimeFactor: 0 },
    audit: { ...sample.audit, inFlight: 12 },
    series: { ...sample.series, communicatingMeters: cut(communicatingMeters), arrivedInTime: cut(arrivedInTime), arrivedLate: cut(arrivedLate) },
  };

  test('steps that were not played are not drawn, nor counted as steps without a reading', () => {
    for (const { x, axis, series, caption } of gridCharts(report)) {
      expect(x).toEqual(sample.series.stepUnixSeconds.slice(0, 5));
      expect(axis.to).toBe(x.at(-1));
      for (const { values } of series) expect(values).toHaveLength(5);
      expect(caption).not.toContain('from 0 ');
    }
    for (const { x } of gridCharts(sample)) expect(x).toHaveLength(8);
  });

  test('nothing is computed by the time of a grid that was not played', () => {
    const said = [...needs(report), ...keyFigures(report)].map(({ label, value, note }) => `${label}: ${value} ${note}`).join('\n');
    expect(said).toContain("At the grid's own pace: unknown only a whole run tells");
    expect(said).not.toMatch(/a day of this grid|real time needs|spread over/);
  });

  test('what is stored beyond what is asked for has a row of its own', () => {
    const counts = auditRows(report).map(({ label, count }) => [label, count]);
    expect(counts).toContainEqual(['not asked for', 12]);
    expect(auditRows(sample).map(({ label }) => label)).not.toContain('not asked for');
  });
});
