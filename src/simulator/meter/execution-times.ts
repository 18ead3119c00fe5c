/**
 * Execution times of a single action schedule (class 22, attribute 4): array of structure {time, date}, where FF leaves a part
 * of the date open, day FE is the last of a month and FD the one before. Hours and minutes are given, or FF for "each".
 */

import type { Data } from '../../protocol/dlms/data/data.ts';
import { daysInYear, firstDay, SECONDS_PER_DAY, yearOf } from '../../grid/truth/civil-day.ts';
import { dayOf, midnightOf, monthStart } from './civil-times.ts';

/** Days that are looked through for the next execution. */
const DAYS_MAX = 800;
const OPEN = 0xff;
const LAST_DAY = 0xfe;
const SECOND_LAST_DAY = 0xfd;

interface Entry {
  readonly time: Uint8Array;
  readonly date: Uint8Array;
}

/** The first time in (after, to], Unix seconds, at which one of the entries says "now"; null: none does. */
export function firstExecution(
  times: Data,
  span: { readonly after: number; readonly to: number },
  offsetMinutes: number,
): number | null {
  const entries = entriesIn(times);
  if (entries.length === 0) return null;
  const from = dayOf(span.after, offsetMinutes);
  const last = Math.min(dayOf(span.to, offsetMinutes), from + DAYS_MAX);
  for (let day = from; day <= last; day++) {
    const midnight = midnightOf(day, offsetMinutes);
    let first: number | null = null;
    for (const { time, date } of entries) {
      if (!matchesDate(date, day)) continue;
      const at = firstOfDay(time, span.after - midnight);
      if (at !== null && midnight + at <= span.to && (first === null || midnight + at < first)) first = midnight + at;
    }
    if (first !== null) return first;
  }
  return null;
}

function entriesIn(times: Data): readonly Entry[] {
  if (times.type !== 'array') return [];
  return times.value.flatMap((element) => {
    if (element.type !== 'structure') return [];
    const [time, date] = element.value.map((part) => ('value' in part && part.value instanceof Uint8Array ? part.value : null));
    return time?.length === 4 && date?.length === 5 ? [{ time, date }] : [];
  });
}

/** Seconds after midnight, greater than `after`. Seconds that are left open are 0. */
function firstOfDay(time: Uint8Array, after: number): number | null {
  const [hour, minute, second] = [time[0]!, time[1]!, time[2]!];
  const hours = hour === OPEN ? Array.from({ length: 24 }, (_, i) => i) : [hour];
  const minutes = minute === OPEN ? Array.from({ length: 60 }, (_, i) => i) : [minute];
  for (const h of hours) {
    for (const m of minutes) {
      const at = h * 3600 + m * 60 + (second === OPEN ? 0 : second);
      if (at > after && at < SECONDS_PER_DAY) return at;
    }
  }
  return null;
}

function matchesDate(date: Uint8Array, day: number): boolean {
  const year = yearOf(day);
  const start = monthStart(day);
  const month = monthOf(year, start);
  const ofMonth = day - start + 1;
  const days = monthStart(start + 31) - start;
  const wantedYear = date[0]! * 256 + date[1]!;
  const [wantedMonth, wantedDay, wantedWeekday] = [date[2]!, date[3]!, date[4]!];
  if (wantedYear !== 0xffff && wantedYear !== year) return false;
  if (wantedMonth !== OPEN && wantedMonth !== month) return false;
  // 1 January 1970 was a Thursday.
  if (wantedWeekday !== OPEN && wantedWeekday !== ((day + 3) % 7) + 1) return false;
  if (wantedDay === OPEN) return true;
  if (wantedDay === LAST_DAY) return ofMonth === days;
  return wantedDay === SECOND_LAST_DAY ? ofMonth === days - 1 : wantedDay === ofMonth;
}

/** 1 .. 12, of the month that begins with `start`. */
function monthOf(year: number, start: number): number {
  return 1 + Math.round(((start - firstDay(year)) * 12) / daysInYear(year));
}
