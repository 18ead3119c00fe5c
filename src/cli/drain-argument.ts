/** `--drain`: how long after its last step a run at a speed waits for the head-end. */

import type { Scenario } from '../grid/scenario/scenario.ts';
import { parseDuration } from '../grid/scenario/units.ts';
import { UserError } from '../run/errors.ts';

/** Whoever has not caught up after two intervals is slower than the grid, whatever happens then. */
const INTERVALS = 2;
const SECONDS_MIN = 60;
/** The least and the most that can be asked for. */
const GIVEN = { min: 1, max: 86_400 } as const;

export function drainSeconds(text: string | undefined, { speed, behaviour }: Scenario): number {
  if (text === undefined) return speed === 'max' ? Infinity : Math.max(SECONDS_MIN, (INTERVALS * behaviour.intervalSeconds) / speed);
  if (speed === 'max') {
    throw new UserError('meterstorm: --drain: at speed `max` the head-end sets the pace, so nothing is late; give a --speed, or leave it out');
  }
  const seconds = parseDuration(text);
  if (seconds === null || seconds < GIVEN.min || seconds > GIVEN.max) {
    throw new UserError(`meterstorm: --drain: found \`${text}\`, allowed is a duration from 1 s to 1 d, such as 60 s`);
  }
  return seconds;
}
