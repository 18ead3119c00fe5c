import { describe, expect, it } from 'vitest';
import { below, streamKey } from '../../base/random.ts';
import { frameKind, hasPollFinal, informationControl, receiveNumberOf, sendNumberOf } from './control-byte.ts';
import { addressPairKey, answersFor, hdlcAddress, isBroadcast, isCalling, putAddress } from './hdlc-address.ts';
import { decodeFrame, encodeFrames, frameBytes, type HdlcDecoded, type HdlcFrame, putFrame } from './hdlc-frame.ts';
import { bytesOf, HDLC_VECTORS, hexOf } from './hdlc-vectors.fixture.ts';

/** Constructed: an SNRM to a four-byte address; one APDU in two segments. */
const MORE = [
  '7EA00A00020023219318717E',
  '7EA81221033048C7E6E700C401C10009067C737E',
  '7EA00F21033254F60100010800FF59527E',
];
const ALL = [...HDLC_VECTORS.map(({ hex }) => hex), ...MORE];

/** Behind the first flag. */
function decode(bytes: Uint8Array): HdlcDecoded {
  return decodeFrame(bytes, 1, bytes.length);
}

function frameOf(hex: string): HdlcFrame {
  const decoded = decode(bytesOf(hex));
  if (decoded.status !== 'frame') throw new Error(`${hex}: ${JSON.stringify(decoded)}`);
  return decoded.frame;
}

describe('HDLC frames', () => {
  it('has the recorded ones to work with', () => expect(HDLC_VECTORS.length).toBeGreaterThanOrEqual(20));

  it.each(ALL)('%s: decodes and encodes to the same bytes', (hex) => {
    const decoded = decode(bytesOf(hex));
    expect(decoded).toMatchObject({ status: 'frame', bytes: hex.length / 2 - 2 });
    const frame = frameOf(hex);
    expect(frameBytes(frame)).toBe(hex.length / 2);
    expect(hexOf(encodeFrames([frame]))).toBe(hex);
    const roomy = new Uint8Array(hex.length / 2 + 5).fill(0xee);
    expect(putFrame(roomy, 3, frame)).toBe(hex.length / 2 + 3);
    expect(hexOf(roomy)).toBe(`EEEEEE${hex}EEEE`);
  });

  it.each(ALL)('%s: is incomplete at each truncation', (hex) => {
    const bytes = bytesOf(hex);
    for (let end = 1; end < bytes.length; end++) expect(decodeFrame(bytes, 1, end).status, `at ${end}`).toBe('incomplete');
  });

  it.each(ALL)('%s: is refused with any one bit flipped, and never sooner taken', (hex) => {
    const whole = bytesOf(hex);
    for (let bit = 8; bit < 8 * whole.length; bit++) {
      const bytes = whole.slice();
      bytes[bit >>> 3]! ^= 1 << (bit & 7);
      // A longer length may wait for more; with any more it is refused.
      const padded = new Uint8Array(bytes.length + 2048);
      padded.set(bytes);
      for (const end of [bytes.length, padded.length]) {
        expect(decodeFrame(padded, 1, end).status, `bit ${bit} to ${end}`).not.toBe('frame');
      }
      expect(decodeFrame(padded, 1, padded.length).status, `bit ${bit}`).toBe('malformed');
    }
  });

  it('reads what a meter and its reader said', () => {
    expect(frameOf('7EA03A00020CC521108D59E6E6006029A109060760857405080101A60A04080000000000000001BE10040E01000000065F1F040020525FFFFFAE2C7E')).toMatchObject({
      destination: { upper: 1, lower: 866, bytes: 4 },
      source: { upper: 16, lower: null, bytes: 1 },
      control: 0x10,
      segmented: false,
    });
    expect(frameOf('7EA81221033048C7E6E700C401C10009067C737E')).toMatchObject({ segmented: true, control: 0x30 });
  });

  it('says why', () => {
    const good = '7EA0190321107FDAE6E600C001C1000100002B0100FF02007D8F7E';
    const because = (hex: string): unknown => decode(bytesOf(hex));
    const malformed = (reason: string, bytes = 0): unknown => ({ status: 'malformed', reason, bytes });
    expect(because('7E40')).toEqual(malformed('hdlc-format'));
    expect(because('7EB007')).toEqual(malformed('hdlc-format'));
    expect(because('7EA006')).toEqual(malformed('hdlc-length'));
    expect(because('7EA0070000')).toEqual({ status: 'incomplete' });
    expect(because('7EA007000001')).toEqual(malformed('hdlc-address'));
    expect(because('7EA00700000000')).toEqual(malformed('hdlc-address'));
    expect(because('7EA00703000002')).toEqual({ status: 'incomplete' });
    expect(because('7EA0070300000203')).toEqual(malformed('hdlc-length'));
    expect(because('7EA0070300000003')).toEqual(malformed('hdlc-length'));
    expect(because('7EA0080321930F017E')).toEqual(malformed('hdlc-length'));
    expect(because('7EA0070321930F02')).toEqual(malformed('hdlc-hcs'));
    expect(because(good.replace('7D8F7E', '7D8E7E'))).toEqual(malformed('hdlc-fcs', 25));
    expect(because(good.replace('7D8F7E', '7D8F7F'))).toEqual(malformed('hdlc-flag'));
    // With a bad header nobody waits for what its length says.
    expect(because('7EA7FF0321107FDB')).toEqual(malformed('hdlc-hcs'));
  });

  it('never takes noise, and never reads beyond its end', () => {
    const key = streamKey(3, 'noise');
    let draws = 0;
    const seen = new Set<string>();
    for (let round = 0; round < 20_000; round++) {
      const bytes = Uint8Array.from({ length: 40 }, () => below(key, draws++, 256));
      bytes[0] = 0xa0;
      bytes[1] = below(key, draws++, 60);
      const end = below(key, draws++, 41);
      const decoded = decodeFrame(bytes, 0, end);
      expect(decoded.status).not.toBe('frame');
      seen.add(decoded.status === 'malformed' ? decoded.reason : decoded.status);
      expect(decodeFrame(bytes.slice(0, end), 0, end)).toEqual(decoded);
    }
    expect([...seen].sort()).toEqual(['hdlc-address', 'hdlc-hcs', 'hdlc-length', 'incomplete']);
  });

  it('has the longest frame, and none longer', () => {
    const route = { destination: hdlcAddress(1, 17, 4), source: hdlcAddress(16), control: 0x10, segmented: false };
    const longest = { ...route, information: new Uint8Array(2047 - 12).fill(0x7e) };
    expect(decode(encodeFrames([longest]))).toEqual({ status: 'frame', frame: longest, bytes: 2047 });
    expect(() => encodeFrames([{ ...route, information: new Uint8Array(2047 - 11) }])).toThrow('2047');
    expect(() => putFrame(new Uint8Array(10), 2, { ...route, information: new Uint8Array(0) })).toThrow('no room');
  });
});

describe('HDLC addresses', () => {
  it.each([
    [hdlcAddress(16), '21'],
    [hdlcAddress(1), '03'],
    [hdlcAddress(64), '81'],
    [hdlcAddress(100), 'C9'],
    [hdlcAddress(1, 17), '0223'],
    [hdlcAddress(1, 16), '0221'],
    [hdlcAddress(1, 17, 4), '00020023'],
    [hdlcAddress(145, 1), '02220003'],
    [hdlcAddress(0x1234, 0x3fff), '4868FEFF'],
    [hdlcAddress(103, 127), 'CEFF'],
  ])('%o is %s', (address, hex) => {
    const bytes = new Uint8Array(address.bytes);
    expect(putAddress(bytes, 0, address)).toBe(address.bytes);
    expect(hexOf(bytes)).toBe(hex);
    const frame = { destination: address, source: hdlcAddress(1), control: 0x93, segmented: false, information: new Uint8Array(0) };
    expect(decode(encodeFrames([frame]))).toMatchObject({ status: 'frame', frame });
  });

  it('that do not exist are refused', () => {
    expect(() => hdlcAddress(16384)).toThrow('14 bits');
    expect(() => hdlcAddress(-1)).toThrow('14 bits');
    expect(() => hdlcAddress(1.5)).toThrow('integers');
    expect(() => hdlcAddress(128, null, 1)).toThrow('more bytes');
    expect(() => hdlcAddress(1, 1, 1)).toThrow('more bytes');
    expect(() => hdlcAddress(1, 128, 2)).toThrow('more bytes');
    expect(() => putAddress(new Uint8Array(3), 0, hdlcAddress(200))).toThrow('no room');
  });

  it('know all stations and the calling one, by the form', () => {
    const all = [hdlcAddress(0x7f), hdlcAddress(0x7f, 1), hdlcAddress(1, 0x7f), hdlcAddress(0x3fff, 1), hdlcAddress(1, 0x3fff)];
    expect(all.map(isBroadcast)).toEqual([true, true, true, true, true]);
    expect([hdlcAddress(1), hdlcAddress(0x7f, 5, 4), hdlcAddress(0x3ffe, 1)].map(isBroadcast)).toEqual([false, false, false]);
    expect([hdlcAddress(1, 0x7e), hdlcAddress(1, 0x3ffe), hdlcAddress(1, 5), hdlcAddress(0x7e)].map(isCalling)).toEqual([true, true, false, false]);
  });

  it('are compared by value, whatever their form', () => {
    const called = hdlcAddress(1, 17);
    expect(answersFor(hdlcAddress(1, 17, 4), called)).toBe(true);
    expect(answersFor(hdlcAddress(1), called)).toBe(true);
    expect(answersFor(hdlcAddress(1, 18), called)).toBe(false);
    expect(answersFor(hdlcAddress(2, 17), called)).toBe(false);
    expect(answersFor(hdlcAddress(1, 18), hdlcAddress(1))).toBe(true);
    expect(answersFor(hdlcAddress(1, 18), hdlcAddress(1, 0x7e))).toBe(true);
    const client = hdlcAddress(16);
    expect(addressPairKey(client, called)).toBe(addressPairKey(client, hdlcAddress(1, 17, 4)));
    const keys = [hdlcAddress(1), hdlcAddress(1, 0), hdlcAddress(2), hdlcAddress(2, 0), hdlcAddress(16383, 16383)];
    const pairs = [hdlcAddress(1), hdlcAddress(2), hdlcAddress(127)].flatMap((one) => keys.map((other) => addressPairKey(one, other)));
    expect(new Set(pairs).size).toBe(15);
    expect(Math.max(...pairs)).toBeLessThan(2 ** 43);
  });
});

describe('control bytes', () => {
  it.each([
    ['information', [0x10, 0x30, 0x32, 0x52, 0x54, 0x74]],
    ['rr', [0x11, 0x31, 0x51, 0x71, 0x91, 0xb1, 0xd1, 0xf1, 0x01]],
    ['rnr', [0x15, 0x35, 0x05]],
    ['rej', [0x19, 0x39]],
    ['snrm', [0x93, 0x83]],
    ['ua', [0x73, 0x63]],
    ['disc', [0x53, 0x43]],
    ['dm', [0x1f, 0x0f]],
    ['frmr', [0x97, 0x87]],
    ['ui', [0x13, 0x03]],
    ['unknown', [0x1d, 0xff, 0x6f, 0xbf, 0xe3]],
  ])('%s', (kind, controls) => expect(controls.map(frameKind)).toEqual(controls.map(() => kind)));

  it('carry the numbers', () => {
    expect([0x10, 0x30, 0x32, 0x52, 0x54, 0x74].map(sendNumberOf)).toEqual([0, 0, 1, 1, 2, 2]);
    expect([0x10, 0x30, 0x32, 0x52, 0x54, 0x74].map(receiveNumberOf)).toEqual([0, 1, 1, 2, 2, 3]);
    expect([0x10, 0x20, 0x11, 0x01].map(hasPollFinal)).toEqual([true, false, true, false]);
    expect(informationControl({ send: 2, receive: 3, last: true })).toBe(0x74);
    expect(informationControl({ send: 7, receive: 7, last: false })).toBe(0xee);
  });
});
