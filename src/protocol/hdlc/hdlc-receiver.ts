/**
 * Finds the frames in a stream, whatever pieces the network made of it and whatever lies between them. A frame that lies
 * whole in the received bytes is handed on in place; only an incomplete one at the end is copied and kept.
 *
 * A broken frame is counted and forgotten. Where its header is right and a flag stands where its length says, the stream goes
 * on behind it: what lies inside is its information, not a frame. Otherwise its length means nothing, and the next frame is
 * looked for right behind its first byte.
 *
 * Invariant: between two calls the receiver holds at most the one incomplete frame, 2048 bytes, and no memory without one.
 */

import { assert, present } from '../../base/assert.ts';
import type { HdlcCounts } from './hdlc-counts.ts';
import { decodeFrame, FLAG, FRAME_BYTES_MAX, type HdlcFrame } from './hdlc-frame.ts';

/** Gets each good frame; its information is valid only during the call. False stops the receiver for good. */
export type HdlcFrameSink = (frame: HdlcFrame) => boolean;

/** `stopped`: the sink said so; the receiver is spent. */
export type HdlcReceived = 'ok' | 'stopped';

/** With the flag behind it, any candidate of this length is decided. */
const TAIL_BYTES_MAX = FRAME_BYTES_MAX + 1;

export class HdlcReceiver {
  readonly #counts: HdlcCounts;
  /** The first bytes of a frame, from its format on; null when there is none. */
  #tail: Uint8Array | null = null;
  #tailBytes = 0;
  /** The byte before was a flag. */
  #open = false;
  #spent = false;
  #disturbances = 0;

  constructor(options: { readonly counts: HdlcCounts }) {
    this.#counts = options.counts;
  }

  /** Bytes of an incomplete frame that wait for the rest. */
  get pendingBytes(): number {
    return this.#tailBytes;
  }

  /** Memory held for them. */
  get heldBytes(): number {
    return this.#tail === null ? 0 : this.#tail.length;
  }

  /** Grows with each broken frame and each noise: between two equal values nothing but frames came. */
  get disturbances(): number {
    return this.#disturbances;
  }

  /** Takes what the stream brought. */
  receive(bytes: Uint8Array, sink: HdlcFrameSink): HdlcReceived {
    assert(!this.#spent, 'a spent receiver gets no more bytes');
    let from = 0;
    while (this.#tailBytes > 0) {
      if (from === bytes.length) return 'ok';
      const taken = Math.min(TAIL_BYTES_MAX - this.#tailBytes, bytes.length - from);
      const left = this.#scanTail(bytes.subarray(from, from + taken), sink);
      if (left < 0) return this.#spend();
      from += taken;
      if (left > taken) continue;
      // What is left of the tail came just now: go on in place.
      this.#dropTail();
      from -= left;
    }
    const at = this.#scan(bytes, from, bytes.length, sink);
    if (at < 0) return this.#spend();
    if (at < bytes.length) this.#keep(bytes.subarray(at));
    return 'ok';
  }

  /** The line is silent: an incomplete frame gets no more bytes. What it swallowed is looked through for frames. */
  abandon(sink: HdlcFrameSink): HdlcReceived {
    while (this.#tailBytes > 0) {
      const tail = present(this.#tail, 'a tail is being abandoned').subarray(0, this.#tailBytes);
      this.#counts.refuse('hdlc-cut');
      this.#disturbances++;
      this.#dropTail();
      this.#open = false;
      const at = this.#scan(tail, 0, tail.length, sink);
      if (at < 0) return this.#spend();
      if (at < tail.length) this.#keep(tail.subarray(at));
    }
    return 'ok';
  }

  /** Appends to the tail and takes frames off its front. Answers how many bytes are left in it, -1 when the sink stops. */
  #scanTail(bytes: Uint8Array, sink: HdlcFrameSink): number {
    const tail = this.#keep(bytes);
    const end = this.#tailBytes;
    const at = this.#scan(tail, 0, end, sink);
    if (at < 0) return -1;
    if (at > 0) tail.copyWithin(0, at, end);
    this.#tailBytes = end - at;
    if (this.#tailBytes === 0) this.#dropTail();
    return end - at;
  }

  /** Hands on the frames of bytes[from .. end). Answers where an incomplete one begins, or `end`; -1 when the sink stops. */
  #scan(bytes: Uint8Array, from: number, end: number, sink: HdlcFrameSink): number {
    let at = from;
    while (at < end) {
      if (!this.#open) {
        const flag = bytes.indexOf(FLAG, at);
        this.#open = flag >= 0 && flag < end;
        const noiseBytes = (this.#open ? flag : end) - at;
        this.#counts.noiseBytes += noiseBytes;
        if (noiseBytes > 0) this.#disturbances++;
        if (!this.#open) return end;
        at = flag;
      }
      while (at < end && bytes[at] === FLAG) at++;
      const decoded = decodeFrame(bytes, at, end);
      if (decoded.status === 'incomplete') return at;
      if (decoded.status === 'frame') {
        this.#counts.framesReceived++;
        at += decoded.bytes;
        if (!sink(decoded.frame)) return -1;
      } else {
        this.#counts.refuse(decoded.reason);
        this.#disturbances++;
        at += decoded.bytes;
        // Where the end is sure, a flag is next; else any byte may be.
        if (decoded.bytes === 0) this.#open = false;
      }
    }
    return end;
  }

  #keep(bytes: Uint8Array): Uint8Array {
    const needed = this.#tailBytes + bytes.length;
    let tail = this.#tail;
    if (tail === null || tail.length < needed) {
      const grown = new Uint8Array(tail === null ? needed : Math.min(TAIL_BYTES_MAX, Math.max(needed, 2 * tail.length)));
      if (tail !== null) grown.set(tail.subarray(0, this.#tailBytes));
      this.#tail = tail = grown;
    }
    tail.set(bytes, this.#tailBytes);
    this.#tailBytes = needed;
    return tail;
  }

  #dropTail(): void {
    this.#tail = null;
    this.#tailBytes = 0;
  }

  #spend(): HdlcReceived {
    this.#spent = true;
    this.#dropTail();
    return 'stopped';
  }
}
