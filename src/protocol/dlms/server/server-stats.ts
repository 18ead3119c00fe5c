/** What a server counts: plain numbers, one object for all connections of a process. */

import { Refusals } from '../security/refusals.ts';
import type { ExceptionReason } from './exceptions.ts';

/** Why an association was refused. */
export const ASSOCIATION_REFUSALS = [
  'malformed',
  /** There are as many as one connection may have. */
  'full',
  'client-unknown',
  'context',
  /** Unknown here, or one is required. */
  'mechanism',
  /** The client's system title is missing. */
  'title',
  /** No challenge that may be answered. */
  'challenge',
  'password',
  /** The initiate request is not protected as it must be, or can't be opened. */
  'protection',
  'replayed',
  'initiate',
  'version',
  'conformance',
  'pdu-size',
] as const;
export type AssociationRefusal = (typeof ASSOCIATION_REFUSALS)[number];

/** Why a request was not answered. */
export type Silence =
  /** Nobody is at this address. */
  | 'nobody'
  | 'broadcast'
  /** The client wants no answer. */
  | 'unconfirmed'
  /** An answer or notification came, no request. */
  | 'no-request'
  | 'empty';

export class ServerStats {
  requests = 0;
  answers = 0;
  /** Of the requests, those that are none, or make no sense. */
  malformed = 0;
  /** Attributes read and written, methods invoked, whatever came of it. */
  reads = 0;
  writes = 0;
  invocations = 0;
  /** Associations made, of them pre-established, replaced by another AARQ, released by the client. */
  associations = 0;
  preEstablished = 0;
  replaced = 0;
  released = 0;
  /** Associations that live now. */
  open = 0;
  /** HLS: wrong proofs. */
  wrongProofs = 0;
  keyTransfers = 0;
  /** Transfers in blocks that were begun, and of them given up before their end. */
  transfers = 0;
  transfersAborted = 0;
  readonly associationsRefused: Record<AssociationRefusal, number> = {
    malformed: 0,
    full: 0,
    'client-unknown': 0,
    context: 0,
    mechanism: 0,
    title: 0,
    challenge: 0,
    password: 0,
    protection: 0,
    replayed: 0,
    initiate: 0,
    version: 0,
    conformance: 0,
    'pdu-size': 0,
  };
  /** exception-responses. */
  readonly exceptions: Record<ExceptionReason, number> = {
    'no-association': 0,
    pending: 0,
    unprotected: 0,
    'not-agreed': 0,
    malformed: 0,
    'too-long': 0,
    unknown: 0,
    deciphering: 0,
    counter: 0,
    'used-up': 0,
  };
  readonly silences: Record<Silence, number> = { nobody: 0, broadcast: 0, unconfirmed: 0, 'no-request': 0, empty: 0 };
  /** Ciphered messages that were refused, by reason. */
  readonly refusals = new Refusals();
}

export function emptyServerStats(): ServerStats {
  return new ServerStats();
}
