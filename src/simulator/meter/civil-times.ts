/** Quarter hours, midnights and beginnings of months by a device's civil time, which is a fixed offset from UTC. */

import { daysInYear, firstDay, SECONDS_PER_DAY, yearOf } from '../../grid/truth/civil-day.ts';

/** The civil day (0 is 1970-01-01) that the instant lies in. */
export function dayOf(unixSeconds: number, offsetMinutes: number): number {
  return Math.floor((unixSeconds + offsetMinutes * 60) / SECONDS_PER_DAY);
}

/** Unix seconds of the midnight that day `day` begins with. */
export function midnightOf(day: number, offsetMinutes: number): number {
  return day * SECONDS_PER_DAY - offsetMinutes * 60;
}

/** Seconds since the midnight before. */
export function secondOfDay(unixSeconds: number, offsetMinutes: number): number {
  const local = unixSeconds + offsetMinutes * 60;
  return local - Math.floor(local / SECONDS_PER_DAY) * SECONDS_PER_DAY;
}

/** The last multiple of `seconds` since midnight that is not after the instant. `seconds` divides a day. */
export function floorTo(unixSeconds: number, seconds: number, offsetMinutes: number): number {
  const local = unixSeconds + offsetMinutes * 60;
  return Math.floor(local / seconds) * seconds - offsetMinutes * 60;
}

/** The first day of the month that `day` lies in. */
export function monthStart(day: number): number {
  const year = yearOf(day);
  let start = firstDay(year);
  for (const length of MONTH_DAYS) {
    const days = length === FEBRUARY ? daysInYear(year) - DAYS_BESIDE_FEBRUARY : length;
    if (start + days > day) return start;
    start += days;
  }
  return start;
}

const FEBRUARY = 0;
const MONTH_DAYS = [31, FEBRUARY, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
const DAYS_BESIDE_FEBRUARY = 337;
