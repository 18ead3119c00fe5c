/**
 * The receiving half of an HDLC link, of either end: takes I frames in their order only and joins the segments of a payload.
 *
 * Invariant: holds the segments of at most one payload, never more than its limit, and no memory between two payloads.
 */

import { present } from '../../base/assert.ts';
import { sendNumberOf, SEQUENCE_MASK } from './control-byte.ts';
import type { HdlcFrame } from './hdlc-frame.ts';
import { JoinedBytes } from './joined-bytes.ts';

/** `sequence`: not the frame whose turn it is. `complete`: see `takePayload`. `too-long`: end the link. */
export type SegmentTaken = 'more' | 'complete' | 'sequence' | 'too-long';

export class SegmentReceiver {
  readonly #joined: JoinedBytes;
  #payload: Uint8Array | null = null;
  #next = 0;

  constructor(options: { readonly payloadBytesMax: number }) {
    this.#joined = new JoinedBytes(options.payloadBytesMax);
  }

  /** N(R): the number of the I frame that is taken next. */
  get receiveNumber(): number {
    return this.#next;
  }

  /** How far an I frame is ahead of the one whose turn it is: 1 .. 7. One that comes again is mostly 7. */
  ahead(control: number): number {
    return (sendNumberOf(control) - this.#next) & SEQUENCE_MASK;
  }

  take(frame: HdlcFrame): SegmentTaken {
    if (this.ahead(frame.control) !== 0) return 'sequence';
    this.#next = (this.#next + 1) & SEQUENCE_MASK;
    const joined = this.#joined.join(frame.information, frame.segmented);
    if (joined === 'more' || joined === 'too-long') return joined;
    this.#payload = joined;
    return 'complete';
  }

  /** The payload that has just become complete: valid as long as the frame that completed it. */
  takePayload(): Uint8Array {
    const payload = present(this.#payload, 'a payload was completed');
    this.#payload = null;
    return payload;
  }
}
