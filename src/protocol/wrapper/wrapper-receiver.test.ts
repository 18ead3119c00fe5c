import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { packageFile } from '../../base/package-root.ts';
import { below, streamKey } from '../../base/random.ts';
import { PUSH_REPLY_WPORTS, PUSH_WPORTS, putWrapperHeader } from './wpdu.ts';
import { type WrapperReceived, WrapperReceiver } from './wrapper-receiver.ts';

interface Vector {
  readonly id: string;
  readonly kind: string;
  readonly hex: string;
}

/** Sessions with Gurux.DLMS.Python and one push of a real meter; provenance in the file. */
const WPDUS = (JSON.parse(readFileSync(packageFile('data', 'dlms-vectors.json'), 'utf8')) as Vector[])
  .filter((vector) => vector.kind === 'wpdu')
  .map((vector) => vector.hex);

const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex').toUpperCase();
const bytesOf = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex.replaceAll(' ', ''), 'hex'));

/** Feeds `chunks` and answers each WPDU as hex, put together again, with the last answer of the receiver. */
function receiveAll(
  receiver: WrapperReceiver,
  chunks: readonly Uint8Array[],
): { readonly wpdus: string[]; readonly last: WrapperReceived } {
  const wpdus: string[] = [];
  let last: WrapperReceived = 'ok';
  for (const chunk of chunks) {
    last = receiver.receive(chunk, (bytes, offset, length, source, destination) => {
      const header = new Uint8Array(8);
      putWrapperHeader(header, 0, { source, destination }, length);
      wpdus.push(hexOf(header) + hexOf(bytes.subarray(offset, offset + length)));
      return true;
    });
    if (last !== 'ok') break;
    // What a network layer does with its buffer afterwards must not matter.
    chunk.fill(0xaa);
  }
  return { wpdus, last };
}

const receiverOf = (apduBytesMax = 4096): WrapperReceiver => new WrapperReceiver({ apduBytesMax });

describe('wrapper header', () => {
  it('is laid out as Gurux sends it: client 16 to device 1, an AARQ of 31 bytes', () => {
    const target = new Uint8Array(12).fill(0xee);
    expect(putWrapperHeader(target, 2, { source: 0x10, destination: 1 }, 31)).toBe(10);
    expect(hexOf(target)).toBe('EEEE000100100001001FEEEE');
  });

  it('knows the way of a push and the way back', () => {
    const target = new Uint8Array(8);
    putWrapperHeader(target, 0, PUSH_WPORTS, 0x2b7);
    expect(hexOf(target)).toBe('00010001006702B7');
    putWrapperHeader(target, 0, PUSH_REPLY_WPORTS, 27);
    expect(hexOf(target)).toBe('000100670001001B');
  });

  it('refuses what the length can not say and what has no room', () => {
    expect(() => putWrapperHeader(new Uint8Array(8), 0, PUSH_WPORTS, 0)).toThrow('1 to 65535');
    expect(() => putWrapperHeader(new Uint8Array(8), 0, PUSH_WPORTS, 65536)).toThrow('1 to 65535');
    expect(() => putWrapperHeader(new Uint8Array(8), 1, PUSH_WPORTS, 5)).toThrow('no room');
  });
});

describe('WrapperReceiver', () => {
  it('has the recorded WPDUs to work with', () => {
    expect(WPDUS.length).toBeGreaterThanOrEqual(11);
    expect(WPDUS[0]).toMatch(/^0001000100400073/);
  });

  it('hands on many WPDUs of one chunk in order, in place', () => {
    const receiver = receiverOf();
    const stream = bytesOf(WPDUS.join(''));
    const places: [boolean, number][] = [];
    const answer = receiver.receive(stream, (bytes, offset) => places.push([bytes === stream, offset]) > 0);
    expect(answer).toBe('ok');
    let at = 0;
    expect(places).toEqual(
      WPDUS.map((hex) => {
        const place = [true, at + 8];
        at += hex.length / 2;
        return place;
      }),
    );
    expect(receiver.pendingBytes).toBe(0);
  });

  it('gives the same WPDUs wherever the stream is split in two', () => {
    const length = WPDUS.join('').length / 2;
    for (let split = 0; split <= length; split++) {
      const stream = bytesOf(WPDUS.join(''));
      const receiver = receiverOf();
      const { wpdus, last } = receiveAll(receiver, [stream.subarray(0, split), stream.subarray(split)]);
      expect(last).toBe('ok');
      expect(wpdus).toEqual(WPDUS);
      expect([receiver.pendingBytes, receiver.heldBytes]).toEqual([0, 0]);
    }
  });

  it('gives the same WPDUs in pieces of any one size, and in random pieces', () => {
    for (let size = 1; size <= 300; size++) expect(receiveAll(receiverOf(), piecesOf(() => size)).wpdus).toEqual(WPDUS);
    const key = streamKey(7, 'pieces');
    let draws = 0;
    for (let round = 0; round < 300; round++) {
      expect(receiveAll(receiverOf(), piecesOf(() => below(key, draws++, 200))).wpdus).toEqual(WPDUS);
    }
  });

  it('waits for the rest: no truncated stream ever gives its last WPDU', () => {
    const whole = WPDUS[0]!;
    for (let length = 0; length < whole.length / 2; length++) {
      const receiver = receiverOf();
      expect(receiveAll(receiver, [bytesOf(whole).subarray(0, length)])).toEqual({ wpdus: [], last: 'ok' });
      expect(receiver.pendingBytes).toBe(length);
    }
  });

  it('takes the longest APDU and no longer one, however it comes', () => {
    for (const piece of [1, 7, 8, 9, 1000, 70000]) {
      expect(receiveInPieces('0001 0001 0067 000A 00010203040506070809', 10, piece).last).toBe('ok');
      expect(receiveInPieces('0001 0001 0067 000B 000102030405060708090A', 10, piece).last).toBe('wrapper-too-long');
    }
    const longest = `000100010067FFFF${'5A'.repeat(65535)}`;
    expect(receiveInPieces(longest, 65535, 9999).wpdus).toEqual([longest]);
  });

  it.each([
    ['wrapper-version', '0002 0001 0067 0001 00'],
    ['wrapper-version', '0101 0001 0067 0001 00'],
    ['wrapper-version', '4745 5420 2F20 4854 5450'],
    ['wrapper-length-zero', '0001 0001 0067 0000 00'],
    ['wrapper-too-long', '0001 0001 0067 1001 00'],
  ])('ends with %s, after the good WPDUs before it, at each split point', (reason, bad) => {
    const good = WPDUS[1]!;
    const length = good.length / 2 + bytesOf(bad).length;
    for (let split = 0; split <= length; split++) {
      const stream = bytesOf(good + bad);
      const receiver = receiverOf();
      const { wpdus, last } = receiveAll(receiver, [stream.subarray(0, split), stream.subarray(split)]);
      expect(last).toBe(reason);
      expect(wpdus).toEqual([good]);
      expect([receiver.pendingBytes, receiver.heldBytes]).toEqual([0, 0]);
      expect(() => receiver.receive(new Uint8Array(1), () => true)).toThrow('spent');
    }
  });

  it('stops when the sink says so, in place or after a tail', () => {
    for (const split of [0, 5, 50, 123]) {
      const stream = bytesOf(WPDUS[0]! + WPDUS[1]!);
      const receiver = receiverOf();
      let calls = 0;
      const sink = (): boolean => {
        calls++;
        return false;
      };
      const first = receiver.receive(stream.subarray(0, split), sink);
      expect(first === 'ok' ? receiver.receive(stream.subarray(split), sink) : first).toBe('stopped');
      expect(calls).toBe(1);
      expect(() => receiver.receive(new Uint8Array(1), sink)).toThrow('spent');
    }
  });

  it('keeps what came, not what was announced', () => {
    const receiver = receiverOf(65535);
    receiver.receive(bytesOf('0001 0001 0067 FFFF 00'), () => true);
    expect([receiver.pendingBytes, receiver.heldBytes]).toEqual([9, 9]);
    for (let i = 0; i < 100; i++) receiver.receive(new Uint8Array(100), () => true);
    expect(receiver.pendingBytes).toBe(10_009);
    expect(receiver.heldBytes).toBeLessThanOrEqual(20_018);
  });

  it('refuses a limit that no wrapper has', () => {
    expect(() => receiverOf(0)).toThrow('1 to 65535');
    expect(() => receiverOf(65536)).toThrow('1 to 65535');
  });
});

function receiveInPieces(hex: string, apduBytesMax: number, piece: number): ReturnType<typeof receiveAll> {
  return receiveAll(
    receiverOf(apduBytesMax),
    cut(bytesOf(hex), () => piece),
  );
}

function piecesOf(size: () => number): Uint8Array[] {
  return cut(bytesOf(WPDUS.join('')), size);
}

function cut(stream: Uint8Array, size: () => number): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < stream.length; ) {
    const end = Math.min(stream.length, at + size());
    pieces.push(stream.slice(at, end));
    at = end;
  }
  return pieces;
}
