/**
 * What a concentrator has at any step of a run, for a head-end that asks (pull): is its link up, which meters did it read,
 * which rows of a meter does it hold. The same outages as the plan's, so a head-end that asks at every step at which the link
 * is up gets exactly the rows that a push sends at that step.
 *
 *   row t of a meter is held at step b   when the meter was up at some step of t .. b, the first of them being r,
 *                                        r - t < meter memory   and   b - t < concentrator memory
 *
 * Any step can be asked for, in any order; steps that follow each other cost next to nothing (`stays.ts`, `link-outages.ts`).
 * State: 8 bytes a meter.
 */

import { assert } from '../../base/assert.ts';
import type { Scenario } from '../scenario/scenario.ts';
import type { Meters, Stations } from '../topology/topology.ts';
import { LinkOutages } from './link-outages.ts';
import { Outages } from './outages.ts';
import { Stays } from './stays.ts';

export class Presence {
  readonly steps: number;
  readonly #stations: Stations;
  readonly #meterMemory: number;
  readonly #concentratorMemory: number;
  readonly #meterStays: Stays;
  readonly #links: LinkOutages;

  constructor(options: {
    readonly scenario: Scenario;
    readonly stations: Stations;
    readonly meters: Pick<Meters, 'first' | 'accessibility'>;
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
    this.#links = new LinkOutages({ scenario, stations, fromStation, toStation });
  }

  linkUp(station: number, step: number): boolean {
    return this.#links.isUp(station, step);
  }

  /** The first step from `step` on at which the link is up; `steps` when there is none in the run. */
  nextLinkUp(station: number, step: number): number {
    const links = this.#links;
    let at = step;
    while (at < this.steps && !links.isUp(station, at)) at = links.until(station, at);
    return Math.min(at, this.steps);
  }

  /** The last step at which the link is up; -1: there is none in the run. */
  lastLinkUp(station: number): number {
    let last = -1;
    for (let at = this.nextLinkUp(station, 0); at < this.steps; at = this.nextLinkUp(station, last + 1)) {
      last = Math.min(this.#links.until(station, at), this.steps) - 1;
    }
    return last;
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
