import { build } from 'hdr-histogram-js';
import { describe, expect, test } from 'vitest';
import { Auditor } from '../audit/auditor.ts';
import type { StepCounts } from '../audit/step-series.ts';
import { packageFile } from '../base/package-root.ts';
import { parseScenario } from '../grid/scenario/parse.ts';
import type { Scenario } from '../grid/scenario/scenario.ts';
import type { ReadingSource } from '../reading/source.ts';
import { ReadingBatch } from '../reading/batch.ts';
import { DELAY_RANGE } from '../simulator/delay-log.ts';
import { kpiOf, onDemandKpi, storageDelays, type StorageDelays } from './compose-kpi.ts';
import { Distribution } from './distribution.ts';
import { buildSegment, type SegmentGrid } from './segment.ts';

function scenarioOf(...sets: readonly string[]): Scenario {
  const parsed = parseScenario({ file: packageFile('scenarios', 'stress.yaml'), sets: ['grid.stations=9', 'grid.meters=400', 'behaviour.steps=220', 'network.links=ignored', ...sets] });
  if (!parsed.ok) throw new Error(parsed.errors.map(String).join('\n'));
  return parsed.scenario;
}

interface Sent {
  readonly meter: number;
  readonly measured: number;
  readonly sentAt: number;
}

function sentRows({ plan, scenario }: SegmentGrid): readonly Sent[] {
  const rows: Sent[] = [];
  for (let station = plan.fromStation; station < plan.toStation; station++) {
    plan.seek(station, 0);
    for (let sentAt = 0; sentAt < scenario.behaviour.steps; sentAt++) {
      plan.step(station);
      const { current, currentCount, lateMeter, lateStep, lateCount } = plan.rows;
      for (let i = 0; i < currentCount; i++) rows.push({ meter: current[i] ?? 0, measured: sentAt, sentAt });
      for (let i = 0; i < lateCount; i++) rows.push({ meter: lateMeter[i] ?? 0, measured: lateStep[i] ?? 0, sentAt });
    }
  }
  return rows;
}

function sourceOf(grid: SegmentGrid, rows: readonly Sent[]): ReadingSource {
  const { truth, scenario } = grid;
  const { start, intervalSeconds } = scenario.behaviour;
  return {
    async *batches() {
      const batch = new ReadingBatch(rows.length);
      for (const { meter, measured } of rows) {
        const time = start.unixSeconds + measured * intervalSeconds;
        batch.push({ meter, channel: 0, time, value: truth.register(meter, 0, time), status: truth.status(meter, time) });
      }
      yield batch;
    },
  };
}

async function seriesOf(grid: SegmentGrid, stored: readonly Sent[]): Promise<StepCounts> {
  const all = new Uint32Array(grid.stations.count).fill(grid.scenario.behaviour.steps);
  const ledger = { sent: all, confirmed: all, complete: true, confirms: true };
  return (await new Auditor({ ...grid, ledger }).run(sourceOf(grid, stored))).series;
}

/** Seconds by 06:00 of the next day, by the calendar. */
function secondsLeft(scenario: Scenario, measured: number): number {
  const { start, intervalSeconds } = scenario.behaviour;
  const local = start.unixSeconds + start.offsetMinutes * 60 + measured * intervalSeconds;
  const day = new Date((local - 1) * 1000);
  return Date.UTC(day.getUTCFullYear(), day.getUTCMonth(), day.getUTCDate() + 1, 6) / 1000 - local;
}

const NO_TIME = new Distribution([0], [1]);
const AT_ONCE: StorageDelays = { way: NO_TIME, whole: NO_TIME };

describe.each(['2013-01-15T00:00:00+01:00', '2013-01-15T17:37:00-03:30'])('KPIs of a grid that starts at %s', (start) => {
  const grid = buildSegment(scenarioOf(`behaviour.start=${start}`), { index: 0, count: 1 });
  const { scenario } = grid;
  const { behaviour } = scenario;
  const sent = sentRows(grid);
  const stored = sent.filter(({ meter, measured }) => (meter * 31 + measured) % 50 !== 0);

  test('count every reading as one would by hand, lost ones as not in time', async () => {
    const series = await seriesOf(grid, stored);
    for (const machineSeconds of [0, 100, 900, 4000, 30_000]) {
      const delays = { way: NO_TIME, whole: new Distribution([machineSeconds], [1]) };
      const kpi = kpiOf(behaviour, series, delays);
      const share = (limit: (row: Sent) => number, rows: readonly Sent[] = stored, taken = machineSeconds): number =>
        rows.filter((row) => (row.sentAt - row.measured) * behaviour.intervalSeconds + taken < limit(row)).length / sent.length;
      expect(kpi?.storedSameInterval).toBeCloseTo(share(() => 900), 12);
      expect(kpi?.storedWithin1h).toBeCloseTo(share(() => 3600), 12);
      expect(kpi?.storedWithin24h).toBeCloseTo(share(() => 86_400), 12);
      expect(kpi?.storedBy06).toBeCloseTo(share((row) => secondsLeft(scenario, row.measured)), 12);
      expect(kpi?.possible.storedBy06).toBeCloseTo(share((row) => secondsLeft(scenario, row.measured), sent, 0), 12);
      expect(kpi?.possible.storedWithin1h).toBeCloseTo(share(() => 3600, sent, 0), 12);
    }
    // The scenario has readings of all kinds, or this would show nothing.
    const kpi = kpiOf(behaviour, series, AT_ONCE);
    expect(kpi?.storedBy06).toBeLessThan(0.975);
    expect(kpi?.storedWithin1h).toBeLessThan(kpi?.storedWithin24h ?? 0);
  });

  test('weigh a machine that is slow now and then', async () => {
    const series = await seriesOf(grid, sent);
    const at = (seconds: number): number => kpiOf(behaviour, series, { way: NO_TIME, whole: new Distribution([seconds], [1]) })?.storedBy06 ?? 0;
    const mixed = kpiOf(behaviour, series, { way: NO_TIME, whole: new Distribution([10, 20_000], [3, 1]) });
    expect(mixed?.storedBy06).toBeCloseTo(0.75 * at(10) + 0.25 * at(20_000), 12);
  });

  test('are not known when nobody knows when readings were stored, or nothing was planned', async () => {
    const series = await seriesOf(grid, sent);
    expect(kpiOf(behaviour, series, { way: NO_TIME, whole: null })).toBeNull();
    const empty = Object.fromEntries(Object.entries(series).map(([name, values]) => [name, (values as Float64Array).map(() => 0)]));
    expect(kpiOf(behaviour, empty as unknown as StepCounts, AT_ONCE)).toBeNull();
  });
});

describe('reads on demand', () => {
  const delays = build(DELAY_RANGE);
  for (let ms = 1; ms <= 100; ms++) delays.recordValue(ms);

  test('are measured in time of the grid', () => {
    const kpi = onDemandKpi({ answered: 100, failed: 3, delays }, 96);
    expect(kpi).toEqual({ onDemandReadP95Seconds: 9.12, onDemandReads: 103, onDemandFailed: 3 });
  });

  test('of which none was answered have no time; at max, and without any, nothing is known', () => {
    expect(onDemandKpi({ answered: 0, failed: 3, delays: build(DELAY_RANGE) }, 96)).toEqual({ onDemandReadP95Seconds: null, onDemandReads: 3, onDemandFailed: 3 });
    const none = { onDemandReadP95Seconds: null, onDemandReads: null, onDemandFailed: null };
    expect(onDemandKpi({ answered: 100, failed: 3, delays }, 'max')).toEqual(none);
    expect(onDemandKpi(null, 96)).toEqual(none);
  });

  test('stay when a store is audited again, whose other KPIs are new', async () => {
    const grid = buildSegment(scenarioOf(), { index: 0, count: 1 });
    const sent = sentRows(grid);
    const before = kpiOf(grid.scenario.behaviour, await seriesOf(grid, sent), AT_ONCE, onDemandKpi({ answered: 100, failed: 3, delays }, 96));
    const again = kpiOf(grid.scenario.behaviour, await seriesOf(grid, sent.slice(0, 1000)), AT_ONCE, before ?? undefined);
    expect(again).toMatchObject({ onDemandReadP95Seconds: 9.12, onDemandReads: 103, onDemandFailed: 3 });
    expect(again?.storedWithin24h).toBeLessThan(before?.storedWithin24h ?? 0);
  });
});

describe('what a reading waits beside the plan', () => {
  const histogram = (...values: readonly number[]) => {
    const all = build(DELAY_RANGE);
    for (const value of values) all.recordValue(value);
    return all;
  };
  const facts = (more: { readonly sets: readonly string[]; readonly stored: number | null; readonly confirmed?: boolean }) =>
    storageDelays({
      scenario: scenarioOf(...more.sets),
      confirmed: more.confirmed ?? true,
      // 2 s late, confirmed after 30 s.
      histograms: { lateness: histogram(20_000), confirmation: histogram(300_000) },
      arrivalToStore: more.stored === null ? null : histogram(more.stored),
      links: [],
    });
  const longest = (distribution: Distribution | null): number => distribution?.percentiles().max ?? Number.NaN;

  test('is lateness and storing, times the speed', () => {
    const { way, whole } = facts({ sets: ['speed=10', 'behaviour.spread=0 s'], stored: 5000 });
    expect(longest(way)).toBe(0);
    expect(longest(whole)).toBeCloseTo(70, 0);
  });

  test('is nothing at max but the place in the step', () => {
    const { way, whole } = facts({ sets: ['speed=max', 'behaviour.spread=5 min'], stored: 5000 });
    expect(whole).toBe(way);
    expect(way.percentiles().mean).toBeCloseTo(150, 6);
    expect(longest(way)).toBeLessThan(300);
  });

  test('a pull has no place in the step', () => {
    expect(longest(facts({ sets: ['speed=max', 'behaviour.spread=5 min', 'behaviour.communication=pull'], stored: 0 }).way)).toBe(0);
  });

  test('of a head-end that can not be looked into, what is confirmed counts as stored', () => {
    const sets = ['speed=10', 'behaviour.spread=0 s'];
    expect(longest(facts({ sets, stored: null }).whole)).toBeCloseTo(320, 0);
    expect(facts({ sets, stored: null, confirmed: false }).whole).toBeNull();
  });
});
