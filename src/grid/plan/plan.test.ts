import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { packageFile } from '../../base/package-root.ts';
import { parseScenario } from '../scenario/parse.ts';
import { PLAIN_NETWORK } from '../scenario/plain-network.fixture.ts';
import type { Accessibility, Scenario } from '../scenario/scenario.ts';
import { generateMeters } from '../topology/meters.ts';
import { generateStations } from '../topology/stations.ts';
import type { Meters, Stations } from '../topology/topology.ts';
import { linksByDefinition, MUCH_IN_COMMON } from './links-by-definition.fixture.ts';
import { decay, Outages } from './outages.ts';
import { Plan } from './plan.ts';
import { PushTimes } from './push-time.ts';

const GOOD: Accessibility = { name: 'good', share: 0.5, accessible: 0.8, outageSeconds: 1200 };
const BAD: Accessibility = { name: 'bad', share: 0.5, accessible: 0.1, outageSeconds: 4 * 3600 };

type Changes = Partial<Scenario['behaviour']> & { readonly seed?: number; readonly network?: Scenario['network'] };

function scenarioOf(changes: Changes = {}): Scenario {
  const { seed = 5, network = PLAIN_NETWORK, ...behaviour } = changes;
  return {
    name: 'plan-test',
    seed,
    grid: { stations: 0, meters: null, stationSizes: [], area: 'cez', consumption: [], tariffs: [], links: [] },
    network,
    behaviour: {
      communication: 'push',
      steps: 96,
      intervalSeconds: 900,
      start: { unixSeconds: 1358204400, offsetMinutes: 60 },
      spreadSeconds: 0,
      registers: 'total',
      meterMemoryRows: 960,
      onDemandPerHour: null,
      concentratorMemoryRows: 960,
      concentratorAccessibility: [GOOD, BAD],
      meterAccessibility: [GOOD, BAD],
      ...behaviour,
    },
    thresholds: [],
    protocol: 'dlms',
    security: null,
    speed: 'max',
  };
}

/** Stations of 5 meters each; categories alternate. */
function gridOf(count: number): { stations: Stations; meters: Meters } {
  const size = 5;
  const total = count * size;
  return {
    stations: {
      count,
      meters: total,
      firstMeter: Uint32Array.from({ length: count + 1 }, (_, s) => s * size),
      size: new Uint8Array(count),
      link: new Uint8Array(count),
      accessibility: Uint8Array.from({ length: count }, (_, s) => s % 2),
      longitude: new Float64Array(count),
      latitude: new Float64Array(count),
    },
    meters: {
      first: 0,
      count: total,
      consumption: new Uint8Array(total),
      tariff: new Uint8Array(total),
      accessibility: Uint8Array.from({ length: total }, (_, m) => (m >> 1) % 2),
      annualWh: new Uint32Array(total).fill(1),
    },
  };
}

function sliceOf(grid: { stations: Stations; meters: Meters }, from: number, to: number): Meters {
  const { firstMeter } = grid.stations;
  const [a, b] = [firstMeter[from] ?? 0, firstMeter[to] ?? 0];
  return {
    first: a,
    count: b - a,
    consumption: grid.meters.consumption.slice(a, b),
    tariff: grid.meters.tariff.slice(a, b),
    accessibility: grid.meters.accessibility.slice(a, b),
    annualWh: grid.meters.annualWh.slice(a, b),
  };
}

/** Everything that the plan sends, as lines `sendStep meter measuredStep`, and the rows lost. */
function playAll(plan: Plan): { lines: string[]; lost: number; withheld: number } {
  const lines: string[] = [];
  let lost = 0;
  let withheld = 0;
  for (let station = plan.fromStation; station < plan.toStation; station++) {
    for (let step = 0; step < plan.steps; step++) {
      plan.step(station);
      const { rows } = plan;
      for (const meter of rows.current.subarray(0, rows.currentCount)) lines.push(`${step} ${meter} ${step}`);
      for (let i = 0; i < rows.lateCount; i++) lines.push(`${step} ${rows.lateMeter[i]} ${rows.lateStep[i]}`);
      lost += rows.lost;
    }
    withheld += plan.withheld(station);
  }
  return { lines, lost, withheld };
}

/** The same from the definition, row by row and set by set, sharing only the chains of meters and links. */
function playSlowly(scenario: Scenario, stations: Stations, meters: Meters): { lines: string[]; lost: number } {
  const { behaviour, seed } = scenario;
  const { intervalSeconds, steps } = behaviour;
  const meterOutages = new Outages({
    seed,
    stream: 'meter-outages',
    categories: behaviour.meterAccessibility,
    intervalSeconds,
  });
  const isUp = (outages: Outages, device: number, category: number): boolean[] => {
    const states: boolean[] = [];
    for (let step = 0; step < steps; step++) {
      states.push((outages.advance(outages.initial(device, category), device, category, step) & 1) === 0);
    }
    return states;
  };
  const links = linksByDefinition(scenario, stations);
  const lines: string[] = [];
  let lost = 0;
  for (let station = 0; station < stations.count; station++) {
    const linkUp = links[station] ?? [];
    const first = stations.firstMeter[station] ?? 0;
    const end = stations.firstMeter[station + 1] ?? 0;
    for (let meter = first; meter < end; meter++) {
      const meterUp = isUp(meterOutages, meter, meters.accessibility[meter] ?? 0);
      let inMeter: number[] = [];
      let inConcentrator: number[] = [];
      for (let step = 0; step < steps; step++) {
        inMeter.push(step);
        if (meterUp[step]) {
          const kept = inMeter.filter((t) => step - t < behaviour.meterMemoryRows);
          lost += inMeter.length - kept.length;
          inConcentrator.push(...kept);
          inMeter = [];
        }
        if (linkUp[step]) {
          const kept = inConcentrator.filter((t) => step - t < behaviour.concentratorMemoryRows);
          lost += inConcentrator.length - kept.length;
          for (const t of kept) lines.push(`${step} ${meter} ${t}`);
          inConcentrator = [];
        }
      }
    }
  }
  return { lines, lost };
}

describe('plan', () => {
  it.each([
    ['ample memories', {}],
    ['small meter memory', { meterMemoryRows: 3 }],
    ['small concentrator memory', { concentratorMemoryRows: 4 }],
    ['both small', { meterMemoryRows: 5, concentratorMemoryRows: 9 }],
    ['memory of one row', { meterMemoryRows: 1, concentratorMemoryRows: 1 }],
    ['another interval', { intervalSeconds: 3600, steps: 200, meterMemoryRows: 20 }],
    ['outages in common', { network: MUCH_IN_COMMON, meterMemoryRows: 40, concentratorMemoryRows: 20 }],
  ] satisfies readonly (readonly [string, Changes])[])('sends and loses the very rows that the definition says: %s', (_name, changes) => {
    const scenario = scenarioOf(changes);
    const { stations, meters } = gridOf(30);
    const fast = playAll(new Plan({ scenario, stations, meters, fromStation: 0, toStation: 30 }));
    const slow = playSlowly(scenario, stations, meters);
    expect(fast.lines.toSorted()).toEqual(slow.lines.toSorted());
    expect(fast.lost).toBe(slow.lost);
    expect(fast.lines.length + fast.lost + fast.withheld).toBe(meters.count * scenario.behaviour.steps);
  });

  it('sends each row once at most, rows of the step and late ones both occur', () => {
    const { stations, meters } = gridOf(20);
    const { lines } = playAll(new Plan({ scenario: scenarioOf(), stations, meters, fromStation: 0, toStation: 20 }));
    const rows = new Set(lines.map((line) => line.slice(line.indexOf(' '))));
    expect(rows.size).toBe(lines.length);
    const current = lines.filter((line) => line.split(' ')[0] === line.split(' ')[2]).length;
    expect(current).toBeGreaterThan(1000);
    expect(lines.length - current).toBeGreaterThan(1000);
  });

  it.each([
    ['each line for itself', PLAIN_NETWORK],
    ['outages in common', MUCH_IN_COMMON],
  ])('is the same for a segment alone, and after any seek: %s', (_name, network) => {
    const scenario = scenarioOf({ meterMemoryRows: 6, network });
    const grid = gridOf(21);
    const { stations } = grid;
    const whole = playAll(new Plan({ scenario, stations, meters: grid.meters, fromStation: 0, toStation: 21 }));
    const parts: string[] = [];
    for (const [fromStation, toStation] of [
      [0, 4],
      [4, 17],
      [17, 21],
    ] as const) {
      const meters = sliceOf(grid, fromStation, toStation);
      const plan = new Plan({ scenario, stations, meters, fromStation, toStation });
      for (let station = fromStation; station < toStation; station++) plan.seek(station, 40);
      for (let station = fromStation; station < toStation; station++) plan.seek(station, 7);
      for (let station = fromStation; station < toStation; station++) plan.seek(station, 0);
      parts.push(...playAll(plan).lines);
    }
    expect(parts).toEqual(whole.lines);
  });

  it('depends on the seed alone', () => {
    const { stations, meters } = gridOf(40);
    const hash = (seed: number): string => {
      const plan = new Plan({ scenario: scenarioOf({ seed }), stations, meters, fromStation: 0, toStation: 40 });
      return createHash('sha256').update(playAll(plan).lines.join('\n')).digest('hex').slice(0, 16);
    };
    expect(hash(5)).toBe(hash(5));
    expect(hash(6)).not.toBe(hash(5));
  });

  // A change of these is a change of every published result, and belongs in the changelog.
  it.each([
    ['small-grid', 'c236f71c547263c3'],
    ['stress', 'f1a7f380e687a089'],
  ])('of %s has the fingerprint that it always had', (name, fingerprint) => {
    const parsed = parseScenario({ file: packageFile('scenarios', `${name}.yaml`), sets: [] });
    if (!parsed.ok) throw new Error(parsed.errors.join('\n'));
    const { scenario } = parsed;
    const stations = generateStations(scenario);
    const range = { fromStation: 0, toStation: 200 };
    const plan = new Plan({ scenario, stations, meters: generateMeters(scenario, stations, range), ...range });
    const hash = createHash('sha256');
    for (let station = 0; station < range.toStation; station++) {
      for (let step = 0; step < plan.steps; step++) {
        const up = plan.step(station) ? 1 : 0;
        const { current, currentCount, lateMeter, lateStep, lateCount, lost } = plan.rows;
        hash.update(Uint32Array.of(station, step, up, currentCount, lateCount, lost));
        hash.update(current.subarray(0, currentCount));
        hash.update(lateMeter.subarray(0, lateCount)).update(lateStep.subarray(0, lateCount));
      }
    }
    expect(hash.digest('hex').slice(0, 16)).toBe(fingerprint);
  });
});

describe('outages', () => {
  const categories: readonly Accessibility[] = [
    { name: 'good', share: 0.9, accessible: 0.995, outageSeconds: 1200 },
    { name: 'poor', share: 0.1, accessible: 0.4, outageSeconds: 7200 },
    { name: 'bad', share: 0.1, accessible: 0.05, outageSeconds: 21600 },
    { name: 'always', share: 0.1, accessible: 1, outageSeconds: 60 },
    { name: 'never', share: 0.1, accessible: 0, outageSeconds: 60 },
  ];
  const outages = new Outages({ seed: 1, stream: 'test', categories, intervalSeconds: 900 });

  it.each([0, 1, 2, 3, 4])('category %i: the share of up steps agrees at every step', (category) => {
    const devices = 20_000;
    const expected = categories[category]?.accessible ?? 0;
    const sigma = Math.sqrt((expected * (1 - expected)) / devices);
    const states = Uint32Array.from({ length: devices }, (_, d) => outages.initial(d, category));
    for (const step of [0, 1, 10, 100, 287]) {
      let up = 0;
      for (let d = 0; d < devices; d++) {
        states[d] = outages.advance(states[d] ?? 0, d, category, step);
        up += 1 - ((states[d] ?? 0) & 1);
      }
      expect(Math.abs(up / devices - expected)).toBeLessThanOrEqual(4 * sigma);
    }
  });

  it('stays are as long as the continuous chain, looked at every interval, would have them', () => {
    const [category, tau] = [1, 900];
    const a = 0.4;
    const expectedDownSteps = 1 / (a * (1 - Math.exp(-tau / (7200 * a))));
    let changes = 0;
    let downSteps = 0;
    for (let d = 0; d < 3000; d++) {
      let state = outages.initial(d, category);
      for (let step = 0, was = -1; step < 500; step++) {
        state = outages.advance(state, d, category, step);
        const down = state & 1;
        downSteps += down;
        if (down === 1 && was === 0) changes++;
        was = down;
      }
    }
    expect(downSteps / changes / expectedDownSteps).toBeGreaterThan(0.97);
    expect(downSteps / changes / expectedDownSteps).toBeLessThan(1.03);
  });

  it('decay is exp(-x)', () => {
    for (const x of [0, 1e-9, 0.003, 0.75, 3, 40]) {
      expect(Math.abs(decay(x) / Math.exp(-x) - 1)).toBeLessThan(1e-10);
    }
    expect(decay(1e6)).toBe(0);
  });
});

describe('push times', () => {
  it('give every message of a concentrator its own time, and read a confirmation back', () => {
    const times = new PushTimes(scenarioOf({ spreadSeconds: 300 }));
    let last = 0;
    for (let step = 0; step < 50; step++) {
      for (let index = 0; index < 4; index++) {
        const at = times.messageHundredths(3, step, index);
        expect(at).toBeGreaterThan(last);
        expect(times.confirmed(3, at)).toEqual({ step, messages: index + 1 });
        last = at;
      }
    }
    expect(times.confirmed(3, 0)).toEqual({ step: 0, messages: 0 });
  });

  it('spread evenly over the given part of the step, or not at all', () => {
    const spread = new PushTimes(scenarioOf({ spreadSeconds: 300 }));
    const offsets = Array.from({ length: 2000 }, (_, station) => spread.offsetHundredths(station, 9));
    const mean = offsets.reduce((sum, x) => sum + x, 0) / offsets.length;
    expect(Math.max(...offsets)).toBeLessThan(30_000);
    expect(mean / 15_000).toBeGreaterThan(0.94);
    expect(mean / 15_000).toBeLessThan(1.06);
    expect(new PushTimes(scenarioOf()).offsetHundredths(3, 9)).toBe(0);
  });
});
