import { describe, expect, it } from 'vitest';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BUNDLED_PATTERNS } from '../scenario/bundled-names.ts';
import { lowTariffNeed } from './bundled-patterns.ts';
import { calendarYear } from './calendar.ts';
import { paperGrid } from './paper-grid.fixture.ts';
import { PatternError } from './pattern-error.ts';
import { loadPatterns } from './patterns.ts';
import type { Pattern } from './topology.ts';

function load(pattern: string): Pattern {
  const [loaded] = loadPatterns(paperGrid('small', { grid: { consumption: [{ pattern, share: 1, annualWh: 1 }] } }));
  if (loaded === undefined) throw new Error('no pattern');
  return loaded;
}

/** Curve and energy of a day, day 0 = 1 January. */
function on(pattern: Pattern, year: number, day: number): { curve: Float64Array; energy: number } {
  const days = pattern.days(year);
  const curve = pattern.curves[days.curve[day] ?? -1];
  if (curve === undefined) throw new Error('no curve');
  return { curve, energy: days.energy[day] ?? NaN };
}

function at(curve: Float64Array, clock: string): number {
  return curve[Number(clock.slice(0, 2)) * 4 + Number(clock.slice(3)) / 15] ?? NaN;
}

function mean(values: Iterable<number>): number {
  const list = [...values];
  return list.reduce((a, b) => a + b, 0) / list.length;
}

function slotOfMax(curve: Float64Array): string {
  const slot = curve.indexOf(Math.max(...curve));
  return `${String(Math.floor(slot / 4)).padStart(2, '0')}:${String((slot % 4) * 15).padStart(2, '0')}`;
}

// 2013: 15 January is a Tuesday, 19 a Saturday, 20 a Sunday; 16 July (day 196) is a Tuesday.
const [WINTER_TUESDAY, WINTER_SATURDAY, WINTER_SUNDAY, SUMMER_TUESDAY] = [14, 18, 19, 196] as const;

describe('VDEW patterns against published values (VDEW M-32/99)', () => {
  const h0 = load('vdew-h0');

  it('winter workday', () => {
    const { curve } = on(h0, 2013, WINTER_TUESDAY);
    expect(curve[0]).toBe(67.6);
    expect(at(curve, '03:45')).toBe(Math.min(...curve));
    expect(Math.min(...curve)).toBeCloseTo(38.3, 1);
    expect(slotOfMax(curve)).toBe('19:30');
    expect(Math.max(...curve)).toBeCloseTo(188.9, 1);
    expect(mean(curve)).toBeCloseTo(106.5, 2);
  });

  it('winter Saturday and Sunday', () => {
    const saturday = on(h0, 2013, WINTER_SATURDAY).curve;
    expect(saturday[0]).toBe(70.84);
    expect(slotOfMax(saturday)).toBe('19:00');
    expect(Math.max(...saturday)).toBeCloseTo(213.2, 1);
    const sunday = on(h0, 2013, WINTER_SUNDAY).curve;
    expect(slotOfMax(sunday)).toBe('12:00');
    expect(Math.max(...sunday)).toBeCloseTo(211.8, 1);
  });

  it('summer workday', () => {
    const { curve } = on(h0, 2013, SUMMER_TUESDAY);
    expect(slotOfMax(curve)).toBe('19:45');
    expect(Math.max(...curve)).toBeCloseTo(170.6, 1);
    expect(mean(curve)).toBeCloseTo(117.25, 2);
  });

  it('sums of 2023 for a nominal 1000 kWh, static and without holidays, as they were computed from the same tables elsewhere', () => {
    const { season } = calendarYear(2023);
    const sumKwh = (name: string): number => {
      const { curves } = load(name);
      let sum = 0;
      for (let day = 0; day < 365; day++) {
        const weekday = new Date(Date.UTC(2023, 0, 1 + day)).getUTCDay();
        const dayType = weekday === 0 ? 2 : weekday === 6 ? 1 : 0;
        sum += (mean(curves[(season[day] ?? 0) * 3 + dayType] ?? []) * 24) / 1000;
      }
      return sum;
    };
    const expected = { 'vdew-h0': 998.57, 'vdew-g0': 1017.64, 'vdew-g1': 1040.25, 'vdew-l0': 999.93 };
    for (const [name, kwh] of Object.entries(expected)) expect(sumKwh(name), name).toBeCloseTo(kwh, 1);
  });

  it('the day function: F(1) = 1.242, least 0.785 on day 202, F(365) = 1.257; on H0 alone', () => {
    const factors = (pattern: Pattern): number[] => {
      const { curve, energy } = pattern.days(2013);
      return Array.from(energy, (e, day) => e / (96 * mean(pattern.curves[curve[day] ?? -1] ?? [])));
    };
    const f = factors(h0);
    expect(f[0]).toBeCloseTo(1.242, 3);
    expect(f[364]).toBeCloseTo(1.257, 3);
    expect(Math.min(...f)).toBeCloseTo(0.785, 3);
    expect(f.indexOf(Math.min(...f))).toBe(201);
    for (const name of ['vdew-g0', 'vdew-l2']) for (const factor of factors(load(name))) expect(factor).toBeCloseTo(1, 12);
    for (const name of ['bdew-h25', 'bdew-p25', 'bdew-s25']) expect(factors(load(name))[0], name).toBeCloseTo(1.242, 3);
    for (const name of ['bdew-g25', 'bdew-l25']) expect(factors(load(name))[0], name).toBeCloseTo(1, 12);
  });
});

describe('BDEW patterns', () => {
  it('have a curve for each month and type of day', () => {
    const h25 = load('bdew-h25');
    expect(h25.curves).toHaveLength(36);
    expect(on(h25, 2013, WINTER_SATURDAY).curve.slice(0, 4)).toEqual(Float64Array.of(22.152, 20.809, 19.757, 18.889));
    expect(on(h25, 2013, SUMMER_TUESDAY).curve).toBe(h25.curves[6 * 3]);
    const range = (pattern: Pattern): number[] => [
      Math.min(...pattern.curves.map((curve) => Math.min(...curve))),
      Math.max(...pattern.curves.map((curve) => Math.max(...curve))),
    ];
    expect(range(h25).map((v) => v.toFixed(1))).toEqual(['14.6', '50.6']);
    expect(range(load('bdew-p25')).map((v) => v.toFixed(1))).toEqual(['4.3', '65.6']);
    expect(range(load('bdew-s25')).map((v) => v.toFixed(1))).toEqual(['0.8', '105.8']);
  });
});

describe('own shapes', () => {
  it('a boiler rests outside its hours, direct heating at 08, 11, 16 and 19', () => {
    const boiler = on(load('boiler'), 2013, 0).curve;
    expect(at(boiler, '12:00')).toBe(0);
    expect(at(boiler, '23:00')).toBeGreaterThan(0);
    const heating = on(load('heating'), 2013, 0).curve;
    for (const clock of ['08:30', '11:15', '16:45', '19:00']) expect(at(heating, clock)).toBe(0);
    expect(at(heating, '09:00')).toBeGreaterThan(0);
  });

  it('heating follows the temperature: most in January, its base alone in July, without jumps', () => {
    for (const name of ['heating', 'heat-pump']) {
      for (const year of [2013, 2024]) {
        const { energy } = load(name).days(year);
        const total = energy.reduce((a, b) => a + b);
        const middle = (month: number): number => energy[Math.round(month * 30.5 + 15)] ?? NaN;
        expect(middle(0) / middle(6)).toBeGreaterThan(8);
        expect(middle(0)).toBeGreaterThan(middle(3));
        expect(middle(3)).toBeGreaterThan(middle(4));
        expect((middle(6) * energy.length) / total).toBeGreaterThan(0.15);
        expect((middle(6) * energy.length) / total).toBeLessThan(0.25);
        for (let day = 1; day < energy.length; day++) {
          expect(Math.abs((energy[day] ?? 0) - (energy[day - 1] ?? 0))).toBeLessThan(0.03 * middle(0));
        }
      }
    }
  });

  it('street lighting burns longer in winter', () => {
    const lighting = load('street-lighting');
    const winter = on(lighting, 2013, 14);
    const summer = on(lighting, 2013, 196);
    const spring = on(lighting, 2013, 100);
    expect(winter.energy).toBeCloseTo(58, 6);
    expect(summer.energy).toBeCloseTo(28, 6);
    expect(spring.energy).toBeCloseTo(43, 6);
    expect([at(winter.curve, '18:00'), at(summer.curve, '18:00'), at(spring.curve, '18:00')]).toEqual([1, 0, 0.5]);
  });

  it('the rest are alike on all days', () => {
    for (const name of ['boiler', 'ev', 'ev-night', 'flat']) {
      const { curve, energy } = load(name).days(2024);
      expect(new Set(curve)).toEqual(new Set([0]));
      expect(new Set(energy).size).toBe(1);
    }
  });

  it('a low tariff is needed by what ripple control switches', () => {
    expect(BUNDLED_PATTERNS.filter((name) => lowTariffNeed(name) === 1)).toEqual(['boiler', 'ev-night']);
    expect(BUNDLED_PATTERNS.filter((name) => lowTariffNeed(name) === 2)).toEqual(['heating', 'heat-pump']);
    expect(lowTariffNeed('/home/someone/boiler.csv')).toBe(0);
  });
});

describe('loadPatterns', () => {
  it('holds its contract for every bundled name', () => {
    for (const name of BUNDLED_PATTERNS) {
      const pattern = load(name);
      expect(pattern.name).toBe(name);
      for (const curve of pattern.curves) {
        expect(curve).toHaveLength(96);
        expect(curve.every((value) => value >= 0 && Number.isFinite(value))).toBe(true);
        expect(mean(curve)).toBeGreaterThan(0);
      }
      for (const year of [1999, 2024]) {
        const { curve, energy } = pattern.days(year);
        expect([curve.length, energy.length]).toEqual(year === 2024 ? [366, 366] : [365, 365]);
        expect(Math.max(...curve)).toBeLessThan(pattern.curves.length);
        expect(energy.every((e) => e > 0 && Number.isFinite(e))).toBe(true);
      }
    }
  });

  it('is parallel to the consumption list', () => {
    expect(loadPatterns(paperGrid('small')).map((pattern) => pattern.name)).toEqual(['vdew-h0', 'boiler', 'heating', 'vdew-g0']);
  });

  it('reads a CSV file by its path and reports a bad or absent one', () => {
    const folder = mkdtempSync(join(tmpdir(), 'patterns-'));
    try {
      const file = join(folder, 'mine.csv');
      writeFileSync(file, Array.from({ length: 96 }, (_, i) => i).join('\n'));
      const mine = load(file);
      expect(mine.name).toBe(file);
      expect(on(mine, 2013, 5)).toEqual({ curve: Float64Array.from({ length: 96 }, (_, i) => i), energy: 4560 });
      writeFileSync(file, '1,2,3');
      expect(() => load(file)).toThrow(`${file}:1: found 3 numbers; allowed: 96 numbers, one a quarter hour`);
      writeFileSync(file, '0,'.repeat(3 * 2 ** 20));
      expect(() => load(file)).toThrow('found 6291456 bytes; allowed: a readable CSV file of at most 4 MiB');
      expect(() => load(join(folder, 'none.csv'))).toThrow(PatternError);
      expect(() => load(folder + '.csv')).toThrow(/ENOENT.*; allowed: a readable CSV file/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('takes an unknown name for a programmer’s error', () => {
    expect(() => load('vdew-x9')).toThrow('a pattern is a bundled name or a CSV file');
  });
});
