import { describe, expect, it } from 'vitest';
import { concentratorNumber, putConcentratorName } from './logical-device-name.ts';

describe('logical device name', () => {
  it.each([
    [0, 'MSMDC00000000000'],
    [42, 'MSMDC00000000042'],
    [2 ** 31, 'MSMDC02147483648'],
    [99_999_999_999, 'MSMDC99999999999'],
  ])('of concentrator %i is %s', (number, name) => {
    const target = new Uint8Array(20);
    expect(putConcentratorName(target, 2, number)).toBe(18);
    expect(Buffer.from(target.subarray(2, 18)).toString('latin1')).toBe(name);
    expect(concentratorNumber(target, 2, 16)).toBe(number);
  });

  it.each(['MSMDC0000000004', 'MSMDC0000000004A', 'MSNDC00000000042', 'MSMDC 0000000042', '1234567890123456'])(
    'is not %s',
    (name) => expect(concentratorNumber(new Uint8Array(Buffer.from(name)), 0, name.length)).toBeNull(),
  );
});
