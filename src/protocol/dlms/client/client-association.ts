/**
 * The client's side of one application association: what was agreed, the counters, and the operations. Sans-IO: an operation
 * is a generator (see Exchange) that whoever owns a link drives; only one may run at a time.
 *
 *   const exchange = association.get(attribute);
 *   for (let step = exchange.next(); !step.done; step = exchange.next(answerTo(step.value)));
 *
 * The raw operations take and answer encoded Data, so that a reader of columns builds no objects. `client-reader.ts` has
 * the same for people: Data values, profiles, clock, object list.
 */

import type { AttributeDescriptor, MethodDescriptor, Selection } from '../apdu/descriptors.ts';
import type { GetResult } from '../apdu/results.ts';
import type {
  AccessItem,
  AccessReturn,
  ActionItem,
  ActionReturn,
  ClientOptions,
  Exchange,
  GetItem,
  Negotiated,
  SetItem,
} from './client-options.ts';
import { DlmsError } from './dlms-error.ts';
import type { Notification } from './notification.ts';

export class ClientAssociation {
  readonly options: ClientOptions;
  #negotiated: Negotiated | null = null;

  constructor(options: ClientOptions) {
    this.options = options;
  }

  /** What was agreed; null: there is no association. */
  get negotiated(): Negotiated | null {
    return this.#negotiated;
  }

  /**
   * AARQ, AARE, and the passes 3 and 4 of HLS with both proofs checked.
   * Errors: association-refused, authentication-failed, security, counter-exhausted, exception, malformed, unexpected-answer.
   */
  associate(): Exchange<Negotiated> {
    return unwritten(this);
  }

  /** RLRQ and RLRE. Whatever comes, the association is over. */
  release(): Exchange<void> {
    return unwritten(this);
  }

  /** The link is lost, and the association with it. Counters live on in the options. */
  reset(): void {
    this.#negotiated = null;
  }

  /** GET of one attribute; the answer may come in blocks. */
  get(attribute: AttributeDescriptor, selection: Selection | null = null): Exchange<GetResult> {
    return unwritten([attribute, selection]);
  }

  /** GET with-list; one result an item, in order. */
  getList(items: readonly GetItem[]): Exchange<readonly GetResult[]> {
    return unwritten(items);
  }

  /** SET of one attribute to one encoded Data, in blocks when it must be. Answers the data-access-result. */
  set(attribute: AttributeDescriptor, value: Uint8Array, selection: Selection | null = null): Exchange<number> {
    return unwritten([attribute, value, selection]);
  }

  setList(items: readonly SetItem[]): Exchange<readonly number[]> {
    return unwritten(items);
  }

  /** ACTION with one encoded Data or without; request and answer may both go in blocks. */
  action(method: MethodDescriptor, parameter: Uint8Array | null = null): Exchange<ActionReturn> {
    return unwritten([method, parameter]);
  }

  actionList(items: readonly ActionItem[]): Exchange<readonly ActionReturn[]> {
    return unwritten(items);
  }

  /** ACCESS: several gets, sets and actions in one request. `breakOnError`: the server stops at the first that fails. */
  access(items: readonly AccessItem[], options: { readonly breakOnError?: boolean } = {}): Exchange<readonly AccessReturn[]> {
    return unwritten([items, options]);
  }

  /** A SET without an answer (service class unconfirmed), e.g. for broadcast: the APDU to send. */
  unconfirmedSet(attribute: AttributeDescriptor, value: Uint8Array): Uint8Array {
    return unwritten([attribute, value]);
  }

  unconfirmedAction(method: MethodDescriptor, parameter: Uint8Array | null = null): Uint8Array {
    return unwritten([method, parameter]);
  }

  /** An APDU that came while no operation ran: the notification in it, or null when it is none. */
  notification(apdu: Uint8Array): Notification | null {
    return unwritten(apdu);
  }
}

function unwritten(what: unknown): never {
  throw new DlmsError('not-supported', `not written yet: ${typeof what}`);
}
