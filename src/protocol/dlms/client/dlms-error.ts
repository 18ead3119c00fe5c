/**
 * What a DLMS client can fail with. The codes are stable: callers switch on them. A result that the protocol has a value for
 * (a data-access-result, an action-result) is no error: the raw operations answer it; only the helpers that promise a value
 * turn it into one (`data-access`, `action`).
 */

/**
 * | code | meaning |
 * |---|---|
 * | association-refused | AARE with a result other than accepted; `diagnostic` says why |
 * | authentication-failed | the server's proof of HLS pass 4 is wrong, missing, or ours was refused |
 * | not-associated | a service was asked for before `associate`, or after `release` or the loss of the link |
 * | exception | exception-response; `exception` has state, reason and the expected invocation counter |
 * | service-error | confirmed-service-error; `serviceError` has its three numbers |
 * | malformed | the answer is not an APDU that DLMS knows |
 * | unexpected-answer | a well-formed answer to something else: another service, invoke-id, block number, count of results |
 * | security | an answer that can't be trusted: tag, counter, title, or plain where it must be protected |
 * | counter-exhausted | the invocation counter has no value left; only a new key helps |
 * | block-transfer | the peer ended a block transfer, or it grew over the limit |
 * | too-long | the request does not fit the peer's PDU, and no block transfer was agreed |
 * | not-supported | the service was not agreed when the association was made |
 * | data-access | a helper read or wrote an attribute and got the data-access-result `result` |
 * | action | a helper invoked a method and got the action-result `result` |
 * | data | a helper got a value of another shape than the class prescribes |
 * | timeout | no answer in time; the link is closed, since a late answer could be taken for another's |
 * | closed | the link is closed, by whomever; `cause` or the message says why |
 * | unreachable | no connection could be made |
 * | link | framing of the link broke: no wrapper, no HDLC frame, or the data link was refused |
 * | queue-full | too many requests wait already |
 */
export type DlmsErrorCode =
  | 'association-refused'
  | 'authentication-failed'
  | 'not-associated'
  | 'exception'
  | 'service-error'
  | 'malformed'
  | 'unexpected-answer'
  | 'security'
  | 'counter-exhausted'
  | 'block-transfer'
  | 'too-long'
  | 'not-supported'
  | 'data-access'
  | 'action'
  | 'data'
  | 'timeout'
  | 'closed'
  | 'unreachable'
  | 'link'
  | 'queue-full';

export interface DlmsErrorDetails {
  readonly cause?: unknown;
  /** Data-access-result or action-result. */
  readonly result?: number;
  readonly diagnostic?: { readonly source: 'user' | 'provider'; readonly code: number };
  /** `state`: 1 not allowed, 2 unknown. `reason`: 5 deciphering, 6 counter. `counter`: the one that the server wants next. */
  readonly exception?: { readonly state: number; readonly reason: number; readonly counter: number | null };
  /** `of`: 1 initiate. `error`: the choice of ServiceError, `code` within it. */
  readonly serviceError?: { readonly of: number; readonly error: number; readonly code: number };
}

export class DlmsError extends Error {
  override readonly name = 'DlmsError';
  readonly code: DlmsErrorCode;
  readonly details: DlmsErrorDetails;

  constructor(code: DlmsErrorCode, message: string, details: DlmsErrorDetails = {}) {
    super(message, 'cause' in details ? { cause: details.cause } : undefined);
    this.code = code;
    this.details = details;
  }
}
