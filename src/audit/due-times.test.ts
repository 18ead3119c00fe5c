import { describe, expect, test } from 'vitest';
import { DueTimes } from './due-times.ts';

/** Seconds of room, the way that a calendar gives them. */
function byCalendar(local: string): number {
  const time = Date.parse(`${local}Z`);
  const day = new Date(time - 1);
  const due = Date.UTC(day.getUTCFullYear(), day.getUTCMonth(), day.getUTCDate() + 1, 6);
  return (due - time) / 1000;
}

function dueTimes(local: string, offsetMinutes: number, intervalSeconds: number): DueTimes {
  return new DueTimes({ start: { unixSeconds: Date.parse(`${local}Z`) / 1000 - offsetMinutes * 60, offsetMinutes }, intervalSeconds });
}

describe('by 06:00 of the next day', () => {
  test.each([
    ['2013-01-15T00:00:00', 6],
    ['2013-01-15T00:15:00', 29.75],
    ['2013-01-15T05:45:00', 24.25],
    ['2013-01-15T23:45:00', 6.25],
    ['2013-12-31T12:00:00', 18],
  ])('a value of %s has %s hours', (local, hours) => {
    const due = dueTimes(local, 60, 900);
    expect(due.room(0) * 900 + due.restSeconds).toBe(hours * 3600);
  });

  test.each([
    ['2013-01-15T00:00:00', 60, 900],
    ['2013-01-15T22:07:30', -210, 900],
    ['2013-01-15T00:00:00', 345, 86_400],
    ['2013-02-27T09:00:00', 0, 28_800],
    ['2013-01-15T23:59:01', 0, 60],
  ])('the calendar agrees from %s on (offset %d min), every %d s', (local, offsetMinutes, intervalSeconds) => {
    const due = dueTimes(local, offsetMinutes, intervalSeconds);
    for (let step = 0; step < 400; step++) {
      const at = new Date(Date.parse(`${local}Z`) + step * intervalSeconds * 1000).toISOString().slice(0, 19);
      expect(due.room(step) * intervalSeconds + due.restSeconds, at).toBe(byCalendar(at));
      expect(due.room(step)).toBeLessThanOrEqual(due.roomMax);
      expect(due.room(step)).toBeGreaterThanOrEqual(0);
    }
  });
});
