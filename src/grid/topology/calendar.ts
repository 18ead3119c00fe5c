/**
 * What the calendar says of the days of a year, as far as consumption depends on it: month, season and type of day.
 * Seasons and the rule for 24 and 31 December are those of the VDEW profiles (M-32/99): winter 1 November to 20 March,
 * summer 15 May to 14 September, transition otherwise; both days as Saturday unless they are a Sunday. Public holidays are
 * those of the Czech Republic (law 245/2000; Good Friday since 2016) and count as Sundays. Integer arithmetic alone.
 */

import { assert } from '../../base/assert.ts';

/** In the order of the numbers in the columns of `CalendarYear`. */
export const SEASONS = ['winter', 'transition', 'summer'] as const;
export const DAY_TYPES = ['workday', 'saturday', 'sunday'] as const;

/** One entry for each day of the year, 365 or 366; index 0 is 1 January. */
export interface CalendarYear {
  readonly days: number;
  /** 0 .. 11 */
  readonly month: Uint8Array;
  /** 1 .. 31 */
  readonly dayOfMonth: Uint8Array;
  /** Index into `SEASONS`. */
  readonly season: Uint8Array;
  /** Index into `DAY_TYPES`. */
  readonly dayType: Uint8Array;
}

/** The year of the Gregorian calendar, 1583 .. 9999. */
export function calendarYear(year: number): CalendarYear {
  assert(Number.isInteger(year) && year >= 1583 && year <= 9999, 'the year is one of the Gregorian calendar');
  const days = isLeapYear(year) ? 366 : 365;
  const month = new Uint8Array(days);
  const dayOfMonth = new Uint8Array(days);
  const season = new Uint8Array(days);
  const dayType = new Uint8Array(days);
  const holidays = new Set(holidaysOf(year));
  const firstWeekday = weekdayOfNewYear(year);
  let day = 0;
  for (let m = 0; m < 12; m++) {
    for (let d = 1; d <= daysOfMonth(year, m); d++, day++) {
      month[day] = m;
      dayOfMonth[day] = d;
      season[day] = seasonOf(m, d);
      dayType[day] = dayTypeOf({ month: m, dayOfMonth: d, weekday: (firstWeekday + day) % 7, holiday: holidays.has(day) });
    }
  }
  return { days, month, dayOfMonth, season, dayType };
}

/** Easter Sunday as day of the year, 0 = 1 January (the anonymous Gregorian algorithm, Nature 1876). */
export function easterSunday(year: number): number {
  const a = year % 19;
  const b = Math.floor(year / 100);
  const c = year % 100;
  const d = Math.floor(b / 4);
  const f = Math.floor((b + 8) / 25);
  const g = Math.floor((b - f + 1) / 3);
  const h = (19 * a + b - d - g + 15) % 30;
  const l = (32 + 2 * (b % 4) + 2 * Math.floor(c / 4) - h - (c % 4)) % 7;
  const m = Math.floor((a + 11 * h + 22 * l) / 451);
  const n = h + l - 7 * m + 114;
  return dayOfYear(year, Math.floor(n / 31) - 1, (n % 31) + 1);
}

/** Month and day of month of the public holidays with a fixed date. */
const FIXED_HOLIDAYS = [
  [0, 1],
  [4, 1],
  [4, 8],
  [6, 5],
  [6, 6],
  [8, 28],
  [9, 28],
  [10, 17],
  [11, 24],
  [11, 25],
  [11, 26],
] as const;

function holidaysOf(year: number): number[] {
  const easter = easterSunday(year);
  const days = FIXED_HOLIDAYS.map(([month, day]) => dayOfYear(year, month, day));
  days.push(easter + 1);
  if (year >= 2016) days.push(easter - 2);
  return days;
}

const SATURDAY = 6;
const SUNDAY = 0;

function dayTypeOf(day: {
  readonly month: number;
  readonly dayOfMonth: number;
  readonly weekday: number;
  readonly holiday: boolean;
}): number {
  const endOfYear = day.month === 11 && (day.dayOfMonth === 24 || day.dayOfMonth === 31);
  if (day.weekday === SUNDAY) return DAY_TYPES.indexOf('sunday');
  if (endOfYear) return DAY_TYPES.indexOf('saturday');
  if (day.holiday) return DAY_TYPES.indexOf('sunday');
  return DAY_TYPES.indexOf(day.weekday === SATURDAY ? 'saturday' : 'workday');
}

function seasonOf(month: number, dayOfMonth: number): number {
  const date = (month + 1) * 100 + dayOfMonth;
  if (date >= 1101 || date <= 320) return SEASONS.indexOf('winter');
  return SEASONS.indexOf(date >= 515 && date <= 914 ? 'summer' : 'transition');
}

function isLeapYear(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
}

function daysOfMonth(year: number, month: number): number {
  if (month === 1) return isLeapYear(year) ? 29 : 28;
  return month === 3 || month === 5 || month === 8 || month === 10 ? 30 : 31;
}

function dayOfYear(year: number, month: number, dayOfMonth: number): number {
  let day = dayOfMonth - 1;
  for (let m = 0; m < month; m++) day += daysOfMonth(year, m);
  return day;
}

/** 0 = Sunday. */
function weekdayOfNewYear(year: number): number {
  const past = year - 1;
  return (1 + past + Math.floor(past / 4) - Math.floor(past / 100) + Math.floor(past / 400)) % 7;
}
