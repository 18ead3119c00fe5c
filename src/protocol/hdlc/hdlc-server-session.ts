/**
 * One link of a server with one client: numbered frames in both directions, one APDU at a time.
 *
 * The client has the turn; a frame with P hands it over, ours with F gives it back. While an APDU is being worked on the turn is
 * kept, so that its answer goes out at once; if the client asks meanwhile it hears RNR and has to ask again. Of an answer each
 * frame stays until it is confirmed: a client that asks again, by its I frame or by RR, gets the missing ones again, and what it
 * sends meanwhile is not taken.
 */

import { assert } from '../../base/assert.ts';
import { type FrameKind, frameKind, hasPollFinal, notReadyControl, readyControl, receiveNumberOf } from './control-byte.ts';
import type { HdlcCounts } from './hdlc-counts.ts';
import { encodeFrames, type HdlcFrame } from './hdlc-frame.ts';
import type { HdlcLimits } from './link-parameters.ts';
import { hasLlc, LLC_BYTES, LLC_RESPONSE, withLlc } from './llc.ts';
import { SegmentReceiver } from './segment-receiver.ts';
import { type Route, SegmentSender } from './segment-sender.ts';

export interface ServerSessionOptions {
  readonly limits: HdlcLimits;
  readonly apduBytesMax: number;
  readonly counts: HdlcCounts;
  readonly onSend: (bytes: Uint8Array) => void;
  /** True: an answer follows, or has been sent already. */
  readonly onApdu: (apdu: Uint8Array) => boolean;
}

export class HdlcServerSession {
  readonly #options: ServerSessionOptions;
  readonly #sender: SegmentSender;
  readonly #receiver: SegmentReceiver;
  #route: Route;
  /** An APDU was handed on and its answer is awaited. */
  #working = false;
  /** The turn is ours. */
  #polled = false;
  #ended = false;

  constructor(options: ServerSessionOptions, route: Route) {
    const { limits, apduBytesMax, counts } = options;
    this.#options = options;
    this.#route = route;
    this.#sender = new SegmentSender({ segmentBytes: limits.transmitBytes, window: limits.transmitWindow, counts });
    this.#receiver = new SegmentReceiver({ payloadBytesMax: apduBytesMax + LLC_BYTES });
  }

  /** Takes I, RR, RNR, REJ. False: the link can't go on, an APDU is too long. `route`: of the answer. */
  take(frame: HdlcFrame, route: Route): boolean {
    this.#route = route;
    const kind = frameKind(frame.control);
    if (this.#sender.acknowledge(receiveNumberOf(frame.control)) === 'impossible') this.#miscounted(frame, kind);
    if (hasPollFinal(frame.control)) this.#polled = true;
    if (kind === 'information') return this.#takeInformation(frame);
    this.#respond(kind !== 'rnr');
    return true;
  }

  /** The answer to the APDU that was handed on last. False: none is awaited. Copies what it needs. */
  sendApdu(apdu: Uint8Array): boolean {
    assert(apdu.length > 0, 'an APDU has bytes');
    if (!this.#working || this.#ended) return false;
    this.#working = false;
    this.#sender.load(withLlc(LLC_RESPONSE, apdu));
    this.#respond(true);
    return true;
  }

  /** There will be no answer to the APDU that was handed on last. */
  sendNothing(): boolean {
    if (!this.#working || this.#ended) return false;
    this.#working = false;
    this.#respond(true);
    return true;
  }

  end(): void {
    this.#ended = true;
  }

  /** Some clients count RR as frames. One that goes on with its next command has the answer all the same. */
  #miscounted(frame: HdlcFrame, kind: FrameKind): void {
    this.#options.counts.refuse('hdlc-sequence');
    const next = kind === 'information' && this.#receiver.ahead(frame.control) === 0;
    if (next && this.#sender.allSent) this.#sender.acknowledgeAll();
  }

  #takeInformation(frame: HdlcFrame): boolean {
    const { counts } = this.#options;
    if (this.#working || this.#sender.active) {
      counts.refuse('hdlc-turn');
      this.#respond(true);
      return true;
    }
    const taken = this.#receiver.take(frame);
    if (taken === 'too-long') {
      counts.refuse('hdlc-apdu-too-long');
      return false;
    }
    if (taken === 'sequence') counts.refuse('hdlc-sequence');
    if (taken === 'complete') this.#deliver(this.#receiver.takePayload());
    // The turn is kept for the answer.
    if (taken !== 'complete' || !this.#working) this.#respond(true);
    return true;
  }

  #deliver(payload: Uint8Array): void {
    if (!hasLlc(payload) || payload.length === LLC_BYTES) {
      this.#options.counts.refuse('hdlc-llc');
      return;
    }
    this.#working = true;
    const answered = this.#options.onApdu(payload.subarray(LLC_BYTES));
    if (!answered) this.#working = false;
  }

  /** Uses the turn, if it is ours. */
  #respond(peerReady: boolean): void {
    if (!this.#polled || this.#ended) return;
    this.#polled = false;
    const next = this.#receiver.receiveNumber;
    const { counts, onSend } = this.#options;
    if (this.#sender.active && peerReady) {
      onSend(this.#sender.burst(this.#route, next));
      return;
    }
    counts.framesSent++;
    const control = this.#working ? notReadyControl(next) : readyControl(next);
    onSend(encodeFrames([{ ...this.#route, control, segmented: false, information: NOTHING }]));
  }
}

const NOTHING = new Uint8Array(0);
