/** Where things stand on the axis of the timeline. */

import { expect, test } from 'vitest';
import { sampleReport } from '../../report/sample-report.fixture.ts';
import { atItsTime, axisOf, type LaneEvent, whenText } from './lanes.ts';
import { TimeMap } from './time-map.ts';

const report = sampleReport();
const map = new TimeMap(report);
const { run, series } = report;

function event(of: Partial<LaneEvent>): LaneEvent {
  return { id: 'event-0', lane: 'Events: run', level: 'warning', title: 'blackout-began', evidence: '', remedy: '', fields: [], from: 9, to: 9, ...of };
}

test('an event of the grid stands at its time, whenever it was noticed', () => {
  const blackout = event({ fields: [['gridSeconds', String(36 * 3600)]] });
  const { from, to } = atItsTime(blackout, map, report);
  expect(from).toBe(to);
  expect(map.toGrid(from)).toBeCloseTo(run.startUnixSeconds + 36 * 3600, 0);
  expect(whenText(atItsTime(blackout, map, report), map, report)).toMatch(/grid: Wed 16 Jan 2013, 12:00$/);
  for (const other of [event({}), event({ lane: 'Events: db', fields: [['gridSeconds', '60']] }), event({ fields: [['gridSeconds', 'x']] })]) {
    expect(atItsTime(other, map, report)).toBe(other);
  }
});

test('after the last step the grid has no time any more', () => {
  expect(whenText(event({ from: 1e6, to: 1e6 }), map, report)).toMatch(/after the begin; grid: at its end$/);
});

test('of an interrupted run the grid ends where it was left', () => {
  const cut = (values: readonly number[]): number[] => values.map((value, i) => (i < 100 ? value : 0));
  const interrupted = { ...report, run: { ...run, complete: false }, series: { ...series, arrivedInTime: cut(series.arrivedInTime), arrivedLate: cut(series.arrivedLate) } };
  const to = (of: typeof report): number => (axisOf(of, 'grid', new TimeMap(of)).to - run.startUnixSeconds) / run.intervalSeconds;
  expect(to(interrupted)).toBe(100);
  expect(to(report)).toBe(run.steps);
});
