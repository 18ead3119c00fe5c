/** What a server offers and where it ends; its limits are there so that no peer can make it grow. */

import { assert } from '../../../base/assert.ts';
import { Conformance } from '../acse/conformance.ts';
import { PDU_BYTES_MIN } from '../acse/initiate.ts';
import { GBT_WINDOW_MAX } from '../apdu/gbt.ts';
import { CHALLENGE_BYTES_MAX, CHALLENGE_BYTES_MIN } from '../security/hls.ts';

/** All that is here. */
export const SERVER_CONFORMANCE =
  Conformance.generalProtection |
  Conformance.generalBlockTransfer |
  Conformance.attribute0WithSet |
  Conformance.attribute0WithGet |
  Conformance.blockTransferWithGet |
  Conformance.blockTransferWithSet |
  Conformance.blockTransferWithAction |
  Conformance.multipleReferences |
  Conformance.access |
  Conformance.get |
  Conformance.set |
  Conformance.selectiveAccess |
  Conformance.action;

/** The longest APDU that any transport here carries; what a client without limit gets. */
export const APDU_BYTES_MAX = 0xffff;

export interface ServerSettings {
  /** Services offered. */
  readonly conformance: number;
  /** Longest APDU taken; a longer one is refused. 12 .. 65535. */
  readonly pduBytesMax: number;
  /** Associations of one connection; a further one is refused. */
  readonly associationsMax: number;
  /** Bytes of a request that comes in blocks; a longer one is given up. */
  readonly requestBytesMax: number;
  /** Bytes of an answer that goes in blocks; a longer one is an error. */
  readonly answerBytesMax: number;
  /** Of StoC, 8 .. 64. Above 32 an AARE is longer than some clients can read. */
  readonly challengeBytes: number;
  /** Blocks that a client may send in a burst of general-block-transfer, 1 .. 63. */
  readonly blocksInBurst: number;
  /** Blocks that are sent in a burst, 1 .. 63. More than 1 only where `more` is called after each `receive`. */
  readonly blocksOutBurst: number;
}

export const SERVER_DEFAULTS: ServerSettings = Object.freeze({
  conformance: SERVER_CONFORMANCE,
  pduBytesMax: APDU_BYTES_MAX,
  associationsMax: 128,
  requestBytesMax: 256 * 1024,
  answerBytesMax: 4 * 1024 * 1024,
  challengeBytes: 16,
  blocksInBurst: 8,
  blocksOutBurst: 1,
});

export function checkSettings(settings: ServerSettings): void {
  const { pduBytesMax, challengeBytes, blocksInBurst, blocksOutBurst, associationsMax } = settings;
  assert(pduBytesMax >= PDU_BYTES_MIN && pduBytesMax <= APDU_BYTES_MAX, 'an APDU of 12 to 65535 bytes is taken');
  assert(challengeBytes >= CHALLENGE_BYTES_MIN && challengeBytes <= CHALLENGE_BYTES_MAX, 'a challenge has 8 to 64 bytes');
  for (const blocks of [blocksInBurst, blocksOutBurst]) assert(blocks >= 1 && blocks <= GBT_WINDOW_MAX, 'a burst has 1 to 63 blocks');
  assert(associationsMax >= 1, 'a connection has room for an association');
}
