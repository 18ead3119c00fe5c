/** The times at which something happens each interval, as execution times of a schedule. */

import type { Data } from '../../protocol/dlms/data/data.ts';
import { executionTime } from './scripts.ts';

const EACH = 0xff;
const TIMES_MAX = 96;

/**
 * `intervalSeconds` divides a day. An interval that divides an hour is told by the minute and second of each hour, any other
 * by the time of day; one that has more times than a schedule holds is told by "each minute".
 */
export function captureTimes(intervalSeconds: number): readonly Data[] {
  const within = 3600 % intervalSeconds === 0 ? 3600 : 86_400;
  const count = within / intervalSeconds;
  if (count > TIMES_MAX) return [executionTime([EACH, EACH, 0])];
  return Array.from({ length: count }, (_, i) => {
    const second = i * intervalSeconds;
    const hour = within === 3600 ? EACH : Math.floor(second / 3600);
    return executionTime([hour, Math.floor((second % 3600) / 60), second % 60]);
  });
}
