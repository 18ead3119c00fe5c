/**
 * A request within an association, in clear or ciphered as the association wants it. What answers a ciphered request is
 * ciphered; a request in clear is served only where nothing has to be ciphered.
 */

import { ApduTag } from '../apdu/apdu-tag.ts';
import type { ByteWriter } from '../data/byte-writer.ts';
import { familyOfTag } from '../security/ciphered-apdu.ts';
import type { OpenedMessage } from '../security/message-cipher.ts';
import type { Association } from './association.ts';
import type { ExceptionReason } from './exceptions.ts';
import { mirrored, plainRoom, seal } from './sealing.ts';
import { serveService } from './service.ts';

/**
 * Appends what answers `apdu`, or nothing; or says which exception-response does. `room`: bytes that the answer may take;
 * one that has no blocks may be longer.
 */
export function serveMessage<D>(association: Association<D>, apdu: Uint8Array, room: number, out: ByteWriter): ExceptionReason | null {
  if (apdu[0] === ApduTag.getRequest || familyOfTag(apdu[0] ?? -1) === null) {
    if (association.policy !== 0) return 'unprotected';
    const reason = serveService(association, apdu, room, out);
    association.settle();
    return reason;
  }
  if (!association.ciphered) return 'deciphering';
  const opened = openMessage(association, apdu);
  return typeof opened === 'string' ? opened : serveOpened(association, opened, room, out);
}

/** Opens what the client ciphered. */
export function openMessage<D>(association: Association<D>, bytes: Uint8Array): OpenedMessage | ExceptionReason {
  const opened = association.owner.scratch.cipher.openBytes(bytes, association);
  if (opened.status === 'plain') return opened;
  if (opened.reason === 'policy') return 'unprotected';
  if (opened.reason !== 'replayed') return 'deciphering';
  const family = familyOfTag(bytes[0] ?? -1);
  association.expectedCounter = association.receiveCounter(family === 'ded' || family === 'general-ded' ? 'dedicated' : 'unicast').next;
  return 'counter';
}

function serveOpened<D>(association: Association<D>, opened: OpenedMessage, room: number, out: ByteWriter): ExceptionReason | null {
  const { plain } = association.owner.scratch;
  const sealing = mirrored(opened);
  plain.reset();
  const reason = serveService(association, opened.plaintext, plainRoom(association, sealing, room), plain);
  if (reason === null && plain.at > 0) {
    const sealed = seal(association, sealing, plain.view(), out);
    if (sealed !== 'sealed') return sealed === 'used-up' ? 'used-up' : 'unknown';
  }
  association.settle();
  return reason;
}
