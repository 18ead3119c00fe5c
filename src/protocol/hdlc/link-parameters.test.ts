import { describe, expect, it } from 'vitest';
import { agreed, areDefaults, assertLimits, decodeParameters, DEFAULT_LIMITS, encodeParameters, type HdlcLimits } from './link-parameters.ts';
import { bytesOf, hexOf } from './hdlc-vectors.fixture.ts';

const limitsOf = (transmitBytes: number, receiveBytes: number, transmitWindow: number, receiveWindow: number): HdlcLimits => ({
  transmitBytes,
  receiveBytes,
  transmitWindow,
  receiveWindow,
});

describe('parameters of an HDLC link', () => {
  it.each([
    ['', DEFAULT_LIMITS],
    ['818014 05020080 06020080 070400000001 080400000001', DEFAULT_LIMITS],
    ['818012 05019A 06019A 070400000001 080400000001', limitsOf(154, 154, 1, 1)],
    ['818014 050207EE 06020400 070400000007 080400000003', limitsOf(2030, 1024, 7, 3)],
    ['818006 070102 080103', limitsOf(128, 128, 2, 3)],
    // Unknown ones are passed over, of any length, and what follows the group.
    ['818009 0900 0A02FFFF 050140', limitsOf(64, 128, 1, 1)],
    ['818003 050140 80FF', limitsOf(64, 128, 1, 1)],
    ['818000', DEFAULT_LIMITS],
    // More than there is: the lesser wish decides later.
    ['818006 050400010000', limitsOf(65536, 128, 1, 1)],
  ])('%s is understood', (hex, limits) => {
    expect(decodeParameters(bytesOf(hex))).toEqual({ status: 'frame', limits });
  });

  it.each([
    '81',
    '8180',
    '808014 05020080',
    '818103 050140',
    '818004 050140',
    '818002 0502',
    '818001 05',
    '818003 050201',
    '818002 0500',
    '818007 05050000000080',
    '818003 05011F',
    '818003 060100',
    '818003 070100',
    '818003 080100',
  ])('%s is refused', (hex) => expect(decodeParameters(bytesOf(hex))).toEqual({ status: 'malformed', reason: 'hdlc-parameters' }));

  it('are written as most do', () => {
    expect(hexOf(encodeParameters(DEFAULT_LIMITS))).toBe('8180140502008006020080070400000001080400000001');
    const limits = limitsOf(2030, 33, 7, 2);
    expect(decodeParameters(encodeParameters(limits))).toEqual({ status: 'frame', limits });
  });

  it('are the lesser of both wishes, each for its direction', () => {
    expect(agreed(limitsOf(100, 200, 3, 4), limitsOf(150, 300, 7, 1))).toEqual(limitsOf(100, 150, 1, 4));
    expect(agreed(limitsOf(150, 300, 7, 1), limitsOf(100, 200, 3, 4))).toEqual(limitsOf(150, 100, 4, 1));
    expect(areDefaults(DEFAULT_LIMITS)).toBe(true);
    for (const limits of [limitsOf(127, 128, 1, 1), limitsOf(128, 129, 1, 1), limitsOf(128, 128, 2, 1), limitsOf(128, 128, 1, 2)]) {
      expect(areDefaults(limits)).toBe(false);
    }
  });

  it('of the user are checked', () => {
    expect(() => assertLimits(limitsOf(31, 128, 1, 1))).toThrow('32');
    expect(() => assertLimits(limitsOf(128, 2031, 1, 1))).toThrow('2030');
    expect(() => assertLimits(limitsOf(128, 128, 0, 1))).toThrow('at least one');
    expect(() => assertLimits(limitsOf(128, 128, 1, 8))).toThrow('seven');
    expect(() => assertLimits(limitsOf(128.5, 128, 1, 1))).toThrow('integers');
  });
});
