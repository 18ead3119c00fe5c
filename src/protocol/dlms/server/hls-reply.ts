/** Passes 3 and 4 of high level security: the client's proof is checked and, if it is right, answered by the server's. */

import { present } from '../../../base/assert.ts';
import type { MethodDescriptor } from '../apdu/descriptors.ts';
import { ActionResult } from '../apdu/results.ts';
import type { ByteWriter } from '../data/byte-writer.ts';
import { decodeData } from '../data/data-codec.ts';
import { COUNTER_USED_UP } from '../security/counters.ts';
import { HLS_GMAC, type HlsExchange, hlsToken, hlsTokenIsRight, isHlsMechanism } from '../security/hls.ts';
import type { Association } from './association.ts';

const ASSOCIATION_CLASS = 15;
const REPLY_TO_HLS = 1;
/** 0.0.40.0.e.255; whatever e a client takes, it means the association that it asks for. */
const ASSOCIATION_NAME = [0, 0, 40, 0] as const;
const NOTHING = new Uint8Array(0);

export function isReplyToHls({ classId, method, logicalName }: MethodDescriptor): boolean {
  return classId === ASSOCIATION_CLASS && method === REPLY_TO_HLS && ASSOCIATION_NAME.every((byte, i) => logicalName[i] === byte) && logicalName[5] === 255;
}

/**
 * `parameter`: one encoded Data, the client's token. Right: the association is there, and an octet-string with the server's
 * token is appended. Wrong: it is marked to end with the answer. Answers an action-result.
 */
export function replyToHls<D>(association: Association<D>, parameter: Uint8Array | null, out: ByteWriter): number {
  const exchange = exchangeOf(association);
  const { frames } = association.owner.scratch.cipher;
  const token = tokenIn(parameter);
  const isRight = exchange !== null && token !== null && hlsTokenIsRight(frames, exchange, token);
  const counter = isRight && exchange.mechanism === HLS_GMAC ? association.sendCounter('unicast').take() : 0;
  if (!isRight || counter === COUNTER_USED_UP) {
    association.failed = true;
    association.owner.stats.wrongProofs++;
    return ActionResult.readWriteDenied;
  }
  association.challenges = null;
  out.octetString(hlsToken(frames, exchange, counter));
  return ActionResult.success;
}

function exchangeOf<D>(association: Association<D>): HlsExchange | null {
  const { mechanism, rights, clientTitle, logical } = association;
  const challenges = present(association.challenges, 'a client that proves itself has a challenge');
  if (!isHlsMechanism(mechanism)) return null;
  return {
    mechanism,
    secret: rights.hlsSecret,
    key: rights.security?.keys ?? null,
    ownTitle: logical.systemTitle,
    peerTitle: clientTitle ?? NOTHING,
    ownChallenge: challenges.server,
    peerChallenge: challenges.client,
  };
}

function tokenIn(parameter: Uint8Array | null): Uint8Array | null {
  if (parameter === null) return null;
  const decoded = decodeData(parameter);
  return decoded.status === 'frame' && decoded.value.type === 'octet-string' ? decoded.value.value : null;
}
