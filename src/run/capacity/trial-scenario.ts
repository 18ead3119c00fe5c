/**
 * The scenario of a trial: the grid of the user's scenario, cut to so many stations and played so many times faster that it offers
 * the readings a second of the load. Steps take a quarter of a second where that is possible. A larger load has more stations, up
 * to those of the scenario; then shorter steps; then more stations than the scenario has, where nobody has to know them beforehand.
 *
 * Only the everyday load is played: single meters and concentrators that can't be reached, and what they send late. Lines are
 * left out, since their delays would shrink with time; so are outages in common and blackouts, which would make a short trial
 * a matter of chance. Pushes are spread over half of each step.
 */

import { assert } from '../../base/assert.ts';
import { largestRemainder } from '../../base/random.ts';
import { channelCount, type GridParameters, type Scenario } from '../../grid/scenario/scenario.ts';
import { generateStations } from '../../grid/topology/stations.ts';

export interface TrialScenario {
  readonly scenario: Scenario;
  readonly stations: number;
  readonly speed: number;
  readonly stepMs: number;
  readonly spreadMs: number;
}

const STEP_MS = 250;
/** Before the grid grows beyond that of the scenario; and the shortest at all. */
const STEP_MS_SHORT = 100;
const STEP_MS_MIN = 40;
const STATIONS_MIN = 4;
/** As many as a grid may have. */
const METERS_MAX = 16_000_000;
/** Steps that are planned beyond the longest trial. */
const STEPS_SPARE = 8;

export class TrialScenarios {
  readonly #base: Scenario;
  readonly #meters: number;
  readonly #stationsMax: number;
  /** Steps that earlier trials took: each has times of its own, so that no head-end sees a reading twice. */
  #stepsBefore = 0;

  /** `stationsMax`: more than the scenario has are made up to so many. */
  constructor(base: Scenario, stationsMax: number = base.grid.stations) {
    this.#base = base;
    this.#meters = generateStations(base).meters;
    const { stations } = base.grid;
    this.#stationsMax = Math.max(stations, Math.min(stationsMax, Math.floor(METERS_MAX / (this.#meters / stations))));
  }

  /** Readings a second of a load. */
  readingsPerSecond(meters: number): number {
    const { registers, intervalSeconds } = this.#base.behaviour;
    return (meters * channelCount(registers)) / intervalSeconds;
  }

  /** Equivalent meters of the highest load that this grid can offer. */
  get maximum(): number {
    const { grid, behaviour } = this.#base;
    return ((this.#meters / grid.stations) * this.#stationsMax * behaviour.intervalSeconds * 1000) / STEP_MS_MIN;
  }

  /** `meters`: equivalent ones. `lastsMs`: from the stepMs that comes out, how long the trial goes on. */
  next(meters: number, lastsMs: (stepMs: number) => number): TrialScenario {
    const { grid, behaviour, network } = this.#base;
    const intervalMs = behaviour.intervalSeconds * 1000;
    const perStation = this.#meters / grid.stations;
    const stationsAt = (stepMs: number): number => Math.round((meters * stepMs) / intervalMs / perStation);
    const own = Math.min(Math.max(stationsAt(STEP_MS), STATIONS_MIN), grid.stations);
    const stations = Math.min(Math.max(own, stationsAt(STEP_MS_SHORT)), this.#stationsMax);
    const cut = { ...this.#base, grid: cutGrid(grid, stations) };
    const speed = meters / generateStations(cut).meters;
    const stepMs = intervalMs / speed;
    const steps = Math.ceil(lastsMs(stepMs) / stepMs) + STEPS_SPARE;
    const spreadSeconds = Math.floor(behaviour.intervalSeconds / 2);
    const start = { ...behaviour.start, unixSeconds: behaviour.start.unixSeconds + this.#stepsBefore * behaviour.intervalSeconds };
    this.#stepsBefore += steps;
    assert(start.unixSeconds + steps * behaviour.intervalSeconds < 2 ** 32, 'trials end before 2106');
    const scenario: Scenario = {
      ...cut,
      behaviour: { ...behaviour, steps, start, spreadSeconds },
      network: { ...network, links: 'ignored', cells: null, regions: null, blackouts: [] },
      // They are about runs that last, in time of the grid.
      thresholds: [],
      speed,
    };
    return { scenario, stations, speed, stepMs, spreadMs: (spreadSeconds * 1000) / speed };
  }
}

/** Meters to the same share, within what the size categories of so many stations can have. */
function cutGrid(grid: GridParameters, stations: number): GridParameters {
  if (grid.meters === null) return { ...grid, stations };
  const counts = largestRemainder(stations, grid.stationSizes.map(({ share }) => share));
  const sum = (metersOf: (size: GridParameters['stationSizes'][number]) => number): number =>
    grid.stationSizes.reduce((all, size, i) => all + (counts[i] ?? 0) * metersOf(size), 0);
  const scaled = Math.round((grid.meters / grid.stations) * stations);
  const meters = Math.min(Math.max(scaled, sum((size) => size.metersMin)), sum((size) => size.metersMax));
  return { ...grid, stations, meters };
}
