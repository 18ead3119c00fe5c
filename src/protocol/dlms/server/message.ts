/**
 * A request of an association as it came, in clear or ciphered, and the answer in the same protection. A request in clear
 * where the policy asks for more is refused; an answer in clear to a ciphered request never goes out, exceptions excepted.
 */

import type { ByteWriter } from '../data/byte-writer.ts';
import { type CipherFamily, familyOfTag } from '../security/ciphered-apdu.ts';
import type { RefusalReason } from '../security/refusals.ts';
import type { Association } from './association.ts';
import type { ExceptionReason } from './exceptions.ts';
import { byPolicy, mirrored, plainRoom, seal } from './sealing.ts';
import { serveService } from './service.ts';

/**
 * Appends the answer, or nothing when none is wanted, and answers null; or says which exception-response answers instead.
 * `room`: bytes that the answer should take at most, Infinity where it will be cut; see `service.ts`.
 */
export function serveMessage<D>(association: Association<D>, apdu: Uint8Array, room: number, out: ByteWriter): ExceptionReason | null {
  const family = familyOfTag(apdu[0]!);
  const reason = family === null ? serveClear(association, apdu, room, out) : serveCiphered(association, { apdu, family }, room, out);
  // Keys and policies that the request changed hold from the next one on.
  association.settle();
  return reason;
}

function serveClear<D>(association: Association<D>, apdu: Uint8Array, room: number, out: ByteWriter): ExceptionReason | null {
  return byPolicy(association) === null ? serveService(association, apdu, room, out) : 'unprotected';
}

function serveCiphered<D>(
  association: Association<D>,
  message: { readonly apdu: Uint8Array; readonly family: CipherFamily },
  room: number,
  out: ByteWriter,
): ExceptionReason | null {
  if (!association.ciphered) return 'not-agreed';
  const { cipher, plain } = association.owner.scratch;
  const opened = cipher.openBytes(message.apdu, association);
  if (opened.status === 'refused') return refusalOf(association, opened.reason, message.family);
  const sealing = mirrored(opened);
  plain.reset();
  const reason = serveService(association, opened.plaintext, room === Infinity ? room : plainRoom(association, sealing, room), plain);
  if (reason !== null || plain.at === 0) return reason;
  const sealed = seal(association, sealing, plain.view(), out);
  if (sealed === 'used-up') return 'used-up';
  return sealed === 'no-tag' ? 'not-agreed' : null;
}

function refusalOf<D>(association: Association<D>, reason: RefusalReason, family: CipherFamily): ExceptionReason {
  if (reason === 'policy') return 'unprotected';
  if (reason !== 'replayed') return 'deciphering';
  association.expectedCounter = association.receiveCounter(family === 'ded' || family === 'general-ded' ? 'dedicated' : 'unicast').next;
  return 'counter';
}
