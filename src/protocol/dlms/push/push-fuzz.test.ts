import { describe, expect, it } from 'vitest';
import { below, streamKey } from '../../../base/random.ts';
import { ReadingBatch } from '../../../reading/batch.ts';
import { WrapperReceiver } from '../../wrapper/wrapper-receiver.ts';
import { PUSH_MALFORMED_REASONS, type PushDecoded, PushDecoder } from './push-decode.ts';
import { type PushColumns, PushEncoder, type PushHeader } from './push-encode.ts';
import { pushBytes } from './push-format.ts';

const SEED = 20260729;

/** Draws of one named stream. */
function dice(stream: string): (count: number) => number {
  const key = streamKey(SEED, stream);
  let draws = 0;
  return (count) => below(key, draws++, count);
}

interface Push {
  readonly header: PushHeader;
  readonly columns: PushColumns;
  readonly rows: number;
}

function randomPush(roll: (count: number) => number, rowsMax: number): Push {
  const channels = roll(2) === 0 ? 1 : 3;
  const rows = roll(rowsMax + 1);
  const size = rows * channels;
  // Every third message has registers of more than 32 bits somewhere.
  const wide = roll(3) === 0;
  return {
    rows,
    header: {
      concentrator: roll(2 ** 32) * 20 + roll(20),
      invokeId: roll(2 ** 24),
      sentUnixSeconds: roll(2 ** 32),
      sentHundredths: roll(100),
      offsetMinutes: roll(1681) - 840,
      late: roll(2) === 0,
      captureUnixSeconds: roll(2 ** 32),
      channels,
    },
    columns: {
      meter: Uint32Array.from({ length: rows }, () => roll(2 ** 32)),
      status: Uint8Array.from({ length: rows }, () => roll(256)),
      time: Uint32Array.from({ length: rows }, () => roll(2 ** 32)),
      value: Float64Array.from({ length: size }, () => roll(2 ** 32) + (wide ? roll(2 ** 21) * 2 ** 32 : 0)),
    },
  };
}

/** The readings that the columns mean, in the order of the decoder. */
function expectedReadings(header: PushHeader, columns: PushColumns, rows: number): number[][] {
  const readings: number[][] = [];
  for (let channel = 0; channel < header.channels; channel++) {
    for (let row = 0; row < rows; row++) {
      const time = header.late ? columns.time[row]! : header.captureUnixSeconds;
      const value = columns.value[row * header.channels + channel]!;
      readings.push([columns.meter[row]!, channel, time, value, columns.status[row]!]);
    }
  }
  return readings;
}

function readingsOf(batch: ReadingBatch, from = 0): number[][] {
  const { meter, channel, time, value, status } = batch;
  const readings: number[][] = [];
  for (let i = from; i < batch.length; i++) readings.push([meter[i]!, channel[i]!, time[i]!, value[i]!, status[i]!]);
  return readings;
}

describe('push round trip', () => {
  it('gives back any columns, through a stream in random pieces', () => {
    const roll = dice('round trip');
    const encoder = new PushEncoder();
    const decoder = new PushDecoder();
    const batch = new ReadingBatch(1000);
    const buffer = Buffer.alloc(8192);
    const receiver = new WrapperReceiver({ apduBytesMax: 65535 });
    for (let round = 0; round < 1500; round++) {
      const { header, columns, rows } = randomPush(roll, 120);
      const at = roll(50);
      const end = encoder.encode(buffer, at, header, columns, 0, rows);
      const valueBytes = columns.value.some((value) => value >= 2 ** 32) ? 8 : 4;
      expect(end - at).toBe(pushBytes({ ...header, valueBytes }, rows));
      batch.length = roll(200);
      const before = batch.length;
      let messages = 0;
      for (let from = at; from < end; ) {
        const to = Math.min(end, from + 1 + roll(2000));
        const received = receiver.receive(buffer.subarray(from, to), (bytes, offset, length) => {
          messages++;
          const { concentrator, invokeId, sentUnixSeconds, sentHundredths, offsetMinutes, late } = header;
          const meant = { concentrator, invokeId, sentUnixSeconds, sentHundredths, offsetMinutes, late };
          expect(decoder.decode(bytes, offset, length, batch)).toMatchObject({ status: 'push', rows, ...meant });
          return true;
        });
        expect(received).toBe('ok');
        from = to;
      }
      expect(messages).toBe(1);
      expect(readingsOf(batch, before)).toEqual(expectedReadings(header, columns, rows));
    }
  });
});

describe('push under single bit flips', () => {
  it('is malformed or says another thing that is well-formed, and a flip among the rows touches one reading row', () => {
    const roll = dice('flips');
    const decoder = new PushDecoder();
    const batch = new ReadingBatch(1000);
    let pushes = 0;
    let malformed = 0;
    for (let round = 0; round < 24; round++) {
      const { apdu, header, columns, rows } = encodeOne(roll, 12);
      const contents = apdu.length - rows * rowBytesOf(header, columns);
      const original = expectedReadings(header, columns, rows);
      for (let bit = 0; bit < apdu.length * 8; bit++) {
        apdu[bit >> 3]! ^= 1 << (bit & 7);
        batch.length = 0;
        const decoded = decoder.decode(apdu, 0, apdu.length, batch);
        checkAnswer(decoded, batch, apdu.length);
        if (decoded.status === 'push') pushes++;
        else malformed++;
        if (bit >> 3 >= contents && decoded.status === 'push') {
          const row = Math.floor(((bit >> 3) - contents) / rowBytesOf(header, columns));
          const changed = readingsOf(batch).flatMap((reading, i) => (same(reading, original[i]!) ? [] : [i % rows]));
          expect(changed.length).toBeGreaterThan(0);
          expect(changed.every((i) => i === row)).toBe(true);
        }
        apdu[bit >> 3]! ^= 1 << (bit & 7);
      }
    }
    expect(pushes).toBeGreaterThan(1000);
    expect(malformed).toBeGreaterThan(1000);
  });
});

describe('push under random mutations', () => {
  it('survives 200,000 of them, looks at nothing but its bytes, and meets every reason', () => {
    const roll = dice('mutations');
    const decoder = new PushDecoder();
    const batch = new ReadingBatch(500);
    const twin = new ReadingBatch(500);
    const seeds = Array.from({ length: 40 }, () => encodeOne(roll, 10).apdu);
    const met = new Map<string, number>();
    // The same bytes with other bytes around must give the same answer: else something outside was read.
    const zeros = new Uint8Array(1024);
    const ones = new Uint8Array(1024).fill(0xff);
    for (let round = 0; round < 200_000; round++) {
      const length = mutate(roll, seeds, zeros);
      ones.copyWithin(0, 512);
      ones.set(zeros.subarray(16, 16 + length), 16);
      ones.fill(0xff, 16 + length);
      batch.length = 0;
      twin.length = 0;
      const decoded = decoder.decode(zeros, 16, length, batch);
      checkAnswer(decoded, batch, length);
      const { status, reason, concentrator, rows, sentUnixSeconds } = decoded;
      const again = decoder.decode(ones, 16, length, twin);
      const agrees =
        again.status === status &&
        again.reason === reason &&
        again.concentrator === concentrator &&
        again.rows === rows &&
        again.sentUnixSeconds === sentUnixSeconds &&
        twin.length === batch.length;
      if (!agrees) expect.fail(`differs: ${Buffer.from(zeros.subarray(16, 16 + length)).toString('hex')}`);
      met.set(reason ?? status, (met.get(reason ?? status) ?? 0) + 1);
      zeros.fill(0, 0, 16 + length);
    }
    expect([...met.keys()].sort()).toEqual(['push', ...PUSH_MALFORMED_REASONS].sort());
  });
});

function encodeOne(roll: (count: number) => number, rowsMax: number): Push & { readonly apdu: Uint8Array } {
  const push = randomPush(roll, rowsMax);
  const target = new Uint8Array(1000);
  const end = new PushEncoder().encode(target, 0, push.header, push.columns, 0, push.rows);
  return { apdu: target.slice(8, end), ...push };
}

function rowBytesOf(header: PushHeader, columns: PushColumns): number {
  const valueBytes = columns.value.some((value) => value >= 2 ** 32) ? 8 : 4;
  return (header.late ? 9 : 5) + header.channels * valueBytes;
}

const same = (a: readonly number[], b: readonly number[]): boolean => a.every((value, i) => value === b[i]);

/** What holds for every answer, whatever the bytes were. Plain comparisons: this runs half a million times. */
function checkAnswer(decoded: PushDecoded, batch: ReadingBatch, bytes: number): void {
  const reasons: readonly string[] = PUSH_MALFORMED_REASONS;
  let right: boolean;
  if (decoded.status === 'push') {
    right =
      decoded.reason === null &&
      batch.length === decoded.readings &&
      (decoded.rows === decoded.readings || decoded.rows * 3 === decoded.readings) &&
      decoded.readings * 4 < bytes &&
      decoded.sentHundredths < 100 &&
      Math.abs(decoded.offsetMinutes) <= 840 &&
      decoded.nameOffset > 0;
    for (let i = 0; right && i < batch.length; i++) {
      const value = batch.value[i]!;
      right = batch.channel[i]! <= 2 && Number.isSafeInteger(value) && value >= 0;
    }
  } else {
    right = decoded.status === 'malformed' && batch.length === 0 && reasons.includes(decoded.reason ?? '');
  }
  if (!right) expect({ decoded, readings: readingsOf(batch) }).toBe('a right answer');
}

/** Bytes that mean something to A-XDR: tags and forms of lengths. */
const TELLING = new Uint8Array(Buffer.from('00010203040506090A0C0F1011121315197F8081828485FF', 'hex'));

/** Puts a mutated seed into target[16 ..]; answers its length, at most 900. */
function mutate(roll: (count: number) => number, seeds: readonly Uint8Array[], target: Uint8Array): number {
  const seed = seeds[roll(seeds.length)]!;
  target.set(seed, 16);
  let length = seed.length;
  for (let i = 1 + roll(3); i > 0; i--) {
    const at = 16 + roll(Math.max(1, length));
    const kind = roll(7);
    if (kind === 0) length = roll(length + 1);
    else if (kind === 1) target[at]! ^= 1 << roll(8);
    else if (kind === 2) target[at] = roll(256);
    // In the head, where it matters.
    else if (kind === 3) target[16 + roll(Math.min(length + 1, 90))] = TELLING[roll(TELLING.length)]!;
    else if (kind === 4) {
      target.copyWithin(at + 1, at, 16 + length);
      length++;
    } else if (kind === 5 && length > 0) {
      target.copyWithin(at, at + 1, 16 + length);
      length--;
    } else {
      const other = seeds[roll(seeds.length)]!;
      const piece = other.subarray(roll(other.length));
      target.set(piece, at);
      length = at - 16 + piece.length;
    }
  }
  target.fill(0, 16 + length);
  return length;
}
