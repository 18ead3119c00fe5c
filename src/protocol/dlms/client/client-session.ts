/**
 * What all operations of one association share: the state of the association, invoke-ids, and the way of one request to its
 * answer:
 *
 *   encode -> cipher -> cut into general blocks if it must be -> gateway prefix -> sent
 *   received -> gateway prefix -> general blocks put together -> deciphered and checked -> decoded -> answer
 *
 * Notifications that come in between are handed on. Answers to earlier requests (the network said them twice, or late) are
 * dropped, a few in each exchange: the invoke-id tells them apart.
 */

import { Conformance } from '../acse/conformance.ts';
import { decodeApdu, encodeApdu } from '../apdu/apdu.ts';
import type { AccessRequest, AccessResponse, Apdu } from '../apdu/apdu-types.ts';
import type { BlockCollector } from './block-collector.ts';
import type { ClientOptions, Exchange, Negotiated } from './client-options.ts';
import { ClientProtection, type Phase } from './client-protection.ts';
import { ClientTransfer } from './client-transfer.ts';
import { DlmsError } from './dlms-error.ts';
import { exceptionError, serviceError } from './exceptions.ts';
import { type Notification, notificationOf } from './notification.ts';

export type AnswerService = 'get-response' | 'set-response' | 'action-response';
export type AnswerOf<S extends Apdu['service']> = Extract<Apdu, { readonly service: S }>;

export const ANSWER_BYTES_MAX = 16 * 1024 * 1024;
/** Answers to other requests, replays and the like that are dropped while one answer is awaited. */
const DROPPED_MAX = 16;

export class ClientSession {
  readonly options: ClientOptions;
  readonly protection: ClientProtection;
  readonly #transfer: ClientTransfer;
  #negotiated: Negotiated | null = null;
  #phase: Phase = 'none';
  #invokeId = 0;
  #longInvokeId = 0;

  constructor(options: ClientOptions) {
    this.options = options;
    this.protection = new ClientProtection(options);
    this.#transfer = new ClientTransfer(options, {
      answerBytesMax: this.answerBytesMax,
      onOther: (apdu) => this.#takeOther(apdu),
    });
  }

  get negotiated(): Negotiated | null {
    return this.#negotiated;
  }

  get phase(): Phase {
    return this.#phase;
  }

  get answerBytesMax(): number {
    return this.options.answerBytesMax ?? ANSWER_BYTES_MAX;
  }

  /** Sets what was agreed; `null` ends the association. */
  enter(phase: Phase, negotiated: Negotiated | null): void {
    this.#phase = phase;
    this.#negotiated = negotiated;
    this.#transfer.agree(negotiated);
  }

  agreed(mask: number): boolean {
    return this.#negotiated !== null && (this.#negotiated.conformance & mask) !== 0;
  }

  /** Throws DlmsError `not-supported` when the service was not agreed. */
  requireAgreed(mask: number, what: string): void {
    if (this.#negotiated === null) throw new DlmsError('not-associated', 'there is no association');
    if (!this.agreed(mask)) throw new DlmsError('not-supported', `${what} was not agreed with this server`);
  }

  /** Invoke byte of the next request: confirmed, high priority, ids 1 .. 15 in turn so that a late answer is told apart. */
  nextInvoke(): number {
    this.#invokeId = (this.#invokeId % 15) + 1;
    return 0xc0 | this.#invokeId;
  }

  /** The same for ACCESS: ids of 24 bits. */
  nextLongInvoke(flags: number): number {
    this.#longInvokeId = (this.#longInvokeId % 0xffffff) + 1;
    return (0xc0000000 | flags | this.#longInvokeId) >>> 0;
  }

  /** Bytes of a plain request that fit the PDU of the server with all that is put around it; Infinity: no limit. */
  get requestBytesMax(): number {
    const bytesMax = this.#negotiated?.serverPduBytesMax ?? 0;
    if (bytesMax === 0) return Infinity;
    return bytesMax - this.#transfer.prefixBytes - this.protection.overheadBytes;
  }

  /**
   * Whether a request is sent as it is: because it fits, or because general blocks carry it. False: in the service's own
   * blocks, which `mask` says were agreed.
   */
  goesWhole(request: Apdu, mask: number): boolean {
    if (this.#negotiated === null) throw new DlmsError('not-associated', 'there is no association');
    if (encodeApdu(request).length <= this.requestBytesMax) return true;
    const general = this.agreed(Conformance.generalBlockTransfer);
    if (general && this.options.preferGeneralBlocks === true) return true;
    if (this.agreed(mask)) return false;
    if (general) return true;
    throw new DlmsError('too-long', `a request is longer than the ${this.requestBytesMax} bytes that the server takes, and no block transfer was agreed`);
  }

  /** One request and its answer. Throws for exceptions, service errors, and whatever is no answer to it. */
  *request<S extends AnswerService>(apdu: Apdu, service: S, invoke: number): Exchange<AnswerOf<S>> {
    return yield* this.requestNext(apdu, service, invoke, null);
  }

  /** The same in the middle of an answer in blocks; a repetition of the last block is dropped. */
  *requestNext<S extends AnswerService>(apdu: Apdu, service: S, invoke: number, collector: BlockCollector | null): Exchange<AnswerOf<S>> {
    if (this.#phase === 'none') throw new DlmsError('not-associated', 'there is no association');
    let plain = yield* this.converse(encodeApdu(apdu));
    for (let dropped = 0; dropped < DROPPED_MAX; dropped++) {
      const answer = this.decode(plain);
      if (!isAnswer(answer)) throw unexpected(answer, service);
      const isOwn = answer.invoke === invoke || this.options.quirks?.anyInvokeId === true;
      if (answer.service === service) {
        const isRepeat = collector !== null && answer.kind === 'block' && collector.isRepeat(answer.block);
        if (isOwn && !isRepeat) return answer as AnswerOf<S>;
      } else if (answer.invoke === invoke) throw unexpected(answer, service);
      plain = yield* this.awaitMore();
    }
    throw new DlmsError('unexpected-answer', 'only answers to other requests came');
  }

  /** The same for ACCESS, whose invoke-ids are long. */
  *requestLong(request: AccessRequest, longInvoke: number): Exchange<AccessResponse> {
    let plain = yield* this.converse(encodeApdu(request));
    for (let dropped = 0; dropped < DROPPED_MAX; dropped++) {
      const answer = this.decode(plain);
      if (answer.service === 'access-response') {
        if (sameLongInvoke(answer.longInvoke, longInvoke) || this.options.quirks?.anyInvokeId === true) return answer;
      } else if (!isAnswer(answer)) throw unexpected(answer, 'access-response');
      plain = yield* this.awaitMore();
    }
    throw new DlmsError('unexpected-answer', 'only answers to other requests came');
  }

  /** Decodes an answer; throws for exception-response and confirmed-service-error. */
  decode(plain: Uint8Array): Apdu {
    const decoded = decodeApdu(plain);
    if (decoded.status === 'malformed') throw new DlmsError('malformed', `the answer can't be read: ${decoded.reason}`);
    if (decoded.status === 'incomplete') throw new DlmsError('malformed', 'the answer is cut off');
    const apdu = decoded.value;
    if (apdu.service === 'exception-response') throw exceptionError(apdu);
    if (apdu.service === 'confirmed-service-error') throw serviceError(apdu);
    return apdu;
  }

  /** Sends a plain APDU, protected as agreed, and answers the plain APDU that comes. */
  *converse(plain: Uint8Array): Exchange<Uint8Array> {
    const sent = this.protection.protect(plain, this.#phase);
    return yield* this.#opened(yield* this.#transfer.exchange(sent));
  }

  /** ACSE: sent as it is and answered as it comes. */
  *converseAcse(apdu: Uint8Array): Exchange<Uint8Array> {
    return yield* this.#transfer.exchange(apdu);
  }

  *awaitMoreAcse(): Exchange<Uint8Array> {
    return yield* this.#transfer.awaitMore();
  }

  /** The next plain APDU without sending anything. */
  *awaitMore(): Exchange<Uint8Array> {
    return yield* this.#opened(yield* this.#transfer.awaitMore());
  }

  /** The APDUs to send for a request that gets no answer. */
  unanswered(apdu: Apdu, broadcast: boolean): Uint8Array {
    if (this.#phase !== 'associated') throw new DlmsError('not-associated', 'there is no association');
    const plain = encodeApdu(apdu);
    if (plain.length > this.requestBytesMax) throw new DlmsError('too-long', 'a request without an answer goes in one piece');
    return this.#transfer.prefixed(broadcast ? this.protection.protectBroadcast(plain) : this.protection.protect(plain, this.#phase));
  }

  /** The notification in an APDU that came while no operation ran; null: it is none, or can't be trusted. */
  notification(apdu: Uint8Array): Notification | null {
    const inner = this.#transfer.unprefixedPush(apdu);
    if (inner === null) return null;
    const opened = this.protection.open(inner);
    return opened.status === 'plain' ? notificationOf(opened.plain, opened.authentic) : null;
  }

  /** A notification in the middle of general blocks; whatever else comes there is dropped. */
  #takeOther(apdu: Uint8Array): void {
    const opened = this.protection.open(apdu);
    const notification = opened.status === 'plain' ? notificationOf(opened.plain, opened.authentic) : null;
    if (notification !== null) this.options.onNotification?.(notification);
  }

  *#opened(first: Uint8Array): Exchange<Uint8Array> {
    let apdu = first;
    let refusal: string | null = null;
    for (let dropped = 0; dropped < DROPPED_MAX; dropped++) {
      const opened = this.protection.open(apdu);
      if (opened.status === 'plain') {
        const notification = notificationOf(opened.plain, opened.authentic);
        if (notification === null) return this.protection.believed(opened);
        this.options.onNotification?.(notification);
      } else if (opened.reason === 'replayed') refusal = opened.reason;
      else throw new DlmsError('security', `the answer is refused: ${opened.reason}`);
      apdu = yield* this.#awaitAfter(refusal);
    }
    throw refusal === null ? new DlmsError('unexpected-answer', 'notifications came, and no answer') : replayed(undefined);
  }

  *#awaitAfter(refusal: string | null): Exchange<Uint8Array> {
    try {
      return yield* this.#transfer.awaitMore();
    } catch (error) {
      // A server whose counter went back answers, and is never heard: that is what its user must be told.
      if (refusal !== null && error instanceof DlmsError && error.code === 'timeout') throw replayed(error);
      throw error;
    }
  }
}

function unexpected(answer: Apdu, awaited: Apdu['service']): DlmsError {
  return new DlmsError('unexpected-answer', `${answer.service} came where ${awaited} was awaited`);
}

function replayed(cause: unknown): DlmsError {
  return new DlmsError('security', 'the answer is refused: its invocation counter was used before', { cause });
}

/** The flags above the 24 bits of the id are the sender's. */
function sameLongInvoke(one: number, other: number): boolean {
  return ((one ^ other) & 0xffffff) === 0;
}

function isAnswer(apdu: Apdu): apdu is AnswerOf<AnswerService> {
  return apdu.service === 'get-response' || apdu.service === 'set-response' || apdu.service === 'action-response';
}
