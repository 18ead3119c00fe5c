import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { packageFile } from '../../../base/package-root.ts';
import { below, streamKey } from '../../../base/random.ts';
import {
  CONFIRMATION_BYTES,
  CONFIRMATION_MALFORMED_REASONS,
  type ConfirmationDecoded,
  ConfirmationDecoder,
  encodeConfirmation,
} from './push-confirmation.ts';
import { putSetResponse } from '../apdu/set-request.ts';

interface Vector {
  readonly id: string;
  readonly kind: string;
  readonly hex: string;
}

const VECTORS = JSON.parse(readFileSync(packageFile('data', 'dlms-vectors.json'), 'utf8')) as Vector[];
const bytesOf = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex').toUpperCase();
const SENT = Date.parse('2024-11-21T09:30:15Z') / 1000;

/**
 * By hand from the layouts of wrapper, SET-request and date-time: client 103 writes attribute 13 of the push setup,
 * 2024-11-21 Thu 10:30:15.07 CET, and wants no answer. The translator of Gurux.DLMS.Python 1.0.197 reads it so.
 */
const CONFIRMATION = `0001 0067 0001 001B
  C1 01 05 0028 0000190900FF 0D 00
  090C 07E80B15040A1E0F07FFC400`.replaceAll(/\s/g, '');
const APDU = CONFIRMATION.slice(16);

function decode(hex: string, decoder = new ConfirmationDecoder()): ConfirmationDecoded {
  const bytes = bytesOf(hex);
  const around = new Uint8Array(bytes.length + 20).fill(0x0c);
  around.set(bytes, 5);
  return decoder.decode(around, 5, bytes.length);
}

describe('confirmation', () => {
  it('is encoded as drawn', () => {
    const target = new Uint8Array(CONFIRMATION_BYTES + 4).fill(0xee);
    const confirmation = { sentUnixSeconds: SENT, sentHundredths: 7, offsetMinutes: 60, invokeId: 5 };
    expect(encodeConfirmation(target, 2, confirmation)).toBe(CONFIRMATION_BYTES + 2);
    expect(hexOf(target)).toBe(`EEEE${CONFIRMATION}EEEE`);
    expect(() => encodeConfirmation(target, 5, confirmation)).toThrow('room');
  });

  it('is decoded', () => {
    expect(decode(APDU)).toEqual({
      status: 'confirmation',
      reason: null,
      sentUnixSeconds: SENT,
      sentHundredths: 7,
      offsetMinutes: 60,
      invoke: 5,
      responseWanted: false,
    });
  });

  it('is understood in the forms that other head-ends use', () => {
    const meant = { status: 'confirmation', sentUnixSeconds: SENT, sentHundredths: 7 };
    expect(decode(APDU.replace('C10105', 'C101C1'))).toMatchObject({ ...meant, invoke: 0xc1, responseWanted: true });
    expect(decode(APDU.replace('090C', '19'))).toMatchObject(meant);
    expect(decode(APDU.replace('090C', '0982000C'))).toMatchObject(meant);
    const open = APDU.replace('FFC400', '8000FF');
    expect(decode(open, new ConfirmationDecoder({ defaultOffsetMinutes: 60 }))).toMatchObject(meant);
    // The same instant told in UTC.
    expect(decode(APDU.replace('0A1E0F07FFC4', '091E0F070000'))).toMatchObject({ ...meant, offsetMinutes: 0 });
  });

  it.each([
    ['malformed', 'truncated', APDU.slice(0, -2)],
    ['malformed', 'trailing-bytes', `${APDU}00`],
    ['malformed', 'length-form', APDU.replace('090C', '0980')],
    ['malformed', 'confirmed-time', APDU.replace('090C', '0A0C')],
    ['malformed', 'confirmed-time', APDU.replace('090C', '090B')],
    ['malformed', 'confirmed-time', APDU.replace('07E80B15', '07E80B1F')],
    ['malformed', 'confirmed-time', APDU.replace('07E80B15', 'FFFF0B15')],
    ['other', 'apdu-unknown', APDU.replace('C101', 'C001')],
    ['other', 'service-unknown', APDU.replace('C101', 'C102')],
    ['other', 'attribute-unknown', APDU.replace('FF0D', 'FF0C')],
    ['other', 'attribute-unknown', APDU.replace('0028', '0029')],
    ['other', 'attribute-unknown', APDU.replace('0000190900FF', '0001190900FF')],
    ['other', 'selection-unknown', APDU.replace('FF0D00', 'FF0D01')],
  ])('answers %s, %s (%#)', (status, reason, hex) => {
    expect(hex).not.toBe(APDU);
    const decoder = new ConfirmationDecoder();
    decode(APDU, decoder);
    expect(decode(hex, decoder)).toMatchObject({ status, reason, sentUnixSeconds: 0, sentHundredths: 0 });
  });

  it('says which request was something else, so that it can be answered', () => {
    expect(decode(APDU.replace('C10105', 'C10142').replace('FF0D', 'FF02'))).toMatchObject({
      status: 'other',
      invoke: 0x42,
      responseWanted: true,
    });
    const target = new Uint8Array(5).fill(0xee);
    // SET-response-normal: C5 01, the invoke byte, the result; 4 is object-undefined.
    expect(putSetResponse(target, 1, { invoke: 0x42, result: 4 })).toBe(5);
    expect(hexOf(target)).toBe('EEC5014204');
    expect(() => putSetResponse(target, 2, { invoke: 1, result: 0 })).toThrow('room');
  });

  it('is never seen in a truncated one, nor in any other recorded message', () => {
    for (let length = 0; length < APDU.length; length += 2) {
      expect(decode(APDU.slice(0, length))).toMatchObject({ status: 'malformed', reason: 'truncated' });
    }
    for (const { kind, hex } of VECTORS) {
      if (kind === 'apdu') expect(decode(hex).status).not.toBe('confirmation');
      if (kind === 'wpdu') expect(decode(hex.slice(16)).status).not.toBe('confirmation');
    }
  });

  it('is another instant, malformed or something else under each bit flip, unless the bit has no influence', () => {
    const bytes = bytesOf(APDU);
    const decoder = new ConfirmationDecoder();
    // Invoke-id and priority (byte 2), weekday (19) and clock status (26) say nothing about the instant.
    const silent = new Set([2, 19, 26]);
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      bytes[bit >> 3]! ^= 1 << (bit & 7);
      const decoded = decoder.decode(bytes, 0, bytes.length);
      const changed = decoded.sentUnixSeconds !== SENT || decoded.sentHundredths !== 7;
      if (decoded.status === 'confirmation') expect([bit >> 3, changed]).toEqual([bit >> 3, !silent.has(bit >> 3)]);
      else expect(decoded.reason).not.toBeNull();
      bytes[bit >> 3]! ^= 1 << (bit & 7);
    }
  });

  it('survives random mutations', () => {
    const key = streamKey(20260729, 'confirmation');
    let draws = 0;
    const roll = (count: number): number => below(key, draws++, count);
    const decoder = new ConfirmationDecoder();
    const original = bytesOf(APDU);
    const bytes = new Uint8Array(original.length + 4);
    const met = new Set<string>();
    for (let round = 0; round < 100_000; round++) {
      bytes.set(original);
      for (let i = 1 + roll(3); i > 0; i--) bytes[roll(original.length)] = roll(4) === 0 ? 0x80 + roll(6) : roll(256);
      const length = roll(4) === 0 ? roll(bytes.length + 1) : original.length;
      const decoded = decoder.decode(bytes, 0, length);
      met.add(decoded.reason ?? decoded.status);
    }
    const others = ['apdu-unknown', 'service-unknown', 'attribute-unknown', 'selection-unknown'];
    expect([...met].sort()).toEqual(['confirmation', ...CONFIRMATION_MALFORMED_REASONS, ...others].sort());
  });
});
