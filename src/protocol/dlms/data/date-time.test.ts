import { describe, expect, it } from 'vitest';
import { below, streamKey } from '../../../base/random.ts';
import { decodeDateTime, type DateTime, type DateTimeDecoded, emptyDateTime, putDateTime } from './date-time.ts';

const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex').toUpperCase();

function encode(unixSeconds: number, hundredths: number, offsetMinutes: number): string {
  const target = new Uint8Array(12);
  expect(putDateTime(target, 0, unixSeconds, hundredths, offsetMinutes)).toBe(12);
  return hexOf(target);
}

function decode(hex: string, defaultOffsetMinutes = 0): DateTime | DateTimeDecoded {
  const into = emptyDateTime();
  const bytes = new Uint8Array(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
  const decoded = decodeDateTime(bytes, 0, into, defaultOffsetMinutes);
  if (decoded !== 'date-time') expect(into).toEqual(emptyDateTime());
  return decoded === 'date-time' ? into : decoded;
}

const utc = (iso: string): number => Date.parse(iso) / 1000;

describe('date-time vectors', () => {
  // The 12 bytes of vector axdr-18, read alike by u9n/dlms-cosem; the next ones come from its tests.
  it('reads and writes 2024-11-21 Thu 10:30:15 of Central European Time', () => {
    const hex = '07E80B15040A1E0F00FFC400';
    expect(decode(hex)).toEqual({
      unixSeconds: utc('2024-11-21T09:30:15Z'),
      hundredths: 0,
      offsetMinutes: 60,
      clockStatus: 0,
    });
    expect(encode(utc('2024-11-21T09:30:15Z'), 0, 60)).toBe(hex);
  });

  it('reads 2020-01-01 00:03:00 UTC+2 without a weekday (u9n)', () => {
    expect(decode('07E40101FF00030000FF8800')).toEqual({
      unixSeconds: utc('2019-12-31T22:03:00Z'),
      hundredths: 0,
      offsetMinutes: 120,
      clockStatus: 0,
    });
  });

  it('reads hundredths and deviation that are not specified, with the default offset', () => {
    const hex = '07E80716010A0F00FF800080';
    const local = utc('2024-07-22T10:15:00Z');
    expect(decode(hex)).toEqual({ unixSeconds: local, hundredths: 0, offsetMinutes: 0, clockStatus: 0x80 });
    expect(decode(hex, 120)).toMatchObject({ unixSeconds: local - 7200, offsetMinutes: 120 });
    expect(decode(hex, -210)).toMatchObject({ unixSeconds: local + 12600, offsetMinutes: -210 });
  });

  it('reads the deviation of the real push of vector wp-push-alarm', () => {
    // 2026-10-07 Wed 14:54:17, deviation FED4 = -300, clock status 00
    expect(decode('07EA0A07030E3611FFFED400')).toMatchObject({
      unixSeconds: utc('2026-10-07T09:54:17Z'),
      offsetMinutes: 300,
    });
  });

  it.each([
    ['last Sunday of March, a pattern', 'FFFF03FE0702000000800000'],
    ['nothing specified', 'FFFFFFFFFFFFFFFFFF8000FF'],
    ['month open', '07E8FF15040A1E0F00FFC400'],
    ['end of daylight saving', '07E8FD15040A1E0F00FFC400'],
    ['second-last day', '07E80BFD040A1E0F00FFC400'],
    ['day open', '07E80BFF040A1E0F00FFC400'],
    ['hour open', '07E80B1504FF1E0F00FFC400'],
    ['minute open', '07E80B15040AFF0F00FFC400'],
    ['second open', '07E80B15040A1EFF00FFC400'],
  ])('is unspecified: %s', (_, hex) => expect(decode(hex)).toBe('unspecified'));

  it.each([
    ['30 February', '07E8021E040A1E0F00FFC400'],
    ['29 February 2023', '07E7021D040A1E0F00FFC400'],
    ['29 February 2100', '0834021D040A1E0F00FFC400'],
    ['31 April', '07E8041F040A1E0F00FFC400'],
    ['32 January', '07E80120040A1E0F00FFC400'],
    ['month 0', '07E80015040A1E0F00FFC400'],
    ['month 13', '07E80D15040A1E0F00FFC400'],
    ['day 0', '07E80B00040A1E0F00FFC400'],
    ['weekday 0', '07E80B15000A1E0F00FFC400'],
    ['weekday 8', '07E80B15080A1E0F00FFC400'],
    ['hour 24', '07E80B1504181E0F00FFC400'],
    ['minute 60', '07E80B15040A3C0F00FFC400'],
    ['second 60', '07E80B15040A1E3C00FFC400'],
    ['hundredths 100', '07E80B15040A1E0F64FFC400'],
    ['deviation 841', '07E80B15040A1E0F00034900'],
    ['deviation -841', '07E80B15040A1E0F00FCB700'],
    ['deviation 7FFF', '07E80B15040A1E0F007FFF00'],
  ])('is impossible: %s', (_, hex) => expect(decode(hex)).toBe('impossible'));

  it('knows leap days of 2000 and 2024', () => {
    expect(decode('07D0021D0200000000000000')).toMatchObject({ unixSeconds: utc('2000-02-29T00:00:00Z') });
    expect(decode('07E8021D04173B3B63000000')).toMatchObject({
      unixSeconds: utc('2024-02-29T23:59:59Z'),
      hundredths: 99,
    });
  });

  it('writes the ends of its range and of local days', () => {
    expect(encode(0, 0, 0)).toBe('07B201010400000000000000');
    // 1970-01-01 00:00 UTC is 1969-12-31 Wed 10:00 in UTC-14
    expect(encode(0, 0, -840)).toBe('07B10C1F030A000000034800');
    expect(encode(2 ** 32 - 1, 99, 840)).toBe('083A020707141C0F63FCB800');
    expect(encode(utc('2024-12-31T23:30:00Z'), 0, 60)).toBe('07E9010103001E0000FFC400');
  });

  it('refuses what it can not write', () => {
    expect(() => encode(-1, 0, 0)).toThrow('instant');
    expect(() => encode(0, 100, 0)).toThrow('hundredths');
    expect(() => encode(0, 0, 841)).toThrow('offset');
  });
});

describe('date-time round trip', () => {
  it('agrees with the calendar of the platform on every day from 1970 to 2106', () => {
    for (let day = 0; day < 49710; day++) {
      const at = day * 86400;
      const date = new Date(at * 1000);
      const target = new Uint8Array(12);
      putDateTime(target, 0, at, 0, 0);
      const got = [target[0]! * 256 + target[1]!, target[2]!, target[3]!, target[4]! % 7];
      const expected = [date.getUTCFullYear(), date.getUTCMonth() + 1, date.getUTCDate(), date.getUTCDay()];
      if (got.some((value, i) => value !== expected[i])) expect(got).toEqual(expected);
    }
  });

  it('gives any instant back, in any offset', () => {
    const key = streamKey(1, 'date-time');
    const into = emptyDateTime();
    const target = new Uint8Array(12);
    for (let i = 0; i < 50_000; i++) {
      const unixSeconds = below(key, 3 * i, 2 ** 32);
      const hundredths = below(key, 3 * i + 1, 100);
      const offsetMinutes = below(key, 3 * i + 2, 1681) - 840;
      putDateTime(target, 0, unixSeconds, hundredths, offsetMinutes);
      const decoded = decodeDateTime(target, 0, into, 77);
      const same =
        decoded === 'date-time' &&
        into.unixSeconds === unixSeconds &&
        into.hundredths === hundredths &&
        into.offsetMinutes === offsetMinutes;
      if (!same) expect({ decoded, ...into }).toEqual({ unixSeconds, hundredths, offsetMinutes });
    }
  });
});
