/**
 * HDLC of a client (a head-end) with one server on one stream, without sockets or timers: bytes go in, bytes and APDUs come out.
 * The client leads: whatever it sends is answered, and what is not answered it sends again when its owner says that the time is
 * up. So `waiting` is the whole of what the owner must watch: arm a timer at each `onSend`, call `timedOut()` when it fires and
 * `waiting` still holds.
 *
 *   disconnected --connect()--> connecting --UA--> connected --disconnect()--> disconnecting --UA, DM--> disconnected
 *                                                                  any of them --onFailed--> failed
 *
 * An APDU is delivered in full, in order and once, or the link fails. That holds on a channel that keeps the order of frames; after
 * a failure, or a `disconnect()` with an answer outstanding, take a new stream: on the old one a late answer may still be under way.
 */

import { assert } from '../../base/assert.ts';
import { DISC, type FrameKind, frameKind, hasPollFinal, readyControl, receiveNumberOf, SNRM } from './control-byte.ts';
import { answersFor, type HdlcAddress, hdlcAddress } from './hdlc-address.ts';
import type { HdlcCounts, HdlcRefusal } from './hdlc-counts.ts';
import { encodeFrames, type HdlcFrame } from './hdlc-frame.ts';
import { HdlcReceiver } from './hdlc-receiver.ts';
import { agreed, areDefaults, assertLimits, decodeParameters, encodeParameters, type HdlcLimits } from './link-parameters.ts';
import { hasLlc, LLC_BYTES, LLC_COMMAND, withLlc } from './llc.ts';
import { SegmentReceiver } from './segment-receiver.ts';
import { type Acknowledged, type Route, SegmentSender } from './segment-sender.ts';
import { UnnumberedReceiver } from './unnumbered-information.ts';

/**
 * Why a link failed. `hdlc-no-answer`: silence, after all repeats. `hdlc-busy`: the server answers, but never with what is awaited.
 * `hdlc-refused`: DM to SNRM. `hdlc-disconnected`: DM on a living link. `hdlc-rejected`: FRMR. The others: what the server sent
 * can't be.
 */
export const HDLC_FAILURES = [
  'hdlc-no-answer',
  'hdlc-busy',
  'hdlc-refused',
  'hdlc-disconnected',
  'hdlc-rejected',
  'hdlc-parameters',
  'hdlc-llc',
  'hdlc-apdu-too-long',
] as const;
export type HdlcFailure = (typeof HDLC_FAILURES)[number];

export type HdlcClientState = 'disconnected' | 'connecting' | 'connected' | 'disconnecting' | 'failed' | 'closed';

/** All are called from within the link's methods; all may call back. */
export interface HdlcClientHandlers {
  /** Whole frames for the peer; the memory is the handler's. */
  onSend(bytes: Uint8Array): void;
  /** `limits`: what was agreed, from the client's view. */
  onConnected?(limits: HdlcLimits): void;
  /**
   * An APDU, without its LLC header; valid only during the call. It is the answer to the last one sent, but from a server that
   * speaks unasked, or answers late what wants no answer, it may be anything: look at the APDU, and at `idle` before sending on.
   */
  onApdu(apdu: Uint8Array): void;
  /** The server has an APDU that was sent without waiting for an answer. */
  onDelivered?(): void;
  /** An APDU of a UI frame (a push); valid only during the call. */
  onUnnumbered?(apdu: Uint8Array, addresses: Route): void;
  /** `disconnect()` is done. */
  onDisconnected?(): void;
  /** The link is at its end. */
  onFailed?(code: HdlcFailure): void;
}

export interface HdlcClientOptions {
  /** 0 .. 127. */
  readonly clientSap: number;
  readonly server: HdlcAddress;
  /** What this end can do at most. */
  readonly limits: HdlcLimits;
  readonly apduBytesMax: number;
  /** How often one thing is sent again before the link fails. */
  readonly repeatsMax: number;
  /** How often in a row a server may say that it has nothing yet. */
  readonly busyMax: number;
  readonly counts: HdlcCounts;
}

/** What a timed-out link sends again: its frames, or a question (RR) that the server answers with its own. */
type Sent = 'frames' | 'question';

export class HdlcClientLink {
  readonly #options: HdlcClientOptions;
  readonly #handlers: HdlcClientHandlers;
  readonly #route: Route;
  readonly #stream: HdlcReceiver;
  readonly #unnumbered: UnnumberedReceiver;
  #state: HdlcClientState = 'disconnected';
  #limits: HdlcLimits;
  #sender: SegmentSender;
  #receiver: SegmentReceiver;
  /** An answer is awaited; or at least that the server has all. */
  #awaiting: 'answer' | 'delivery' | null = null;
  #sent: Sent = 'frames';
  /** The last frame of the server was RNR: it takes no APDU now. */
  #peerBusy = false;
  /** What was sent last was answered with "not yet". */
  #putOff = false;
  #putOffCount = 0;
  #repeats = 0;
  #sends = 0;
  /** I frames that were taken since something was sent. */
  #burstFrames = 0;

  constructor(options: HdlcClientOptions, handlers: HdlcClientHandlers) {
    assertLimits(options.limits);
    assert(options.clientSap >= 0 && options.clientSap <= 0x7f, 'the address of an HDLC client has seven bits');
    assert(options.apduBytesMax >= 1 && options.repeatsMax >= 0 && options.busyMax >= 0, 'limits are not negative');
    this.#options = options;
    this.#handlers = handlers;
    this.#route = Object.freeze({ destination: options.server, source: hdlcAddress(options.clientSap) });
    this.#stream = new HdlcReceiver(options);
    this.#unnumbered = new UnnumberedReceiver(options);
    this.#limits = options.limits;
    this.#sender = this.#newSender();
    this.#receiver = this.#newReceiver();
  }

  get state(): HdlcClientState {
    return this.#state;
  }

  /** The server owes something: arm a timer, and call `timedOut()` when it fires. */
  get waiting(): boolean {
    return this.#state === 'connecting' || this.#state === 'disconnecting' || (this.#state === 'connected' && this.#awaiting !== null);
  }

  /** The server said "not yet": it is asked again at the next `timedOut()`; a shorter time may do. */
  get busy(): boolean {
    return this.waiting && this.#putOff;
  }

  /** An APDU may be sent. */
  get idle(): boolean {
    return this.#state === 'connected' && this.#awaiting === null;
  }

  connect(): void {
    assert(this.#state === 'disconnected', 'only a link that is disconnected connects');
    this.#state = 'connecting';
    this.#gotOn();
    this.#sendConnect();
  }

  /** Copies `apdu`. `answered`: an APDU comes back; else `onDelivered` tells that the server has it. Only when `idle`: look first. */
  sendApdu(apdu: Uint8Array, answered = true): void {
    assert(this.idle, 'an HDLC link carries one APDU at a time');
    assert(apdu.length > 0, 'an APDU has bytes');
    this.#awaiting = answered ? 'answer' : 'delivery';
    this.#gotOn();
    this.#peerBusy = false;
    this.#sender.load(withLlc(LLC_COMMAND, apdu));
    this.#sendFrames();
  }

  disconnect(): void {
    assert(this.#state === 'connected', 'only a link that is connected disconnects');
    this.#state = 'disconnecting';
    this.#awaiting = null;
    this.#gotOn();
    this.#control(DISC);
  }

  /** The stream is gone: nothing is sent or told any more. */
  close(): void {
    this.#state = 'closed';
  }

  /** Takes what the stream brought. Not from within a handler. */
  receive(bytes: Uint8Array): void {
    if (!this.#spent()) this.#stream.receive(bytes, (frame) => this.#take(frame));
  }

  /** Nothing came for too long: sends again what has no answer yet, or fails. */
  timedOut(): void {
    if (!this.waiting) return;
    const sends = this.#sends;
    this.#stream.abandon((frame) => this.#take(frame));
    if (this.#sends !== sends || !this.waiting) return;
    if (!this.#putOff && this.#repeats++ >= this.#options.repeatsMax) {
      this.#fail('hdlc-no-answer');
      return;
    }
    this.#putOff = false;
    if (this.#state === 'connecting') this.#sendConnect();
    else if (this.#state === 'disconnecting') this.#control(DISC);
    else if (this.#sender.active && !this.#peerBusy) this.#sendFrames();
    else this.#ask();
  }

  #take(frame: HdlcFrame): boolean {
    const kind = frameKind(frame.control);
    if (kind === 'ui') {
      const apdu = this.#unnumbered.take(frame, this.#stream.disturbances);
      if (apdu !== null) this.#handlers.onUnnumbered?.(apdu, frame);
    } else if (frame.destination.upper !== this.#options.clientSap || !answersFor(frame.source, this.#options.server)) {
      this.#refuse('hdlc-not-ours');
    } else {
      if (this.#state === 'connected') this.#takeConnected(frame, kind);
      else if (this.#state === 'connecting' && kind === 'ua') this.#connected(frame.information);
      else if (this.#state === 'connecting' && kind === 'dm') this.#fail('hdlc-refused');
      else if (this.#state === 'connecting' && kind === 'frmr') this.#fail('hdlc-rejected');
      else if (this.#state === 'disconnecting' && (kind === 'ua' || kind === 'dm')) {
        this.#state = 'disconnected';
        this.#handlers.onDisconnected?.();
      } else this.#refuse('hdlc-control');
    }
    return !this.#spent();
  }

  #takeConnected(frame: HdlcFrame, kind: FrameKind): void {
    if (kind === 'information') this.#takeInformation(frame);
    else if (kind === 'rr' || kind === 'rnr' || kind === 'rej') this.#takeSupervisory(frame, kind);
    else if (kind === 'dm') this.#fail('hdlc-disconnected');
    else if (kind === 'frmr') this.#fail('hdlc-rejected');
    else this.#refuse('hdlc-control');
  }

  #takeInformation(frame: HdlcFrame): void {
    let acknowledged = this.#acknowledge(frame);
    this.#peerBusy = false;
    const ahead = this.#receiver.ahead(frame.control);
    const taken = this.#receiver.take(frame);
    if (taken !== 'sequence') this.#burstFrames++;
    // A server that has sent a whole window waits, also if it forgets the F.
    const final = hasPollFinal(frame.control) || this.#burstFrames >= this.#limits.receiveWindow;
    if (taken === 'too-long') {
      this.#fail('hdlc-apdu-too-long');
      return;
    }
    if (taken === 'sequence') this.#refuse('hdlc-sequence');
    else {
      this.#gotOn();
      acknowledged = 'progress';
      // Who answers has the question, also if it forgets to say so (jDLMS).
      if (this.#awaiting === 'answer' && this.#sender.allSent) this.#sender.acknowledgeAll();
    }
    const delivered = this.#settle(taken === 'complete');
    if (final && this.#sender.active) this.#goOn(acknowledged);
    else if (final && taken === 'more') {
      this.#awaiting = 'answer';
      this.#ask();
    } else if (final && taken === 'sequence' && ahead < this.#limits.receiveWindow) this.#askAgain();
    if (delivered) this.#handlers.onDelivered?.();
    if (taken === 'complete') this.#deliver(this.#receiver.takePayload());
  }

  #takeSupervisory(frame: HdlcFrame, kind: 'rr' | 'rnr' | 'rej'): void {
    const acknowledged = this.#acknowledge(frame);
    this.#peerBusy = kind === 'rnr';
    if (!hasPollFinal(frame.control)) return;
    if (this.#sender.active) this.#goOn(acknowledged);
    else if (this.#settle(false)) this.#handlers.onDelivered?.();
    else if (this.#awaiting === 'answer') {
      // The first question costs no time; from the second on the server is given some.
      if (!this.#peerBusy && this.#sent === 'frames') this.#ask();
      else this.#waitFor();
    }
  }

  /** The turn is ours and the server lacks frames. */
  #goOn(acknowledged: Acknowledged): void {
    if (this.#peerBusy) this.#waitFor();
    else if (acknowledged === 'progress' || this.#sent === 'question') this.#sendFrames();
    // Else it is likely an answer that came twice; if not, the time-out mends it.
  }

  #acknowledge(frame: HdlcFrame): Acknowledged {
    const acknowledged = this.#sender.acknowledge(receiveNumberOf(frame.control));
    if (acknowledged === 'impossible') this.#refuse('hdlc-sequence');
    if (acknowledged === 'progress') this.#gotOn();
    return acknowledged;
  }

  /** Ends what was awaited, if it came. True: an APDU that wants no answer was delivered. */
  #settle(answered: boolean): boolean {
    if (this.#sender.active) return false;
    const delivered = this.#awaiting === 'delivery';
    if (delivered || answered) this.#awaiting = null;
    return delivered;
  }

  #deliver(payload: Uint8Array): void {
    if (this.#state !== 'connected') return;
    if (hasLlc(payload) && payload.length > LLC_BYTES) this.#handlers.onApdu(payload.subarray(LLC_BYTES));
    else this.#fail('hdlc-llc');
  }

  #connected(information: Uint8Array): void {
    const decoded = decodeParameters(information);
    if (decoded.status === 'malformed') {
      this.#fail(decoded.reason);
      return;
    }
    this.#limits = agreed(this.#options.limits, decoded.limits);
    this.#sender = this.#newSender();
    this.#receiver = this.#newReceiver();
    this.#awaiting = null;
    this.#state = 'connected';
    this.#handlers.onConnected?.(this.#limits);
  }

  #sendConnect(): void {
    const { limits } = this.#options;
    this.#control(SNRM, areDefaults(limits) ? NOTHING : encodeParameters(limits));
  }

  #sendFrames(): void {
    this.#sent = 'frames';
    this.#sends++;
    this.#burstFrames = 0;
    this.#handlers.onSend(this.#sender.burst(this.#route, this.#receiver.receiveNumber));
  }

  #ask(): void {
    this.#sent = 'question';
    this.#control(readyControl(this.#receiver.receiveNumber));
  }

  /**
   * A frame before the one that came was lost. (One that only comes again is no reason to ask: the answer would come twice, and the
   * next, and so on.) No more often than there are repeats; then the time-out has to decide.
   */
  #askAgain(): void {
    if (this.#awaiting !== 'answer' || this.#repeats >= this.#options.repeatsMax) return;
    this.#repeats++;
    this.#ask();
  }

  #control(control: number, information: Uint8Array = NOTHING): void {
    const { counts } = this.#options;
    this.#sends++;
    this.#burstFrames = 0;
    counts.framesSent++;
    if (this.#repeats > 0) counts.framesRepeated++;
    this.#handlers.onSend(encodeFrames([{ ...this.#route, control, segmented: false, information }]));
  }

  #waitFor(): void {
    this.#repeats = 0;
    this.#putOff = true;
    if (++this.#putOffCount > this.#options.busyMax) this.#fail('hdlc-busy');
  }

  #gotOn(): void {
    this.#repeats = 0;
    this.#putOff = false;
    this.#putOffCount = 0;
  }

  #fail(code: HdlcFailure): void {
    this.#state = 'failed';
    this.#handlers.onFailed?.(code);
  }

  #refuse(reason: HdlcRefusal): void {
    this.#options.counts.refuse(reason);
  }

  #spent(): boolean {
    return this.#state === 'failed' || this.#state === 'closed';
  }

  #newSender(): SegmentSender {
    const { transmitBytes, transmitWindow } = this.#limits;
    return new SegmentSender({ segmentBytes: transmitBytes, window: transmitWindow, counts: this.#options.counts });
  }

  #newReceiver(): SegmentReceiver {
    return new SegmentReceiver({ payloadBytesMax: this.#options.apduBytesMax + LLC_BYTES });
  }
}

const NOTHING = new Uint8Array(0);
