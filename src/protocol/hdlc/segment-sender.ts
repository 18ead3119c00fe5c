/**
 * The sending half of an HDLC link, of either end: cuts a payload into I frames, up to a window of them a burst, and keeps it
 * until the peer has confirmed all. What a burst did not bring over goes again from the first frame that is missing.
 *
 * Invariant: acknowledged <= sent <= acknowledged + window <= acknowledged + 7, so three bits always name the right segment,
 * as long as the channel keeps the order.
 */

import { assert, present } from '../../base/assert.ts';
import { informationControl, SEQUENCE_MASK } from './control-byte.ts';
import type { HdlcAddress } from './hdlc-address.ts';
import type { HdlcCounts } from './hdlc-counts.ts';
import { encodeFrames, type HdlcFrame } from './hdlc-frame.ts';

/** What a received N(R) did: more is confirmed, nothing new, or it confirms what was never sent. */
export type Acknowledged = 'progress' | 'same' | 'impossible';

export interface Route {
  readonly destination: HdlcAddress;
  readonly source: HdlcAddress;
}

export class SegmentSender {
  readonly #counts: HdlcCounts;
  readonly #segmentBytes: number;
  readonly #window: number;
  #payload: Uint8Array | null = null;
  #segmentCount = 0;
  /** N(S) of the payload's first segment, or of the next payload's. */
  #firstNumber = 0;
  /** Counts of segments of the payload. */
  #acknowledged = 0;
  #sent = 0;

  constructor(options: { readonly segmentBytes: number; readonly window: number; readonly counts: HdlcCounts }) {
    this.#segmentBytes = options.segmentBytes;
    this.#window = options.window;
    this.#counts = options.counts;
  }

  /** A payload is not confirmed to its end. */
  get active(): boolean {
    return this.#payload !== null;
  }

  /** Each segment of it was sent at least once. */
  get allSent(): boolean {
    return this.#payload !== null && this.#sent === this.#segmentCount;
  }

  /** Takes the memory of `payload`; at least one byte. */
  load(payload: Uint8Array): void {
    assert(this.#payload === null, 'one payload at a time');
    assert(payload.length > 0, 'a payload has bytes');
    this.#payload = payload;
    this.#segmentCount = Math.ceil(payload.length / this.#segmentBytes);
  }

  /** Takes an N(R) of the peer. */
  acknowledge(receiveNumber: number): Acknowledged {
    const count = (receiveNumber - this.#firstNumber - this.#acknowledged) & SEQUENCE_MASK;
    if (count > this.#sent - this.#acknowledged) return 'impossible';
    this.#acknowledged += count;
    if (this.#payload !== null && this.#acknowledged === this.#segmentCount) this.acknowledgeAll();
    return count > 0 ? 'progress' : 'same';
  }

  /** The peer has all, whatever its N(R) says. */
  acknowledgeAll(): void {
    this.#firstNumber = (this.#firstNumber + this.#segmentCount) & SEQUENCE_MASK;
    this.#payload = null;
    this.#segmentCount = 0;
    this.#acknowledged = 0;
    this.#sent = 0;
  }

  /** The frames from the first unconfirmed one on, a window of them; the last passes the turn to the peer (P/F). */
  burst(route: Route, receiveNumber: number): Uint8Array {
    const payload = present(this.#payload, 'a payload is being sent');
    const end = Math.min(this.#acknowledged + this.#window, this.#segmentCount);
    const frames: HdlcFrame[] = [];
    for (let i = this.#acknowledged; i < end; i++) {
      const send = (this.#firstNumber + i) & SEQUENCE_MASK;
      frames.push({
        ...route,
        control: informationControl({ send, receive: receiveNumber, last: i === end - 1 }),
        segmented: i < this.#segmentCount - 1,
        information: payload.subarray(i * this.#segmentBytes, (i + 1) * this.#segmentBytes),
      });
    }
    this.#counts.framesSent += frames.length;
    this.#counts.framesRepeated += this.#sent - this.#acknowledged;
    this.#sent = end;
    return encodeFrames(frames);
  }
}
