/**
 * exception-response: what answers a request that can't be served as such. It goes out in clear even where all else is
 * ciphered.
 *
 *   D8 | state: 1 service not allowed, 2 unknown | reason [| counter u32]
 */

import { ApduTag } from '../apdu/apdu-tag.ts';
import type { ByteWriter } from '../data/byte-writer.ts';

/** State and reason. */
const EXCEPTIONS = Object.freeze({
  'no-association': [1, 1],
  /** The client has to prove itself first. */
  pending: [1, 1],
  /** In clear, where ciphering is required. */
  unprotected: [1, 1],
  /** The association has no such service. */
  'not-agreed': [1, 2],
  malformed: [1, 3],
  /** The request, or its answer. */
  'too-long': [1, 4],
  unknown: [2, 2],
  deciphering: [2, 5],
  counter: [2, 6],
  /** No invocation counter is left to answer with. */
  'used-up': [1, 1],
} as const);

export type ExceptionReason = keyof typeof EXCEPTIONS;

const COUNTER_MAX = 0xffffffff;

/** `nextCounter`: what the next message must have at least; goes out with `counter` alone. */
export function putException(out: ByteWriter, reason: ExceptionReason, nextCounter: number): void {
  const [state, code] = EXCEPTIONS[reason];
  out.u8(ApduTag.exceptionResponse);
  out.u8(state);
  out.u8(code);
  if (reason === 'counter') out.u32(Math.min(nextCounter, COUNTER_MAX));
}
