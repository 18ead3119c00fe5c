/**
 * RLRQ: the client ends its association. In clear or ciphered, either is taken; within a ciphered association the answer
 * carries a ciphered InitiateResponse, protected as the request was or as the policy wants. What says to be ciphered must be
 * so: a request that can't be opened ends nothing.
 */

import { decodeRlrq, encodeRlre, RELEASE_NORMAL, RELEASE_NOT_FINISHED } from '../acse/release.ts';
import type { ByteWriter } from '../data/byte-writer.ts';
import { familyOfTag } from '../security/ciphered-apdu.ts';
import { initiateResponse } from './associate.ts';
import type { Association } from './association.ts';
import type { ExceptionReason } from './exceptions.ts';
import { openMessage } from './message.ts';
import { byPolicy, mirrored, seal, type Sealing } from './sealing.ts';

/** `released`: the association ends when `out`, which was appended to, has been sent. `kept`: it goes on, and the client was told. */
export function release<D>(association: Association<D>, apdu: Uint8Array, out: ByteWriter): 'released' | 'kept' | ExceptionReason {
  const decoded = decodeRlrq(apdu);
  if (decoded.status !== 'frame') return 'malformed';
  if (association.preEstablished) {
    out.put(encodeRlre({ reason: RELEASE_NOT_FINISHED }));
    return 'kept';
  }
  const sealing = association.ciphered ? sealingFor(association, decoded.value.userInformation) : null;
  if (typeof sealing === 'string') return sealing;
  const { whole } = association.owner.scratch;
  whole.reset();
  // Without a counter left it is said in clear: nobody can do anything else with this association.
  const isSealed = sealing !== null && seal(association, sealing, initiateResponse(association), whole) === 'sealed';
  out.put(encodeRlre({ reason: RELEASE_NORMAL, userInformation: isSealed ? whole.view() : null }));
  return 'released';
}

function sealingFor<D>(association: Association<D>, userInformation: Uint8Array | null): Sealing | null | ExceptionReason {
  if (userInformation === null || familyOfTag(userInformation[0] ?? 0) === null) return byPolicy(association);
  const opened = openMessage(association, userInformation);
  return typeof opened === 'string' ? opened : mirrored(opened);
}
