import { describe, expect, test } from 'vitest';
import { zoneToUnix } from './local-time.ts';
import { byteChannel, textChannel, textMeter, textStatus, textTime, textValue, type TextReader } from './text-fields.ts';

/** The text between other bytes, so that a reader that looks beyond its part is seen. */
function read(reader: TextReader, text: string): number {
  const bytes = new TextEncoder().encode(`9${text}9`);
  return reader(bytes, 1, bytes.length - 1);
}

test.each([
  ['1000', 1000],
  ['00000001000', 1000],
  ['MSMMT00000001000', 1000],
  ['  42 ', 42],
  ['4294967295', 4_294_967_295],
  ['4294967296', Number.NaN],
  ['000000001000', Number.NaN],
  ['MSMDC00000001000', Number.NaN],
  ['MSMMT1000', Number.NaN],
  ['-1', Number.NaN],
  ['1000.0', Number.NaN],
  ['', Number.NaN],
  ['ABC', Number.NaN],
])('meter `%s`', (text, meter) => expect(read(textMeter, text)).toBe(meter));

test.each([
  ['0', 0],
  ['2', 2],
  ['1-0:1.8.0', 0],
  ['1-0:1.8.2', 2],
  ['1-0:1.8.1*255', 1],
  ['1.0.1.8.2.255', 2],
  ['1.8.1', 1],
  ['0100010801FF', 1],
  ['0100010802ff', 2],
  [String.raw`\x0100010802ff`, 2],
  ['1-0:1.8.63', 63],
  ['1-0:2.8.0', Number.NaN],
  ['1-1:1.8.0', Number.NaN],
  ['2.8.0', Number.NaN],
  ['1.0.1.8.0.0', Number.NaN],
  ['0.1.8.0', Number.NaN],
  ['256', Number.NaN],
  ['1-0:1.8.', Number.NaN],
  ['.1', Number.NaN],
  ['active energy', Number.NaN],
  ['', Number.NaN],
])('channel `%s`', (text, channel) => expect(read(textChannel, text)).toBe(channel));

test('a code of six bytes', () => {
  expect(byteChannel(Uint8Array.of(7, 1, 0, 1, 8, 2, 255), 1, 7)).toBe(2);
  expect(byteChannel(Uint8Array.of(1, 0, 2, 8, 0, 255), 0, 6)).toBeNaN();
  expect(byteChannel(Uint8Array.of(1, 0, 1, 8, 0), 0, 5)).toBeNaN();
});

describe('times', () => {
  const at = Date.UTC(2024, 1, 29, 22, 45) / 1000;

  test.each([
    String(at),
    `${at}.000`,
    '2024-02-29T22:45:00Z',
    '2024-02-29 22:45:00+00',
    '2024-02-29 22:45:00.000 UTC',
    '2024-02-29T23:45+01:00',
    '2024-03-01T00:15:00+0130',
    '2024-02-29T17:15:00-05:30',
    '29.02.2024 23:45:00+01:00',
  ])('`%s` says its zone', (text) => {
    expect(read(textTime(null, 1), text)).toBe(at);
    expect(read(textTime(zoneToUnix('Asia/Tokyo'), 1), text)).toBe(at);
  });

  test('milliseconds', () => expect(read(textTime(null, 1000), `${at}000`)).toBe(at));

  test.each([
    '2024-02-29 22:45',
    '2024-02-30T22:45Z',
    '2023-02-29T22:45Z',
    '2024-13-01T00:00Z',
    '2024-02-29T24:00Z',
    '2024-02-29T22:60Z',
    '2024-02-29T22:45:60Z',
    '2024-02-29T22:45:00.5Z',
    '2024-02-29T22:45:00+1',
    '2024-02-29T22:45:00 CET',
    '29.02.2024 22:45',
    '02.29.2024 22:45Z',
    '29/02/2024 22:45Z',
    `${at}.5`,
    `${at}000`,
    '1960-01-01T00:00Z',
    '2107-01-01T00:00Z',
    '',
    'now',
  ])('`%s` is none, or says no zone', (text) => expect(read(textTime(null, 1), text)).toBeNaN());

  test('every day of 140 years', () => {
    for (let day = 0; day < 49_000; day += 1) {
      const text = new Date(day * 86_400_000).toISOString();
      if (Math.round((read(textTime(null, 1), text) - day * 86_400) * 1000) !== 0) expect(text).toBe(day);
    }
  });

  test('a zone that is given', () => {
    expect(read(textTime(zoneToUnix('UTC'), 1), '2024-02-29 22:45')).toBe(at);
    expect(read(textTime(zoneToUnix('+01:00'), 1), '2024-02-29T23:45:00')).toBe(at);
    expect(read(textTime(zoneToUnix('+01:00'), 1), '29.02.2024 23:45')).toBe(at);
    expect(read(textTime(zoneToUnix('Europe/Prague'), 1), '2024-02-29T23:45:00')).toBe(at);
    expect(read(textTime(zoneToUnix('Europe/Prague'), 1), '2024-07-01 12:00')).toBe(Date.UTC(2024, 6, 1, 10) / 1000);
  });

  test('an hour that is left out, or there twice, has no answer', () => {
    const prague = textTime(zoneToUnix('Europe/Prague'), 1);
    expect(read(prague, '2024-03-31 01:45')).toBe(Date.UTC(2024, 2, 31, 0, 45) / 1000);
    expect(read(prague, '2024-03-31 02:00')).toBeNaN();
    expect(read(prague, '2024-03-31 02:45')).toBeNaN();
    expect(read(prague, '2024-03-31 03:00')).toBe(Date.UTC(2024, 2, 31, 1) / 1000);
    expect(read(prague, '2024-10-27 01:45')).toBe(Date.UTC(2024, 9, 26, 23, 45) / 1000);
    expect(read(prague, '2024-10-27 02:00')).toBeNaN();
    expect(read(prague, '2024-10-27 03:00')).toBe(Date.UTC(2024, 9, 27, 2) / 1000);
  });

  test.each(['2024-02-30 10:00', '2024-03-01 xx:00', '2024-03-01 10:0x', '9999-12-31 23:59'])('%s is no time of a zone with a name either', (text) => {
    expect(read(textTime(zoneToUnix('Europe/Prague'), 1), text)).toBeNaN();
  });
});

test.each([
  ['12345678', 1, 12_345_678],
  ['12345.678', 1000, 12_345_678],
  ['1.005', 1000, 1005],
  ['0.001', 1000, 1],
  ['8.2', 1000, 8200],
  ['1.2345678e4', 1000, 12_345_678],
  ['12.345678', 1e6, 12_345_678],
  ['12345.6785', 1000, 12_345_678.5],
  ['-3', 1, -3],
  ['+3.', 1, 3],
  ['.5', 1000, 500],
  ['12345678.00000000000', 1, 12_345_678],
  ['', 1, Number.NaN],
  ['-', 1, Number.NaN],
  ['12345,678', 1000, 12_345_678],
  ['1,234,567', 1, Number.NaN],
  ['1,234.5', 1, Number.NaN],
  ['1.2.3', 1, Number.NaN],
  ['NaN', 1, Number.NaN],
  ['0x10', 1, Number.NaN],
])('value `%s` times %d', (text, scale, value) => expect(read(textValue(scale), text)).toBe(value));

test('all thousandths up to 20 kWh are whole', () => {
  const kilo = textValue(1000);
  for (let wh = 0; wh < 20_000; wh++) if (read(kilo, (wh / 1000).toFixed(3)) !== wh) expect(wh).toBe(Number.NaN);
});

test.each([
  ['8', 8],
  ['255', 255],
  ['256', Number.NaN],
  ['-1', Number.NaN],
  ['', Number.NaN],
  ['OK', Number.NaN],
])('status `%s`', (text, status) => expect(read(textStatus, text)).toBe(status));
