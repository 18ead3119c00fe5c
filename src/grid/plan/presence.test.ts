import { describe, expect, it } from 'vitest';
import { PLAIN_NETWORK } from '../scenario/plain-network.fixture.ts';
import type { Accessibility, Scenario } from '../scenario/scenario.ts';
import type { Meters, Stations } from '../topology/topology.ts';
import { MUCH_IN_COMMON } from './links-by-definition.fixture.ts';
import { Plan } from './plan.ts';
import { Presence } from './presence.ts';

const GOOD: Accessibility = { name: 'good', share: 0.5, accessible: 0.8, outageSeconds: 1200 };
const BAD: Accessibility = { name: 'bad', share: 0.5, accessible: 0.1, outageSeconds: 4 * 3600 };
const STATIONS = 12;
const SIZE = 7;

type Changes = Partial<Scenario['behaviour']> & { readonly seed?: number; readonly network?: Scenario['network'] };

function gridOf(changes: Changes) {
  const { seed = 5, network = PLAIN_NETWORK, ...behaviour } = changes;
  const total = STATIONS * SIZE;
  const scenario: Scenario = {
    name: 'presence-test',
    seed,
    grid: { stations: STATIONS, meters: null, stationSizes: [], area: 'cez', consumption: [], tariffs: [], links: [] },
    network,
    behaviour: {
      communication: 'pull',
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
  const stations: Stations = {
    count: STATIONS,
    meters: total,
    firstMeter: Uint32Array.from({ length: STATIONS + 1 }, (_, s) => s * SIZE),
    size: new Uint8Array(STATIONS),
    link: new Uint8Array(STATIONS),
    accessibility: Uint8Array.from({ length: STATIONS }, (_, s) => s % 2),
    longitude: new Float64Array(STATIONS),
    latitude: new Float64Array(STATIONS),
  };
  const meters: Meters = {
    first: 0,
    count: total,
    consumption: new Uint8Array(total),
    tariff: new Uint8Array(total),
    accessibility: Uint8Array.from({ length: total }, (_, m) => (m >> 1) % 2),
    annualWh: new Uint32Array(total).fill(1),
  };
  return { scenario, stations, meters, fromStation: 0, toStation: STATIONS };
}

/** Rows that a push sends at `step`, as `meter:step`. */
function pushed(plan: Plan, station: number): readonly string[] {
  plan.step(station);
  const { rows } = plan;
  const out: string[] = [];
  for (let i = 0; i < rows.currentCount; i++) out.push(`${rows.current[i]!}:${plan.nextStep(station) - 1}`);
  for (let i = 0; i < rows.lateCount; i++) out.push(`${rows.lateMeter[i]!}:${rows.lateStep[i]!}`);
  return out.sort();
}

/** A head-end that asks at step `now`: rows of all meters since it last asked, then the gaps of meters that came back. */
class Asking {
  readonly #presence: Presence;
  readonly #next = new Uint32Array(STATIONS * SIZE);
  readonly #asked = new Uint32Array(STATIONS);
  readonly #up = new Uint32Array(SIZE);

  constructor(presence: Presence) {
    this.#presence = presence;
  }

  ask(station: number, now: number): readonly string[] {
    const presence = this.#presence;
    const out: string[] = [];
    for (let step = Math.max(this.#asked[station]!, presence.oldestStep(now)); step <= now; step++) {
      const count = presence.metersUp(station, step, this.#up);
      for (let i = 0; i < count; i++) {
        const meter = this.#up[i]!;
        presence.held(meter, { from: this.#next[meter]!, to: step, now }, (row) => out.push(`${meter}:${row}`));
        this.#next[meter] = step + 1;
      }
    }
    this.#asked[station] = now + 1;
    return out.sort();
  }
}

describe('presence', () => {
  it.each([
    { seed: 5 },
    { seed: 6, meterMemoryRows: 3 },
    { seed: 7, concentratorMemoryRows: 4 },
    { seed: 8, meterMemoryRows: 2, concentratorMemoryRows: 3 },
    { seed: 9, meterMemoryRows: 5, concentratorMemoryRows: 1 },
    { seed: 10, network: MUCH_IN_COMMON },
    { seed: 11, network: MUCH_IN_COMMON, meterMemoryRows: 7, concentratorMemoryRows: 9 },
    { seed: 12, network: MUCH_IN_COMMON, intervalSeconds: 600, concentratorMemoryRows: 30 },
  ] satisfies readonly Changes[])('asking at every step gets what a push sends at that step: %j', (changes) => {
    const grid = gridOf(changes);
    const plan = new Plan(grid);
    const presence = new Presence(grid);
    const asking = new Asking(presence);
    let rows = 0;
    for (let step = 0; step < 96; step++) {
      for (let station = 0; station < STATIONS; station++) {
        const expected = pushed(plan, station);
        const found = presence.linkUp(station, step) ? asking.ask(station, step) : [];
        expect({ station, step, rows: found }).toEqual({ station, step, rows: expected });
        rows += found.length;
      }
    }
    expect(rows).toBeGreaterThan(500);
  });

  it('answers the same in any order of asking', () => {
    const grid = gridOf({ seed: 11 });
    const [one, other] = [new Presence(grid), new Presence(grid)];
    const forwards: boolean[] = [];
    for (let step = 0; step < 96; step++) for (let m = 0; m < STATIONS * SIZE; m++) forwards.push(one.meterUp(m, step));
    const backwards: boolean[] = [];
    for (let step = 95; step >= 0; step--) for (let m = STATIONS * SIZE - 1; m >= 0; m--) backwards.push(other.meterUp(m, step));
    expect(backwards.toReversed()).toEqual(forwards);
    expect(forwards.filter((up) => !up).length).toBeGreaterThan(1000);
  });

  it.each([PLAIN_NETWORK, MUCH_IN_COMMON])('finds the next step with a link, or the end of the run', (network) => {
    const presence = new Presence(gridOf({ seed: 3, network }));
    for (let station = 0; station < STATIONS; station++) {
      for (let step = 0; step < 96; step++) {
        let expected = step;
        while (expected < 96 && !presence.linkUp(station, expected)) expected++;
        expect(presence.nextLinkUp(station, step)).toBe(expected);
      }
    }
  });
});
