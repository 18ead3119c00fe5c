/**
 * Cuts a TCP stream into wrapper PDUs, whatever pieces the network made of it. A PDU that lies whole in the received bytes
 * is handed on in place; only an incomplete one at the end is copied and kept until the rest comes.
 *
 * Invariant: between two calls the receiver holds the bytes of at most one incomplete PDU, never more than
 * 8 + apduBytesMax, and no memory when there is none. Memory grows with what arrived, not with what a header announces.
 */

import { assert, present } from '../../base/assert.ts';
import { APDU_BYTES_MAX, WRAPPER_HEADER_BYTES, WRAPPER_VERSION } from './wpdu.ts';

/** Why a stream can't be followed any further. */
export const WRAPPER_MALFORMED_REASONS = ['wrapper-version', 'wrapper-length-zero', 'wrapper-too-long'] as const;
export type WrapperMalformedReason = (typeof WRAPPER_MALFORMED_REASONS)[number];

/**
 * Gets each complete PDU: the APDU is `length` bytes of `bytes` from `offset`, valid only during the call.
 * False stops the receiver for good, e.g. because the connection is being closed.
 */
export type WpduSink = (
  bytes: Uint8Array,
  offset: number,
  length: number,
  sourceWPort: number,
  destinationWPort: number,
) => boolean;

/** `ok`: go on. `stopped`: the sink said so. Anything else: close the connection. After those two the receiver is spent. */
export type WrapperReceived = 'ok' | 'stopped' | WrapperMalformedReason;

export class WrapperReceiver {
  readonly #apduBytesMax: number;
  /** The first bytes of an incomplete PDU; null when there is none. */
  #tail: Uint8Array | null = null;
  #tailBytes = 0;
  #spent = false;

  constructor(options: { readonly apduBytesMax: number }) {
    const { apduBytesMax } = options;
    assert(apduBytesMax >= 1 && apduBytesMax <= APDU_BYTES_MAX, 'the longest APDU has 1 to 65535 bytes');
    this.#apduBytesMax = apduBytesMax;
  }

  /** Bytes of an incomplete PDU that wait for the rest; not 0 when a stream ends here: its last message is lost. */
  get pendingBytes(): number {
    return this.#tailBytes;
  }

  /** Memory held for them. */
  get heldBytes(): number {
    return this.#tail === null ? 0 : this.#tail.length;
  }

  /** Takes what the stream brought; PDUs before a malformed header are still handed on. */
  receive(bytes: Uint8Array, sink: WpduSink): WrapperReceived {
    assert(!this.#spent, 'a spent receiver gets no more bytes');
    let from = 0;
    if (this.#tail !== null) {
      from = this.#finishTail(bytes, sink);
      if (from < 0) return this.#spend(REASONS[-1 - from]!);
    }
    while (bytes.length - from >= WRAPPER_HEADER_BYTES) {
      const apduBytes = this.#apduBytes(bytes, from);
      if (apduBytes < 0) return this.#spend(REASONS[-1 - apduBytes]!);
      const end = from + WRAPPER_HEADER_BYTES + apduBytes;
      if (end > bytes.length) break;
      if (!deliver(bytes, from, apduBytes, sink)) return this.#spend('stopped');
      from = end;
    }
    if (from < bytes.length) this.#keep(bytes, from, bytes.length);
    return 'ok';
  }

  /** Completes the kept PDU. Answers how many bytes that took, or a negative code when the stream ends here. */
  #finishTail(bytes: Uint8Array, sink: WpduSink): number {
    let from = 0;
    if (this.#tailBytes < WRAPPER_HEADER_BYTES) {
      from = Math.min(WRAPPER_HEADER_BYTES - this.#tailBytes, bytes.length);
      const header = this.#keep(bytes, 0, from);
      if (this.#tailBytes < WRAPPER_HEADER_BYTES) return from;
      const apduBytes = this.#apduBytes(header, 0);
      if (apduBytes < 0) return apduBytes;
    }
    const total = WRAPPER_HEADER_BYTES + lengthAt(present(this.#tail, 'a tail is being finished'), 0);
    const to = Math.min(from + total - this.#tailBytes, bytes.length);
    const tail = this.#keep(bytes, from, to, total);
    if (this.#tailBytes < total) return to;
    this.#tail = null;
    this.#tailBytes = 0;
    return deliver(tail, 0, total - WRAPPER_HEADER_BYTES, sink) ? to : STOPPED;
  }

  /** Length of the APDU behind the header at `at`, or a negative code. */
  #apduBytes(bytes: Uint8Array, at: number): number {
    if (bytes[at] !== 0 || bytes[at + 1] !== WRAPPER_VERSION) return BAD_VERSION;
    const apduBytes = lengthAt(bytes, at);
    if (apduBytes === 0) return BAD_ZERO;
    return apduBytes > this.#apduBytesMax ? BAD_LONG : apduBytes;
  }

  /** Appends bytes[from .. to) to the tail, which grows by doubling but not beyond `total` unless it must. */
  #keep(bytes: Uint8Array, from: number, to: number, total = Infinity): Uint8Array {
    const needed = this.#tailBytes + to - from;
    let tail = this.#tail;
    if (tail === null || tail.length < needed) {
      const grown = new Uint8Array(tail === null ? needed : Math.max(needed, Math.min(total, 2 * tail.length)));
      if (tail !== null) grown.set(tail.subarray(0, this.#tailBytes));
      this.#tail = tail = grown;
    }
    tail.set(bytes.subarray(from, to), this.#tailBytes);
    this.#tailBytes = needed;
    return tail;
  }

  #spend(why: 'stopped' | WrapperMalformedReason): WrapperReceived {
    this.#spent = true;
    this.#tail = null;
    this.#tailBytes = 0;
    return why;
  }
}

const BAD_VERSION = -1;
const BAD_ZERO = -2;
const BAD_LONG = -3;
const STOPPED = -4;
const REASONS = [...WRAPPER_MALFORMED_REASONS, 'stopped'] as const;

function deliver(bytes: Uint8Array, at: number, apduBytes: number, sink: WpduSink): boolean {
  const source = (bytes[at + 2]! << 8) | bytes[at + 3]!;
  const destination = (bytes[at + 4]! << 8) | bytes[at + 5]!;
  return sink(bytes, at + WRAPPER_HEADER_BYTES, apduBytes, source, destination);
}

function lengthAt(bytes: Uint8Array, at: number): number {
  return (bytes[at + 6]! << 8) | bytes[at + 7]!;
}
