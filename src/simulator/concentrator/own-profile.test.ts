import { describe, expect, it } from 'vitest';
import type { PlannedRows } from '../../grid/plan/plan.ts';
import { PushTimes } from '../../grid/plan/push-time.ts';
import { ReadingBatch } from '../../reading/batch.ts';
import { AxdrReader } from '../../protocol/dlms/data/axdr-reader.ts';
import { decodeDateTime, emptyDateTime } from '../../protocol/dlms/data/date-time.ts';
import { MeterRows } from '../../protocol/dlms/push/meter-rows.ts';
import { NO_DATE_TIME, integer, longUnsigned, name, NULL_DATA, structure, u32 } from '../meter/data-values.ts';
import { FoundRows } from '../meter/profile.ts';
import { PushMessages } from '../push-messages.ts';
import { ConcentratorView } from './concentrator-view.ts';
import { newestReadings, ownProfile, READINGS_NAME } from './own-profile.ts';
import { CLOCK_COLUMN, entries, Objects, plain, range, type Site, type SiteChanges, smallSite, STATIONS } from './small-site.fixture.ts';

const PROFILE = '1.0.99.1.0';

interface Reading {
  readonly meter: number;
  readonly channel: number;
  readonly time: number;
  readonly value: number;
  readonly status: number;
}

function profileOf(changes: SiteChanges = {}): { site: Site; objects: Objects<ConcentratorView>; view: (station: number) => ConcentratorView } {
  const site = smallSite(changes);
  const objects = new Objects([ownProfile(site.concentratorKind, new FoundRows()), newestReadings()]);
  return { site, objects, view: (station) => new ConcentratorView({ station, kind: site.concentratorKind }) };
}

/** The rows of a buffer, read as a head-end reads them. */
function rowsIn(buffer: Uint8Array): { times: number[]; readings: Reading[] } {
  const reader = new AxdrReader();
  reader.reset(buffer, 0, buffer.length);
  expect(reader.u8()).toBe(1);
  const rows = reader.length();
  const batch = new ReadingBatch(100_000);
  const meters = new MeterRows();
  const times: number[] = [];
  for (let i = 0; i < rows; i++) {
    expect([reader.u8(), reader.u8(), reader.u8(), reader.u8()]).toEqual([2, 2, 9, 12]);
    const time = emptyDateTime();
    expect(decodeDateTime(reader.bytes, reader.skip(12), time, 0)).toBe('date-time');
    expect(time.offsetMinutes).toBe(60);
    expect(meters.read(reader, false)).toBeNull();
    expect(meters.append(batch, time.unixSeconds)).toBe(true);
    times.push(time.unixSeconds);
  }
  expect(reader.left).toBe(0);
  expect(reader.failure).toBeNull();
  return { times, readings: Array.from({ length: batch.length }, (_, i) => batch.row(i)) };
}

const line = ({ meter, channel, time, value, status }: Reading): string => `${time} ${meter} ${channel} ${value} ${status}`;

/** What the plan sends of a step at the step itself, with the truth's registers, as the push would. */
function pushedNow(site: Site, rows: PlannedRows, step: number): string[] {
  const { scenario, truth } = site;
  const channels = scenario.behaviour.registers === 'total' ? [0] : [0, 1, 2];
  const time = site.timeOf(step);
  return [...rows.current.subarray(0, rows.currentCount)].flatMap((meter) =>
    channels.map((channel) =>
      line({ meter, channel, time, value: truth.register(meter, channel, time), status: truth.status(meter, time) }),
    ),
  );
}

describe('own profile of a concentrator', () => {
  it.each(['total', 'per-tariff'] as const)('has in each row what a push sends at that step, registers %s', (registers) => {
    const { site, objects, view } = profileOf({ behaviour: { registers } });
    const plan = site.plan();
    let readings = 0;
    for (let step = 0; step < 96; step++) {
      site.now = site.timeOf(step);
      for (let station = 0; station < STATIONS; station++) {
        const up = plan.step(station);
        const found = rowsIn(objects.bytes(view(station), PROFILE, 2, range(site.now, site.now)));
        expect(found.times).toEqual([site.now]);
        // The plan sends nothing while the link is down; the row is there nevertheless, for later.
        if (!up) continue;
        expect(found.readings.map(line).sort()).toEqual(pushedNow(site, plan.rows, step).sort());
        readings += found.readings.length;
      }
    }
    expect(readings).toBeGreaterThan(1000);
  });

  it.each(['total', 'per-tariff'] as const)('has the very bytes that a push carries, registers %s', (registers) => {
    const { site, objects, view } = profileOf({ behaviour: { registers } });
    const { scenario, stations, truth } = site;
    const plan = site.plan();
    const push = new PushMessages({ scenario, stations, truth, plan, times: new PushTimes(scenario) });
    let compared = 0;
    for (let step = 0; step < 30; step++) {
      site.now = site.timeOf(step);
      for (let station = 0; station < STATIONS; station++) {
        const outbox = { bytes: new Uint8Array(200_000), length: 0, flush: () => {} };
        push.play(station, outbox);
        // Nothing is sent while the link is down, and only late rows when all meters are.
        if (plan.rows.currentCount === 0) continue;
        const regular = outbox.bytes.subarray(0, 8 + (outbox.bytes[6] ?? 0) * 256 + (outbox.bytes[7] ?? 0));
        const row = objects.bytes(view(station), PROFILE, 2, entries(step + 1, 0, 2, 2)).subarray(4);
        expect(Buffer.from(regular.subarray(-row.length)).equals(row)).toBe(true);
        compared++;
      }
    }
    expect(compared).toBeGreaterThan(100);
  });

  it('keeps the rows of all steps up to now, and gives parts of them as they are', () => {
    const { site, objects, view } = profileOf();
    const byStep: string[][] = [];
    for (let step = 0; step < 50; step++) {
      site.now = site.timeOf(step);
      byStep.push(rowsIn(objects.bytes(view(2), PROFILE, 2, entries(step + 1, 0))).readings.map(line));
    }
    const stepsOf = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, i) => site.timeOf(from + i));
    const expectSteps = (selection: Parameters<typeof objects.bytes>[3], from: number, to: number): void => {
      const found = rowsIn(objects.bytes(view(2), PROFILE, 2, selection));
      expect(found.times).toEqual(stepsOf(from, to));
      expect(found.readings.map(line)).toEqual(byStep.slice(from, to + 1).flat());
    };
    expectSteps(null, 0, 49);
    expectSteps(range(site.timeOf(10), site.timeOf(20)), 10, 20);
    expectSteps(range(site.timeOf(10) + 1, site.timeOf(20) - 1), 11, 19);
    expectSteps(range(site.timeOf(45), site.timeOf(1000)), 45, 49);
    expectSteps(range(site.timeOf(-1000), site.timeOf(3)), 0, 3);
    expectSteps(range(site.timeOf(47), NO_DATE_TIME), 47, 49);
    expectSteps(range(NO_DATE_TIME, site.timeOf(2)), 0, 2);
    expectSteps(range(NULL_DATA, NULL_DATA), 0, 49);
    expectSteps(range(u32(site.timeOf(8)), u32(site.timeOf(9))), 8, 9);
    expectSteps(entries(1, 3), 0, 2);
    expectSteps(entries(49, 0), 48, 49);
    expectSteps(entries(40, 1000), 39, 49);
    expect(objects.value(view(2), PROFILE, 7)).toBe(50);
    expect(objects.value(view(2), PROFILE, 4)).toBe(900);
    expect(rowsIn(objects.bytes(view(2), PROFILE, 2, range(site.timeOf(20), site.timeOf(10)))).times).toEqual([]);
    expect(rowsIn(objects.bytes(view(2), PROFILE, 2, entries(51, 60))).times).toEqual([]);
  });

  it('forgets what is older than its memory, and has nothing before the run or beyond its end', () => {
    const { site, objects, view } = profileOf({ behaviour: { concentratorMemoryRows: 7, steps: 40 } });
    const times = (): number[] => rowsIn(objects.bytes(view(0), PROFILE, 2)).times;
    site.now = site.timeOf(0) - 1;
    expect(times()).toEqual([]);
    expect(objects.value(view(0), READINGS_NAME.replace('.255', ''), 2)).toBe('result 2');
    site.now = site.timeOf(20) + 899;
    expect(times()).toEqual([14, 15, 16, 17, 18, 19, 20].map((step) => site.timeOf(step)));
    site.now = site.timeOf(1000);
    expect(times().at(-1)).toBe(site.timeOf(39));
    expect(times()).toHaveLength(7);
    expect(objects.value(view(0), PROFILE, 8)).toBe(7);
  });

  it('names its columns, and gives them one by one', () => {
    const { site, objects, view } = profileOf();
    site.now = site.timeOf(3);
    expect(objects.value(view(0), PROFILE, 3)).toEqual([
      [8, '0000010000ff', 2, 0],
      [1, '0080600100ff', 2, 0],
    ]);
    const clocks = objects.get(view(0), PROFILE, 2, entries(1, 2, 1, 1));
    expect(clocks.data).toMatchObject({ type: 'array', value: [{ value: [{ type: 'octet-string' }] }, { value: [{ type: 'octet-string' }] }] });
    const readings = structure([longUnsigned(1), name(READINGS_NAME), integer(2), longUnsigned(0)]);
    const only = objects.get(view(0), PROFILE, 2, range(NULL_DATA, NULL_DATA, { selected: [readings] }));
    expect(only.data).toMatchObject({ value: { length: 4 } });
    expect((only.data as { value: readonly { value: readonly unknown[] }[] }).value[0]).toMatchObject({ value: [{ type: 'compact-array' }] });
    const turned = objects.get(view(0), PROFILE, 2, range(NULL_DATA, NULL_DATA, { selected: [readings, CLOCK_COLUMN] }));
    expect((turned.data as { value: readonly { value: readonly { type: string }[] }[] }).value[0]?.value.map(({ type }) => type)).toEqual([
      'compact-array',
      'octet-string',
    ]);
  });

  it('refuses what can’t be selected', () => {
    const { site, objects, view } = profileOf();
    site.now = site.timeOf(3);
    const result = (selection: Parameters<typeof objects.get>[3]): number => objects.get(view(0), PROFILE, 2, selection).result;
    const stranger = structure([longUnsigned(3), name('1.0.1.8.0.255'), integer(2), longUnsigned(0)]);
    const readings = structure([longUnsigned(1), name(READINGS_NAME), integer(2), longUnsigned(0)]);
    expect(result(range(0, 1, { column: stranger }))).toBe(250);
    const parts = [[7, '0.0.1.0.0.255', 2, 0], [8, '0.0.1.0.1.255', 2, 0], [8, '0.0.1.0.0.255', 3, 0], [8, '0.0.1.0.0.255', 2, 1]] as const;
    for (const [classId, obis, attribute, index] of parts) {
      const other = structure([longUnsigned(classId), name(obis), integer(attribute), longUnsigned(index)]);
      expect(result(range(0, 1, { column: other }))).toBe(250);
    }
    expect(result(range(u32(0), u32(1), { column: readings }))).toBe(250);
    expect(result(range(0, 1, { selected: [stranger] }))).toBe(250);
    expect(result(range(name('1.0.1.8.0.255'), NULL_DATA))).toBe(12);
    expect(result({ selector: 1, parameter: u32(0) })).toBe(12);
    expect(result({ selector: 3, parameter: u32(0) })).toBe(250);
    expect(result(entries(1, 0, 3, 0))).toBe(250);
    expect(result(entries(1, 0, 2, 1))).toBe(250);
    expect(result({ selector: 2, parameter: structure([u32(1), u32(0)]) })).toBe(12);
    const half = { type: 'float64', value: 1.5 } as const;
    expect(result({ selector: 2, parameter: structure([half, u32(0), longUnsigned(1), longUnsigned(0)]) })).toBe(12);
    expect(result(range({ type: 'float32', value: Number.NaN }, NULL_DATA))).toBe(250);
  });

  it('writes 64 bits for all registers of a row when one of them needs more than 32', () => {
    const { site, objects, view } = profileOf({ allUp: true, behaviour: { registers: 'per-tariff' } });
    // 15 years of 400 MWh and more.
    for (let i = 0; i < 3; i++) site.meters.annualWh[i] = 0xffffffff;
    const { readings } = rowsIn(objects.bytes(view(0), PROFILE, 2));
    expect(readings.filter(({ value }) => value >= 2 ** 32).length).toBeGreaterThan(0);
    const expected = readings.map(({ meter, channel, time }) => site.truth.register(meter, channel, time));
    expect(readings.map(({ value }) => value)).toEqual(expected);
    const { data } = objects.get(view(0), PROFILE, 2);
    expect(JSON.stringify(data, (_, v: unknown) => (typeof v === 'bigint' ? `${v}` : v))).toContain('long64-unsigned');
  });

  it('is answered by its newest row as a value, too', () => {
    const { site, objects, view } = profileOf();
    site.now = site.timeOf(30) + 100;
    const value = objects.bytes(view(1), '0.128.96.1.0', 2);
    const row = objects.bytes(view(1), PROFILE, 2, entries(31, 0, 2, 2));
    expect(Buffer.from(row).toString('hex')).toBe(`01010201${Buffer.from(value).toString('hex')}`);
  });

  it('tells who wants to know, and goes on in time before it answers', () => {
    const told: string[] = [];
    const { site, objects, view } = profileOf({
      concentrator: {
        observer: {
          asked: (station, from) => {
            told.push(`asked ${station} ${(from - site.timeOf(0)) / 900}`);
            site.now = site.timeOf(6);
          },
          answered: (station, readings) => told.push(`answered ${station} ${readings}`),
          repaired: () => told.push('repaired'),
        },
      },
    });
    site.now = site.timeOf(5);
    const { times, readings } = rowsIn(objects.bytes(view(4), PROFILE, 2, range(site.timeOf(3), site.timeOf(100))));
    expect(times).toEqual([3, 4, 5, 6].map((step) => site.timeOf(step)));
    expect(told).toEqual(['asked 4 3', `answered 4 ${readings.length}`]);
    objects.bytes(view(4), PROFILE, 2, range(site.timeOf(2), site.timeOf(3)));
    expect(told.slice(2)).toEqual(['asked 4 2']);
    objects.bytes(view(4), PROFILE, 2, entries(1, 2));
    objects.bytes(view(4), PROFILE, 7);
    objects.bytes(view(4), PROFILE, 2, range(site.timeOf(6), site.timeOf(9), { selected: [CLOCK_COLUMN] }));
    expect(told).toHaveLength(3);
    const { readings: all } = rowsIn(objects.bytes(view(4), PROFILE, 2));
    expect(told.slice(3)).toEqual([`answered 4 ${all.length}`]);
  });

  it('refuses an answer that is too long', () => {
    const { site, objects, view } = profileOf({ behaviour: { steps: 100_000, concentratorMemoryRows: 100_000 } });
    site.now = site.timeOf(99_999);
    expect(objects.get(view(0), PROFILE, 2).result).toBe(250);
    expect(rowsIn(objects.bytes(view(0), PROFILE, 2, entries(99_998, 0))).times).toHaveLength(3);
    expect(plain(objects.get(view(0), PROFILE, 7).data ?? NULL_DATA)).toBe(100_000);
  });
});
