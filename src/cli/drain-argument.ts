/** `--drain`: how long after its last step a run at a speed waits for the head-end. */

import type { Scenario } from '../grid/scenario/scenario.ts';
import { parseDuration } from '../grid/scenario/units.ts';
import { UserError } from '../run/errors.ts';

/** Whoever has not caught up after two intervals is slower than the grid, whatever happens then. */
const INTERVALS = 2;
/** At high speeds intervals are shorter than any delay: a tenth of the run, within these. */
const RUN_SHARE = 0.1;
const SECONDS = { min: 10, max: 60 } as const;
/** The least and the most that can be asked for. */
const GIVEN = { min: 1, max: 86_400 } as const;

export function drainSeconds(text: string | undefined, { speed, behaviour }: Scenario): number {
  if (text === undefined) {
    if (speed === 'max') return Infinity;
    const share = (RUN_SHARE * behaviour.steps * behaviour.intervalSeconds) / speed;
    return Math.max((INTERVALS * behaviour.intervalSeconds) / speed, Math.min(SECONDS.max, Math.max(SECONDS.min, share)));
  }
  if (speed === 'max') {
    throw new UserError('meterstorm: --drain: at speed `max` the head-end sets the pace, so nothing is late; give a --speed, or leave it out');
  }
  const seconds = parseDuration(text);
  if (seconds === null || seconds < GIVEN.min || seconds > GIVEN.max) {
    throw new UserError(`meterstorm: --drain: found \`${text}\`, allowed is a duration from 1 s to 1 d, such as 60 s`);
  }
  return seconds;
}
