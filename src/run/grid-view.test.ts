/** What the dashboard says of grid, station and meter, against the plan played step by step, and against a real store. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, describe, expect, test } from 'vitest';
import { systemClock } from '../base/clock.ts';
import { smallScenario } from '../dashboard/server/small-run.fixture.ts';
import { RunGrid } from './grid-view.ts';
import { buildSegment } from './segment.ts';
import { StoredReadings } from './stored-readings.ts';

const BLACKOUT = 'network.blackouts=[{ at: 2 h, lasts: 1 h, share: 50% }]';
const scenario = smallScenario('small-grid.yaml', ['grid.stations=25', 'grid.meters=1500', 'behaviour.steps=40', BLACKOUT]);
const none = { ledger: null, store: null, storeNote: 'none' } as const;

/** By step and station: is the line up, how many meters are reached, when it was up last. */
function played(): readonly { readonly up: boolean[]; readonly reached: number[]; readonly lastUp: number[] }[] {
  const { plan, stations } = buildSegment(scenario, { index: 0, count: 1 });
  const last = Array.from({ length: stations.count }, () => -1);
  return Array.from({ length: 40 }, (_, step) => {
    const [up, reached]: [boolean[], number[]] = [[], []];
    for (let station = 0; station < stations.count; station++) {
      const isUp = plan.step(station);
      up.push(isUp);
      // The rows of a step that leave at once are those of the meters that are up.
      reached.push(plan.rows.currentCount);
      if (isUp) last[station] = step;
    }
    return { up, reached, lastUp: [...last] };
  });
}

describe('the map', () => {
  const truth = played();
  const { stations } = buildSegment(scenario, { index: 0, count: 1 });
  const metersOf = (station: number): number => (stations.firstMeter[station + 1] ?? 0) - (stations.firstMeter[station] ?? 0);

  test('shows the plan at each step, forwards, backwards and asked together', async () => {
    const grid = new RunGrid({ clock: systemClock, scenario, ...none });
    const order = [0, 1, 2, 39, 9, 8, 9, 20];
    const states = await Promise.all(order.map((step) => grid.stateAt(step)));
    order.forEach((step, i) => {
      const state = states[i];
      const { reached = [], lastUp = [] } = truth[step] ?? {};
      for (let station = 0; station < 25; station++) {
        expect(state?.behindSteps[station], `steps behind of station ${station} at ${step}`).toBe(step - (lastUp[station] ?? 0));
        const share = ((reached[station] ?? 0) * 100) / metersOf(station);
        expect(Math.abs((state?.reachedPercent[station] ?? 0) - share), `reached of station ${station} at ${step}`).toBeLessThanOrEqual(1);
        expect(state?.reachedPercent[station] === 100).toBe(share === 100);
        expect(state?.reachedPercent[station] === 0).toBe(share === 0);
      }
    });
    // The blackout takes half of the lines, and is over.
    expect(truth[9]?.up.filter((isUp) => !isUp).length).toBeGreaterThanOrEqual(12);
    expect(truth[20]?.up.filter((isUp) => !isUp).length).toBeLessThan(12);
  });

  test('stations stand within the borders of their area, roughly', () => {
    const grid = new RunGrid({ clock: systemClock, scenario, ...none });
    const degrees = grid.outline().flat();
    const { longitude, latitude } = grid.places();
    const [west, east] = [Math.min(...degrees.filter((_, i) => i % 2 === 0)), Math.max(...degrees.filter((_, i) => i % 2 === 0))];
    const [south, north] = [Math.min(...degrees.filter((_, i) => i % 2 === 1)), Math.max(...degrees.filter((_, i) => i % 2 === 1))];
    for (let i = 0; i < 25; i++) {
      expect(longitude[i]).toBeGreaterThan(west);
      expect(longitude[i]).toBeLessThan(east);
      expect(latitude[i]).toBeGreaterThan(south);
      expect(latitude[i]).toBeLessThan(north);
    }
  });
});

test('a station has what the plan sends, and what of it was sent', () => {
  const ledger = { sent: new Uint32Array(25).fill(10), confirmed: new Uint32Array(25).fill(9), complete: false, confirms: true };
  const grid = new RunGrid({ clock: systemClock, scenario, ledger: { ...ledger, complete: true }, store: null, storeNote: 'none' });
  const interrupted = new RunGrid({ clock: systemClock, scenario, ledger, store: null, storeNote: 'none' });
  const { plan, stations } = buildSegment(scenario, { index: 0, count: 1 });
  for (const station of [0, 7, 24]) {
    const detail = grid.station(station);
    let [planned, sent, confirmed] = [0, 0, 0];
    for (let step = 0; step < 40; step++) {
      const up = plan.step(station);
      const rows = plan.rows.currentCount + plan.rows.lateCount;
      expect(detail.linkUp[step]).toBe(up);
      expect((detail.sentInTime[step] ?? 0) + (detail.sentLate[step] ?? 0)).toBe(rows);
      planned += rows;
      if (step < 10) sent += rows;
      if (step < 9) confirmed += rows;
    }
    expect(detail).toMatchObject({ planned, sent, sentSteps: 10, confirmedSteps: 9, firstMeter: stations.firstMeter[station] });
    expect(detail.available.reduce((a, b) => a + b)).toBe(planned);
    expect(detail.plannedByMeter.reduce((a, b) => a + b)).toBe(planned);
    expect(detail.openByMeter.every((count) => count === 0)).toBe(true);
    // Of an interrupted run no more is asked for than by the audit.
    const cut = interrupted.station(station);
    expect(cut).toMatchObject({ askedSteps: 9, planned: confirmed, sent, sentInTime: detail.sentInTime });
    expect(cut.available.reduce((a, b) => a + b)).toBe(confirmed);
    expect(cut.plannedByMeter.reduce((a, b) => a + b)).toBe(confirmed);
    expect(cut.openByMeter.reduce((a, b) => a + b)).toBe(sent - confirmed);
    const meter = interrupted.meter(cut.firstMeter, 0);
    expect(meter.askedSteps).toBe(9);
    expect(Math.max(...meter.sentStep)).toBeLessThan(10);
  }
});

describe('with a store', () => {
  const work = mkdtempSync(join(tmpdir(), 'meterstorm-grid-view-'));
  afterAll(() => rmSync(work, { recursive: true, force: true }));

  test('a station and a meter find their rows, those of a day alone; faults are seen', async () => {
    const file = join(work, 'readings.duckdb');
    const { truth, stations } = buildSegment(scenario, { index: 0, count: 1 });
    const start = scenario.behaviour.start.unixSeconds;
    const meter = stations.firstMeter[7] ?? 0;
    const instance = await DuckDBInstance.create(file);
    const connection = await instance.connect();
    await connection.run('CREATE TABLE readings(meter UINTEGER, channel UTINYINT, time TIMESTAMP, value BIGINT, status UTINYINT)');
    const row = async (of: number, step: number, more: number): Promise<void> => {
      const time = start + step * 900;
      await connection.run(`INSERT INTO readings VALUES (${of}, 0, make_timestamp(${time}::BIGINT * 1000000), ${truth.register(of, 0, time) + more}, ${truth.status(of, time)})`);
    };
    for (const step of [0, 1, 3]) await row(meter, step, 0);
    await row(meter, 4, 1);
    await row(meter + 1, 1, 0);
    await row(meter - 1, 1, 0);
    connection.closeSync();
    instance.closeSync();
    const store = new StoredReadings({ clock: systemClock, file });
    const grid = new RunGrid({ clock: systemClock, scenario, ledger: null, store, storeNote: '' });
    const [station, readings, detail] = [await grid.stationStored(7), await grid.meterStored(meter, 0), grid.meter(meter, 0)];
    expect(station?.total).toBe(5);
    expect(station?.byMeter.slice(0, 3)).toEqual([4, 1, 0]);
    expect(station?.byStep.slice(0, 6)).toEqual([1, 2, 0, 1, 1, 0]);
    expect(detail).toMatchObject({ meter, station: 7, firstStep: 0 });
    expect(detail.unixSeconds).toHaveLength(40);
    expect(readings?.wh.map((wh, i) => (wh === null ? null : wh - (detail.trueWh[i] ?? 0))).slice(0, 6)).toEqual([0, 0, null, 0, 1, null]);
    grid.close();
  });

  test('questions wait for each other, and too many are refused', async () => {
    const store = new StoredReadings({ clock: systemClock, file: join(work, 'readings.duckdb') });
    const ask = (): Promise<unknown> => store.meter({ meter: 1, fromUnixSeconds: 0, toUnixSeconds: 4_000_000_000, rowsMax: 10 });
    const answers = await Promise.allSettled(Array.from({ length: 30 }, ask));
    expect(answers.filter(({ status }) => status === 'fulfilled').length).toBeGreaterThanOrEqual(8);
    expect(answers.filter((answer) => answer.status === 'rejected').map((answer) => (answer as PromiseRejectedResult).reason.name)).toEqual(Array.from({ length: 22 }, () => 'BusyError'));
    await expect(ask()).resolves.toBeDefined();
    store.close();
  });

  test('a file that is none is said to be so, without its place', async () => {
    const file = join(work, 'broken.duckdb');
    writeFileSync(file, 'no database at all');
    const store = new StoredReadings({ clock: systemClock, file });
    const asked = store.meter({ meter: 1, fromUnixSeconds: 0, toUnixSeconds: 1, rowsMax: 1 });
    await expect(asked).rejects.toMatchObject({ name: 'BusyError' });
    await expect(asked).rejects.toThrow(/can't be read now/);
    await expect(asked).rejects.not.toThrow(work);
  });
});
