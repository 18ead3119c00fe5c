import { describe, expect, it } from 'vitest';
import { below, streamKey } from '../../base/random.ts';
import { hdlcAddress } from './hdlc-address.ts';
import { HdlcCounts } from './hdlc-counts.ts';
import { encodeFrames } from './hdlc-frame.ts';
import { HdlcReceiver } from './hdlc-receiver.ts';
import { bytesOf, HDLC_VECTORS, hexOf } from './hdlc-vectors.fixture.ts';

const FRAMES = HDLC_VECTORS.map(({ hex }) => hex);

class Ear {
  readonly counts = new HdlcCounts();
  readonly receiver = new HdlcReceiver({ counts: this.counts });
  readonly frames: string[] = [];

  hear(...chunks: readonly Uint8Array[]): this {
    for (const chunk of chunks) {
      const copy = Uint8Array.from(chunk);
      expect(this.receiver.receive(copy, (frame) => this.frames.push(hexOf(encodeFrames([frame]))) > 0)).toBe('ok');
      // What a network layer does with its buffer afterwards must not matter.
      copy.fill(0xaa);
      expect(this.receiver.heldBytes).toBeLessThanOrEqual(2048);
      expect(this.receiver.pendingBytes === 0).toBe(this.receiver.heldBytes === 0);
    }
    return this;
  }

  hearHex(hex: string): this {
    return this.hear(bytesOf(hex));
  }

  silence(): this {
    expect(this.receiver.abandon((frame) => this.frames.push(hexOf(encodeFrames([frame]))) > 0)).toBe('ok');
    return this;
  }

  /** What was refused, without the zeros. */
  get refused(): Record<string, number> {
    return Object.fromEntries(Object.entries(this.counts.refused).filter(([, count]) => count > 0));
  }
}

const heard = (...chunks: readonly Uint8Array[]): readonly string[] => new Ear().hear(...chunks).frames;

const [SNRM_FRAME, AARQ, GET] = ['hdlc-c-SNRM', 'hdlc-u9n-I-AARQ', 'hdlc-c-I-get'].map((id) => HDLC_VECTORS.find((vector) => vector.id === id)?.hex ?? '') as [
  string,
  string,
  string,
];

describe('HdlcReceiver', () => {
  it('hands on many frames of one chunk in order, in place', () => {
    const stream = bytesOf(FRAMES.join(''));
    const receiver = new HdlcReceiver({ counts: new HdlcCounts() });
    let whole = 0;
    receiver.receive(stream, (frame) => {
      if (frame.information.length > 0) expect(frame.information.buffer).toBe(stream.buffer);
      return whole++ >= 0;
    });
    expect([whole, receiver.pendingBytes, receiver.heldBytes]).toEqual([FRAMES.length, 0, 0]);
  });

  it.each([
    ['two flags between frames', FRAMES.join('')],
    ['one shared flag', `7E${FRAMES.map((hex) => hex.slice(2)).join('')}`],
    ['many flags', `7E7E7E${FRAMES.join('7E7E')}7E`],
  ])('%s: the same frames wherever the stream is split in two', (_name, hex) => {
    const stream = bytesOf(hex);
    for (let split = 0; split <= stream.length; split++) {
      expect(heard(stream.subarray(0, split), stream.subarray(split)), `at ${split}`).toEqual(FRAMES);
    }
  });

  it('gives the same frames in pieces of any one size, and in random pieces', () => {
    const stream = bytesOf(FRAMES.join(''));
    for (let size = 1; size <= 200; size++) expect(heard(...cut(stream, () => size))).toEqual(FRAMES);
    const key = streamKey(5, 'pieces');
    let draws = 0;
    for (let round = 0; round < 200; round++) expect(heard(...cut(stream, () => below(key, draws++, 90)))).toEqual(FRAMES);
  });

  it('never gives a frame before its last flag', () => {
    for (const hex of FRAMES) {
      const ear = new Ear().hear(bytesOf(hex).subarray(0, -1));
      expect([ear.frames, ear.receiver.pendingBytes]).toEqual([[], hex.length / 2 - 2]);
      expect(ear.hearHex('7E').frames).toEqual([hex]);
    }
  });

  it('loses only the frame that a flipped bit hits, whatever the bit, however it comes', () => {
    const before = SNRM_FRAME;
    const stream = bytesOf(before + GET + AARQ + AARQ);
    const from = before.length / 2 + 1;
    for (let bit = 8 * from; bit < 8 * (from + GET.length / 2 - 2); bit++) {
      const bytes = Uint8Array.from(stream);
      bytes[bit >>> 3]! ^= 1 << (bit & 7);
      for (const size of [1, 7, 50, 1000]) expect(heard(...cut(bytes, () => size)), `bit ${bit} by ${size}`).toEqual([before, AARQ, AARQ]);
    }
  });

  it('loses only the frame that lost bytes', () => {
    const bytes = bytesOf(GET);
    for (let from = 1; from < bytes.length - 1; from++) {
      for (let to = from + 1; to < bytes.length; to++) {
        const stream = Buffer.concat([bytes.subarray(0, from), bytes.subarray(to), bytesOf(AARQ + SNRM_FRAME)]);
        expect(heard(stream), `${from} to ${to}`).toEqual([AARQ, SNRM_FRAME]);
      }
    }
  });

  it('passes over noise and counts it', () => {
    const ear = new Ear().hearHex(`00A0FF${GET}4711${AARQ}00`);
    expect(ear.frames).toEqual([GET, AARQ]);
    expect(ear.counts.noiseBytes).toBe(3 + 2 + 1);
    expect(ear.refused).toEqual({ 'hdlc-format': 2 });
    expect(ear.counts.framesReceived).toBe(2);
  });

  it('finds the same frames and counts the same in random noise, whole or byte by byte', () => {
    const key = streamKey(11, 'noise');
    let draws = 0;
    for (let round = 0; round < 60; round++) {
      const parts = [GET, AARQ, SNRM_FRAME].flatMap((hex) => {
        const noise = Uint8Array.from({ length: below(key, draws++, 300) }, () => (below(key, draws++, 3) === 0 ? 0x7e : below(key, draws++, 256)));
        return [noise, bytesOf(hex)];
      });
      const stream = Buffer.concat([...parts, new Uint8Array(2050)]);
      const whole = new Ear().hear(stream);
      const pieces = new Ear().hear(...cut(stream, () => 1));
      // Noise may look like the beginning of a frame, but not like its header: nothing is swallowed.
      expect(whole.frames).toEqual([GET, AARQ, SNRM_FRAME]);
      expect(pieces.frames).toEqual(whole.frames);
      expect(pieces.counts).toEqual(whole.counts);
    }
  });

  it('takes no frame out of the information of a broken one', () => {
    const carrier = encodeFrames([
      { destination: hdlcAddress(1), source: hdlcAddress(16), control: 0x10, segmented: false, information: bytesOf(`0102${AARQ}0304`) },
    ]);
    expect(heard(carrier)).toEqual([hexOf(carrier)]);
    carrier[12]! ^= 1;
    const ear = new Ear().hear(carrier, bytesOf(GET));
    expect(ear.frames).toEqual([GET]);
    expect(ear.refused).toEqual({ 'hdlc-fcs': 1 });
  });

  it('gives a frame up when the line falls silent, and finds what it had swallowed', () => {
    const cutOff = bytesOf(AARQ).subarray(0, 30);
    const ear = new Ear().hear(cutOff, bytesOf(SNRM_FRAME));
    expect(ear.frames).toEqual([]);
    expect(ear.silence().frames).toEqual([SNRM_FRAME]);
    expect(ear.refused).toEqual({ 'hdlc-cut': 1 });
    expect(ear.hearHex(GET).frames).toEqual([SNRM_FRAME, GET]);
    const twice = new Ear().hear(cutOff, cutOff.subarray(0, 12)).silence();
    expect([twice.frames, twice.receiver.pendingBytes, twice.refused]).toEqual([[], 0, { 'hdlc-cut': 2 }]);
  });

  it('holds no more than a frame, whatever comes', () => {
    // Headers that are right, each announcing 2047 bytes, one inside the other.
    const long = encodeFrames([
      { destination: hdlcAddress(1), source: hdlcAddress(16), control: 0x10, segmented: false, information: new Uint8Array(2036) },
    ]);
    const heads = Buffer.concat(Array.from({ length: 1000 }, () => long.subarray(0, 12)));
    const ear = new Ear().hear(...cut(heads, () => 13));
    expect(ear.frames).toEqual([]);
    expect(ear.refused['hdlc-flag']).toBeGreaterThan(500);
    expect(ear.hear(new Uint8Array(2048), bytesOf(GET)).frames).toEqual([GET]);
  });

  it('stops when the sink says so, in place or after a tail', () => {
    for (const split of [0, 5, 12]) {
      const stream = bytesOf(GET + AARQ);
      const receiver = new HdlcReceiver({ counts: new HdlcCounts() });
      let calls = 0;
      const sink = (): boolean => ++calls < 0;
      const first = receiver.receive(stream.subarray(0, split), sink);
      expect(first).toBe('ok');
      expect(receiver.receive(stream.subarray(split), sink)).toBe('stopped');
      expect([calls, receiver.heldBytes]).toEqual([1, 0]);
      expect(() => receiver.receive(stream, sink)).toThrow('spent');
    }
    const receiver = new HdlcReceiver({ counts: new HdlcCounts() });
    receiver.receive(bytesOf(AARQ.slice(0, 60) + SNRM_FRAME), () => true);
    expect(receiver.abandon(() => false)).toBe('stopped');
  });
});

function cut(stream: Uint8Array, size: () => number): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < stream.length; ) {
    const end = Math.min(stream.length, at + size());
    pieces.push(stream.slice(at, end));
    at = end;
  }
  return pieces;
}
