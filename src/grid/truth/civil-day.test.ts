import { expect, it } from 'vitest';
import { daysInYear, firstDay, yearOf } from './civil-day.ts';

it('agrees with the engine\'s calendar on every day from 1900 to 2199', () => {
  const from = Date.UTC(1900, 0, 1) / 86_400_000;
  const to = Date.UTC(2200, 0, 1) / 86_400_000;
  let year = 1900;
  for (let day = from; day < to; day++) {
    if (day === Date.UTC(year + 1, 0, 1) / 86_400_000) year++;
    if (yearOf(day) !== year) expect.fail(`day ${day} is in ${year}, not in ${yearOf(day)}`);
  }
  expect(year).toBe(2199);
});

it('knows leap years', () => {
  expect([1900, 2000, 2012, 2013, 2100].map(daysInYear)).toEqual([365, 366, 366, 365, 365]);
  expect(firstDay(1970)).toBe(0);
  expect(firstDay(2013)).toBe(15_706);
});
