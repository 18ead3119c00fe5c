import { describe, expect, it, test } from 'vitest';
import { PLAIN_NETWORK } from '../scenario/plain-network.fixture.ts';
import { blackoutSteps, type Accessibility, type NetworkParameters, type Scenario } from '../scenario/scenario.ts';
import { paperGrid } from '../topology/paper-grid.fixture.ts';
import type { Stations } from '../topology/topology.ts';
import { LinkOutages } from './link-outages.ts';
import { linksByDefinition, MUCH_IN_COMMON } from './links-by-definition.fixture.ts';

const ALWAYS: Accessibility = { name: 'always', share: 1, accessible: 1, outageSeconds: 60 };
const GOOD: Accessibility = { name: 'good', share: 0.5, accessible: 0.9, outageSeconds: 1200 };
const BAD: Accessibility = { name: 'bad', share: 0.5, accessible: 0.3, outageSeconds: 4 * 3600 };
const STEPS = 96;

function scenarioOf(network: Partial<NetworkParameters>, own: readonly Accessibility[] = [ALWAYS], seed = 5): Scenario {
  const { behaviour, ...rest } = paperGrid('small', { seed });
  return { ...rest, behaviour: { ...behaviour, steps: STEPS, concentratorAccessibility: own }, network: { ...PLAIN_NETWORK, ...network } };
}

function stationsOf(count: number, categories = 1): Stations {
  return {
    count,
    meters: count,
    firstMeter: Uint32Array.from({ length: count + 1 }, (_, s) => s),
    size: new Uint8Array(count),
    link: new Uint8Array(count),
    accessibility: Uint8Array.from({ length: count }, (_, s) => s % categories),
    longitude: new Float64Array(count),
    latitude: new Float64Array(count),
  };
}

function linksOf(scenario: Scenario, stations: Stations, range = { fromStation: 0, toStation: stations.count }): LinkOutages {
  return new LinkOutages({ scenario, stations, ...range });
}

/** Stations that are down at a step. */
function down(links: LinkOutages, count: number, step: number): readonly number[] {
  return Array.from({ length: count }, (_, station) => station).filter((station) => !links.isUp(station, step));
}

describe('links', () => {
  test.each([
    ['each for itself', PLAIN_NETWORK],
    ['with cells', { cells: MUCH_IN_COMMON.cells }],
    ['with regions', { regions: MUCH_IN_COMMON.regions }],
    ['with blackouts', { blackouts: MUCH_IN_COMMON.blackouts }],
    ['with all of it', MUCH_IN_COMMON],
  ])('are up when the definition says so, asked in any order and in any segment: %s', (_name, network) => {
    const stations = stationsOf(40, 2);
    const scenario = scenarioOf(network, [GOOD, BAD]);
    const expected = linksByDefinition(scenario, stations);
    const byStation = linksOf(scenario, stations);
    expect(expected.map((row, station) => row.map((_, step) => byStation.isUp(station, step)))).toEqual(expected);

    const byStep = linksOf(scenario, stations);
    for (let step = 0; step < STEPS; step++) expect(down(byStep, 40, step)).toEqual(down(byStation, 40, step));

    const backwards = linksOf(scenario, stations);
    for (let step = STEPS - 1; step >= 0; step--) {
      for (let station = 39; station >= 0; station--) expect(backwards.isUp(station, step)).toBe(expected[station]?.[step]);
    }

    for (const [fromStation, toStation] of [[0, 4], [4, 5], [5, 33], [33, 40], [40, 40]] as const) {
      const part = linksOf(scenario, stations, { fromStation, toStation });
      for (let station = fromStation; station < toStation; station++) {
        expect(expected[station]?.map((_, step) => part.isUp(station, step))).toEqual(expected[station]);
      }
    }
  });

  it('stay as they are until the step that they say, and may change then', () => {
    const stations = stationsOf(40, 2);
    const links = linksOf(scenarioOf(MUCH_IN_COMMON, [GOOD, BAD]), stations);
    let changes = 0;
    let questions = 0;
    for (let station = 0; station < 40; station++) {
      for (let step = 0; step < STEPS; ) {
        const up = links.isUp(station, step);
        const until = links.until(station, step);
        expect(until).toBeGreaterThan(step);
        for (let within = step; within < Math.min(until, STEPS); within++) expect(links.isUp(station, within)).toBe(up);
        if (links.isUp(station, until) !== up) changes++;
        questions++;
        step = until;
      }
    }
    // Few answers are given in pieces.
    expect(changes / questions).toBeGreaterThan(0.8);
  });

  it('never change when nothing can change them', () => {
    const links = linksOf(scenarioOf({ cells: { stations: 2, accessible: 1, outageSeconds: 60 } }), stationsOf(4));
    expect(links.until(3, 0)).toBeGreaterThan(1_000_000);
    const dead = linksOf(scenarioOf({ regions: { stations: 2, accessible: 0, outageSeconds: 60 } }, [GOOD]), stationsOf(4));
    expect(dead.isUp(3, 77)).toBe(false);
    expect(dead.until(3, 77)).toBeGreaterThan(1_000_000);
  });

  it('say why they are down, the widest reason first', () => {
    const stations = stationsOf(40, 2);
    const scenario = scenarioOf(MUCH_IN_COMMON, [GOOD, BAD]);
    const links = linksOf(scenario, stations);
    const alone = {
      blackout: linksOf(scenarioOf({ blackouts: MUCH_IN_COMMON.blackouts }), stationsOf(40)),
      region: linksOf(scenarioOf({ regions: MUCH_IN_COMMON.regions }), stationsOf(40)),
      cell: linksOf(scenarioOf({ cells: MUCH_IN_COMMON.cells }), stationsOf(40)),
      own: linksOf(scenarioOf({}, [GOOD, BAD]), stations),
    };
    const seen = new Set<string | null>();
    for (let station = 0; station < 40; station++) {
      for (let step = 0; step < STEPS; step++) {
        const expected = Object.entries(alone).find(([, only]) => !only.isUp(station, step))?.[0] ?? null;
        expect(links.causeAt(station, step)).toBe(expected);
        expect(links.isUp(station, step)).toBe(expected === null);
        seen.add(expected);
      }
    }
    expect(seen).toEqual(new Set(['blackout', 'region', 'cell', 'own', null]));
  });
});

describe('cells and regions', () => {
  const count = 20_000;
  const shared = { stations: 10, accessible: 0.6, outageSeconds: 3600 };

  it.each(['cells', 'regions'] as const)('%s fall together, and each for itself', (kind) => {
    const links = linksOf(scenarioOf({ [kind]: shared }), stationsOf(count));
    let together = 0;
    for (let step = 0; step < STEPS; step += 10) {
      let up = 0;
      for (let group = 0; group < count / 10; group++) {
        const states = Array.from({ length: 10 }, (_, i) => links.isUp(group * 10 + i, step));
        expect(new Set(states).size).toBe(1);
        if (states[0] === true) up++;
        if (states[0] === links.isUp((group * 10 + 10) % count, step)) together++;
      }
      // Of 2000 groups: 4 standard deviations.
      expect(Math.abs(up / 2000 - 0.6)).toBeLessThan(4 * Math.sqrt(0.24 / 2000));
    }
    // Neighbouring groups agree by chance alone, 0.6^2 + 0.4^2.
    expect(Math.abs(together / 20_000 - 0.52)).toBeLessThan(4 * Math.sqrt(0.25 / 20_000));
  });

  it('multiply with what each line has of its own, and with each other', () => {
    const network = { cells: { ...shared, stations: 1 }, regions: { ...shared, stations: 1, accessible: 0.7 } };
    const links = linksOf(scenarioOf(network, [{ ...GOOD, accessible: 0.8 }]), stationsOf(count));
    const expected = 0.6 * 0.7 * 0.8;
    for (const step of [0, 1, 50, 95]) {
      const up = 1 - down(links, count, step).length / count;
      expect(Math.abs(up - expected)).toBeLessThan(4 * Math.sqrt((expected * (1 - expected)) / count));
    }
  });

  it('leave what each line has of its own as it is', () => {
    const [without, withRegions] = [{}, { regions: shared }].map((network) => linksOf(scenarioOf(network, [GOOD]), stationsOf(200)));
    let outages = 0;
    for (let station = 0; station < 200; station++) {
      for (let step = 0; step < STEPS; step++) {
        if (without?.isUp(station, step) === true) continue;
        expect(withRegions?.isUp(station, step)).toBe(false);
        outages++;
      }
    }
    expect(outages).toBeGreaterThan(1000);
  });

  it('depend on the seed alone', () => {
    const states = (seed: number): string => {
      const links = linksOf(scenarioOf(MUCH_IN_COMMON, [GOOD], seed), stationsOf(60));
      return Array.from({ length: STEPS }, (_, step) => down(links, 60, step).join(' ')).join('\n');
    };
    expect(states(1)).toBe(states(1));
    expect(states(2)).not.toBe(states(1));
  });
});

describe('a blackout', () => {
  const noon = { fromSeconds: 12 * 3600, seconds: 2 * 3600 };

  it.each([
    [0.3, 1430, 429],
    [0.3, 7, 2],
    [0.145, 100, 15],
    [0.07, 50, 4],
    [1, 1430, 1430],
    [0, 1430, 0],
    [0.001, 400, 0],
  ])('of the share %d of %i stations covers %i, neighbours in a ring, from its first step to its last', (share, count, expected) => {
    const firsts = new Set<number>();
    for (let seed = 1; seed <= 30; seed++) {
      const links = linksOf(scenarioOf({ blackouts: [{ ...noon, share }] }, [ALWAYS], seed), stationsOf(count));
      expect(down(links, count, 47)).toEqual([]);
      expect(down(links, count, 56)).toEqual([]);
      const dark = down(links, count, 48);
      expect(dark).toHaveLength(expected);
      expect(down(links, count, 55)).toEqual(dark);
      const begins = dark.filter((station) => links.isUp((station + count - 1) % count, 48));
      expect(begins).toHaveLength(expected === 0 || expected === count ? 0 : 1);
      firsts.add(begins[0] ?? -1);
    }
    if (expected > 0 && expected < count) expect(firsts.size).toBeGreaterThan(3);
  });

  it('has a place of its own in the list', () => {
    const blackouts = [1, 2, 3, 4].map((hour) => ({ fromSeconds: hour * 3600, seconds: 900, share: 0.1 }));
    const links = linksOf(scenarioOf({ blackouts }), stationsOf(1000));
    const places = [4, 8, 12, 16].map((step) => down(links, 1000, step));
    expect(new Set(places.map((place) => place.length))).toEqual(new Set([100]));
    expect(new Set(places.map(String)).size).toBe(4);
  });

  it.each([
    [0, 900, 900, [0, 1]],
    [900, 900, 900, [1, 2]],
    [899, 2, 900, [1, 2]],
    [901, 898, 900, [2, 2]],
    [901, 899, 900, [2, 2]],
    [901, 899.5, 900, [2, 3]],
    [0.1, 899.9, 900, [1, 1]],
    [0.3, 59.7, 60, [1, 1]],
    [0.1, 0.2, 60, [1, 1]],
    [36_000 * 86_400, 60, 60, [51_840_000, 51_840_001]],
    [36_000 * 86_400 + 0.001, 60, 60, [51_840_001, 51_840_002]],
  ])('from %d s for %d s with steps of %i s has the steps %j', (fromSeconds, seconds, interval, [firstStep, endStep]) => {
    expect(blackoutSteps({ fromSeconds, seconds }, interval)).toEqual({ firstStep, endStep });
  });

  it('that no step lies in is not seen', () => {
    const links = linksOf(scenarioOf({ blackouts: [{ fromSeconds: 1000, seconds: 60, share: 1 }] }), stationsOf(10));
    for (let step = 0; step < STEPS; step++) expect(down(links, 10, step)).toEqual([]);
    expect(links.until(0, 0)).toBeGreaterThan(STEPS);
  });
});
