import { describe, expect, it } from 'vitest';
import { CLOCK_COLUMN, entries, type Objects, plain, range, type Site, STATION_METERS, STATIONS } from '../concentrator/small-site.fixture.ts';
import type { Data } from '../../protocol/dlms/data/data.ts';
import { dateTime, integer, longUnsigned, name, NO_DATE_TIME, NULL_DATA, structure, u32, unsigned } from './data-values.ts';
import type { MeterView } from './meter-view.ts';
import { DAY, smallMeters } from './small-meters.fixture.ts';

const LOAD = '1.0.99.1.0';

const hex = (data: Data): string => plain(data) as string;

/** By the definition: row t is held at step b when the meter was up at a step of t .. b, early enough for both memories. */
function heldSteps(site: Site, meter: number, now: number): number[] {
  const { meterMemoryRows, concentratorMemoryRows } = site.scenario.behaviour;
  const held: number[] = [];
  for (let t = 0; t <= now; t++) {
    let read = t;
    while (read <= now && !site.presence.meterUp(meter, read)) read++;
    if (read <= now && read - t < meterMemoryRows && now - t < concentratorMemoryRows) held.push(t);
  }
  return held;
}

function loadRow(site: Site, meter: number, step: number): readonly [string, number, number, number, number] {
  const time = site.timeOf(step);
  const { truth } = site;
  return [
    hex(dateTime(time, 60)),
    truth.status(meter, time),
    truth.register(meter, 0, time),
    truth.register(meter, 1, time),
    truth.register(meter, 2, time),
  ];
}

const rowsOf = (objects: Objects<MeterView>, meter: MeterView, selection: Parameters<typeof objects.get>[3] = null, obis = LOAD): unknown[][] =>
  plain(objects.get(meter, obis, 2, selection).data ?? NULL_DATA) as unknown[][];

describe('load profile', () => {
  it.each([
    ['ample memories', {}],
    ['a small meter', { meterMemoryRows: 4 }],
    ['a small concentrator', { concentratorMemoryRows: 11 }],
  ])('has the rows that the concentrator holds, with what the truth says: %s', (_name, behaviour) => {
    const { site, objects, view } = smallMeters({ allUp: false, behaviour });
    let rows = 0;
    let withheld = 0;
    for (let step = 0; step < 96; step += 5) {
      site.now = site.timeOf(step) + (step % 3) * 299;
      for (let meter = 0; meter < STATIONS * STATION_METERS; meter += 7) {
        const held = heldSteps(site, meter, step);
        expect(rowsOf(objects, view(meter))).toEqual(held.map((t) => loadRow(site, meter, t)));
        rows += held.length;
        withheld += step + 1 - held.length;
      }
    }
    expect(rows).toBeGreaterThan(500);
    expect(withheld).toBeGreaterThan(200);
  });

  it('gives ranges and entries as somebody who filters all rows would', () => {
    const { site, objects, view } = smallMeters({ allUp: false, seed: 21 });
    site.now = site.timeOf(120);
    for (const number of [0, 1, 2, 3, 14, 15]) {
      const meter = view(number);
      const steps = heldSteps(site, number, 120);
      const all = steps.map((t) => loadRow(site, number, t));
      const between = (from: number, to: number): unknown[] => all.filter((_, i) => site.timeOf(steps[i] ?? 0) >= from && site.timeOf(steps[i] ?? 0) <= to);
      const times = [-3, 0, 0.5, 1, 17, 17.001, 60, 119, 119.5, 120, 500].map((step) => Math.floor(site.timeOf(0) + step * 900));
      for (const from of times) {
        for (const to of times) {
          expect(rowsOf(objects, meter, range(from, to))).toEqual(between(from, to));
        }
        expect(rowsOf(objects, meter, range(from, NO_DATE_TIME))).toEqual(between(from, Infinity));
        expect(rowsOf(objects, meter, range(NULL_DATA, from))).toEqual(between(-Infinity, from));
      }
      for (const from of [0, 1, 2, 10, all.length, all.length + 1]) {
        for (const to of [0, 1, 5, 11, all.length, all.length + 9]) {
          const expected = all.slice(Math.max(0, from - 1), to === 0 ? undefined : to);
          expect(rowsOf(objects, meter, entries(from, to))).toEqual(expected);
          expect(rowsOf(objects, meter, entries(from, to, 2, 4))).toEqual(expected.map((row) => row.slice(1, 4)));
        }
      }
      expect(objects.value(meter, LOAD, 7)).toBe(all.length);
      expect(plain(objects.get(meter, LOAD, 6).data ?? NULL_DATA)).toEqual(plain(CLOCK_COLUMN));
    }
  });

  it('restricts by the value of a column, and selects columns in any order', () => {
    const { site, objects, view } = smallMeters();
    site.now = site.timeOf(90);
    const meter = view(9);
    const all = Array.from({ length: 91 }, (_, t) => loadRow(site, 9, t));
    const total = structure([longUnsigned(3), name('1.0.1.8.0.255'), integer(2), longUnsigned(0)]);
    const status = structure([longUnsigned(1), name('0.0.96.10.1.255'), integer(2), longUnsigned(0)]);
    const [from, to] = [all[30]?.[2] ?? 0, all[40]?.[2] ?? 0];
    expect(from).toBeLessThan(to);
    expect(rowsOf(objects, meter, range(u32(from), u32(to), { column: total }))).toEqual(all.filter((row) => row[2] >= from && row[2] <= to));
    expect(rowsOf(objects, meter, range(u32(from), NULL_DATA, { column: total }))).toEqual(all.filter((row) => row[2] >= from));
    expect(rowsOf(objects, meter, range(unsigned(1), unsigned(255), { column: status }))).toEqual(all.filter((row) => row[1] > 0));
    expect(rowsOf(objects, meter, range(site.timeOf(3), site.timeOf(5), { selected: [total, CLOCK_COLUMN] }))).toEqual(
      all.slice(3, 6).map((row) => [row[2], row[0]]),
    );
    expect(objects.get(meter, LOAD, 2, range(dateTime(0, 0), NULL_DATA, { column: total })).result).toBe(12);
  });

  it('understands times as clients write them', () => {
    const { site, objects, view } = smallMeters();
    site.now = site.timeOf(90);
    const meter = view(0);
    const bytes = (text: string): Data => ({ type: 'octet-string', value: new Uint8Array(Buffer.from(text.replaceAll(' ', ''), 'hex')) });
    const count = (from: Data, to: Data): number => rowsOf(objects, meter, range(from, to)).length;
    // 15 January 2013, 01:00 to 02:00 in UTC+1: five rows.
    expect(count(bytes('07DD 01 0F 02 01 00 00 00 FFC4 00'), bytes('07DD 01 0F 02 02 00 00 00 FFC4 00'))).toBe(5);
    // The same told in UTC, without weekday and hundredths.
    expect(count(bytes('07DD 01 0F FF 00 00 00 FF 0000 FF'), bytes('07DD 01 0F FF 01 00 00 FF 0000 FF'))).toBe(5);
    // Without deviation: the meter's own time.
    expect(count(bytes('07DD 01 0F FF 01 00 00 FF 8000 FF'), bytes('07DD 01 0F FF 02 00 00 FF 8000 FF'))).toBe(5);
    const tagged = (text: string): Data => ({ type: 'date-time', value: (bytes(text) as { value: Uint8Array }).value });
    expect(count(tagged('07DD 01 0F FF 01 00 00 00 FFC4 00'), tagged('07DD 01 0F FF 02 00 00 00 FFC4 00'))).toBe(5);
    expect(objects.get(meter, LOAD, 2, range(bytes('07DD 0D 0F FF 01 00 00 00 FFC4 00'), NULL_DATA)).result).toBe(250);
    expect(objects.get(meter, LOAD, 2, range(bytes('07DD 01'), NULL_DATA)).result).toBe(12);
    // The data index may come as any integer.
    const column = structure([longUnsigned(8), name('0.0.1.0.0.255'), integer(2), { type: 'long', value: 0 }]);
    expect(rowsOf(objects, meter, range(site.timeOf(1), site.timeOf(2), { column }))).toHaveLength(2);
  });

  it('can be read while the meter is out of reach, unlike what only the meter has', () => {
    const { site, objects, view } = smallMeters({ allUp: false });
    let step = 1;
    while (site.presence.meterUp(1, step)) step++;
    site.now = site.timeOf(step);
    expect(objects.get(view(1), LOAD, 2).result).toBe(0);
    for (const [obis, attribute] of [['1.0.1.8.0', 2], ['0.0.1.0.0', 2], ['1.0.99.2.0', 2], ['0.0.99.98.0', 2], ['0.0.96.3.10', 3]] as const) {
      expect(objects.get(view(1), obis, attribute).result).toBe(2);
    }
    expect(objects.value(view(1), '0.0.96.1.0')).toBe(Buffer.from('00000000001').toString('hex'));
    expect(objects.invoke(view(1), '0.0.96.3.10', 1)).toBe(2);
    expect(objects.set(view(1), '0.0.1.0.0', 2, dateTime(site.now, 60))).toBe(2);
    expect(site.meterKind.changes.size).toBe(0);
    while (!site.presence.meterUp(1, step)) step++;
    site.now = site.timeOf(step);
    expect(objects.get(view(1), '1.0.1.8.0', 2).result).toBe(0);
    expect(objects.invoke(view(1), '0.0.96.3.10', 1)).toBe(0);
  });

  it('can’t be reset, and tells who counts repairs', () => {
    const repaired: string[] = [];
    const observer = { asked: () => {}, answered: () => {}, repaired: (station: number, readings: number) => repaired.push(`${station} ${readings}`) };
    const { site, objects, view } = smallMeters({ meter: { observer }, behaviour: { registers: 'per-tariff' } });
    site.now = site.timeOf(10);
    expect(objects.find(LOAD).methods.map(({ access }) => access)).toEqual(['never', 'never']);
    rowsOf(objects, view(14), range(site.timeOf(2), site.timeOf(5)));
    objects.value(view(14), LOAD, 7);
    expect(repaired).toEqual(['1 12']);
  });
});

describe('daily and billing profile', () => {
  it('have the registers of midnights and of months', () => {
    const { site, objects, view } = smallMeters();
    site.now = site.timeOf(0) + 3 * DAY + 3600;
    const daily = rowsOf(objects, view(4), null, '1.0.99.2.0');
    expect(daily).toHaveLength(40);
    daily.forEach((row, i) => {
      const time = site.timeOf(0) + (3 - 39 + i) * DAY;
      const { truth, meterKind: { quantities } } = site;
      const registers = [0, 1, 2].map((channel) => truth.register(4, channel, time));
      expect(row).toEqual([hex(dateTime(time, 60)), truth.status(4, time), ...registers, quantities.exportWh(4, time)]);
    });
    const billing = rowsOf(objects, view(4), null, '0.0.98.1.0');
    // 1 January 2012 to 1 January 2013.
    const months = Array.from({ length: 13 }, (_, i) => Date.UTC(2012, i, 1) / 1000 - 3600);
    expect(billing.map((row) => row[0])).toEqual(months.map((time) => hex(dateTime(time, 60))));
    expect(billing.map((row) => row[1])).toEqual(months.map((time) => site.truth.register(4, 0, time)));
    expect(rowsOf(objects, view(4), range(months[11] ?? 0, NULL_DATA), '0.0.98.1.0')).toEqual(billing.slice(11));
  });

  it('ends a billing period when the script says so', () => {
    const { site, objects, view } = smallMeters();
    const at = site.timeOf(7) + 123;
    site.now = at;
    expect(objects.invoke(view(4), '0.0.10.0.0', 1, longUnsigned(1))).toBe(0);
    expect(objects.invoke(view(4), '0.0.10.0.0', 1, longUnsigned(2))).toBe(4);
    site.now = at + 5000;
    const billing = rowsOf(objects, view(4), null, '0.0.98.1.0');
    expect(billing).toHaveLength(13);
    expect(billing.at(-1)?.slice(0, 2)).toEqual([hex(dateTime(at, 60)), site.truth.register(4, 0, at)]);
    expect(rowsOf(objects, view(5), null, '0.0.98.1.0').at(-1)?.[0]).not.toBe(hex(dateTime(at, 60)));
  });
});
