/** How much of a long request fits one block of it. */

import { encodeApdu } from '../apdu/apdu.ts';
import type { Apdu } from '../apdu/apdu-types.ts';
import { lengthBytes } from '../data/axdr-writer.ts';
import type { ClientSession } from './client-session.ts';
import { DlmsError } from './dlms-error.ts';

/** Bytes of raw data in the first block; `empty` is that request without any. It may be 0 when the references fill it. */
export function firstBlockBytes(session: ClientSession, empty: Apdu): number {
  const room = roomOf(session, empty);
  if (room < 0) throw new DlmsError('too-long', 'the references of a request do not fit the PDU of the server');
  return room;
}

/** Bytes of raw data in the other blocks, at least 1. */
export function blockBytes(session: ClientSession, empty: Apdu): number {
  const room = roomOf(session, empty);
  if (room < 1) throw new DlmsError('too-long', 'the PDU of the server has no room for a block');
  return room;
}

function roomOf(session: ClientSession, empty: Apdu): number {
  // The encoded one has a length of one byte already.
  const room = session.requestBytesMax - encodeApdu(empty).length + 1;
  return Math.min(room - lengthBytes(Math.max(0, room)), RAW_BYTES_MAX);
}

/** When the server has no limit at all, blocks are needed by nobody; this one keeps them within a wrapper. */
const RAW_BYTES_MAX = 0xff00;
