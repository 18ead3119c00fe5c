/**
 * Making and ending an association.
 *
 *   AARQ -> AARE                                  none, LLS
 *   AARQ with CtoS -> AARE with StoC              HLS; the server is not believed yet, nor are we
 *   ACTION reply_to_HLS f(StoC) -> f(CtoS)        passes 3 and 4: each side's proof
 *   RLRQ -> RLRE
 */

import { assert, present } from '../../../base/assert.ts';
import { AARE, type Aare, decodeAare } from '../acse/aare.ts';
import { encodeAarq } from '../acse/aarq.ts';
import { LOGICAL_NAME_CONFORMANCE } from '../acse/conformance.ts';
import { ASSOCIATION_ACCEPTED, diagnosticText } from '../acse/diagnostics.ts';
import { decodeInitiateResponse, DLMS_VERSION, encodeInitiateRequest, type InitiateResponse } from '../acse/initiate.ts';
import { CONTEXT_LN, CONTEXT_LN_CIPHERED, MECHANISM_LLS, MECHANISM_NONE } from '../acse/names.ts';
import { encodeRlrq, RELEASE_NORMAL } from '../acse/release.ts';
import { AxdrReader } from '../data/axdr-reader.ts';
import { ByteWriter } from '../data/byte-writer.ts';
import { DataTag } from '../data/data-tag.ts';
import { HLS_GMAC, HLS_SHA256, type HlsExchange, hlsToken, hlsTokenIsRight, isChallenge, isHlsMechanism } from '../security/hls.ts';
import { SYSTEM_TITLE_BYTES } from '../security/suite.ts';
import { actionOne } from './action-exchange.ts';
import { CURRENT_ASSOCIATION_NAME } from './association-name.ts';
import type { ClientOptions, Exchange, Negotiated } from './client-options.ts';
import type { ClientSession } from './client-session.ts';
import { DlmsError } from './dlms-error.ts';
import { isRefusal } from './exceptions.ts';
import { notificationOf } from './notification.ts';

/** What this client can do: all with logical names but what the standard has for the other kind of names. */
export const CLIENT_CONFORMANCE = LOGICAL_NAME_CONFORMANCE;
export const PDU_BYTES_MAX = 0xffff;

const CHALLENGE_BYTES = 16;
const REPLY_TO_HLS = { classId: 15, logicalName: CURRENT_ASSOCIATION_NAME, method: 1 } as const;
/** Notifications that may come before an AARE or RLRE. */
const OTHERS_MAX = 16;

/** An association that exists by agreement is there from the start. */
export function preEstablish(session: ClientSession): void {
  const { preEstablished, security } = session.options;
  if (preEstablished === undefined || preEstablished === null) return;
  session.protection.begin();
  session.enter('associated', { ...preEstablished, serverTitle: security?.serverTitle ?? null });
}

export function* associate(session: ClientSession): Exchange<Negotiated> {
  const { options } = session;
  assertOptions(options);
  if (options.preEstablished !== undefined && options.preEstablished !== null) return present(session.negotiated, 'it is pre-established');
  session.enter('none', null);
  session.protection.begin();
  try {
    return yield* negotiate(session);
  } catch (error) {
    session.enter('none', null);
    throw error;
  }
}

export function* release(session: ClientSession): Exchange<void> {
  if (session.phase === 'none') return;
  const { preEstablished } = session.options;
  if (preEstablished !== undefined && preEstablished !== null) return;
  const { protection, options } = session;
  try {
    const isCiphered = protection.ciphered && options.quirks?.plainRelease !== true;
    const userInformation = isCiphered ? initiateRequest(session, null) : null;
    yield* session.converseAcse(encodeRlrq({ reason: RELEASE_NORMAL, userInformation }));
  } finally {
    session.enter('none', null);
  }
}

function* negotiate(session: ClientSession): Exchange<Negotiated> {
  const { options, protection } = session;
  const { mechanism = MECHANISM_NONE, security = null, secret = null, random, challengeBytes = CHALLENGE_BYTES } = options;
  const isHls = isHlsMechanism(mechanism);
  const challenge = isHls ? Uint8Array.from(random(challengeBytes)) : null;
  const context = protection.ciphered ? CONTEXT_LN_CIPHERED : CONTEXT_LN;
  const aarq = encodeAarq({
    context,
    mechanism: mechanism === MECHANISM_NONE ? null : mechanism,
    authentication: mechanism === MECHANISM_LLS ? secret : challenge,
    callingTitle: security?.systemTitle ?? null,
    callingUserId: options.callingUserId ?? null,
    userInformation: initiateRequest(session, protection.dedicatedKey),
  });
  const aare = aareOf(yield* awaitAare(session, aarq));
  if (aare.result !== ASSOCIATION_ACCEPTED) throw refusal(session, aare);
  if (!isContextFor(aare.context, context)) throw new DlmsError('unexpected-answer', 'the server accepts another application context than was asked for');
  if (aare.respondingTitle?.length === SYSTEM_TITLE_BYTES) protection.learnTitle(aare.respondingTitle);
  const negotiated = agreement(session, initiateResponse(session, aare));
  if (!isHls) {
    if (aare.authentication !== null) throw new DlmsError('authentication-failed', 'the server wants high level security');
    session.enter('associated', negotiated);
    return negotiated;
  }
  session.enter('pending', negotiated);
  yield* prove(session, hlsExchange(options, { challenge: present(challenge, 'HLS has a challenge'), aare, serverTitle: protection.serverTitle }));
  session.enter('associated', negotiated);
  return negotiated;
}

/** A server that names the ciphered context though it was asked for the other may do so (jDLMS): it is held to its plain answers. */
function isContextFor(context: number, asked: number): boolean {
  return context === asked || (context === CONTEXT_LN_CIPHERED && asked === CONTEXT_LN);
}

/** Passes 3 and 4. */
function* prove(session: ClientSession, exchange: HlsExchange): Exchange<void> {
  const { protection } = session;
  const { frames } = protection.cipher;
  const counter = exchange.mechanism === HLS_GMAC ? protection.takeCounter() : 0;
  const parameter = new ByteWriter(64);
  parameter.octetString(hlsToken(frames, exchange, counter));
  const { result, data } = yield* actionOne(session, REPLY_TO_HLS, parameter.view());
  if (result !== 0) throw new DlmsError('authentication-failed', `the server does not accept this client's proof: action-result ${result}`, { result });
  const token = data !== null && 'data' in data ? octetsOf(data.data) : null;
  if (token === null || !hlsTokenIsRight(frames, exchange, token)) {
    throw new DlmsError('authentication-failed', 'the server does not prove that it knows the secret');
  }
}

function hlsExchange(
  options: ClientOptions,
  of: { readonly challenge: Uint8Array; readonly aare: Aare; readonly serverTitle: Uint8Array | null },
): HlsExchange {
  const { mechanism = MECHANISM_NONE, security = null, secret = null } = options;
  const { challenge, aare, serverTitle } = of;
  assert(isHlsMechanism(mechanism), 'HLS is under way');
  const peerChallenge = aare.authentication;
  if (peerChallenge === null || !isChallenge(peerChallenge, challenge)) {
    throw new DlmsError('authentication-failed', 'the server sends no challenge that may be answered');
  }
  const needsTitles = mechanism === HLS_GMAC || mechanism === HLS_SHA256;
  if (needsTitles && serverTitle === null) throw new DlmsError('authentication-failed', 'the server does not say its system title');
  return {
    mechanism,
    secret,
    key: security?.keys ?? null,
    ownTitle: security?.systemTitle ?? NOTHING,
    peerTitle: serverTitle ?? NOTHING,
    ownChallenge: challenge,
    peerChallenge: Uint8Array.from(peerChallenge),
  };
}

/** The APDU of the AARE; notifications before it are handed on. */
function* awaitAare(session: ClientSession, aarq: Uint8Array): Exchange<Uint8Array> {
  let apdu = yield* session.converseAcse(aarq);
  for (let others = 0; others < OTHERS_MAX; others++) {
    if (apdu[0] === AARE) return apdu;
    const notification = notificationOf(apdu, false);
    if (notification === null) {
      // Throws what the server says, if it says something.
      const answer = session.decode(apdu);
      throw new DlmsError('unexpected-answer', `${answer.service} answers an AARQ`);
    }
    session.options.onNotification?.(notification);
    apdu = yield* session.awaitMoreAcse();
  }
  throw new DlmsError('unexpected-answer', 'notifications came, and no AARE');
}

function aareOf(apdu: Uint8Array): Aare {
  const decoded = decodeAare(apdu);
  if (decoded.status === 'frame') return decoded.value;
  throw new DlmsError('malformed', decoded.status === 'malformed' ? `the AARE can't be read: ${decoded.reason}` : 'the AARE is cut off');
}

function initiateRequest(session: ClientSession, dedicatedKey: Uint8Array | null): Uint8Array {
  const { conformance = CLIENT_CONFORMANCE, pduBytesMax = PDU_BYTES_MAX } = session.options;
  const plain = encodeInitiateRequest({ dedicatedKey, responseAllowed: true, quality: null, version: DLMS_VERSION, conformance, pduBytesMax });
  return session.protection.protect(plain, 'initiate');
}

function initiateResponse(session: ClientSession, { userInformation }: Aare): InitiateResponse {
  const { protection } = session;
  if (userInformation === null) throw new DlmsError('malformed', 'the AARE accepts without an InitiateResponse');
  const opened = protection.open(userInformation);
  if (opened.status === 'refused') throw new DlmsError('security', `the InitiateResponse is refused: ${opened.reason}`);
  const plain = protection.believed(opened);
  if (isRefusal(plain)) session.decode(plain);
  const decoded = decodeInitiateResponse(plain);
  if (decoded.status === 'frame') return decoded.value;
  throw new DlmsError('malformed', `the InitiateResponse can't be read: ${decoded.status === 'malformed' ? decoded.reason : 'cut off'}`);
}

function agreement(session: ClientSession, response: InitiateResponse): Negotiated {
  const { conformance = CLIENT_CONFORMANCE } = session.options;
  return Object.freeze({
    conformance: response.conformance & conformance,
    serverPduBytesMax: response.pduBytesMax,
    serverTitle: session.protection.serverTitle,
  });
}

function refusal(session: ClientSession, aare: Aare): DlmsError {
  const { diagnostic, userInformation } = aare;
  let cause: unknown;
  if (userInformation !== null && isRefusal(userInformation)) {
    try {
      session.decode(userInformation);
    } catch (error) {
      cause = error;
    }
  }
  const why = cause instanceof DlmsError ? `${diagnosticText(diagnostic)}; ${cause.message}` : diagnosticText(diagnostic);
  const serviceError = cause instanceof DlmsError ? cause.details.serviceError : undefined;
  return new DlmsError('association-refused', `the server refuses the association: ${why}`, {
    diagnostic,
    ...(cause === undefined ? {} : { cause }),
    ...(serviceError === undefined ? {} : { serviceError }),
  });
}

function assertOptions(options: ClientOptions): void {
  const { mechanism = MECHANISM_NONE, secret = null, security = null, challengeBytes = CHALLENGE_BYTES } = options;
  const needsSecret = mechanism !== MECHANISM_NONE && mechanism !== HLS_GMAC;
  assert(!needsSecret || (secret !== null && secret.length > 0), 'this mechanism needs a secret');
  assert((mechanism !== HLS_GMAC && mechanism !== HLS_SHA256) || security !== null, 'this mechanism needs keys and system title');
  assert(challengeBytes >= 8 && challengeBytes <= 64, 'a challenge has 8 to 64 bytes');
}

/** What an octet-string holds; null: it is none. */
function octetsOf(data: Uint8Array): Uint8Array | null {
  const reader = new AxdrReader();
  reader.reset(data, 0, data.length);
  if (reader.u8() !== DataTag.octetString) return null;
  const length = reader.length();
  const at = reader.skip(length);
  return at < 0 || reader.left > 0 ? null : data.subarray(at, at + length);
}

const NOTHING = new Uint8Array(0);
