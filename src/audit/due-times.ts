/**
 * Until when a reading is of use to billing and to the customer: 06:00 of the civil day after the one that was measured. A
 * value at midnight ends its day and is due six hours later; any other value has between 6 and 30 hours.
 *
 *   slack of a reading that is sent d steps after its step s  =  (room(s) - d) * interval + rest     [seconds]
 *
 * `rest` is the same for all steps, because a day has a whole number of them: so whole numbers of steps say it all.
 */

import type { Behaviour } from '../grid/scenario/scenario.ts';

const DAY_SECONDS = 86_400;
const DUE_SECONDS = 6 * 3600;

export class DueTimes {
  /** 0 .. below one interval. */
  readonly restSeconds: number;
  /** No step has more room. */
  readonly roomMax: number;
  readonly #behaviour: Pick<Behaviour, 'start' | 'intervalSeconds'>;

  constructor(behaviour: Pick<Behaviour, 'start' | 'intervalSeconds'>) {
    const { intervalSeconds } = behaviour;
    this.#behaviour = behaviour;
    this.restSeconds = this.#secondsLeft(0) % intervalSeconds;
    this.roomMax = Math.floor((DAY_SECONDS + DUE_SECONDS) / intervalSeconds);
  }

  /** Whole steps from the measurement of `step` until it is due. */
  room(step: number): number {
    return Math.floor(this.#secondsLeft(step) / this.#behaviour.intervalSeconds);
  }

  #secondsLeft(step: number): number {
    const { start, intervalSeconds } = this.#behaviour;
    const civilSeconds = start.unixSeconds + start.offsetMinutes * 60 + step * intervalSeconds;
    return Math.ceil(civilSeconds / DAY_SECONDS) * DAY_SECONDS + DUE_SECONDS - civilSeconds;
  }
}
