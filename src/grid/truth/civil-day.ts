/**
 * Days of the civil calendar (proleptic Gregorian) by number, 0 = 1970-01-01. Integers alone; no time zone: a meter's civil
 * time is Unix time plus the scenario's fixed offset (docs/decisions/001-civil-time.md).
 */

export const SECONDS_PER_DAY = 86_400;

export function daysInYear(year: number): number {
  return firstDay(year + 1) - firstDay(year);
}

/** Number of 1 January. */
export function firstDay(year: number): number {
  const before = year - 1;
  const leapDays = Math.floor(before / 4) - Math.floor(before / 100) + Math.floor(before / 400);
  return 365 * (year - 1970) + leapDays - LEAP_DAYS_BEFORE_1970;
}

/** The year that day number `day` lies in. */
export function yearOf(day: number): number {
  const year = 1970 + Math.floor(day / 365.2425);
  if (firstDay(year) > day) return year - 1;
  return firstDay(year + 1) <= day ? year + 1 : year;
}

const LEAP_DAYS_BEFORE_1970 = 477;
