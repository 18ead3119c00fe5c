import { describe, expect, it, test } from 'vitest';
import { bytesOf, dice, flips, hexOf } from '../security/vectors.fixture.ts';
import { Conformance, CONFORMANCE_MASK, conformanceNames, LOGICAL_NAME_CONFORMANCE } from './conformance.ts';
import {
  decodeInitiateRequest,
  decodeInitiateResponse,
  encodeInitiateRequest,
  encodeInitiateResponse,
  type InitiateRequest,
  type InitiateResponse,
} from './initiate.ts';

// Green Book examples, as in the reference 4.4, 4.5, 6.3.
const PLAIN = '01000000065F1F0400007E1F04B0';
const WITH_KEY = '01011000112233445566778899AABBCCDDEEFF0000065F1F0400007E1F04B0';
const RESPONSE = '0800065F1F040000501F01F40007';
const RESPONSE_WITH_QUALITY = '080100065F1F0400001E1D04C80007';

const REQUEST: InitiateRequest = { dedicatedKey: null, responseAllowed: true, quality: null, version: 6, conformance: 0x007e1f, pduBytesMax: 1200 };

describe('initiate', () => {
  it('reads and writes the examples', () => {
    expect(decodeInitiateRequest(bytesOf(PLAIN))).toEqual({ status: 'frame', value: REQUEST });
    expect(hexOf(encodeInitiateRequest(REQUEST))).toBe(PLAIN);
    const withKey = { ...REQUEST, dedicatedKey: bytesOf('00112233445566778899AABBCCDDEEFF') };
    expect(decodeInitiateRequest(bytesOf(WITH_KEY))).toEqual({ status: 'frame', value: withKey });
    expect(hexOf(encodeInitiateRequest(withKey))).toBe(WITH_KEY);
    const response: InitiateResponse = { quality: null, version: 6, conformance: 0x00501f, pduBytesMax: 500, vaaName: 7 };
    expect(decodeInitiateResponse(bytesOf(RESPONSE))).toEqual({ status: 'frame', value: response });
    expect(hexOf(encodeInitiateResponse(response))).toBe(RESPONSE);
    const withQuality = { quality: 0, version: 6, conformance: 0x001e1d, pduBytesMax: 1224, vaaName: 7 };
    expect(decodeInitiateResponse(bytesOf(RESPONSE_WITH_QUALITY))).toEqual({ status: 'frame', value: withQuality });
    expect(hexOf(encodeInitiateResponse(withQuality))).toBe(RESPONSE_WITH_QUALITY);
  });

  it('takes the older form of the conformance tag', () => {
    expect(decodeInitiateRequest(bytesOf('01000000065F0400007E1F04B0'))).toEqual({ status: 'frame', value: REQUEST });
  });

  it('reads that no response is wanted', () => {
    expect(decodeInitiateRequest(bytesOf('0100 0100 00 06 5F1F0400007E1F04B0'))).toEqual({ status: 'frame', value: { ...REQUEST, responseAllowed: false } });
    expect(decodeInitiateRequest(bytesOf('0100 01FF 00 06 5F1F0400007E1F04B0'))).toEqual({ status: 'frame', value: REQUEST });
  });

  test.each([
    ['08000000065F1F0400007E1F04B0', 'tag-unknown'],
    ['01020000065F1F0400007E1F04B0', 'option-form'],
    ['01000200065F1F0400007E1F04B0', 'option-form'],
    ['01000002065F1F0400007E1F04B0', 'option-form'],
    ['01018000065F1F0400007E1F04B0', 'length-form'],
    ['01000000065E1F0400007E1F04B0', 'conformance-form'],
    ['01000000065F1F0300007E1F04B0', 'conformance-form'],
    ['01000000065F1F0401007E1F04B0', 'conformance-form'],
    ['01000000065F1F0400007E1F04B000', 'trailing-bytes'],
  ])('%s is malformed: %s', (hex, reason) => {
    expect(decodeInitiateRequest(bytesOf(hex))).toEqual({ status: 'malformed', reason });
  });

  it('cut anywhere is incomplete; with any bit turned over it reads as something else, or says why not', () => {
    for (const [hex, decode, encode] of [
      [PLAIN, decodeInitiateRequest, encodeInitiateRequest],
      [WITH_KEY, decodeInitiateRequest, encodeInitiateRequest],
      [RESPONSE, decodeInitiateResponse, encodeInitiateResponse],
      [RESPONSE_WITH_QUALITY, decodeInitiateResponse, encodeInitiateResponse],
    ] as const) {
      const bytes = bytesOf(hex);
      for (let length = 0; length < bytes.length; length++) expect(decode(bytes.subarray(0, length))).toEqual({ status: 'incomplete' });
      for (const flipped of flips(bytes)) {
        const decoded = decode(flipped);
        if (decoded.status === 'frame') expect(hexOf(encode(decoded.value as never))).toBe(hexOf(flipped));
      }
    }
  });

  it('gives back what was written, whatever it is', () => {
    const { roll, bytes } = dice('initiate');
    for (let round = 0; round < 2000; round++) {
      const common = { quality: roll(2) === 0 ? null : roll(256), version: roll(256), conformance: roll(2 ** 24), pduBytesMax: roll(65536) };
      const request = { ...common, dedicatedKey: roll(2) === 0 ? null : bytes(roll(33)), responseAllowed: roll(2) === 0 };
      expect(decodeInitiateRequest(encodeInitiateRequest(request))).toEqual({ status: 'frame', value: request });
      const response = { ...common, vaaName: roll(65536) };
      expect(decodeInitiateResponse(encodeInitiateResponse(response))).toEqual({ status: 'frame', value: response });
    }
  });
});

describe('conformance', () => {
  it('has a bit of its own for each service, and names them', () => {
    const bits = Object.values(Conformance);
    expect(bits.reduce((sum, bit) => sum + bit, 0)).toBe(bits.reduce((mask, bit) => mask | bit, 0));
    // Bits 0 and 7 are reserved.
    expect(bits.reduce((mask, bit) => mask | bit, 0)).toBe(CONFORMANCE_MASK & ~0x810000);
    // What a client in the field proposes (reference 4.6).
    expect(conformanceNames(0x401e5d)).toEqual([
      'generalProtection',
      'blockTransferWithGet',
      'blockTransferWithSet',
      'blockTransferWithAction',
      'multipleReferences',
      'access',
      'get',
      'set',
      'selectiveAccess',
      'action',
    ]);
    expect(conformanceNames(LOGICAL_NAME_CONFORMANCE)).not.toContain('read');
    expect(conformanceNames(LOGICAL_NAME_CONFORMANCE)).toHaveLength(bits.length - 5);
  });
});
