import { describe, expect, it } from 'vitest';
import { calendarYear, DAY_TYPES, easterSunday, SEASONS } from './calendar.ts';

/** Index of a date; `Date` is the independent source. */
function dayOf(date: string): number {
  const year = Number(date.slice(0, 4));
  return (Date.UTC(year, Number(date.slice(5, 7)) - 1, Number(date.slice(8))) - Date.UTC(year, 0, 1)) / 86_400_000;
}

function dayTypeOf(date: string): string {
  return DAY_TYPES[calendarYear(Number(date.slice(0, 4))).dayType[dayOf(date)] ?? -1] ?? '';
}

describe('calendarYear', () => {
  it('has the days, months and days of month of the Gregorian calendar', () => {
    for (const year of [1583, 1900, 2000, 2012, 2013, 2024, 2100, 9999]) {
      const calendar = calendarYear(year);
      expect(calendar.days).toBe(year === 2000 || year === 2012 || year === 2024 ? 366 : 365);
      for (let day = 0; day < calendar.days; day++) {
        const date = new Date(Date.UTC(year, 0, 1 + day));
        expect([calendar.month[day], calendar.dayOfMonth[day]]).toEqual([date.getUTCMonth(), date.getUTCDate()]);
      }
    }
  });

  it('takes weekdays as they fall, apart from holidays and the end of the year', () => {
    for (const year of [1999, 2013, 2024, 2100]) {
      const { dayType, month } = calendarYear(year);
      for (let day = 0; day < dayType.length; day++) {
        const weekday = new Date(Date.UTC(year, 0, 1 + day)).getUTCDay();
        if (weekday === 0) expect(DAY_TYPES[dayType[day] ?? -1]).toBe('sunday');
        // August has no holiday.
        const plain = weekday === 0 ? 'sunday' : weekday === 6 ? 'saturday' : 'workday';
        if (month[day] === 7) expect(DAY_TYPES[dayType[day] ?? -1]).toBe(plain);
      }
    }
  });

  it('counts Czech holidays as Sundays', () => {
    const holidays = '2025-01-01 2025-04-18 2025-04-21 2025-05-01 2025-05-08 2025-10-28 2025-11-17 2025-12-25 2025-12-26';
    for (const date of holidays.split(' ')) expect(dayTypeOf(date), date).toBe('sunday');
    expect(dayTypeOf('2024-07-05')).toBe('sunday');
    // A Saturday.
    expect(dayTypeOf('2024-07-06')).toBe('sunday');
    expect(dayTypeOf('2024-09-28')).toBe('sunday');
    const sundaysOf2025 = calendarYear(2025).dayType.filter((type) => type === DAY_TYPES.indexOf('sunday')).length;
    // 52 Sundays and 11 holidays besides: 28 September is a Sunday, 6 July as well, 24 December goes as a Saturday.
    expect(sundaysOf2025).toBe(52 + 10);
  });

  it('has Good Friday as a holiday from 2016 on', () => {
    expect(dayTypeOf('2015-04-03')).toBe('workday');
    expect(dayTypeOf('2016-03-25')).toBe('sunday');
  });

  it('takes 24 and 31 December as Saturday unless Sunday', () => {
    for (const date of ['2013-12-24', '2013-12-31', '2022-12-24', '2022-12-31']) expect(dayTypeOf(date)).toBe('saturday');
    for (const date of ['2023-12-24', '2023-12-31']) expect(dayTypeOf(date)).toBe('sunday');
  });

  it('changes seasons on the days of VDEW', () => {
    const edges = [
      ['01-01', 'winter'],
      ['03-20', 'winter'],
      ['03-21', 'transition'],
      ['05-14', 'transition'],
      ['05-15', 'summer'],
      ['09-14', 'summer'],
      ['09-15', 'transition'],
      ['10-31', 'transition'],
      ['11-01', 'winter'],
      ['12-31', 'winter'],
    ] as const;
    for (const year of [2013, 2024]) {
      const { season } = calendarYear(year);
      for (const [date, name] of edges) expect(SEASONS[season[dayOf(`${year}-${date}`)] ?? -1], date).toBe(name);
    }
  });

  it('refuses years outside the calendar', () => {
    for (const year of [1582, 10_000, 2013.5]) expect(() => calendarYear(year)).toThrow(/Gregorian/);
  });
});

describe('easterSunday', () => {
  it('agrees with published dates', () => {
    const dates = '1583-04-10 1818-03-22 1954-04-18 1961-04-02 2000-04-23 2008-03-23 2011-04-24 2013-03-31 2024-03-31 2025-04-20 2038-04-25 2285-03-22';
    for (const date of dates.split(' ')) expect(easterSunday(Number(date.slice(0, 4))), date).toBe(dayOf(date));
  });

  it('is a Sunday from 22 March to 25 April in every year', () => {
    for (let year = 1583; year <= 2600; year++) {
      const date = new Date(Date.UTC(year, 0, 1 + easterSunday(year)));
      const monthDay = (date.getUTCMonth() + 1) * 100 + date.getUTCDate();
      expect(date.getUTCDay()).toBe(0);
      expect(monthDay >= 322 && monthDay <= 425).toBe(true);
    }
  });
});
