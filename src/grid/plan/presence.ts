/**
 * What a concentrator has at any step of a run, for a head-end that asks (pull): is its link up, which meters did it read,
 * which rows of a meter does it hold. The same outages as the plan's, so a head-end that asks at every step at which the link
 * is up gets exactly the rows that a push sends at that step.
 *
 *   row t of a meter is held at step b   when the meter was up at some step of t .. b, the first of them being r,
 *                                        r - t < meter memory   and   b - t < concentrator memory
 *
 * Any step can be asked for, in any order; the stay that a device is in is remembered, so steps that follow each other cost
 * next to nothing, and going back replays the device's stays from the beginning. State: 8 bytes a meter and a concentrator.
 */

import { assert } from '../../base/assert.ts';
import type { Scenario } from '../scenario/scenario.ts';
import type { Meters, Stations } from '../topology/topology.ts';
import { Outages } from './outages.ts';

export class Presence {
  readonly steps: number;
  readonly #stations: Stations;
  readonly #meterMemory: number;
  readonly #concentratorMemory: number;
  readonly #meterStays: Stays;
  readonly #linkStays: Stays;

  constructor(options: {
    readonly scenario: Scenario;
    readonly stations: Stations;
    readonly meters: Meters;
    readonly fromStation: number;
    readonly toStation: number;
  }) {
    const { scenario, stations, meters, fromStation, toStation } = options;
    const { behaviour, seed } = scenario;
    const { intervalSeconds } = behaviour;
    assert(stations.firstMeter[fromStation] === meters.first, 'the meters are those of the stations');
    this.steps = behaviour.steps;
    this.#stations = stations;
    this.#meterMemory = behaviour.meterMemoryRows;
    this.#concentratorMemory = behaviour.concentratorMemoryRows;
    this.#meterStays = new Stays({
      outages: new Outages({ seed, stream: 'meter-outages', categories: behaviour.meterAccessibility, intervalSeconds }),
      first: meters.first,
      category: meters.accessibility,
    });
    this.#linkStays = new Stays({
      outages: new Outages({ seed, stream: 'link-outages', categories: behaviour.concentratorAccessibility, intervalSeconds }),
      first: fromStation,
      category: stations.accessibility.subarray(fromStation, toStation),
    });
  }

  linkUp(station: number, step: number): boolean {
    return this.#linkStays.isUp(station, step);
  }

  /** The first step from `step` on at which the link is up; `steps` when there is none in the run. */
  nextLinkUp(station: number, step: number): number {
    const stays = this.#linkStays;
    let at = step;
    while (at < this.steps && !stays.isUp(station, at)) at = stays.until(station, at);
    return Math.min(at, this.steps);
  }

  meterUp(meter: number, step: number): boolean {
    return this.#meterStays.isUp(meter, step);
  }

  /** The meters that the concentrator reads at `step`, ascending, into `out`; answers their number. */
  metersUp(station: number, step: number, out: Uint32Array): number {
    const { firstMeter } = this.#stations;
    const end = firstMeter[station + 1]!;
    let count = 0;
    for (let meter = firstMeter[station]!; meter < end; meter++) {
      if (this.#meterStays.isUp(meter, step)) out[count++] = meter;
    }
    return count;
  }

  /** The oldest step of which a concentrator still holds rows at step `now`. */
  oldestStep(now: number): number {
    return Math.max(0, now + 1 - this.#concentratorMemory);
  }

  /** Calls `visit` with each step of `from` .. `to` whose row of `meter` its concentrator holds at step `now`, ascending. */
  held(meter: number, range: { readonly from: number; readonly to: number; readonly now: number }, visit: (step: number) => void): void {
    const { now } = range;
    const last = Math.min(range.to, now, this.steps - 1);
    const stays = this.#meterStays;
    let at = Math.max(range.from, this.oldestStep(now));
    while (at <= last) {
      const up = stays.isUp(meter, at);
      const until = stays.until(meter, at);
      // Rows of an outage are read at its end, as far as the meter still has them then.
      if (!up && until > now) return;
      const first = up ? at : Math.max(at, until + 1 - this.#meterMemory);
      const end = Math.min(until, last + 1);
      for (let step = first; step < end; step++) visit(step);
      at = until;
    }
  }
}

/** The stays of devices: up or down from one step to another. Remembers the stay that was asked for last, of each device. */
class Stays {
  readonly #outages: Outages;
  readonly #first: number;
  readonly #category: Uint8Array;
  /** By device: first step of the stay; twice the step of its end, plus 1 when the device is down. */
  readonly #from: Uint32Array;
  readonly #state: Uint32Array;

  constructor(options: { readonly outages: Outages; readonly first: number; readonly category: Uint8Array }) {
    const { outages, first, category } = options;
    this.#outages = outages;
    this.#first = first;
    this.#category = category;
    this.#from = new Uint32Array(category.length);
    this.#state = new Uint32Array(category.length);
    for (let i = 0; i < category.length; i++) this.#state[i] = outages.initial(first + i, category[i]!);
  }

  isUp(device: number, step: number): boolean {
    return (this.#at(device, step) & 1) === 0;
  }

  /** End of the stay that `step` lies in. */
  until(device: number, step: number): number {
    return this.#at(device, step) >>> 1;
  }

  #at(device: number, step: number): number {
    const i = device - this.#first;
    let state = this.#state[i]!;
    if (step < this.#from[i]!) {
      state = this.#outages.initial(device, this.#category[i]!);
      this.#from[i] = 0;
      this.#state[i] = state;
    }
    if (state >>> 1 > step) return state;
    while (state >>> 1 <= step) {
      this.#from[i] = state >>> 1;
      state = this.#outages.advance(state, device, this.#category[i]!, state >>> 1);
    }
    this.#state[i] = state;
    return state;
  }
}
