import { describe, expect, it } from 'vitest';
import type { Data } from '../../protocol/dlms/data/data.ts';
import { plain } from '../concentrator/small-site.fixture.ts';
import { array, boolean, dateTime, enumeration, integer, long, longUnsigned, name, NULL_DATA, octets, structure, text, u32, unsigned } from './data-values.ts';
import { operateRelay, SUPPLY } from './relay-bank.ts';
import { CLOCK, DAY, DISCONNECTOR, logOf, RELAY, shown, smallMeters, STANDARD } from './small-meters.fixture.ts';

describe('clock', () => {
  it('is right at the start, and drifts as its crystal does', () => {
    const { site, objects, view } = smallMeters();
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
    const { site, objects, view } = smallMeters();
    const at = site.timeOf(20) + 7;
    site.now = at;
    const before = logOf(objects, view(5), STANDARD).length;
    const old = view(5).clock;
    expect(objects.set(view(5), CLOCK, 2, dateTime(at + 3600, 60))).toBe(0);
    expect(objects.value(view(5), CLOCK)).toBe(shown(at + 3600));
    expect(logOf(objects, view(5), STANDARD).slice(before)).toEqual([[shown(old), 4], [shown(at + 3600), 5]]);
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
    const { site, objects, view } = smallMeters();
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
    const { site, objects, view } = smallMeters();
    expect(objects.set(view(5), CLOCK, 2, value)).toBe(result);
    expect(view(5).clock).toBe(site.now);
  });

  it('adjusts itself to quarter, period, minute, a preset time, and by seconds', () => {
    const { site, objects, view } = smallMeters({ behaviour: { intervalSeconds: 3600 } });
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
    const { site, objects, view } = smallMeters();
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
    const { site, objects, view } = smallMeters();
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
    const { site, objects, view } = smallMeters();
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
    expect(objects.set(view(9), schedule, 4, times([[24, 15, 0, 0], [255, 255, 255, 255, 5]]))).toBe(250);
    expect(objects.set(view(9), schedule, 2, structure([name('0.0.10.0.106.255'), longUnsigned(3)]))).toBe(250);
  });

  it('carries out what was due before its schedule was changed', () => {
    const { site, objects, view } = smallMeters();
    site.now = site.timeOf(0);
    const at = (hour: number): Data => array([structure([octets(Uint8Array.of(hour, 0, 0, 0)), octets(Uint8Array.of(255, 255, 255, 255, 255))])]);
    objects.set(view(9), '0.0.15.0.1', 4, at(3));
    site.now = site.timeOf(0) + 5 * 3600;
    objects.set(view(9), '0.0.15.0.1', 4, at(20));
    expect(objects.value(view(9), RELAY, 3)).toBe(0);
  });
});

describe('what operators write', () => {
  it('is read again, and only from the meter it was written to', () => {
    const { site, objects, view } = smallMeters();
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
    const { site, objects, view } = smallMeters();
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
    const { site, objects, view } = smallMeters();
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
    const { objects, view } = smallMeters();
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
    const { site, objects, view } = smallMeters();
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
    const { objects, view } = smallMeters({ meter: { push: (...push) => asked.push(push) < 3 } });
    expect(objects.invoke(view(20), '0.0.25.9.0', 1)).toBe(0);
    expect(objects.invoke(view(20), '0.0.10.0.108', 1, longUnsigned(2))).toBe(0);
    expect(objects.invoke(view(20), '0.4.25.9.0', 1)).toBe(2);
    expect(asked).toEqual([[20, 1, 'interval'], [20, 1, 'alarm'], [20, 1, 'alarm']]);
    const silent = smallMeters();
    expect(silent.objects.invoke(silent.view(20), '0.0.25.9.0', 1)).toBe(2);
  });
});

describe('every attribute', () => {
  it.each([
    ['in 1970', 0, 60],
    ['in 1970, west of Greenwich', 0, -720],
    ['at the end of u32', 4_290_000_000, 840],
    ['in the middle of a leap year', Date.UTC(2024, 1, 29, 12) / 1000, 345],
  ])('can be read %s', (_when, unixSeconds, offsetMinutes) => {
    const { site, objects, view } = smallMeters({ behaviour: { start: { unixSeconds, offsetMinutes } } });
    for (const now of [unixSeconds, site.timeOf(287) + 899, site.timeOf(600)]) {
      site.now = now;
      for (const object of objects.list) {
        const obis = [...object.logicalName].slice(0, 5).join('.');
        for (const { id } of object.attributes) expect([obis, id, objects.get(view(13), obis, id).result]).toEqual([obis, id, 0]);
      }
    }
  });
});
