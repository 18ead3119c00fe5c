import { describe, expect, it } from 'vitest';
import type { Data } from '../../protocol/dlms/data/data.ts';
import { plain } from '../concentrator/small-site.fixture.ts';
import { captureTimes } from './capture-times.ts';
import { dayOf, floorTo, midnightOf, monthStart, secondOfDay } from './civil-times.ts';
import { array, octets, structure } from './data-values.ts';
import { firstExecution } from './execution-times.ts';

const OFFSET = 60;
const utc = (iso: string): number => Date.parse(iso) / 1000;
const entry = (time: readonly number[], date: readonly number[]): Data =>
  structure([octets(Uint8Array.from(time)), octets(Uint8Array.from(date))]);
const EACH = [0xff, 0xff, 0xff, 0xff, 0xff];

function first(entries: readonly Data[], after: string, to: string): string | null {
  const found = firstExecution(array(entries), { after: utc(after), to: utc(to) }, OFFSET);
  return found === null ? null : new Date(found * 1000).toISOString().slice(0, 19);
}

describe('execution times', () => {
  it.each([
    ['a date', entry([6, 30, 0, 0], [0x07, 0xdd, 2, 3, 0xff]), '2013-02-03T05:30:00'],
    ['a date that is over', entry([6, 30, 0, 0], [0x07, 0xdd, 1, 3, 0xff]), null],
    ['each day', entry([6, 30, 15, 0], EACH), '2013-01-16T05:30:15'],
    ['later on the same day', entry([12, 0, 0, 0], EACH), '2013-01-15T11:00:00'],
    ['each hour', entry([0xff, 20, 0, 0], EACH), '2013-01-15T09:20:00'],
    ['each minute', entry([0xff, 0xff, 5, 0], EACH), '2013-01-15T09:10:05'],
    ['first of each month', entry([0, 0, 0, 0], [0xff, 0xff, 0xff, 1, 0xff]), '2013-01-31T23:00:00'],
    ['last of each month', entry([0, 0, 0, 0], [0xff, 0xff, 0xff, 0xfe, 0xff]), '2013-01-30T23:00:00'],
    ['last of February', entry([1, 0, 0, 0], [0xff, 0xff, 2, 0xfe, 0xff]), '2013-02-28T00:00:00'],
    ['last but one of February', entry([1, 0, 0, 0], [0xff, 0xff, 2, 0xfd, 0xff]), '2013-02-27T00:00:00'],
    ['each Sunday', entry([3, 0, 0, 0], [0xff, 0xff, 0xff, 0xff, 7]), '2013-01-20T02:00:00'],
    ['no time of a day', entry([24, 0, 0, 0], EACH), null],
  ] as const)('%s', (_what, times, expected) => {
    expect(first([times], '2013-01-15T09:10:00Z', '2014-01-01T00:00:00Z')).toBe(expected);
  });

  it('are after the one and not after the other, the first of all', () => {
    const six = entry([6, 0, 0, 0], EACH);
    const five = entry([5, 0, 0, 0], EACH);
    expect(first([six, five], '2013-01-15T04:00:00Z', '2013-01-15T05:00:00Z')).toBe('2013-01-15T05:00:00');
    expect(first([six, five], '2013-01-15T03:59:59Z', '2013-01-15T05:00:00Z')).toBe('2013-01-15T04:00:00');
    expect(first([six, five], '2013-01-15T05:00:00Z', '2013-01-16T03:59:59Z')).toBeNull();
    expect(first([], '2013-01-15T05:00:00Z', '2013-01-16T04:00:00Z')).toBeNull();
  });

  it('of an interval are those at which rows are captured', () => {
    const times = (seconds: number): unknown => captureTimes(seconds).map((time) => (plain(time) as string[])[0]);
    expect(times(900)).toEqual(['ff000000', 'ff0f0000', 'ff1e0000', 'ff2d0000']);
    expect(times(21_600)).toEqual(['00000000', '06000000', '0c000000', '12000000']);
    expect(times(3600)).toEqual(['ff000000']);
    expect(times(30)).toEqual(['ffff0000']);
  });
});

describe('civil times', () => {
  it('know where each month of a leap year and another one begins', () => {
    for (const year of [2011, 2012, 2013, 2100]) {
      for (let day = Date.UTC(year, 0, 1) / 86_400_000; day < Date.UTC(year + 1, 0, 1) / 86_400_000; day++) {
        const date = new Date(day * 86_400_000);
        expect(monthStart(day)).toBe(Date.UTC(year, date.getUTCMonth(), 1) / 86_400_000);
      }
    }
  });

  it('round by local time', () => {
    const noon = utc('2013-01-15T11:07:31Z');
    expect(floorTo(noon, 900, 60)).toBe(utc('2013-01-15T11:00:00Z'));
    expect(floorTo(noon, 86_400, 60)).toBe(utc('2013-01-14T23:00:00Z'));
    expect(floorTo(noon, 900, 345)).toBe(utc('2013-01-15T11:00:00Z'));
    expect(secondOfDay(noon, 60)).toBe(12 * 3600 + 7 * 60 + 31);
    expect(midnightOf(dayOf(noon, 60), 60)).toBe(utc('2013-01-14T23:00:00Z'));
    expect(dayOf(utc('2013-01-15T23:30:00Z'), 60)).toBe(Date.UTC(2013, 0, 16) / 86_400_000);
  });
});
