/**
 * AARQ: who may have an association, and on what terms.
 *
 *   as many associations as allowed             rejected for now, 1
 *   the client is not known to the device       rejected, 1
 *   context not offered, or not protected       rejected, 2
 *     enough for the client's policy
 *   mechanism missing, unknown                  rejected, 12, 11
 *   ciphered, or HLS 5, 6, without the          rejected, 3
 *     client's system title
 *   HLS without a challenge of 8 to 64 bytes    rejected, 13
 *   initiate request: replayed                  exception-response with the counter that is due
 *     not to be opened, not protected enough    rejected, 13
 *     not to be read                            rejected, 1, 0E 01 06 00
 *   wrong password                              rejected, 13
 *   DLMS version below 6                        rejected, 1, 0E 01 06 01
 *   no service in common                        rejected, 1, 0E 01 06 02
 *   the client takes fewer than 12 bytes        rejected, 1, 0E 01 06 03
 *   HLS                                         accepted, 14
 *   otherwise                                   accepted, 0
 *
 * A client that wants no response gets none; with HLS it gets no association either, since it could not go on.
 */

import type { Aarq } from '../acse/aarq.ts';
import { encodeAare } from '../acse/aare.ts';
import { ASSOCIATION_ACCEPTED, ASSOCIATION_REJECTED, ASSOCIATION_REJECTED_TRANSIENT, UserDiagnostic } from '../acse/diagnostics.ts';
import { decodeInitiateRequest, DLMS_VERSION, encodeInitiateResponse, type InitiateRequest, PDU_BYTES_MIN, VAA_LOGICAL_NAME } from '../acse/initiate.ts';
import { CONTEXT_LN, CONTEXT_LN_CIPHERED, MECHANISM_LLS, MECHANISM_NONE } from '../acse/names.ts';
import type { ByteWriter } from '../data/byte-writer.ts';
import { familyOfTag } from '../security/ciphered-apdu.ts';
import { HLS_GMAC, HLS_SHA256, isChallenge, isHlsMechanism, secretsAreEqual } from '../security/hls.ts';
import type { OpenedMessage } from '../security/message-cipher.ts';
import { SYSTEM_TITLE_BYTES } from '../security/suite.ts';
import { Association, type AssociationOwner, type Challenges, type Station } from './association.ts';
import type { ClientRights, LogicalDevice } from './device-host.ts';
import { putException } from './exceptions.ts';
import { mirrored, seal } from './sealing.ts';
import type { AssociationRefusal } from './server-stats.ts';

/** An AARQ that is being judged. */
export interface AssociationRequest<D> extends Station {
  readonly owner: AssociationOwner<D>;
  readonly aarq: Aarq;
  readonly logical: LogicalDevice<D>;
  /** The connection has no room for one more. */
  readonly full: boolean;
  readonly random: (bytes: number) => Uint8Array;
}

/** Appends what answers the AARQ. The association that was made; null: none. */
export function associate<D>(request: AssociationRequest<D>, out: ByteWriter): Association<D> | null {
  if (request.full) return reject(request, 'full', out);
  const rights = request.logical.client(request.clientSap);
  const refusal = rights === null ? 'client-unknown' : refusalOf(request.aarq, rights);
  if (rights === null || refusal !== null) return reject(request, refusal ?? 'client-unknown', out);
  const opened = openInitiate(request, rights);
  if (opened === 'replayed') return rejectReplay(request, rights, out);
  if (opened === 'protection') return reject(request, opened, out);
  if (!passwordIsRight(request.aarq, rights)) return reject(request, 'password', out);
  const decoded = decodeInitiateRequest(opened.plaintext);
  if (decoded.status !== 'frame') return reject(request, 'initiate', out);
  const initiate = decoded.value;
  if (initiate.version < DLMS_VERSION) return reject(request, 'version', out);
  if ((initiate.conformance & request.owner.settings.conformance) === 0) return reject(request, 'conformance', out);
  if (initiate.pduBytesMax !== 0 && initiate.pduBytesMax < PDU_BYTES_MIN) return reject(request, 'pdu-size', out);
  return accept(request, { rights, initiate, message: opened.message }, out);
}

const NOTHING = new Uint8Array(0);

/** Diagnostic of the service user, and the code of the service error (initiate) that goes with it. */
const REFUSALS: Readonly<Record<Exclude<AssociationRefusal, 'malformed' | 'replayed'>, readonly [number, number | null]>> = {
  full: [UserDiagnostic.noReason, null],
  'client-unknown': [UserDiagnostic.noReason, null],
  context: [UserDiagnostic.contextUnsupported, null],
  mechanism: [UserDiagnostic.mechanismUnknown, null],
  title: [UserDiagnostic.callingTitleUnknown, null],
  challenge: [UserDiagnostic.authenticationFailed, null],
  password: [UserDiagnostic.authenticationFailed, null],
  protection: [UserDiagnostic.authenticationFailed, null],
  initiate: [UserDiagnostic.noReason, 0],
  version: [UserDiagnostic.noReason, 1],
  conformance: [UserDiagnostic.noReason, 2],
  'pdu-size': [UserDiagnostic.noReason, 3],
};

function reject<D>(request: AssociationRequest<D>, refusal: keyof typeof REFUSALS, out: ByteWriter): null {
  const { aarq, owner } = request;
  owner.stats.associationsRefused[refusal]++;
  const [code, error] = REFUSALS[refusal];
  const isMissing = refusal === 'mechanism' && (aarq.mechanism ?? MECHANISM_NONE) === MECHANISM_NONE;
  out.put(
    encodeAare({
      context: isOurContext(aarq.context) ? aarq.context : CONTEXT_LN,
      result: refusal === 'full' ? ASSOCIATION_REJECTED_TRANSIENT : ASSOCIATION_REJECTED,
      diagnostic: { source: 'user', code: isMissing ? UserDiagnostic.mechanismRequired : code },
      userInformation: error === null ? null : Uint8Array.of(0x0e, 1, 6, error),
    }),
  );
  return null;
}

function rejectReplay<D>({ owner, clientSap }: AssociationRequest<D>, rights: ClientRights, out: ByteWriter): null {
  owner.stats.associationsRefused.replayed++;
  owner.stats.exceptions.counter++;
  putException(out, 'counter', rights.security?.receiveCounter(clientSap, 'unicast').next ?? 0);
  return null;
}

function isOurContext(context: number): context is 1 | 3 {
  return context === CONTEXT_LN || context === CONTEXT_LN_CIPHERED;
}

/** What can be said before anything is deciphered; null: nothing is wrong so far. */
function refusalOf(aarq: Aarq, rights: ClientRights): 'context' | 'mechanism' | 'title' | 'challenge' | null {
  const { context, ciphered, authentication, callingTitle } = aarq;
  if (!isOurContext(context) || !rights.contexts.includes(context)) return 'context';
  if (ciphered ? rights.security === null : rights.policy !== 0) return 'context';
  const mechanism = aarq.mechanism ?? MECHANISM_NONE;
  if (!rights.mechanisms.includes(mechanism) || !hasSecret(mechanism, rights)) return 'mechanism';
  const needsTitle = ciphered || mechanism === HLS_GMAC || mechanism === HLS_SHA256;
  if (needsTitle && callingTitle?.length !== SYSTEM_TITLE_BYTES) return 'title';
  if (isHlsMechanism(mechanism) && (authentication === null || !isChallenge(authentication, null))) return 'challenge';
  return null;
}

function hasSecret(mechanism: number, rights: ClientRights): boolean {
  if (mechanism === MECHANISM_NONE) return true;
  if (mechanism === MECHANISM_LLS) return (rights.password?.length ?? 0) > 0;
  if (mechanism === HLS_GMAC) return rights.security !== null;
  return isHlsMechanism(mechanism) && (rights.hlsSecret?.length ?? 0) > 0;
}

function passwordIsRight({ mechanism, authentication }: Aarq, { password }: ClientRights): boolean {
  return mechanism !== MECHANISM_LLS || (password !== null && secretsAreEqual(authentication ?? NOTHING, password));
}

interface Initiate {
  readonly plaintext: Uint8Array;
  /** Null: it came in clear. */
  readonly message: OpenedMessage | null;
}

function openInitiate<D>(request: AssociationRequest<D>, rights: ClientRights): Initiate | 'protection' | 'replayed' {
  const { aarq, owner, logical, clientSap } = request;
  const content = aarq.userInformation ?? NOTHING;
  const isCiphered = familyOfTag(content[0] ?? 0) !== null;
  if (!isCiphered) return rights.policy === 0 ? { plaintext: content, message: null } : 'protection';
  const { security } = rights;
  if (!aarq.ciphered || security === null) return 'protection';
  const opened = owner.scratch.cipher.openBytes(content, {
    keys: security.keys,
    dedicatedKey: null,
    peerTitle: aarq.callingTitle,
    ownTitle: logical.systemTitle,
    policy: rights.policy,
    receiveCounter: (keySet) => security.receiveCounter(clientSap, keySet === 'dedicated' ? 'unicast' : keySet),
  });
  if (opened.status === 'plain') return { plaintext: opened.plaintext, message: opened };
  return opened.reason === 'replayed' ? 'replayed' : 'protection';
}

function accept<D>(
  request: AssociationRequest<D>,
  agreed: { readonly rights: ClientRights; readonly initiate: InitiateRequest; readonly message: OpenedMessage | null },
  out: ByteWriter,
): Association<D> | null {
  const { aarq, owner, random } = request;
  const { rights, initiate, message } = agreed;
  const { settings, stats } = owner;
  const mechanism = aarq.mechanism ?? MECHANISM_NONE;
  let challenges: Challenges | null = null;
  if (isHlsMechanism(mechanism)) {
    const client = (aarq.authentication ?? NOTHING).slice();
    const server = Uint8Array.from(random(settings.challengeBytes));
    // Its own challenge sent back: the answer to it would be the proof that the client owes.
    if (!isChallenge(client, server)) return reject(request, 'challenge', out);
    if (!initiate.responseAllowed) return silent(owner);
    challenges = { client, server };
  }
  const association = new Association(owner, { ...request, rights }, {
    context: aarq.context,
    mechanism,
    conformance: initiate.conformance & settings.conformance,
    pduBytesMax: initiate.pduBytesMax,
    clientTitle: aarq.callingTitle?.length === SYSTEM_TITLE_BYTES ? aarq.callingTitle.slice() : null,
    // What came in clear is no secret.
    dedicatedKey: message === null || initiate.dedicatedKey === null ? null : initiate.dedicatedKey.slice(),
    challenges,
    preEstablished: false,
  });
  stats.associations++;
  if (!initiate.responseAllowed) {
    silent(owner);
    return association;
  }
  if (putAare(association, message, out)) return association;
  stats.associations--;
  stats.exceptions['used-up']++;
  putException(out, 'used-up', 0);
  return null;
}

function silent<D>({ stats }: AssociationOwner<D>): null {
  stats.silences.unconfirmed++;
  return null;
}

/** False: it can't be ciphered, and nothing was appended. */
function putAare<D>(association: Association<D>, message: OpenedMessage | null, out: ByteWriter): boolean {
  const { challenges, context, mechanism, owner } = association;
  let userInformation = initiateResponse(association);
  if (message !== null) {
    const { whole } = owner.scratch;
    whole.reset();
    if (seal(association, mirrored(message), userInformation, whole) !== 'sealed') return false;
    userInformation = whole.view();
  }
  out.put(
    encodeAare({
      context,
      result: ASSOCIATION_ACCEPTED,
      diagnostic: { source: 'user', code: challenges === null ? UserDiagnostic.none : UserDiagnostic.authenticationRequired },
      respondingTitle: association.ciphered || challenges !== null ? association.ownTitle : null,
      mechanism: challenges === null ? null : mechanism,
      authentication: challenges === null ? null : challenges.server,
      userInformation,
    }),
  );
  return true;
}

/** What was agreed, in plain. */
export function initiateResponse<D>({ conformance, receiveBytesMax }: Association<D>): Uint8Array {
  return encodeInitiateResponse({ quality: null, version: DLMS_VERSION, conformance, pduBytesMax: receiveBytesMax, vaaName: VAA_LOGICAL_NAME });
}
