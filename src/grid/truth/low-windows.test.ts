import { expect, it } from 'vitest';
import { activeSeconds, HIGH, LOW } from './low-windows.ts';

const WINDOWS = [
  { fromMinute: 0, toMinute: 10 },
  { fromMinute: 20, toMinute: 22 },
  { fromMinute: 1320, toMinute: 1440 },
];

it('gives each second to one rate', () => {
  for (const [from, to] of [[0, 900], [590, 610], [1100, 1500], [1200, 1320], [78_000, 86_400], [5000, 5000]] as const) {
    expect(activeSeconds(WINDOWS, LOW, { from, to }) + activeSeconds(WINDOWS, HIGH, { from, to })).toBe(to - from);
  }
});

it('counts the seconds of windows that begin, end or lie within', () => {
  expect(activeSeconds(WINDOWS, LOW, { from: 590, to: 610 })).toBe(10);
  expect(activeSeconds(WINDOWS, LOW, { from: 1100, to: 1500 })).toBe(120);
  expect(activeSeconds(WINDOWS, LOW, { from: 78_000, to: 86_400 })).toBe(7200);
  expect(activeSeconds(WINDOWS, HIGH, { from: 0, to: 86_400 })).toBe(86_400 - 600 - 120 - 7200);
});

it('is all high rate without windows', () => {
  expect(activeSeconds([], HIGH, { from: 100, to: 1000 })).toBe(900);
  expect(activeSeconds([], LOW, { from: 100, to: 1000 })).toBe(0);
});
