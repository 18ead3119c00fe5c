/**
 * Is the line of a concentrator up at a step: when its own chain, that of its cell and that of its region are, and no blackout
 * covers it.
 *
 *   cell = floor(station / cells.stations)   region = floor(station / regions.stations)   neighbours have neighbouring numbers
 *
 * The chains are the same two-state chains as everybody's (`outages.ts`), with streams of their own, so a scenario that has
 * nothing in common has the very outages that it would have if this file knew nothing of cells. A blackout covers the steps
 * that lie in it, of one run of stations whose begin is drawn from the seed and the blackout's place in the list, and which
 * goes on at station 0 after the last one.
 *
 * Any station and step can be asked for, in any order; what holds, and until when, is remembered for each station, so steps
 * in order cost a comparison. State: 16 bytes a station, and 8 more for each of cells and regions.
 */

import { below, streamKey } from '../../base/random.ts';
import { blackoutSteps, type Accessibility, type Scenario } from '../scenario/scenario.ts';
import type { Stations } from '../topology/topology.ts';
import { NEVER, Outages } from './outages.ts';
import { Stays } from './stays.ts';

/** Why a line is down; when several hold, the one that most others have too. */
export type LinkOutageCause = 'blackout' | 'region' | 'cell' | 'own';

export class LinkOutages {
  readonly #first: number;
  readonly #stations: number;
  /** Those that the scenario has; what most stations have together comes first. */
  readonly #chains: readonly { readonly cause: LinkOutageCause; readonly stays: Stays }[];
  readonly #blackouts: readonly Run[];
  /** By station: from where on, and twice the step up to which, what was found last holds; plus 1 when the line is down. */
  readonly #from: Uint32Array;
  readonly #state: Uint32Array;

  constructor(options: {
    readonly scenario: Scenario;
    readonly stations: Stations;
    readonly fromStation: number;
    readonly toStation: number;
  }) {
    const { scenario, stations, fromStation, toStation } = options;
    const { seed, behaviour, network } = scenario;
    const { intervalSeconds } = behaviour;
    this.#first = fromStation;
    this.#stations = stations.count;
    const count = toStation - fromStation;
    const outages = (stream: string, categories: readonly Pick<Accessibility, 'accessible' | 'outageSeconds'>[]): Outages =>
      new Outages({ seed, stream, categories, intervalSeconds });
    const one = new Uint8Array(count);
    const shared = (cause: 'region' | 'cell', common: typeof network.cells): { cause: LinkOutageCause; stays: Stays }[] => {
      if (common === null) return [];
      const stays = new Stays({ outages: outages(`${cause}-outages`, [common]), first: fromStation, category: one, together: common.stations });
      return [{ cause, stays }];
    };
    const own = new Stays({
      outages: outages('link-outages', behaviour.concentratorAccessibility),
      first: fromStation,
      category: stations.accessibility.subarray(fromStation, toStation),
    });
    this.#chains = [...shared('region', network.regions), ...shared('cell', network.cells), { cause: 'own', stays: own }];
    const key = streamKey(seed, 'blackouts');
    this.#blackouts = network.blackouts.map((blackout, i) => {
      const { firstStep, endStep } = blackoutSteps(blackout, intervalSeconds);
      // A half goes up, also where the share is not a binary fraction.
      const dark = Math.floor(blackout.share * stations.count + 0.5 + 1e-9);
      return { firstStep, endStep, first: below(key, i, stations.count), count: dark };
    });
    this.#from = new Uint32Array(count);
    this.#state = new Uint32Array(count);
  }

  isUp(station: number, step: number): boolean {
    return (this.#at(station, step) & 1) === 0;
  }

  /** A step after `step` up to which the answer stays the same; from it on it may be another one. */
  until(station: number, step: number): number {
    return this.#at(station, step) >>> 1;
  }

  /** Why the line is down at `step`; null when it is up. */
  causeAt(station: number, step: number): LinkOutageCause | null {
    const dark = this.#blackouts.some((run) => step >= run.firstStep && step < run.endStep && this.#isIn(run, station));
    if (dark) return 'blackout';
    return this.#chains.find(({ stays }) => !stays.isUp(station, step))?.cause ?? null;
  }

  #at(station: number, step: number): number {
    const i = station - this.#first;
    const state = this.#state[i]!;
    if (step < state >>> 1 && step >= this.#from[i]!) return state;
    const found = this.#look(station, step);
    this.#from[i] = step;
    this.#state[i] = found;
    return found;
  }

  /** Down as long as the longest of what holds it down; up until the first of all that can take it down. */
  #look(station: number, step: number): number {
    let upUntil = NEVER;
    let downUntil = 0;
    for (const { stays } of this.#chains) {
      const until = stays.until(station, step);
      if (stays.isUp(station, step)) upUntil = Math.min(upUntil, until);
      else downUntil = Math.max(downUntil, until);
    }
    for (const run of this.#blackouts) {
      if (step >= run.endStep || run.firstStep === run.endStep || !this.#isIn(run, station)) continue;
      if (step < run.firstStep) upUntil = Math.min(upUntil, run.firstStep);
      else downUntil = Math.max(downUntil, run.endStep);
    }
    return downUntil > 0 ? downUntil * 2 + 1 : upUntil * 2;
  }

  #isIn(run: Run, station: number): boolean {
    return (station - run.first + this.#stations) % this.#stations < run.count;
  }
}

/** A blackout: steps from `firstStep` to below `endStep`, and `count` stations from `first` on, in a ring. */
interface Run {
  readonly firstStep: number;
  readonly endStep: number;
  readonly first: number;
  readonly count: number;
}
