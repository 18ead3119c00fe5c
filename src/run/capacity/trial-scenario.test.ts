import { describe, expect, it } from 'vitest';
import { packageFile } from '../../base/package-root.ts';
import { parseScenario } from '../../grid/scenario/parse.ts';
import type { Scenario } from '../../grid/scenario/scenario.ts';
import { generateStations } from '../../grid/topology/stations.ts';
import { TrialScenarios } from './trial-scenario.ts';

function scenarioOf(file: string, sets: readonly string[] = []): Scenario {
  const parsed = parseScenario({ file: packageFile('scenarios', file), sets });
  if (!parsed.ok) throw new Error(parsed.errors.map(String).join('\n'));
  return parsed.scenario;
}

const lasts = (): number => 15_000;

describe('the scenario of a trial', () => {
  it.each([1e5, 3.5e6, 1e8, 3.6e8, 9e8, 2.2e9])('offers the readings a second of %d meters', (meters) => {
    const base = scenarioOf('small-grid.yaml');
    const { scenario, stations, speed, stepMs, spreadMs } = new TrialScenarios(base).next(meters, lasts);
    const grid = generateStations(scenario);
    expect(grid.count).toBe(stations);
    expect(stations).toBeLessThanOrEqual(base.grid.stations);
    expect(grid.meters * speed).toBeCloseTo(meters, 0);
    expect(scenario.speed).toBe(speed);
    expect((grid.meters * 1000) / stepMs).toBeCloseTo(meters / 900, 0);
    expect(spreadMs).toBeCloseTo(stepMs / 2, 6);
    expect(scenario.behaviour.steps * stepMs).toBeGreaterThan(15_000);
    // Stations have as many meters as in the whole grid.
    if (stations > 30) expect(grid.meters / stations / (100_000 / 1430)).toBeCloseTo(1, 1);
    expect(scenario.network).toMatchObject({ links: 'ignored', cells: null, regions: null, blackouts: [] });
  });

  it('has steps of a quarter second as long as there are stations for them', () => {
    const scenarios = new TrialScenarios(scenarioOf('small-grid.yaml'));
    expect(scenarios.next(1e8, lasts)).toMatchObject({ stations: 397, stepMs: expect.closeTo(250, -1) });
    expect(scenarios.next(7.2e8, lasts)).toMatchObject({ stations: 1430, stepMs: expect.closeTo(125, 0) });
    expect(scenarios.next(scenarios.maximum, lasts).stepMs).toBeCloseTo(40, 6);
  });

  it('has more stations than the scenario only where it may, with as many meters each', () => {
    const scenarios = new TrialScenarios(scenarioOf('small-grid.yaml'), 5000);
    expect(scenarios.next(9e8, lasts)).toMatchObject({ stations: 1430, stepMs: expect.closeTo(100, 0) });
    const { scenario, stations, stepMs } = scenarios.next(1.8e9, lasts);
    expect({ stations, stepMs }).toEqual({ stations: 2860, stepMs: expect.closeTo(100, 0) });
    expect(generateStations(scenario).meters).toBe(200_000);
    expect(scenarios.next(scenarios.maximum, lasts)).toMatchObject({ stations: 5000, stepMs: expect.closeTo(40, 1) });
    expect(new TrialScenarios(scenarioOf('large-grid.yaml'), 1e6).maximum).toBeLessThan((16e6 * 900_000) / 40 + 1);
  });

  it('counts each reading of all registers', () => {
    expect(new TrialScenarios(scenarioOf('small-grid.yaml')).readingsPerSecond(900_000)).toBe(1000);
    expect(new TrialScenarios(scenarioOf('small-grid.yaml', ['behaviour.registers=per-tariff'])).readingsPerSecond(900_000)).toBe(3000);
    expect(new TrialScenarios(scenarioOf('small-grid.yaml', ['behaviour.interval=30 min'])).readingsPerSecond(1_800_000)).toBe(1000);
  });

  it('begins where the one before could have ended: no reading is offered twice', () => {
    const scenarios = new TrialScenarios(scenarioOf('small-grid.yaml'));
    const [first, second] = [scenarios.next(1e7, lasts), scenarios.next(1e6, lasts)].map(({ scenario }) => scenario.behaviour);
    if (first === undefined || second === undefined) throw new Error('two');
    expect(second.start.unixSeconds).toBe(first.start.unixSeconds + first.steps * 900);
    expect(second.start.offsetMinutes).toBe(first.start.offsetMinutes);
  });

  it('leaves out what a short trial can have by chance, and takes meters from the sizes where the grid has no total', () => {
    const blackout = new TrialScenarios(scenarioOf('blackout.yaml')).next(1e7, lasts).scenario;
    expect(blackout.network.blackouts).toEqual([]);
    const { scenario, speed } = new TrialScenarios(scenarioOf('small-grid.yaml', ['grid.meters=null'])).next(1e7, lasts);
    expect(generateStations(scenario).meters * speed).toBeCloseTo(1e7, 0);
  });
});
