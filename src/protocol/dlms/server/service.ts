/**
 * Plain services within an association: which there are, and which of them it agreed on.
 *
 * A service function appends its answer to `out` and answers null; or it appends nothing and says which exception-response
 * answers instead. `room`: bytes that the answer may take. What does not fit goes in blocks of the service's own kind; where
 * these were not agreed the answer is appended whole, and whoever calls cuts it into general blocks or gives up.
 */

import { ApduTag } from '../apdu/apdu-tag.ts';
import type { ByteWriter } from '../data/byte-writer.ts';
import { serveAccess } from './access-service.ts';
import { serveAction } from './action-service.ts';
import type { Association } from './association.ts';
import type { ExceptionReason } from './exceptions.ts';
import { serveGet } from './get-service.ts';
import { serveSet } from './set-service.ts';

export function serveService<D>(association: Association<D>, apdu: Uint8Array, room: number, out: ByteWriter): ExceptionReason | null {
  switch (apdu[0]) {
    case ApduTag.getRequest:
      return association.challenges === null ? serveGet(association, apdu, room, out) : 'pending';
    case ApduTag.setRequest:
      return association.challenges === null ? serveSet(association, apdu, out) : 'pending';
    case ApduTag.actionRequest:
      return serveAction(association, apdu, room, out);
    case ApduTag.accessRequest:
      return association.challenges === null ? serveAccess(association, apdu, out) : 'pending';
    default:
      return 'unknown';
  }
}
