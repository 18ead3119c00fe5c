/** Where things stand on the axis of the timeline. */

import { expect, test } from 'vitest';
import { sampleReport } from '../../report/sample-report.fixture.ts';
import { atItsTime, axisOf, type LaneEvent, lanesOf, onAxis, whenText } from './lanes.ts';
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

test('what was sent in a step stands between its begin and the next, on either clock', () => {
  const lane = lanesOf(report).find(({ id }) => id === 'communicating-meters');
  if (lane === undefined) throw new Error('there is no such lane');
  const grid = onAxis(lane, axisOf(report, 'grid', map), { map, intervalSeconds: run.intervalSeconds });
  expect(grid.x[0]).toBe(run.startUnixSeconds + run.intervalSeconds);
  expect(grid.x.at(-1)).toBe(grid.axis.to);
  const machine = onAxis(lane, axisOf(report, 'machine', map), { map, intervalSeconds: run.intervalSeconds });
  expect(machine.x[144]).toBeCloseTo(map.toMachine(run.startUnixSeconds + 145 * run.intervalSeconds), 9);
  const load = lanesOf(report).find(({ id }) => id === 'grid-load');
  if (load === undefined) throw new Error('there is no such lane');
  expect(onAxis(load, axisOf(report, 'grid', map), { map, intervalSeconds: run.intervalSeconds }).x).toEqual(load.x);
  const rate = lanesOf(report).find(({ id }) => id === 'rate');
  if (rate === undefined) throw new Error('there is no such lane');
  expect(onAxis(rate, axisOf(report, 'machine', map), { map, intervalSeconds: run.intervalSeconds }).x).toEqual(rate.x);
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
