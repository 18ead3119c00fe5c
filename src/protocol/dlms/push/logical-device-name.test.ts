import { describe, expect, it } from 'vitest';
import {
  concentratorNumber,
  concentratorSystemTitle,
  meterNumber,
  meterOfSerial,
  meterSystemTitle,
  putConcentratorName,
  putMeterName,
  serialOf,
} from './logical-device-name.ts';

const ascii = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'latin1'));

describe('logical device name of a concentrator', () => {
  it.each([
    [0, 'MSMDC00000000000'],
    [42, 'MSMDC00000000042'],
    [2 ** 31, 'MSMDC02147483648'],
    [99_999_999_999, 'MSMDC99999999999'],
  ])('%i is %s', (number, name) => {
    const target = new Uint8Array(20);
    expect(putConcentratorName(target, 2, number)).toBe(18);
    expect(Buffer.from(target.subarray(2, 18)).toString('latin1')).toBe(name);
    expect(concentratorNumber(target, 2, 16)).toBe(number);
    expect(meterNumber(target, 2, 16)).toBeNull();
  });

  it.each(['MSMDC0000000004', 'MSMDC0000000004A', 'MSNDC00000000042', 'MSMDC 0000000042', '1234567890123456'])(
    'is not %s',
    (name) => expect(concentratorNumber(ascii(name), 0, name.length)).toBeNull(),
  );
});

describe('names of a meter', () => {
  it.each([
    [0, '00000000000'],
    [1000, '00000001000'],
    [2 ** 32 - 1, '04294967295'],
  ])('%i has the serial number %s', (number, serial) => {
    const target = new Uint8Array(20);
    expect(putMeterName(target, 1, number)).toBe(17);
    expect(Buffer.from(target.subarray(1, 17)).toString('latin1')).toBe(`MSMMT${serial}`);
    expect(meterNumber(target, 1, 16)).toBe(number);
    expect(concentratorNumber(target, 1, 16)).toBeNull();
    expect(Buffer.from(serialOf(number)).toString('latin1')).toBe(serial);
    expect(meterOfSerial(ascii(serial))).toBe(number);
  });

  it.each(['MSMMT04294967296', 'MSMMT99999999999', 'MSMMT0000000100x', 'MSMDC00000001000'])('%s is none', (name) =>
    expect(meterNumber(ascii(name), 0, name.length)).toBeNull(),
  );

  it.each(['04294967296', '0000000100', '000000001000', '0000000100x', ''])('no meter has the serial number %s', (serial) =>
    expect(meterOfSerial(ascii(serial))).toBeNull(),
  );
});

describe('system title', () => {
  it('tells meters and concentrators apart', () => {
    const hex = (title: Uint8Array): string => Buffer.from(title).toString('hex');
    expect(hex(meterSystemTitle(0))).toBe('4d534d0000000000');
    expect(hex(meterSystemTitle(2 ** 32 - 1))).toBe('4d534d00ffffffff');
    expect(hex(concentratorSystemTitle(0))).toBe('4d534d8000000000');
    expect(hex(concentratorSystemTitle(99_999_999_999))).toBe('4d534d974876e7ff');
  });
});
