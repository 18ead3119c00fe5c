import { describe, expect, it } from 'vitest';
import type { Data } from '../../protocol/dlms/data/data.ts';
import { Objects, plain, range, type Site, type SiteChanges, smallSite, STATION_METERS } from '../concentrator/small-site.fixture.ts';
import { array, boolean, dateTime, enumeration, integer, long, longUnsigned, name, NULL_DATA, octets, structure, text, u32, unsigned } from './data-values.ts';
import { DeviceChanges, EVENTS_MAX, RESETS_MAX, VALUE_BYTES_MAX, VALUES_BYTES_MAX, VALUES_MAX } from './device-changes.ts';
import { meterObjects } from './meter-objects.ts';
import { MeterView } from './meter-view.ts';
import { operateRelay, SUPPLY } from './relay-bank.ts';

const CLOCK = '0.0.1.0.0';
const RELAY = '0.0.96.3.10';
const STANDARD = '0.0.99.98.0';
const FRAUD = '0.0.99.98.1';
const DISCONNECTOR = '0.0.99.98.2';
const DAY = 86_400;

function metersOf(changes: SiteChanges = {}): { site: Site; objects: Objects<MeterView>; view: (meter: number) => MeterView } {
  const site = smallSite({ allUp: true, ...changes });
  const objects = new Objects(meterObjects(site.meterKind));
  return {
    site,
    objects,
    view: (meter) => new MeterView({ meter, station: Math.floor(meter / STATION_METERS), sap: 16, kind: site.meterKind }),
  };
}

const shown = (unixSeconds: number): string => plain(dateTime(unixSeconds, 60)) as string;
const logOf = (objects: Objects<MeterView>, meter: MeterView, obis: string): [string, number][] =>
  plain(objects.get(meter, obis, 2).data ?? NULL_DATA) as [string, number][];
/** What was logged since `before`. */
const since = (objects: Objects<MeterView>, meter: MeterView, obis: string, before: number): [string, number][] =>
  logOf(objects, meter, obis).slice(before);

describe('clock', () => {
  it('is right at the start, and drifts as its crystal does', () => {
    const { site, objects, view } = metersOf();
    const ahead = (meter: number): number => view(meter).clock - site.now;
    for (let meter = 0; meter < 72; meter++) expect(ahead(meter)).toBe(0);
    expect(objects.value(view(3), CLOCK)).toBe(shown(site.now));
    site.now += 300 * DAY;
    const aheads = Array.from({ length: 72 }, (_, meter) => ahead(meter));
    for (let meter = 0; meter < 72; meter++) expect(aheads[meter]).toBe(Math.trunc(view(meter).driftPpm * 0.3 * 86.4));
    expect(Math.max(...aheads)).toBeGreaterThan(300);
    expect(Math.min(...aheads)).toBeLessThan(-300);
    expect(Math.max(...aheads.map(Math.abs))).toBeLessThanOrEqual(519);
    expect(site.meterKind.changes.size).toBe(0);
  });

  it('is set, goes on drifting from there, and logs a greater shift with both times', () => {
    const { site, objects, view } = metersOf();
    const at = site.timeOf(20) + 7;
    site.now = at;
    const before = logOf(objects, view(5), STANDARD).length;
    const old = view(5).clock;
    expect(objects.set(view(5), CLOCK, 2, dateTime(at + 3600, 60))).toBe(0);
    expect(objects.value(view(5), CLOCK)).toBe(shown(at + 3600));
    expect(since(objects, view(5), STANDARD, before)).toEqual([[shown(old), 4], [shown(at + 3600), 5]]);
    site.now += 100 * DAY;
    expect(view(5).clock - site.now).toBe(3600 + Math.trunc(view(5).driftPpm * 8.64));
    expect(view(6).clock - site.now).not.toBe(view(5).clock - site.now);
    // In another deviation, and without one.
    expect(objects.set(view(5), CLOCK, 2, dateTime(site.now, 0))).toBe(0);
    expect(view(5).clock).toBe(site.now);
    const bytes = (dateTime(site.now, 60) as { value: Uint8Array }).value.slice();
    bytes.set([0x80, 0], 9);
    expect(objects.set(view(5), CLOCK, 2, { type: 'date-time', value: bytes })).toBe(0);
    expect(view(5).clock).toBe(site.now);
    // Registers do not care.
    expect(objects.value(view(5), '1.0.1.8.0')).toBe(site.truth.register(5, 0, site.now));
  });

  it('logs no small shift', () => {
    const { site, objects, view } = metersOf();
    const before = logOf(objects, view(5), STANDARD).length;
    expect(objects.set(view(5), CLOCK, 2, dateTime(site.now + 9, 60))).toBe(0);
    expect(view(5).clock).toBe(site.now + 9);
    expect(logOf(objects, view(5), STANDARD)).toHaveLength(before);
  });

  it.each([
    ['a number', u32(1), 12],
    ['too short', octets(new Uint8Array(11)), 250],
    ['no date', octets(Uint8Array.from([7, 221, 13, 1, 255, 0, 0, 0, 0, 255, 196, 0])), 250],
    ['a pattern', octets(Uint8Array.from([255, 255, 1, 1, 255, 0, 0, 0, 0, 255, 196, 0])), 250],
    ['long ago', dateTime(86_400 * 365 * 25, 0), 250],
    ['far ahead', dateTime(86_400 * 365 * 140, 0), 250],
  ] as const)('is not set to %s', (_what, value, result) => {
    const { site, objects, view } = metersOf();
    expect(objects.set(view(5), CLOCK, 2, value)).toBe(result);
    expect(view(5).clock).toBe(site.now);
  });

  it('adjusts itself to quarter, period, minute, a preset time, and by seconds', () => {
    const { site, objects, view } = metersOf({ behaviour: { intervalSeconds: 3600 } });
    const set = (offset: number): void => {
      site.now = site.timeOf(3);
      objects.set(view(5), CLOCK, 2, dateTime(site.now + offset, 60));
    };
    const offset = (): number => view(5).clock - site.timeOf(3);
    for (const [method, from, to] of [[1, 449, 0], [1, 451, 900], [1, -450, 0], [2, 1799, 0], [2, 1800, 3600], [3, 29, 0], [3, 31, 60]] as const) {
      set(from);
      expect(objects.invoke(view(5), CLOCK, method)).toBe(0);
      expect([method, from, offset()]).toEqual([method, from, to]);
    }
    set(0);
    expect(objects.invoke(view(5), CLOCK, 6, long(-900))).toBe(0);
    expect(offset()).toBe(-900);
    expect(objects.invoke(view(5), CLOCK, 6, long(901))).toBe(250);
    expect(objects.invoke(view(5), CLOCK, 6, integer(1))).toBe(12);
    expect(offset()).toBe(-900);
    expect(objects.invoke(view(5), CLOCK, 4)).toBe(250);
    const preset = [5000, -3600, 3600].map((seconds) => dateTime(site.now + seconds, 60));
    expect(objects.invoke(view(5), CLOCK, 5, structure(preset))).toBe(0);
    expect(objects.invoke(view(5), CLOCK, 5, structure(preset.slice(1)))).toBe(12);
    set(4000);
    expect(objects.invoke(view(5), CLOCK, 4)).toBe(250);
    set(-3600);
    expect(objects.invoke(view(5), CLOCK, 4)).toBe(0);
    expect(offset()).toBe(5000);
    expect(objects.value(view(5), CLOCK, 3)).toBe(-60);
  });
});

describe('relay', () => {
  it('is switched by method and by script, and logs what it did', () => {
    const { site, objects, view } = metersOf();
    site.now = site.timeOf(4);
    const state = (meter: number): unknown[] => [2, 3, 4].map((attribute) => objects.value(view(meter), RELAY, attribute));
    expect(state(9)).toEqual([true, 1, 4]);
    expect(objects.invoke(view(9), RELAY, 1)).toBe(0);
    expect(state(9)).toEqual([false, 0, 4]);
    expect(state(10)).toEqual([true, 1, 4]);
    expect(objects.value(view(9), '0.1.96.3.10', 3)).toBe(1);
    site.now += 60;
    expect(objects.invoke(view(9), RELAY, 1)).toBe(0);
    expect(objects.invoke(view(9), '0.0.10.0.106', 1, longUnsigned(2))).toBe(0);
    expect(state(9)).toEqual([true, 1, 4]);
    const clock = (at: number): string => shown(at + view(9).clock - site.now);
    expect(logOf(objects, view(9), DISCONNECTOR)).toEqual([[clock(site.timeOf(4)), 62], [clock(site.timeOf(4) + 60), 63]]);
    expect(objects.value(view(9), '0.0.96.11.2')).toBe(63);
    expect(objects.value(view(9), '0.0.96.15.2')).toBe(2);
    expect(objects.invoke(view(9), '0.0.10.0.106', 1, longUnsigned(3))).toBe(4);
    expect(objects.invoke(view(9), '0.0.10.0.106', 1, integer(1))).toBe(12);
  });

  it('takes the modes that there are; mode 0 connects', () => {
    const { site, objects, view } = metersOf();
    site.now = site.timeOf(4);
    for (let mode = 0; mode <= 6; mode++) {
      expect(objects.set(view(9), RELAY, 4, enumeration(mode))).toBe(0);
      expect(objects.value(view(9), RELAY, 4)).toBe(mode);
    }
    expect(objects.set(view(9), RELAY, 4, enumeration(7))).toBe(250);
    expect(objects.set(view(9), RELAY, 4, unsigned(1))).toBe(12);
    objects.set(view(9), RELAY, 4, enumeration(1));
    objects.invoke(view(9), RELAY, 1);
    objects.invoke(view(9), RELAY, 2);
    expect(objects.value(view(9), RELAY, 3)).toBe(2);
    expect(objects.value(view(9), RELAY, 2)).toBe(false);
    expect(operateRelay(view(9), SUPPLY, 'manual-reconnect')).toBe(true);
    expect(objects.value(view(9), RELAY, 3)).toBe(1);
    objects.invoke(view(9), RELAY, 1);
    objects.set(view(9), RELAY, 4, enumeration(0));
    expect(objects.value(view(9), RELAY, 3)).toBe(1);
    expect(objects.value(view(9), '0.1.96.3.10', 4)).toBe(4);
  });

  it('is switched by its schedule, at the time that is due, though nobody looked then', () => {
    const { site, objects, view } = metersOf();
    const schedule = '0.0.15.0.1';
    site.now = site.timeOf(4);
    const times = (...of: readonly (readonly [number[], number[]])[]): Data =>
      array(of.map(([time, date]) => structure([octets(Uint8Array.from(time)), octets(Uint8Array.from(date))])));
    // 16 January 2013, a Wednesday, 06:30.
    expect(objects.set(view(9), schedule, 4, times([[6, 30, 0, 0], [0x07, 0xdd, 1, 16, 255]]))).toBe(0);
    const due = Date.UTC(2013, 0, 16, 5, 30) / 1000;
    site.now = due - 1;
    expect(objects.value(view(9), RELAY, 3)).toBe(1);
    site.now = due + 4000;
    expect(objects.value(view(9), RELAY, 3)).toBe(0);
    expect(logOf(objects, view(9), DISCONNECTOR)).toEqual([[shown(due + view(9).clock - site.now), 62]]);
    objects.invoke(view(9), RELAY, 2);
    site.now += 50 * DAY;
    expect(objects.value(view(9), RELAY, 3)).toBe(1);
    // Each Friday at 20:15, reconnect; seen first in the log.
    objects.invoke(view(9), RELAY, 1);
    site.now = Date.UTC(2013, 3, 1) / 1000;
    expect(objects.set(view(9), schedule, 2, structure([name('0.0.10.0.106.255'), longUnsigned(2)]))).toBe(0);
    expect(objects.set(view(9), schedule, 4, times([[20, 15, 0, 0], [255, 255, 255, 255, 5]]))).toBe(0);
    site.now = Date.UTC(2013, 3, 5, 19, 14, 59) / 1000;
    expect(objects.value(view(9), RELAY, 3)).toBe(0);
    site.now += 1;
    expect(logOf(objects, view(9), DISCONNECTOR).at(-1)?.[1]).toBe(63);
    expect(objects.value(view(9), RELAY, 3)).toBe(1);
    expect(objects.set(view(9), schedule, 4, times([[20, 15, 0], [255, 255, 255, 255, 5]]))).toBe(250);
    expect(objects.set(view(9), schedule, 2, structure([name('0.0.10.0.106.255'), longUnsigned(3)]))).toBe(250);
  });

  it('carries out what was due before its schedule was changed', () => {
    const { site, objects, view } = metersOf();
    site.now = site.timeOf(0);
    const at = (hour: number): Data => array([structure([octets(Uint8Array.of(hour, 0, 0, 0)), octets(Uint8Array.of(255, 255, 255, 255, 255))])]);
    objects.set(view(9), '0.0.15.0.1', 4, at(3));
    site.now = site.timeOf(0) + 5 * 3600;
    objects.set(view(9), '0.0.15.0.1', 4, at(20));
    expect(objects.value(view(9), RELAY, 3)).toBe(0);
  });
});

describe('logs and alarms', () => {
  it('have what happens by itself, pairwise, in order, the same whenever they are read', () => {
    const { site, objects, view } = metersOf();
    site.now = site.timeOf(287);
    const codes = new Map<number, number>();
    for (let meter = 0; meter < 72; meter++) {
      const events = [...logOf(objects, view(meter), STANDARD), ...logOf(objects, view(meter), FRAUD)];
      for (const [, code] of events) codes.set(code, (codes.get(code) ?? 0) + 1);
      expect(logOf(objects, view(meter), DISCONNECTOR)).toEqual([]);
    }
    const count = (code: number): number => codes.get(code) ?? 0;
    // 72 meters in 123 days: about 148 power failures and 6 covers or magnets.
    expect(count(1)).toBeGreaterThan(100);
    expect(count(1)).toBeLessThan(200);
    expect(Math.abs(count(1) - count(2))).toBeLessThanOrEqual(1);
    expect(count(4)).toBe(count(5));
    expect(count(42) + count(44)).toBeGreaterThan(0);
    const late = logOf(objects, view(7), STANDARD);
    site.now = site.timeOf(100);
    const early = logOf(objects, view(7), STANDARD);
    expect(late.slice(0, early.length)).toEqual(early);
    expect(site.meterKind.changes.size).toBe(0);
  });

  it('say when the clock was adjusted, as the status of the rows does', () => {
    const { site, objects, view } = metersOf();
    let adjusted = 0;
    for (let meter = 0; meter < 72; meter++) {
      const steps = Array.from({ length: 288 }, (_, step) => step).filter((step) => (site.truth.status(meter, site.timeOf(step)) & 0x20) !== 0);
      for (const step of steps) {
        site.now = site.timeOf(step);
        const events = logOf(objects, view(meter), STANDARD).filter(([, code]) => code === 4 || code === 5);
        expect(events.length).toBeGreaterThanOrEqual(2);
        site.now = site.timeOf(step) - 900;
        expect(logOf(objects, view(meter), STANDARD).filter(([, code]) => code === 5).length).toBe(events.length / 2 - 1);
        adjusted++;
      }
    }
    expect(adjusted).toBeGreaterThan(3);
  });

  it('are cleared on request, which is logged', () => {
    const { site, objects, view } = metersOf();
    site.now = site.timeOf(20);
    objects.invoke(view(9), RELAY, 1);
    let meter = 0;
    while (logOf(objects, view(meter), STANDARD).length < 2) meter++;
    expect(objects.invoke(view(meter), STANDARD, 1)).toBe(0);
    expect(logOf(objects, view(meter), STANDARD).map(([, code]) => code)).toEqual([255]);
    expect(objects.invoke(view(9), FRAUD, 1)).toBe(0);
    expect(logOf(objects, view(9), DISCONNECTOR)).toHaveLength(1);
    site.now += 400 * DAY;
    expect(logOf(objects, view(meter), STANDARD)[0]?.[1]).toBe(255);
    expect(logOf(objects, view(meter), STANDARD).length).toBeGreaterThan(3);
  });

  it('hold their last entries only', () => {
    const { site, objects, view } = metersOf();
    for (let i = 0; i < 70; i++) {
      site.now = site.timeOf(0) + i;
      objects.invoke(view(9), RELAY, 1 + (i % 2));
    }
    expect(logOf(objects, view(9), DISCONNECTOR)).toHaveLength(EVENTS_MAX);
    expect(logOf(objects, view(9), DISCONNECTOR).at(-1)).toEqual([shown(site.now), 63]);
    expect(objects.value(view(9), DISCONNECTOR, 7)).toBe(EVENTS_MAX);
    site.now = site.timeOf(0) + 6000 * DAY;
    expect(logOf(objects, view(9), STANDARD)).toHaveLength(100);
  });

  it('give ranges by the time that is shown', () => {
    const { site, objects, view } = metersOf();
    site.now = site.timeOf(10);
    objects.set(view(9), CLOCK, 2, dateTime(site.now + 5000, 60));
    objects.invoke(view(9), RELAY, 1);
    const rows = (from: number, to: number): unknown => plain(objects.get(view(9), DISCONNECTOR, 2, range(from, to)).data ?? NULL_DATA);
    expect(rows(site.now + 5000, site.now + 5000)).toHaveLength(1);
    expect(rows(site.now - 100, site.now + 100)).toEqual([]);
  });

  it('raise alarms until they are reset', () => {
    const { site, objects, view } = metersOf();
    site.now = site.timeOf(200) + 10 * DAY;
    const descriptor = '0.0.97.98.20';
    let meter = 0;
    while (objects.value(view(meter), descriptor) === 0) meter++;
    expect(objects.value(view(meter), descriptor)).toBe(0b100);
    expect(objects.set(view(meter), descriptor, 2, u32(0b1100))).toBe(0);
    expect(objects.value(view(meter), descriptor)).toBe(0b100);
    expect(objects.set(view(meter), descriptor, 2, u32(0))).toBe(0);
    expect(objects.value(view(meter), descriptor)).toBe(0);
    expect(objects.set(view(meter), descriptor, 2, unsigned(0))).toBe(12);
    expect(objects.set(view(meter), RELAY, 4, enumeration(2))).toBe(0);
    site.now += 1;
    objects.set(view(meter), RELAY, 4, enumeration(3));
    expect(objects.value(view(meter), descriptor)).toBe(0b10000);
    expect(objects.set(view(meter), '0.0.97.98.10', 2, u32(0b100))).toBe(0);
    expect(objects.value(view(meter), descriptor)).toBe(0);
    site.now += 300 * DAY;
    expect(objects.value(view(meter), descriptor)).toBe(0b100);
  });

  it('show a cover that is open right now', () => {
    const { site, objects, view } = metersOf();
    const { history } = site.meterKind;
    let found = 0;
    for (let meter = 0; meter < 72; meter++) {
      const events: [number, number][] = [];
      history.events(meter, 1, { after: 0, to: site.timeOf(0) + 400 * DAY }, (code, at) => events.push([code, at]));
      for (let i = 0; i + 1 < events.length; i += 2) {
        const [begin, end] = [events[i]?.[1] ?? 0, events[i + 1]?.[1] ?? 0];
        expect(end).toBeGreaterThan(begin);
        for (const [at, bits] of [[begin - 1, 0], [begin, 1 << 13], [end - 1, 1 << 13], [end, 0]] as const) {
          site.now = at;
          expect([meter, at, objects.value(view(meter), '0.0.97.98.0')]).toEqual([meter, at, bits]);
        }
        found++;
      }
    }
    expect(found).toBeGreaterThan(5);
  });

  it('count power failures', () => {
    const { site, objects, view } = metersOf();
    site.now = site.timeOf(287);
    for (let meter = 0; meter < 30; meter++) {
      const downs = logOf(objects, view(meter), STANDARD).filter(([, code]) => code === 1).length;
      expect(objects.value(view(meter), '0.0.96.7.21')).toBe(downs);
      expect(objects.value(view(meter), '0.0.96.7.9')).toBeLessThanOrEqual(downs);
    }
  });
});

describe('what operators write', () => {
  it('is read again, and only from the meter it was written to', () => {
    const { site, objects, view } = metersOf();
    site.now = site.timeOf(3);
    const message = text('Odečet v úterý'.normalize('NFD').replaceAll(/[^\x20-\x7e]/g, ''));
    expect(objects.set(view(9), '0.0.96.13.0', 2, message)).toBe(0);
    expect(objects.value(view(9), '0.0.96.13.0')).toBe(plain(message));
    expect(objects.value(view(10), '0.0.96.13.0')).toBe('');
    expect(objects.set(view(9), '0.0.96.13.0', 2, octets(new Uint8Array(1025)))).toBe(250);
    expect(objects.set(view(9), '0.0.96.13.0', 2, u32(1))).toBe(12);
    expect(objects.value(view(9), '0.0.96.13.0')).toBe(plain(message));
    expect(site.meterKind.changes.size).toBe(1);
  });

  it('activates a calendar at once, or when its time has come', () => {
    const { site, objects, view } = metersOf();
    const calendar = '0.0.13.0.0';
    site.now = site.timeOf(3);
    const names = (meter: number): unknown => objects.value(view(meter), calendar, 2);
    const days = (meter: number): unknown => objects.value(view(meter), calendar, 5);
    const own = days(9);
    const time = (hour: number): Data => octets(Uint8Array.of(hour, 0, 0, 0));
    const passive = array([structure([unsigned(1), array([structure([time(0), name('0.0.10.0.100.255'), longUnsigned(2)])])])]);
    expect(objects.set(view(9), calendar, 6, text('SUMMER'))).toBe(0);
    expect(objects.set(view(9), calendar, 9, passive)).toBe(0);
    expect(objects.set(view(9), calendar, 9, array([structure([unsigned(1), array([NULL_DATA])])]))).toBe(12);
    expect(objects.set(view(9), calendar, 2, text('X'))).toBe(-1);
    expect(names(9)).toBe(plain(text('SCENARIO')));
    expect(objects.invoke(view(9), calendar, 1)).toBe(0);
    expect([names(9), days(9)]).toEqual([plain(text('SUMMER')), plain(passive)]);
    expect(days(9)).not.toEqual(own);
    expect(names(10)).toBe(plain(text('SCENARIO')));
    expect(logOf(objects, view(9), STANDARD).map(([, code]) => code).slice(-2)).toEqual([19, 9]);
    objects.set(view(9), calendar, 6, text('WINTER'));
    expect(objects.set(view(9), calendar, 10, dateTime(view(9).clock + 3600, 60))).toBe(0);
    site.now += 3599;
    expect(names(9)).toBe(plain(text('SUMMER')));
    site.now += 2;
    expect(names(9)).toBe(plain(text('WINTER')));
    // Which rate counts is the scenario's all the same.
    expect(objects.value(view(9), '0.0.96.14.0')).toBe(site.meterKind.quantities.activeRate(9, site.now));
  });

  it('has a calendar that switches as the registers do', () => {
    const { site, objects, view } = metersOf();
    for (let meter = 0; meter < 12; meter++) {
      const [[, actions]] = objects.value(view(meter), '0.0.13.0.0', 5) as [[number, [string, string, number][]]];
      expect(actions[0]?.[0]).toBe('00000000');
      for (let minute = 0; minute < 1440; minute += 11) {
        site.now = site.timeOf(0) + minute * 60;
        const running = actions.filter(([time]) => Number.parseInt(time.slice(0, 2), 16) * 60 + Number.parseInt(time.slice(2, 4), 16) <= minute);
        expect(running.at(-1)?.[2]).toBe(objects.value(view(meter), '0.0.96.14.0'));
      }
    }
  });

  it('keeps special days by their index', () => {
    const { objects, view } = metersOf();
    const days = '0.0.11.0.0';
    const day = (index: number, id: number): Data => structure([longUnsigned(index), octets(Uint8Array.of(255, 255, 12, 24, 255)), unsigned(id)]);
    for (const entry of [day(1, 1), day(2, 2), day(1, 3)]) expect(objects.invoke(view(9), days, 1, entry)).toBe(0);
    expect(objects.value(view(9), days)).toEqual([plain(day(2, 2)), plain(day(1, 3))]);
    expect(objects.invoke(view(9), days, 2, longUnsigned(2))).toBe(0);
    expect(objects.value(view(9), days)).toEqual([plain(day(1, 3))]);
    expect(objects.invoke(view(9), days, 1, unsigned(1))).toBe(12);
    for (let index = 2; index <= 64; index++) objects.invoke(view(9), days, 1, day(index, 1));
    expect(objects.invoke(view(9), days, 1, day(65, 1))).toBe(250);
    expect(objects.value(view(9), days)).toHaveLength(64);
  });

  it('limits in an emergency of one of its groups, as long as it lasts', () => {
    const { site, objects, view } = metersOf();
    const limiter = '0.0.17.0.0';
    site.now = site.timeOf(5);
    const active = (): unknown[] => [3, 10].map((attribute) => objects.value(view(9), limiter, attribute));
    expect(active()).toEqual([17_250, false]);
    expect(objects.set(view(9), limiter, 4, u32(5000))).toBe(0);
    expect(objects.set(view(9), limiter, 8, structure([longUnsigned(7), dateTime(view(9).clock + 100, 60), u32(600)]))).toBe(0);
    site.now += 100;
    expect(active()).toEqual([5000, false]);
    expect(objects.set(view(9), limiter, 9, array([longUnsigned(6), longUnsigned(7)]))).toBe(0);
    expect(active()).toEqual([1000, true]);
    site.now += 599;
    expect(active()).toEqual([1000, true]);
    site.now += 1;
    expect(active()).toEqual([5000, false]);
    expect(objects.set(view(9), limiter, 10, boolean(true))).toBe(-1);
    expect(objects.value(view(9), '0.0.96.11.2')).toBe(67);
  });

  it('asks the simulator for a push', () => {
    const asked: unknown[] = [];
    const { objects, view } = metersOf({ meter: { push: (...push) => asked.push(push) < 3 } });
    expect(objects.invoke(view(20), '0.0.25.9.0', 1)).toBe(0);
    expect(objects.invoke(view(20), '0.0.10.0.108', 1, longUnsigned(2))).toBe(0);
    expect(objects.invoke(view(20), '0.4.25.9.0', 1)).toBe(2);
    expect(asked).toEqual([[20, 1, 'interval'], [20, 1, 'alarm'], [20, 1, 'alarm']]);
    const silent = metersOf();
    expect(silent.objects.invoke(silent.view(20), '0.0.25.9.0', 1)).toBe(2);
  });
});

describe('changes of a device', () => {
  it('are bounded', () => {
    const change = new DeviceChanges().touch(1);
    for (let i = 0; i < 1000; i++) {
      change.addEvent({ log: i % 3, code: i % 256, at: 1_358_000_000 + i, shown: 1_358_000_000 - i });
      change.addReset(i);
    }
    expect(change.events).toHaveLength(EVENTS_MAX);
    expect(change.events.at(-1)).toEqual({ log: 0, code: 999 % 256, at: 1_358_000_999, shown: 1_357_999_001 });
    expect(change.resets).toHaveLength(RESETS_MAX);
    expect(change.setValue('a', new Uint8Array(VALUE_BYTES_MAX + 1))).toBe(false);
    expect(change.value('a')).toBeNull();
    for (let i = 0; i < VALUES_MAX; i++) expect(change.setValue(`v${i}`, new Uint8Array(8))).toBe(true);
    expect(change.setValue('one more', new Uint8Array(1))).toBe(false);
    let bytes = VALUES_MAX * 8;
    for (let i = 0; bytes + VALUE_BYTES_MAX - 8 <= VALUES_BYTES_MAX; i++) {
      expect(change.setValue(`v${i}`, new Uint8Array(VALUE_BYTES_MAX))).toBe(true);
      bytes += VALUE_BYTES_MAX - 8;
    }
    expect(change.setValue('v50', new Uint8Array(VALUE_BYTES_MAX))).toBe(false);
    expect(change.setValue('v0', new Uint8Array(1))).toBe(true);
    expect(change.setValue('v50', new Uint8Array(VALUE_BYTES_MAX))).toBe(true);
    change.deleteValue('v1');
    expect(change.value('v1')).toBeNull();
    expect(change.setValue('one more', new Uint8Array(1))).toBe(true);
  });

  it('keep a copy of what was written', () => {
    const change = new DeviceChanges().touch(1);
    const bytes = Uint8Array.of(1, 2, 3);
    change.setValue('a', bytes);
    bytes.fill(0);
    expect(change.value('a')).toEqual(Uint8Array.of(1, 2, 3));
  });
});
