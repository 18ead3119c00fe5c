import { describe, expect, it } from 'vitest';
import { type DateTimePattern, laterDateTime, occurrenceIn, putLocalInstant, putPattern, readPattern } from './date-time-pattern.ts';
import { decodeDateTime, emptyDateTime } from './date-time.ts';
import { Draws } from './draws.fixture.ts';
import { bytesOf, hexOf } from './vectors.fixture.ts';

const OPEN: DateTimePattern = {
  year: null,
  month: null,
  day: null,
  weekday: null,
  hour: null,
  minute: null,
  second: null,
  hundredths: null,
  offsetMinutes: null,
  clockStatus: null,
};
const DST_BEGIN = 'FFFF03FE0702000000800000';

function written(pattern: DateTimePattern): string {
  const target = new Uint8Array(14);
  expect(putPattern(target, 1, pattern)).toBe(13);
  expect([target[0], target[13]]).toEqual([0, 0]);
  return hexOf(target.subarray(1, 13));
}

/** Local seconds of an ISO date and time. */
const local = (iso: string): number => Date.parse(`${iso}Z`) / 1000;

describe('date-time patterns', () => {
  it.each<[string, string, Partial<DateTimePattern>]>([
    ['nothing at all', 'FFFFFFFFFFFFFFFFFF8000FF', {}],
    ['the last Sunday of March at 2', DST_BEGIN, { month: 3, day: 'last', weekday: 7, hour: 2, minute: 0, second: 0, hundredths: 0, clockStatus: 0 }],
    ['the second-last day of any month', 'FFFFFFFDFFFFFFFFFF8000FF', { day: 'second-last' }],
    ['ends of daylight saving', 'FFFFFDFFFFFFFFFFFF8000FF', { month: 'dst-end' }],
    ['begins of daylight saving', 'FFFFFEFFFFFFFFFFFF8000FF', { month: 'dst-begin' }],
    [
      '2024-11-21 Thu 10:30:15 of Central European Time',
      '07E80B15040A1E0F00FFC400',
      { year: 2024, month: 11, day: 21, weekday: 4, hour: 10, minute: 30, second: 15, hundredths: 0, offsetMinutes: 60, clockStatus: 0 },
    ],
    ['daylight saving', 'FFFFFFFFFFFFFFFFFFFF8880', { offsetMinutes: 120, clockStatus: 0x80 }],
  ])('%s', (_, hex, parts) => {
    expect(readPattern(bytesOf(hex))).toEqual({ ...OPEN, ...parts });
    expect(written({ ...OPEN, ...parts })).toBe(hex);
  });

  it.each([
    ['month 0', 'FFFF00FFFFFFFFFFFF8000FF'],
    ['month 13', 'FFFF0DFFFFFFFFFFFF8000FF'],
    ['day 0', 'FFFFFF00FFFFFFFFFF8000FF'],
    ['day 32', 'FFFFFF20FFFFFFFFFF8000FF'],
    ['weekday 0', 'FFFFFFFF00FFFFFFFF8000FF'],
    ['weekday 8', 'FFFFFFFF08FFFFFFFF8000FF'],
    ['hour 24', 'FFFFFFFFFF18FFFFFF8000FF'],
    ['minute 60', 'FFFFFFFFFFFF3CFFFF8000FF'],
    ['second 60', 'FFFFFFFFFFFFFF3CFF8000FF'],
    ['hundredths 100', 'FFFFFFFFFFFFFFFF648000FF'],
    ['deviation 841', 'FFFFFFFFFFFFFFFFFF0349FF'],
    ['11 bytes', 'FFFFFFFFFFFFFFFFFF8000'],
  ])('can not have %s', (_, hex) => expect(readPattern(bytesOf(hex))).toBeNull());

  it('come back, whatever they are', () => {
    const draws = new Draws(1, 'patterns');
    const part = (least: number, most: number): number | null => (draws.oneIn(3) ? null : least + draws.below(most - least + 1));
    for (let i = 0; i < 3000; i++) {
      const pattern: DateTimePattern = {
        year: part(0, 0xfffe),
        month: draws.oneIn(4) ? draws.of(['dst-begin', 'dst-end']) : part(1, 12),
        day: draws.oneIn(4) ? draws.of(['last', 'second-last']) : part(1, 31),
        weekday: part(1, 7),
        hour: part(0, 23),
        minute: part(0, 59),
        second: part(0, 59),
        hundredths: part(0, 99),
        offsetMinutes: part(-840, 840),
        clockStatus: part(0, 0xfe),
      };
      const target = new Uint8Array(12);
      putPattern(target, 0, pattern);
      expect(readPattern(target)).toEqual(pattern);
    }
  });
});

describe('occurrences', () => {
  const at = (parts: Partial<DateTimePattern>, year: number): number | null => occurrenceIn({ ...OPEN, ...parts }, year);

  it.each([
    [2024, '2024-03-31T02:00:00'],
    [2025, '2025-03-30T02:00:00'],
    [2026, '2026-03-29T02:00:00'],
    // A March whose last day is a Sunday, and one that begins on a Monday.
    [2019, '2019-03-31T02:00:00'],
    [2027, '2027-03-28T02:00:00'],
  ])('summer time of %i begins as the directive says', (year, iso) => {
    const pattern = readPattern(bytesOf(DST_BEGIN));
    expect(pattern && occurrenceIn(pattern, year)).toBe(local(iso));
  });

  it.each<[string, Partial<DateTimePattern>, number, string | null]>([
    ['a plain day', { month: 2, day: 29, hour: 1, minute: 2, second: 3 }, 2024, '2024-02-29T01:02:03'],
    ['a day that the year does not have', { month: 2, day: 29 }, 2023, null],
    ['the last day', { month: 2, day: 'last' }, 2024, '2024-02-29T00:00:00'],
    ['the second-last day', { month: 12, day: 'second-last' }, 2024, '2024-12-30T00:00:00'],
    ['the second-last Monday', { month: 9, day: 'second-last', weekday: 1 }, 2024, '2024-09-23T00:00:00'],
    ['the last Monday when it ends the month', { month: 9, day: 'last', weekday: 1 }, 2024, '2024-09-30T00:00:00'],
    ['the first Sunday', { month: 11, day: 1, weekday: 7 }, 2024, '2024-11-03T00:00:00'],
    ['the second Sunday', { month: 3, day: 8, weekday: 7 }, 2024, '2024-03-10T00:00:00'],
    ['a weekday that is the day', { month: 11, day: 21, weekday: 4 }, 2024, '2024-11-21T00:00:00'],
    ['a weekday behind the month', { month: 2, day: 28, weekday: 5 }, 2024, null],
    ['another year', { year: 2023, month: 1, day: 1 }, 2024, null],
    ['this year', { year: 2024, month: 1, day: 1 }, 2024, '2024-01-01T00:00:00'],
    ['any month', { day: 1 }, 2024, null],
    ['any day', { month: 1 }, 2024, null],
    ['the month of daylight saving', { month: 'dst-begin', day: 1 }, 2024, null],
    ['a day before 1970', { month: 1, day: 1, weekday: 1 }, 1968, '1968-01-01T00:00:00'],
  ])('%s', (_, parts, year, iso) => expect(at(parts, year)).toBe(iso === null ? null : local(iso)));
});

describe('instants with a clock status', () => {
  it('says daylight saving in both places', () => {
    const target = new Uint8Array(12);
    const unixSeconds = Date.parse('2024-07-22T08:15:00Z') / 1000;
    expect(putLocalInstant(target, 0, { unixSeconds, hundredths: null, offsetMinutes: 120, clockStatus: 0x80 })).toBe(12);
    expect(hexOf(target)).toBe('07E80716010A0F00FFFF8880');
    const read = emptyDateTime();
    expect(decodeDateTime(target, 0, read, 0)).toBe('date-time');
    expect(read).toEqual({ unixSeconds, hundredths: 0, offsetMinutes: 120, clockStatus: 0x80 });
    putLocalInstant(target, 0, { unixSeconds, hundredths: 7, offsetMinutes: 60 });
    expect(hexOf(target)).toBe('07E8071601090F0007FFC400');
  });
});

describe('later date-times', () => {
  it.each([
    ['07E80B150400000000FFC400', 900, '07E80B1504000F0000FFC400'],
    ['07E80C1F02173B0000FFC480', 3600, '07E9010103003B0000FFC480'],
    ['07E80B15FF00000000FFC4FF', 86400, '07E80B16FF00000000FFC4FF'],
    ['07E80B1504000000FF800000', 900, '07E80B1504000F00FF800000'],
    ['07E80B1504000F0000FFC400', -900, '07E80B150400000000FFC400'],
  ])('%s and %i seconds', (hex, seconds, later) => {
    expect(hexOf(laterDateTime(bytesOf(hex), seconds) ?? bytesOf(''))).toBe(later);
  });

  it.each([
    ['a pattern', DST_BEGIN, 900],
    ['an impossible date', '07E8021E040A1E0F00FFC400', 900],
    ['too few bytes', '07E80B1504', 900],
    ['before 1970', '07B201010400000000000000', -1],
  ])('is none: %s', (_, hex, seconds) => expect(laterDateTime(bytesOf(hex), seconds)).toBeNull());
});
