/**
 * When a concentrator pushes, in time of the grid, as the date-time that its messages carry. The messages of a step leave
 * `spread` apart between concentrators (randomisation_start_interval) and 10 ms apart within one, so every message of a
 * concentrator has a date-time of its own, later ones later: a confirmation "up to T" names messages exactly.
 *
 *   hundredths since the start of the run = 100 * interval * step + offset(concentrator, step) + index in the step
 */

import { assert } from '../../base/assert.ts';
import { below, entityKey, streamKey } from '../../base/random.ts';
import type { Behaviour, Scenario } from '../scenario/scenario.ts';

export class PushTimes {
  readonly #key: number;
  readonly #spreadHundredths: number;
  readonly #intervalHundredths: number;
  readonly #startHundredths: number;

  constructor(scenario: Scenario) {
    const behaviour: Behaviour = scenario.behaviour;
    this.#key = streamKey(scenario.seed, 'push-spread');
    this.#spreadHundredths = behaviour.spreadSeconds * 100;
    this.#intervalHundredths = behaviour.intervalSeconds * 100;
    this.#startHundredths = behaviour.start.unixSeconds * 100;
    assert(this.#spreadHundredths * 2 <= this.#intervalHundredths, 'the spread is at most half the interval');
  }

  /** Messages that one concentrator can send in one step. */
  get messagesMax(): number {
    return this.#intervalHundredths - this.#spreadHundredths;
  }

  /** Hundredths of a second after the step's own time. */
  offsetHundredths(station: number, step: number): number {
    if (this.#spreadHundredths === 0) return 0;
    return below(entityKey(this.#key, station), step, this.#spreadHundredths);
  }

  /** Hundredths of a second from the start of the run to the station's first message of `step`. */
  sinceStartHundredths(station: number, step: number): number {
    return step * this.#intervalHundredths + this.offsetHundredths(station, step);
  }

  /** Unix time in hundredths of a second of message `index` (0 ..) of a step. */
  messageHundredths(station: number, step: number, index: number): number {
    assert(index < this.messagesMax, 'a step has room for its messages');
    return this.#startHundredths + this.sinceStartHundredths(station, step) + index;
  }

  /**
   * Which messages a confirmation up to `unixHundredths` covers: all of the steps before `step`, and the first `messages`
   * ones of it. Any time is answered; one before the run covers nothing.
   */
  confirmed(station: number, unixHundredths: number): { readonly step: number; readonly messages: number } {
    const since = unixHundredths - this.#startHundredths;
    if (since < 0) return { step: 0, messages: 0 };
    const step = Math.floor(since / this.#intervalHundredths);
    const within = since - step * this.#intervalHundredths - this.offsetHundredths(station, step);
    return { step, messages: Math.max(0, within + 1) };
  }
}
