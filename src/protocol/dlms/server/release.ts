/** RLRQ and RLRE: what a client sends inside is protected or not, and so is the answer. */

import { decodeRlrq, encodeRlre, RELEASE_NORMAL } from '../acse/release.ts';
import type { ByteWriter } from '../data/byte-writer.ts';
import { familyOfTag } from '../security/ciphered-apdu.ts';
import type { Association } from './association.ts';
import { initiateResponse } from './associate.ts';
import { mirrored, seal } from './sealing.ts';

/** Appends the RLRE. Whatever the RLRQ is like, the association is over. */
export function release<D>(association: Association<D>, apdu: Uint8Array, out: ByteWriter): void {
  const decoded = decodeRlrq(apdu);
  const inside = decoded.status === 'frame' ? decoded.value.userInformation : null;
  out.put(encodeRlre({ reason: RELEASE_NORMAL, userInformation: inside === null ? null : answerTo(association, inside) }));
}

/** Null: it came in clear, or can't be opened. */
function answerTo<D>(association: Association<D>, inside: Uint8Array): Uint8Array | null {
  if (!association.ciphered || association.security === null || familyOfTag(inside[0] ?? 0) === null) return null;
  const { cipher, whole } = association.owner.scratch;
  const opened = cipher.openBytes(inside, association);
  if (opened.status === 'refused') return null;
  whole.reset();
  return seal(association, mirrored(opened), initiateResponse(association), whole) === 'sealed' ? whole.copy() : null;
}
