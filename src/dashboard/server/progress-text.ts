/** What a run that goes on says of itself, in a sentence: in its report so far, and on the page, which hears of progress more often. */

import { counted, duration } from '../../base/format.ts';
import type { LiveProgress } from './run-view.ts';

export function progressText({ phase, step, steps, etaMs }: LiveProgress): string {
  if (phase === 'preparing') return 'The grid is being made; nothing was sent yet.';
  if (phase === 'storing') return 'All is sent; the head-end stores the rest.';
  if (phase === 'auditing') return 'The run is over; every stored reading is compared with plan and truth.';
  const rest = etaMs === null ? '' : `, about ${duration(etaMs / 1000)} to go`;
  return `The run goes on: ${step} of ${counted(steps, 'step')}${rest}. The verdict follows the audit.`;
}
