/**
 * The client's side of one application association: what was agreed, the counters, and the operations. Sans-IO: an operation
 * is a generator (see Exchange) that whoever owns a link drives; only one may run at a time.
 *
 *   const exchange = association.get(attribute);
 *   for (let step = exchange.next(); !step.done; step = exchange.next(answerTo(step.value)));
 *
 * An exchange that is given up is ended with `exchange.return(...)`, or the association with `reset`.
 *
 * The raw operations take and answer encoded Data, so that a reader of columns builds no objects. `client-reader.ts` has
 * the same for people: Data values, profiles, clock, object list.
 */

import { assert } from '../../../base/assert.ts';
import type { ActionReply } from '../apdu/apdu-types.ts';
import type { AttributeDescriptor, MethodDescriptor, Selection } from '../apdu/descriptors.ts';
import type { GetResult } from '../apdu/results.ts';
import type { Refusals } from '../security/refusals.ts';
import { access } from './access-exchange.ts';
import { actionList, actionOne } from './action-exchange.ts';
import { associate, preEstablish, release } from './associate-exchange.ts';
import type {
  AccessItem,
  AccessReturn,
  ActionItem,
  ClientOptions,
  Exchange,
  GetItem,
  Negotiated,
  SetItem,
} from './client-options.ts';
import { ClientSession } from './client-session.ts';
import { getList, getOne } from './get-exchange.ts';
import type { Notification } from './notification.ts';
import { setList, setOne } from './set-exchange.ts';

const CONFIRMED = 0x40;

export class ClientAssociation {
  readonly options: ClientOptions;
  readonly #session: ClientSession;
  #running = false;

  constructor(options: ClientOptions) {
    this.options = options;
    this.#session = new ClientSession(options);
    preEstablish(this.#session);
  }

  /** What was agreed; null: there is no association. */
  get negotiated(): Negotiated | null {
    return this.#session.phase === 'associated' ? this.#session.negotiated : null;
  }

  /** Ciphered messages that were refused, by reason. */
  get refusals(): Refusals {
    return this.#session.protection.cipher.refusals;
  }

  /**
   * AARQ, AARE, and the passes 3 and 4 of HLS with both proofs checked. Nothing is sent when it is pre-established.
   * Errors: association-refused, authentication-failed, security, counter-exhausted, exception, malformed, unexpected-answer.
   */
  associate(): Exchange<Negotiated> {
    return this.#alone(associate(this.#session));
  }

  /** RLRQ and RLRE. Whatever comes, the association is over; only an error thrown in comes out. */
  release(): Exchange<void> {
    return this.#alone(release(this.#session));
  }

  /** The link is lost, and the association with it, and whatever operation runs. Counters live on in the options. */
  reset(): void {
    this.#session.enter('none', null);
    preEstablish(this.#session);
    this.#running = false;
  }

  /** GET of one attribute; the answer may come in blocks. */
  get(attribute: AttributeDescriptor, selection: Selection | null = null): Exchange<GetResult> {
    return this.#alone(getOne(this.#session, attribute, selection));
  }

  /** GET with-list; one result an item, in order. */
  getList(items: readonly GetItem[]): Exchange<readonly GetResult[]> {
    return this.#alone(getList(this.#session, items));
  }

  /** SET of one attribute to one encoded Data, in blocks when it must be. Answers the data-access-result. */
  set(attribute: AttributeDescriptor, value: Uint8Array, selection: Selection | null = null): Exchange<number> {
    return this.#alone(setOne(this.#session, { attribute, selection, value }));
  }

  setList(items: readonly SetItem[]): Exchange<readonly number[]> {
    return this.#alone(setList(this.#session, items));
  }

  /** ACTION with one encoded Data or without; request and answer may both go in blocks. */
  action(method: MethodDescriptor, parameter: Uint8Array | null = null): Exchange<ActionReply> {
    return this.#alone(actionOne(this.#session, method, parameter));
  }

  actionList(items: readonly ActionItem[]): Exchange<readonly ActionReply[]> {
    return this.#alone(actionList(this.#session, items));
  }

  /** ACCESS: several gets, sets and actions in one request. `breakOnError`: the server stops at the first that fails. */
  access(items: readonly AccessItem[], options: { readonly breakOnError?: boolean } = {}): Exchange<readonly AccessReturn[]> {
    return this.#alone(access(this.#session, items, options.breakOnError === true));
  }

  /**
   * A SET without an answer (service class unconfirmed): the APDU to send, valid until the next operation. `broadcast`: with
   * the broadcast key. Errors: not-associated, too-long, not-supported, counter-exhausted.
   */
  unconfirmedSet(attribute: AttributeDescriptor, value: Uint8Array, options: { readonly broadcast?: boolean } = {}): Uint8Array {
    const invoke = this.#session.nextInvoke() & ~CONFIRMED;
    const request = { service: 'set-request', kind: 'normal', invoke, attribute, selection: null, value } as const;
    return this.#session.unanswered(request, options.broadcast === true);
  }

  unconfirmedAction(
    method: MethodDescriptor,
    parameter: Uint8Array | null = null,
    options: { readonly broadcast?: boolean } = {},
  ): Uint8Array {
    const invoke = this.#session.nextInvoke() & ~CONFIRMED;
    return this.#session.unanswered({ service: 'action-request', kind: 'normal', invoke, method, parameter }, options.broadcast === true);
  }

  /** An APDU that came while no operation ran: the notification in it; null: it is none, or can't be trusted. */
  notification(apdu: Uint8Array): Notification | null {
    return this.#session.notification(apdu);
  }

  *#alone<T>(exchange: Exchange<T>): Exchange<T> {
    assert(!this.#running, 'an association runs one operation at a time');
    this.#running = true;
    try {
      return yield* exchange;
    } finally {
      this.#running = false;
    }
  }
}
