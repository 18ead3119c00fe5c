/**
 * High level security: both sides prove that they know a secret, each by a token over the other's challenge. The client's
 * token answers StoC, the server's CtoS; the rule is the same for both, seen from its own side:
 *
 *   3  MD5(peer's challenge | secret)
 *   4  SHA-1(peer's challenge | secret)
 *   5  SC | IC | GMAC over SC | AK | peer's challenge, with the encryption key, the own system title and IC
 *   6  SHA-256(secret | own title | peer's title | peer's challenge | own challenge)
 *
 * Mechanism 2 is each maker's own and 7 needs ECDSA: neither is here.
 */

import { createHash, timingSafeEqual } from 'node:crypto';
import { assert } from '../../../base/assert.ts';
import { controlByte, FRAME_HEAD_BYTES, type FrameCipher, type FrameKey, protectionOf, TAG_BYTES } from './cipher.ts';
import { SYSTEM_TITLE_BYTES } from './suite.ts';

export const HLS_MD5 = 3;
export const HLS_SHA1 = 4;
export const HLS_GMAC = 5;
export const HLS_SHA256 = 6;
export type HlsMechanism = 3 | 4 | 5 | 6;

export const CHALLENGE_BYTES_MIN = 8;
export const CHALLENGE_BYTES_MAX = 64;

/** One authentication, seen by one side. */
export interface HlsExchange {
  readonly mechanism: HlsMechanism;
  /** Mechanisms 3, 4, 6; without meaning for 5. */
  readonly secret: Uint8Array | null;
  /** Mechanism 5; without meaning for the others. */
  readonly key: FrameKey | null;
  /** System titles; mechanisms 5 and 6 need 8 bytes each, the others do not look at them. */
  readonly ownTitle: Uint8Array;
  readonly peerTitle: Uint8Array;
  /** What this side sent, and what it was sent. */
  readonly ownChallenge: Uint8Array;
  readonly peerChallenge: Uint8Array;
}

export function isHlsMechanism(mechanism: number | null): mechanism is HlsMechanism {
  return mechanism === HLS_MD5 || mechanism === HLS_SHA1 || mechanism === HLS_GMAC || mechanism === HLS_SHA256;
}

/**
 * Whether a peer's challenge may be answered: 8 to 64 bytes, and not this side's own come back, since its answer would be
 * the proof that the peer owes. `ownChallenge`: null when none was sent yet.
 */
export function isChallenge(peerChallenge: Uint8Array, ownChallenge: Uint8Array | null): boolean {
  const { length } = peerChallenge;
  if (length < CHALLENGE_BYTES_MIN || length > CHALLENGE_BYTES_MAX) return false;
  return ownChallenge === null || Buffer.compare(peerChallenge, ownChallenge) !== 0;
}

/** The token that this side sends. `counter`: taken from the send counter for it; only mechanism 5 uses it. */
export function hlsToken(cipher: FrameCipher, exchange: HlsExchange, counter: number): Uint8Array {
  const { mechanism, ownTitle, peerTitle, ownChallenge, peerChallenge } = exchange;
  if (mechanism === HLS_GMAC) {
    return gmacToken(cipher, keyOf(exchange), { title: ownTitle, challenge: peerChallenge, counter });
  }
  const secret = secretOf(exchange);
  switch (mechanism) {
    case HLS_MD5:
      return createHash('md5').update(peerChallenge).update(secret).digest();
    case HLS_SHA1:
      return createHash('sha1').update(peerChallenge).update(secret).digest();
    case HLS_SHA256:
      return createHash('sha256').update(secret).update(ownTitle).update(peerTitle).update(peerChallenge).update(ownChallenge).digest();
  }
}

/**
 * Whether the peer's token is right, compared in constant time. The counter in a GMAC token is not held against replays,
 * because clients use it again for the message around it; the challenge is what makes the token new.
 */
export function hlsTokenIsRight(cipher: FrameCipher, exchange: HlsExchange, token: Uint8Array): boolean {
  const counter = exchange.mechanism === HLS_GMAC ? gmacTokenCounter(token) : 0;
  if (counter === null || !titleFits(exchange)) return false;
  const expected = hlsToken(cipher, mirrored(exchange), counter);
  return expected.length === token.length && timingSafeEqual(expected, token);
}

/** Whether two secrets are the same, in a time that tells nothing but their lengths: for passwords. */
export function secretsAreEqual(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && timingSafeEqual(one, other);
}

const GMAC_TOKEN_BYTES = FRAME_HEAD_BYTES + TAG_BYTES;
const NOTHING = new Uint8Array(0);

function gmacToken(
  cipher: FrameCipher,
  key: FrameKey,
  of: { readonly title: Uint8Array; readonly challenge: Uint8Array; readonly counter: number },
): Uint8Array {
  const protection = protectionOf({ suite: key.suite, authenticated: true, encrypted: false, broadcast: false });
  const { title: systemTitle, challenge, counter } = of;
  const tag = cipher.authenticationTag(challenge, { key, protection, systemTitle, counter, additional: NOTHING });
  const token = new Uint8Array(GMAC_TOKEN_BYTES);
  token[0] = controlByte(protection);
  token[1] = counter >>> 24;
  token[2] = counter >>> 16;
  token[3] = counter >>> 8;
  token[4] = counter;
  token.set(tag, FRAME_HEAD_BYTES);
  return token;
}

function gmacTokenCounter(token: Uint8Array): number | null {
  if (token.length !== GMAC_TOKEN_BYTES) return null;
  return ((token[1]! << 24) | (token[2]! << 16) | (token[3]! << 8) | token[4]!) >>> 0;
}

/** The same exchange, seen from the other side. */
function mirrored(exchange: HlsExchange): HlsExchange {
  return {
    ...exchange,
    ownTitle: exchange.peerTitle,
    peerTitle: exchange.ownTitle,
    ownChallenge: exchange.peerChallenge,
    peerChallenge: exchange.ownChallenge,
  };
}

function titleFits({ mechanism, peerTitle }: HlsExchange): boolean {
  return mechanism === HLS_MD5 || mechanism === HLS_SHA1 || peerTitle.length === SYSTEM_TITLE_BYTES;
}

function secretOf({ secret }: HlsExchange): Uint8Array {
  assert(secret !== null && secret.length > 0, 'HLS by hash needs a secret');
  return secret;
}

function keyOf({ key }: HlsExchange): FrameKey {
  assert(key !== null, 'HLS by GMAC needs keys');
  return key;
}
