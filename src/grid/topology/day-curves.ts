/**
 * The curves of one consumption pattern, of 96 quarter hours each, as tables and files give them: one for all days, or one
 * for each season or month and type of day.
 */

import { SEASONS, type CalendarYear, DAY_TYPES } from './calendar.ts';

export const SLOTS = 96;

/** `season` and `month`: three curves, in the order of `DAY_TYPES`, for each season or month. */
export type CurveLayout = 'single' | 'season' | 'month';

export interface DayCurves {
  readonly layout: CurveLayout;
  readonly curves: readonly Float64Array[];
}

export function curveCount(layout: CurveLayout): number {
  if (layout === 'single') return 1;
  return (layout === 'season' ? SEASONS.length : 12) * DAY_TYPES.length;
}

/** Which curve holds on each day of the year. */
export function curveByDay(layout: CurveLayout, calendar: CalendarYear): Uint8Array {
  const curve = new Uint8Array(calendar.days);
  if (layout === 'single') return curve;
  const period = layout === 'season' ? calendar.season : calendar.month;
  for (let day = 0; day < calendar.days; day++) curve[day] = period[day]! * DAY_TYPES.length + calendar.dayType[day]!;
  return curve;
}

export function sumOf(curve: Float64Array): number {
  let sum = 0;
  for (const value of curve) sum += value;
  return sum;
}
