import { describe, expect, test } from 'vitest';
import { bytes, counted, dateTime, digits3, duration, localTime, milliseconds, offset, percent, prefixOf, short, whole, withPrefix } from './format.ts';

describe('numbers', () => {
  test.each([
    [0, '0'],
    [999, '999'],
    [1000, '1,000'],
    [28_123_456, '28,123,456'],
    [-1234, '-1,234'],
    [-0.2, '0'],
  ])('whole(%d) is %s', (value, text) => expect(whole(value)).toBe(text));

  test.each([
    [0, '0'],
    [1430, '1,430'],
    [9999, '9,999'],
    [10_000, '10 k'],
    [100_000, '100 k'],
    [999_700, '1 M'],
    [28_123_456, '28.1 M'],
    [1_008_000_000, '1.01 G'],
    [2.5, '2.5'],
  ])('short(%d) is %s', (value, text) => expect(short(value)).toBe(text));

  test.each([
    [0, '0 B'],
    [999, '999 B'],
    [999.6, '1 kB'],
    [2_613_000, '2.61 MB'],
    [3.2e12, '3.2 TB'],
  ])('bytes(%d) is %s', (value, text) => expect(bytes(value)).toBe(text));

  test.each([
    [0, '0'],
    [0.01234, '0.0123'],
    [0.000_012_3, '0.0000123'],
    [1e-12, 'below 0.000001'],
    [8.4, '8.4'],
    [259_200, '259,200'],
    [Number.NaN, 'unknown'],
  ])('digits3(%d) is %s', (value, text) => expect(digits3(value)).toBe(text));

  test.each([
    [0, '0 %'],
    [1, '100 %'],
    [0.99999, 'above 99.99 %'],
    [0.00001, 'below 0.01 %'],
    [0.9923, '99.23 %'],
  ])('percent(%d) is %s', (value, text) => expect(percent(value)).toBe(text));

  test('a prefix is the largest that leaves at least one', () => {
    expect(prefixOf(0)).toEqual({ prefix: '', factor: 1 });
    expect(prefixOf(1000)).toEqual({ prefix: 'k', factor: 1000 });
    expect(prefixOf(62e6)).toEqual({ prefix: 'M', factor: 1e6 });
    expect(withPrefix(62e6, 'W')).toBe('62 MW');
  });

  test('one is not many', () => {
    expect(counted(1, 'reading')).toBe('1 reading');
    expect(counted(0, 'reading')).toBe('0 readings');
    expect(counted(1200, 'meter')).toBe('1,200 meters');
  });
});

describe('durations', () => {
  test.each([
    [0, '0 s'],
    [0.000_000_5, '0.5 µs'],
    [0.000_12, '120 µs'],
    [0.0008, '800 µs'],
    [0.0123, '12.3 ms'],
    [0.9999, '1 s'],
    [8.4, '8.4 s'],
    [59.97, '1 min'],
    [65, '1 min 5 s'],
    [899.6, '15 min'],
    [3599.7, '1 h'],
    [5400, '1 h 30 min'],
    [86_399, '1 d'],
    [259_200, '3 d'],
    [266_400, '3 d 2 h'],
  ])('%d s is %s', (seconds, text) => expect(duration(seconds)).toBe(text));

  test('milliseconds are the same', () => expect(milliseconds(1240)).toBe('1.24 s'));
});

describe('times of the grid', () => {
  test('are civil times with the offset of its meters', () => {
    const start = Date.UTC(2013, 0, 14, 23) / 1000;
    expect(localTime(start, 60)).toEqual({ day: 'Tue 15 Jan', year: 2013, clock: '00:00', hour: 0 });
    expect(dateTime(start + 22_500, 60)).toBe('Tue 15 Jan 2013, 06:15');
    expect(dateTime(start, -210)).toBe('Mon 14 Jan 2013, 19:30');
  });

  test('name the offset', () => {
    expect(offset(0)).toBe('UTC+00:00');
    expect(offset(60)).toBe('UTC+01:00');
    expect(offset(-210)).toBe('UTC-03:30');
  });
});
