/**
 * The grid at one step of the plan, for a map of it: which stations can be reached, how many of their meters, and for how
 * long they could not be. Steps that follow each other cost little; going back starts again from step 0. Worked off in slices,
 * so that a process that has other things to do can do them in between.
 */

import type { Clock } from '../base/clock.ts';
import type { StationState } from '../dashboard/server/run-view.ts';
import { Presence } from '../grid/plan/presence.ts';
import type { Scenario } from '../grid/scenario/scenario.ts';
import { meterAccessibility } from '../grid/topology/meters.ts';
import type { Stations } from '../grid/topology/topology.ts';

/** Answers that are kept; two bytes a station each. */
const KEPT_MAX = 64;
const SLICE_STATIONS = 2000;
export const BEHIND_MAX = 255;
export const NO_METERS = 255;

export class GridStates {
  readonly #clock: Clock;
  readonly #scenario: Scenario;
  readonly #stations: Stations;
  readonly #kept = new Map<number, StationState>();
  #presence: Presence | null = null;
  /** Last step at which each line was up, as seen up to `#step`; -1: at none so far. */
  #lastUp: Int32Array;
  #step = -1;
  #running: Promise<unknown> = Promise.resolve();

  constructor(options: { readonly clock: Clock; readonly scenario: Scenario; readonly stations: Stations }) {
    this.#clock = options.clock;
    this.#scenario = options.scenario;
    this.#stations = options.stations;
    this.#lastUp = new Int32Array(options.stations.count).fill(-1);
  }

  /** `step`: 0 .. steps - 1. One after the other. */
  at(step: number): Promise<StationState> {
    const next = this.#running.then(() => this.#kept.get(step) ?? this.#compute(step));
    this.#running = next.catch(() => {});
    return next;
  }

  async #compute(step: number): Promise<StationState> {
    const { count, firstMeter, meters } = this.#stations;
    const presence = (this.#presence ??= await this.#makePresence());
    if (step < this.#step) {
      this.#lastUp.fill(-1);
      this.#step = -1;
    }
    const state = { reachedPercent: new Uint8Array(count), behindSteps: new Uint8Array(count) };
    const up = new Uint32Array(Math.max(1, meters));
    for (let from = 0; from < count; from += SLICE_STATIONS) {
      const to = Math.min(count, from + SLICE_STATIONS);
      for (let station = from; station < to; station++) {
        const lastUp = this.#lineUntil(presence, station, step);
        const all = firstMeter[station + 1]! - firstMeter[station]!;
        const reached = lastUp === step ? presence.metersUp(station, step, up) : 0;
        // Never "all" or "none" of a station by rounding.
        const share = reached === 0 || reached === all ? (reached * 100) / Math.max(1, all) : Math.min(99, Math.max(1, Math.round((reached * 100) / all)));
        state.reachedPercent[station] = all === 0 ? NO_METERS : share;
        state.behindSteps[station] = Math.min(BEHIND_MAX, step - lastUp);
      }
      await this.#pause();
    }
    this.#step = step;
    this.#keep(step, state);
    return state;
  }

  /** Looks at the line at the steps that were not looked at yet. */
  #lineUntil(presence: Presence, station: number, step: number): number {
    for (let at = this.#step + 1; at <= step; at++) if (presence.linkUp(station, at)) this.#lastUp[station] = at;
    return this.#lastUp[station]!;
  }

  async #makePresence(): Promise<Presence> {
    const scenario = this.#scenario;
    const stations = this.#stations;
    const accessibility = new Uint8Array(stations.meters);
    for (let fromStation = 0; fromStation < stations.count; fromStation += SLICE_STATIONS) {
      const toStation = Math.min(stations.count, fromStation + SLICE_STATIONS);
      accessibility.set(meterAccessibility(scenario, stations, { fromStation, toStation }), stations.firstMeter[fromStation]);
      await this.#pause();
    }
    return new Presence({ scenario, stations, meters: { first: 0, accessibility }, fromStation: 0, toStation: stations.count });
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => this.#clock.schedule(0, resolve));
  }

  #keep(step: number, state: StationState): void {
    const [oldest] = this.#kept.keys();
    if (this.#kept.size >= KEPT_MAX && oldest !== undefined) this.#kept.delete(oldest);
    this.#kept.set(step, state);
  }
}
