/** The two clocks of a run beside each other. */

import { expect, test } from 'vitest';
import { sampleReport } from '../../report/sample-report.fixture.ts';
import { TimeMap } from './time-map.ts';

const START = Date.UTC(2013, 0, 14, 23) / 1000;

test('at a speed the grid goes evenly', () => {
  const report = sampleReport({ links: 'carried' });
  const map = new TimeMap(report);
  expect(map.toGrid(10)).toBe(START + 7200);
  expect(map.toMachine(START + 7200)).toBeCloseTo(10, 6);
});

test('as fast as it goes, a step is where its readings were sent, and there is a way back', () => {
  const report = sampleReport();
  const map = new TimeMap(report);
  const { series, run } = report;
  const perStep = series.arrivedInTime.map((count, i) => count + (series.arrivedLate[i] ?? 0));
  for (const step of [10, 100, 200]) {
    const sent = perStep.slice(0, step).reduce((a, b) => a + b, 0);
    const seconds = map.toMachine(START + step * run.intervalSeconds);
    const before = series.sentReadings.findLast((_, i) => (series.wallMs[i] ?? 0) / 1000 <= seconds) ?? 0;
    const after = series.sentReadings.find((_, i) => (series.wallMs[i] ?? 0) / 1000 >= seconds) ?? Infinity;
    expect(before).toBeLessThanOrEqual(sent + 1);
    expect(after).toBeGreaterThanOrEqual(sent - 1);
    expect(map.toGrid(seconds)).toBeCloseTo(START + step * run.intervalSeconds, 0);
  }
  for (let seconds = 0.1; seconds < 9; seconds += 0.1) expect(map.toGrid(seconds)).toBeGreaterThanOrEqual(map.toGrid(seconds - 0.1));
});

test('before an audit, as far as the run told; and with nothing told, straight from begin to end', () => {
  const report = sampleReport();
  const { series } = report;
  const going = { ...report, series: { ...series, arrivedInTime: [], arrivedLate: [] } };
  const [ms = 0, step = 0] = [series.wallMs[20], series.settledSteps[20]];
  expect(new TimeMap(going).toGrid(ms / 1000)).toBeCloseTo(START + step * 900, 0);
  const nothing = { ...going, series: { ...going.series, wallMs: [], settledSteps: [] } };
  expect(new TimeMap(nothing).toGrid(0)).toBe(START);
  expect(new TimeMap(nothing).toGrid(report.run.wallSeconds)).toBeCloseTo(START + 288 * 900, 3);
});
