import { describe, expect, it } from 'vitest';
import { plain, range } from '../concentrator/small-site.fixture.ts';
import { dateTime, enumeration, NULL_DATA, u32, unsigned } from './data-values.ts';
import { EVENTS_MAX } from './device-changes.ts';
import { CLOCK, DAY, DISCONNECTOR, FRAUD, logOf, RELAY, shown, smallMeters, STANDARD } from './small-meters.fixture.ts';

describe('logs and alarms', () => {
  it('have what happens by itself, pairwise, in order, the same whenever they are read', () => {
    const { site, objects, view } = smallMeters();
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
    expect(site.meterKind.changes.size).toBe(0);
  });

  it('have each event from its very second on', () => {
    const { site, objects, view } = smallMeters();
    let events = 0;
    for (let meter = 0; meter < 72; meter++) {
      for (const log of [STANDARD, FRAUD]) {
        site.now = site.timeOf(287);
        const all = logOf(objects, view(meter), log);
        site.meterKind.history.events(meter, log === STANDARD ? 0 : 1, { after: 0, to: site.now }, (_code, at) => {
          for (const now of [at - 1, at]) {
            site.now = now;
            expect(logOf(objects, view(meter), log)).toEqual(all.filter(([time]) => time <= shown(now)));
          }
          events++;
        });
      }
    }
    expect(events).toBeGreaterThan(200);
  });

  it('are the same in one look as in several', () => {
    const { site } = smallMeters();
    const { history } = site.meterKind;
    const from = site.timeOf(0) - 30 * DAY;
    const look = (meter: number, after: number, to: number): string[] => {
      const found: string[] = [];
      for (const log of [0, 1]) history.events(meter, log, { after, to }, (code, at) => found.push(`${log} ${at} ${code}`));
      return found;
    };
    for (let meter = 0; meter < 72; meter++) {
      const parts = Array.from({ length: 60 }, (_, i) => look(meter, from + i * 50_000, from + (i + 1) * 50_000));
      expect(parts.flat().toSorted()).toEqual(look(meter, from, from + 60 * 50_000).toSorted());
    }
  });

  it('say when the clock was adjusted, as the status of the rows does', () => {
    const { site, objects, view } = smallMeters();
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
    const { site, objects, view } = smallMeters();
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
    const { site, objects, view } = smallMeters();
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
    const { site, objects, view } = smallMeters();
    site.now = site.timeOf(10);
    objects.set(view(9), CLOCK, 2, dateTime(site.now + 5000, 60));
    objects.invoke(view(9), RELAY, 1);
    const rows = (from: number, to: number): unknown => plain(objects.get(view(9), DISCONNECTOR, 2, range(from, to)).data ?? NULL_DATA);
    expect(rows(site.now + 5000, site.now + 5000)).toHaveLength(1);
    expect(rows(site.now - 100, site.now + 100)).toEqual([]);
  });

  it('raise alarms until they are reset', () => {
    const { site, objects, view } = smallMeters();
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
    const { site, objects, view } = smallMeters();
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
    const { site, objects, view } = smallMeters();
    site.now = site.timeOf(287);
    for (let meter = 0; meter < 30; meter++) {
      const downs = logOf(objects, view(meter), STANDARD).filter(([, code]) => code === 1).length;
      expect(objects.value(view(meter), '0.0.96.7.21')).toBe(downs);
      expect(objects.value(view(meter), '0.0.96.7.9')).toBeLessThanOrEqual(downs);
    }
  });
});
