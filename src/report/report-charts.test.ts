import { describe, expect, test } from 'vitest';
import { backlogChart } from './report-charts.ts';
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
