import { describe, expect, it } from 'vitest';
import { someMeters, smallScenario, START, truthOf, DAY } from '../../grid/truth/small-truth.fixture.ts';
import { type Demand, Quantities } from './quantities.ts';

const COUNT = 400;
const meters = someMeters(COUNT);
const truth = truthOf(meters);
const quantities = new Quantities({ scenario: smallScenario(), meters, truth });
const all = Array.from({ length: COUNT }, (_, meter) => meter);
const feedingIn = all.filter((meter) => quantities.exportWh(meter, START) > 0);

describe('quantities of a meter', () => {
  it('are monotone where they are energies, over hours and over years', () => {
    const energies = ['exportWh', 'reactiveImport', 'reactiveExport'] as const;
    const times = [
      ...Array.from({ length: 500 }, (_, i) => START - 380 * DAY + i * 3 * DAY + 7211),
      ...Array.from({ length: 400 }, (_, i) => START + 300 * DAY + i * 607),
      ...Array.from({ length: 100 }, (_, i) => START + 350.9 * DAY + i * 173),
    ].map(Math.floor);
    times.sort((a, b) => a - b);
    for (const meter of [...feedingIn.slice(0, 5), 0, 1, 2]) {
      for (const energy of energies) {
        let before = -1;
        for (const time of times) {
          const value = quantities[energy](meter, time);
          if (value < before || !Number.isInteger(value)) throw new Error(`${energy} of ${meter} falls from ${before} to ${value} at ${time}`);
          before = value;
        }
      }
    }
  });

  it('feed in only where there is sun, and a plausible amount of it', () => {
    expect(feedingIn.length).toBeGreaterThan(COUNT * 0.03);
    expect(feedingIn.length).toBeLessThan(COUNT * 0.1);
    const meter = feedingIn[0] ?? 0;
    const wh = (from: number, to: number): number => quantities.exportWh(meter, to) - quantities.exportWh(meter, from);
    const summer = START + 170 * DAY;
    expect(wh(START, START + 6 * 3600)).toBe(0);
    expect(wh(START + 18 * 3600, START + DAY)).toBe(0);
    expect(quantities.exportW(meter, summer + 3600)).toBe(0);
    expect(quantities.exportW(meter, summer + 12 * 3600)).toBeGreaterThan(0);
    expect(wh(summer, summer + 30 * DAY)).toBeGreaterThan(2.5 * wh(START, START + 30 * DAY));
    const annualWh = meters.annualWh[meter] ?? 0;
    expect(wh(START, START + 365 * DAY) / annualWh).toBeGreaterThan(0.28);
    expect(wh(START, START + 365 * DAY) / annualWh).toBeLessThan(0.92);
  });

  it('have the power that their registers show', () => {
    for (const meter of all.slice(0, 40)) {
      const time = START + 900 * (30 + meter) + 333;
      const quarter = time - 333;
      const wh = truth.register(meter, 0, quarter + 900) - truth.register(meter, 0, quarter);
      expect(quantities.importW(meter, time)).toBe(4 * wh);
      const phases = [0, 1, 2].map((phase) => quantities.phaseW(meter, phase, time));
      expect(phases.reduce((sum, watts) => sum + watts, 0)).toBe(4 * wh);
      expect(Math.min(...phases)).toBeGreaterThanOrEqual(0);
      const tan = quantities.reactiveImportVar(meter, time) / quantities.importW(meter, time);
      if (wh > 200) expect(Math.round(1000 * Math.cos(Math.atan(tan))) - quantities.powerFactor(meter)).toBeLessThanOrEqual(2);
    }
  });

  it('are within what a mains has', () => {
    let most = 0;
    for (const meter of all) {
      for (const phase of [0, 1, 2]) {
        const time = START + 900 * meter;
        const volts = quantities.voltage(meter, phase, time) / 10;
        expect(volts).toBeGreaterThan(215);
        expect(volts).toBeLessThan(240);
        const amperes = quantities.current(meter, phase, time) / 100;
        const watts = quantities.phaseW(meter, phase, time);
        expect(amperes).toBeCloseTo(watts / ((quantities.powerFactor(meter) / 1000) * volts), 1);
        most = Math.max(most, amperes);
      }
      expect(quantities.powerFactor(meter)).toBeGreaterThan(900);
      expect(quantities.powerFactor(meter)).toBeLessThan(1000);
      expect(Math.abs(quantities.frequency(START + meter * 10) - 5000)).toBeLessThanOrEqual(4);
    }
    expect(most).toBeGreaterThan(1);
  });

  it('find the greatest demand as somebody who looks at each quarter hour', () => {
    for (const meter of [0, 1, 2, 3, 5, 8]) {
      const slow = (to: number): Demand | null => {
        let most: Demand | null = null;
        for (let start = START; start + 900 <= to; start += 900) {
          const watts = quantities.demandW(meter, start);
          if (most === null || watts > most.watts) most = { watts, endUnixSeconds: start + 900 };
        }
        return most;
      };
      let known: Demand | null = null;
      let from = START;
      for (const to of [START + 100, START + 900, START + 5000, START + DAY, START + 9 * DAY + 4711]) {
        expect(quantities.maxDemand(meter, { from: START, to }, null)).toEqual(slow(to));
        known = quantities.maxDemand(meter, { from, to }, known);
        from = to - ((to - START) % 900);
        expect(known).toEqual(slow(to));
      }
    }
  });

  it('count in the rate that the registers count in', () => {
    for (const meter of all.slice(0, 30)) {
      for (let minute = 0; minute < 24 * 60; minute += 7) {
        const time = START + minute * 60;
        const idle = quantities.activeRate(meter, time) === 1 ? 2 : 1;
        expect(truth.register(meter, idle, time + 60)).toBe(truth.register(meter, idle, time));
      }
    }
  });
});
