import { describe, expect, it } from 'vitest';
import { generateMeters } from '../topology/meters.ts';
import { paperGrid } from '../topology/paper-grid.fixture.ts';
import { loadPatterns } from '../topology/patterns.ts';
import { segmentStations } from '../topology/segment.ts';
import { generateStations } from '../topology/stations.ts';
import type { Meters } from '../topology/topology.ts';
import { firstDay } from './civil-day.ts';
import { DAY, someMeters } from './small-truth.fixture.ts';
import { Truth } from './truth.ts';

const SCENARIO = paperGrid('small');
const PATTERNS = loadPatterns(SCENARIO);
const START = SCENARIO.behaviour.start.unixSeconds;
const COUNT = 10_000;

function truthOf(meters: Meters): Truth {
  return new Truth({ scenario: SCENARIO, meters, patterns: PATTERNS });
}

/** Wh of all meters together in each quarter hour of `days`, by place in the day. */
function meanDay(truth: Truth, days: readonly number[]): Float64Array {
  const load = new Float64Array(96);
  const before = new Float64Array(COUNT);
  const after = new Float64Array(COUNT);
  for (const day of days) {
    truth.registers(0, COUNT, 0, START + day * DAY, before);
    for (let slot = 0; slot < 96; slot++) {
      truth.registers(0, COUNT, 0, START + day * DAY + (slot + 1) * 900, after);
      for (let i = 0; i < COUNT; i++) load[slot]! += after[i]! - before[i]!;
      before.set(after);
    }
  }
  return load;
}

describe('meters of one category', () => {
  it.each([
    [0, 0],
    [1, 1],
    [2, 2],
    [3, 0],
  ])('follow their pattern (consumption %i, tariff %i)', (consumption, tariff) => {
    const truth = truthOf(someMeters(COUNT, { consumption, tariff, annualWh: 2_500_000 }));
    // Tuesday to Thursday of four weeks.
    const days = [0, 1, 2, 7, 8, 9, 14, 15, 16, 21, 22, 23];
    const load = meanDay(truth, days);
    const { curve, energy } = PATTERNS[consumption]!.days(2013);
    const yearSum = energy.reduce((a, b) => a + b);
    const expected = new Float64Array(96);
    for (const day of days) {
      const weights = PATTERNS[consumption]!.curves[curve[14 + day]!]!;
      const daySum = weights.reduce((a, b) => a + b);
      const dayWh = (COUNT * 2_500_000 * energy[14 + day]!) / yearSum;
      for (let slot = 0; slot < 96; slot++) expected[slot]! += (dayWh * weights[slot]!) / daySum;
    }
    for (let slot = 0; slot < 96; slot++) {
      // A home deviates by about 1.0 of the mean, so the mean of 120,000 home days by 0.3 %: the limit is five times that.
      expect(Math.abs(load[slot]! - expected[slot]!)).toBeLessThanOrEqual(0.015 * expected[slot]!);
    }
    const total = load.reduce((a, b) => a + b);
    expect(Math.abs(total / expected.reduce((a, b) => a + b) - 1)).toBeLessThan(0.002);
  });

  it.each([2012, 2014])('use their annual energy in %i, day by day as the pattern says', (year) => {
    const count = 4000;
    const truth = truthOf(someMeters(count, { consumption: 0, tariff: 1, annualWh: 2_500_000 }));
    const newYear = firstDay(year) * DAY - 3600;
    const { energy } = PATTERNS[0]!.days(year);
    const yearSum = energy.reduce((a, b) => a + b);
    const column = new Float64Array(count);
    const registerSum = (time: number): number => {
      truth.registers(0, count, 0, time, column);
      return column.reduce((a, b) => a + b);
    };
    const first = registerSum(newYear);
    let before = first;
    for (let day = 0; day < energy.length; day++) {
      const after = registerSum(newYear + (day + 1) * DAY);
      const share = (after - before) / (count * 2_500_000);
      // A home's day deviates by about 0.2, so that of 4,000 homes by 0.3 %.
      expect(Math.abs(share / (energy[day]! / yearSum) - 1)).toBeLessThan(0.015);
      before = after;
    }
    expect(Math.abs((before - first) / (count * 2_500_000) - 1)).toBeLessThan(0.002);
  });
});

it('makes a home spiky in its quarter hours and uneven in its days', () => {
  const truth = truthOf(someMeters(300, { consumption: 0, tariff: 0, annualWh: 2_500_000 }));
  let quarters = 0;
  let days = 0;
  for (let meter = 0; meter < 300; meter++) {
    quarters += variation(truth, { meter, step: 900, count: 96 }) / 300;
    days += variation(truth, { meter, step: DAY, count: 28 }) / 300;
  }
  expect(quarters).toBeGreaterThan(0.8);
  expect(quarters).toBeLessThan(1.2);
  expect(days).toBeGreaterThan(0.15);
  expect(days).toBeLessThan(0.25);
});

it('makes meters independent of each other, and rates of one meter too', () => {
  const truth = truthOf(someMeters(4000, { consumption: 0, tariff: 1, annualWh: 2_500_000 }));
  const at = START + 6 * 3600 - 450;
  const ofChannel = (channel: number): Float64Array => {
    const from = new Float64Array(4000);
    const to = new Float64Array(4000);
    truth.registers(0, 4000, channel, START, from);
    truth.registers(0, 4000, channel, at + 900, to);
    return to.map((wh, i) => wh - from[i]!);
  };
  const low = ofChannel(2);
  expect(Math.abs(correlation(low.subarray(0, 3999), low.subarray(1)))).toBeLessThan(0.06);
  expect(Math.abs(correlation(low, ofChannel(1)))).toBeLessThan(0.06);
});

it('plays the small grid of the paper: the same registers from any segment', () => {
  const stations = generateStations(SCENARIO);
  const whole = generateMeters(SCENARIO, stations, segmentStations(stations, { index: 0, count: 1 }));
  const range = segmentStations(stations, { index: 2, count: 7 });
  const part = generateMeters(SCENARIO, stations, range);
  const all = new Float64Array(whole.count);
  const some = new Float64Array(part.count);
  const [wholeTruth, partTruth] = [truthOf(whole), truthOf(part)];
  for (const step of [0, 95, 96, 287]) {
    wholeTruth.registers(0, whole.count, 0, START + step * 900, all);
    partTruth.registers(part.first, part.count, 0, START + step * 900, some);
    expect(some).toEqual(all.slice(part.first, part.first + part.count));
  }
  const before = new Float64Array(whole.count);
  wholeTruth.registers(0, whole.count, 0, START, before);
  const threeDaysWh = all.reduce((sum, wh, i) => sum + wh - before[i]!, 0);
  const annualWh = whole.annualWh.reduce((sum, wh) => sum + wh, 0);
  // In January the grid is above its mean day, and below twice that.
  expect(threeDaysWh / annualWh).toBeGreaterThan((1.1 * 287) / 96 / 365);
  expect(threeDaysWh / annualWh).toBeLessThan((2 * 287) / 96 / 365);
});

/** Standard deviation of the energies of `count` steps from START on, in units of their mean. */
function variation(truth: Truth, of: { meter: number; step: number; count: number }): number {
  let before = truth.register(of.meter, 0, START);
  let sum = 0;
  let squares = 0;
  for (let i = 1; i <= of.count; i++) {
    const after = truth.register(of.meter, 0, START + i * of.step);
    sum += after - before;
    squares += (after - before) ** 2;
    before = after;
  }
  const mean = sum / of.count;
  return Math.sqrt(squares / of.count - mean * mean) / mean;
}

function correlation(a: Float64Array, b: Float64Array): number {
  const mean = (values: Float64Array): number => values.reduce((x, y) => x + y) / values.length;
  const [ma, mb] = [mean(a), mean(b)];
  const product = a.reduce((total, value, i) => total + (value - ma) * (b[i]! - mb), 0);
  const squares = (values: Float64Array, m: number): number => values.reduce((total, value) => total + (value - m) ** 2, 0);
  return product / Math.sqrt(squares(a, ma) * squares(b, mb));
}
