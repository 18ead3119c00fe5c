import { describe, expect, test } from 'vitest';
import { hoverFormat, inUnit, nights, timeTicks, valueAxis } from './chart-axis.ts';

const START = Date.UTC(2013, 0, 14, 23) / 1000;
const threeDays = { kind: 'grid', from: START - 900, to: START + 287 * 900, offsetMinutes: 60 } as const;

describe('ticks of time', () => {
  test('of the grid stand on its own hours and name the day at midnight', () => {
    const ticks = timeTicks(threeDays, 13);
    expect(ticks.map(({ label }) => label).slice(0, 6)).toEqual(['00:00', '06:00', '12:00', '18:00', '00:00', '06:00']);
    expect(ticks.map(({ below }) => below).slice(0, 6)).toEqual(['Tue 15 Jan', '', '', '', 'Wed 16 Jan', '']);
    expect(ticks[0]?.at).toBe(START);
    expect(ticks).toHaveLength(12);
  });

  test.each([
    [1, 0],
    [4, 60],
    [288, 330],
    [3000, -210],
    [35_040, 60],
    [400_000, 0],
  ])('are few, rise and lie within, for %d steps and an offset of %d min', (steps, offsetMinutes) => {
    const axis = { kind: 'grid', from: START - 900, to: START + (steps - 1) * 900, offsetMinutes } as const;
    const ticks = timeTicks(axis, 10);
    expect(ticks.length).toBeGreaterThan(0);
    expect(ticks.length).toBeLessThanOrEqual(11);
    ticks.forEach(({ at }, i) => {
      expect(at).toBeGreaterThanOrEqual(axis.from);
      expect(at).toBeLessThanOrEqual(axis.to);
      if (i > 0) expect(at).toBeGreaterThan(ticks[i - 1]?.at ?? Infinity);
    });
  });

  test('for weeks stand on Mondays', () => {
    const labels = timeTicks({ ...threeDays, to: START + 3000 * 900 }, 10).map(({ label }) => label);
    expect(labels).toEqual(['Mon 21 Jan', 'Mon 28 Jan', 'Mon 4 Feb', 'Mon 11 Feb']);
  });

  test.each([
    [0.02, ['0 s', '5 ms', '10 ms', '15 ms', '20 ms']],
    [9.6, ['0 s', '2 s', '4 s', '6 s', '8 s']],
    [200, ['0 s', '1 min', '2 min', '3 min']],
  ])('of a run of %d s are round', (to, labels) => {
    expect(timeTicks({ kind: 'wall', from: 0, to }, 5).map(({ label }) => label)).toEqual(labels);
  });
});

describe('ticks of a stretch of a run that is looked at from near', () => {
  test.each([
    [1.21, 1.25, ['1.21 s', '1.22 s', '1.23 s', '1.24 s', '1.25 s']],
    [1.21, 1.226, ['1.21 s', '1.215 s', '1.22 s', '1.225 s']],
    [75, 75.8, ['1 min 15 s', '1 min 15.2 s', '1 min 15.4 s', '1 min 15.6 s', '1 min 15.8 s']],
    [3605, 3640, ['1 h 10 s', '1 h 20 s', '1 h 30 s', '1 h 40 s']],
    [86_400, 90_000, ['1 d', '1 d 15 min', '1 d 30 min', '1 d 45 min', '1 d 1 h']],
  ])('from %d s to %d s', (from, to, labels) => {
    expect(timeTicks({ kind: 'wall', from, to }, 5).map(({ label }) => label)).toEqual(labels);
  });

  test('no two are called the same', () => {
    for (const from of [0.3, 7.77, 59.9, 61, 3599, 7201, 86_399, 200_000]) {
      for (const span of [0.01, 0.13, 2.5, 40, 900, 50_000]) {
        const labels = timeTicks({ kind: 'wall', from, to: from + span }, 8).map(({ label }) => label);
        expect(new Set(labels).size, `${from} + ${span}: ${labels.join(', ')}`).toBe(labels.length);
      }
    }
  });
});

test('nights last from 22:00 to 06:00 of the grid', () => {
  const hours = nights(threeDays).map(({ from, to }) => [(from - START) / 3600, (to - START) / 3600]);
  expect(hours).toEqual([
    [-0.25, 6],
    [22, 30],
    [46, 54],
    [70, 71.75],
  ]);
  expect(nights({ kind: 'wall', from: 0, to: 1e5 })).toEqual([]);
  expect(nights({ ...threeDays, to: START + 400 * 86_400 })).toEqual([]);
});

describe('the axis of values', () => {
  const count = { lowest: 0, unit: 'meters', physical: false, whole: true, ticks: 4 };

  test('of counts has the prefix at the ticks', () => {
    const axis = valueAxis({ ...count, lowest: 92_300, highest: 100_000 });
    expect(axis.unit).toBe('meters');
    expect(axis.ticks.map(({ label }) => label)).toEqual(['92 k', '94 k', '96 k', '98 k', '100 k']);
  });

  test('of a physical quantity has it at the unit', () => {
    const axis = valueAxis({ ...count, highest: 64.6e6, unit: 'W', physical: true, whole: false });
    expect(axis.unit).toBe('MW');
    expect(axis.ticks.map(({ label }) => label)).toEqual(['0', '20', '40', '60', '80']);
  });

  test('of few things stands on whole numbers, and of none has room', () => {
    expect(valueAxis({ ...count, highest: 1 }).ticks.map(({ label }) => label)).toEqual(['0', '1']);
    const none = valueAxis({ ...count, highest: 0 });
    expect(none.to).toBeGreaterThan(none.from);
  });
});

test('quantities are written in the unit of their axis', () => {
  expect(inUnit(3.01e9, { unit: 'Wh', physical: true })).toBe('3.01 GWh');
  expect(inUnit(0, { unit: 'W', physical: true })).toBe('0 W');
  expect(hoverFormat(64.6e6, { unit: 'W', physical: true, whole: false })).toEqual({ factor: 1e6, unit: 'MW' });
  expect(hoverFormat(5, { unit: 'meters', physical: false, whole: true })).toEqual({ factor: 0, unit: 'meters' });
});
