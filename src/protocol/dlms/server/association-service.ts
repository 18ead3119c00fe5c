/**
 * AARQ and RLRQ: who may have an association, and on what terms. Reference: Green Book 9.3, 9.4.
 *
 *   nobody at the address                    no answer
 *   context not offered                      rejected, 2
 *   mechanism not offered, or none           rejected, 11; 12 when one is required
 *   ciphered context without client's title  rejected, 3
 *   initiate request can't be opened         replayed: exception-response with the counter; else rejected, 13
 *   wrong password                           rejected, 13
 *   DLMS version below 6                     rejected, 1, and service error 0E 01 06 01
 *   no service in common                     rejected, 1, and service error 0E 01 06 02
 *   the client takes less than 12 bytes      rejected, 1, and service error 0E 01 06 03
 *   HLS                                      accepted, 14: the client is to prove itself next
 *   otherwise                                accepted, 0
 */

import { type Aarq, decodeAarq } from '../acse/aarq.ts';
import { encodeAare } from '../acse/aare.ts';
import { Conformance } from '../acse/conformance.ts';
import { ASSOCIATION_ACCEPTED, ASSOCIATION_REJECTED, UserDiagnostic } from '../acse/diagnostics.ts';
import { decodeInitiateRequest, DLMS_VERSION, encodeInitiateResponse, type InitiateRequest, PDU_BYTES_MIN, VAA_LOGICAL_NAME } from '../acse/initiate.ts';
import { CONTEXT_LN, CONTEXT_LN_CIPHERED } from '../acse/names.ts';
import { decodeRlrq, encodeRlre, RELEASE_NORMAL } from '../acse/release.ts';
import { encodeApdu } from '../apdu/apdu.ts';
import type { ConfirmedServiceError } from '../apdu/apdu-types.ts';
import { ByteWriter } from '../data/byte-writer.ts';
import { familyOfTag } from '../security/ciphered-apdu.ts';
import { HLS_GMAC, HLS_SHA256, isChallenge, isHlsMechanism, secretsAreEqual } from '../security/hls.ts';
import type { MessageCipher, OpenedMessage } from '../security/message-cipher.ts';
import { SYSTEM_TITLE_BYTES } from '../security/suite.ts';
import type { ClientRights, DeviceHost, LogicalDevice } from './device-host.ts';
import type { DeviceSecurity } from './device-security.ts';
import { ServerAssociation } from './server-association.ts';
import type { ServerStats } from './server-stats.ts';

export interface AssociationOptions {
  readonly cipher: MessageCipher;
  readonly stats: ServerStats;
  readonly random: (bytes: number) => Uint8Array;
  /** What this server offers. */
  readonly conformance: number;
  readonly pduBytesMax: number;
  /** Of StoC, 8 .. 64. */
  readonly challengeBytes: number;
}

export interface Ports {
  readonly clientSap: number;
  readonly serverSap: number;
}

/** Who is meant, and who gave it. */
export interface At<D> {
  readonly logical: LogicalDevice<D>;
  readonly host: Pick<DeviceHost<unknown>, 'putSapList'>;
}

/** `answer`: the APDU to send; null: none. `association`: the one that was made; null: none. */
export interface AssociationAnswer<D> {
  readonly answer: Uint8Array | null;
  readonly association: ServerAssociation<D> | null;
}

const LLS = 1;
const NOTHING = new Uint8Array(0);

export class AssociationService<D> {
  readonly #options: AssociationOptions;
  readonly #scratch = new ByteWriter(128);

  constructor(options: AssociationOptions) {
    this.#options = options;
  }

  /** An AARQ to `logical`. */
  associate(apdu: Uint8Array, ports: Ports, at: At<D>): AssociationAnswer<D> {
    const { logical } = at;
    const { stats } = this.#options;
    const decoded = decodeAarq(apdu);
    if (decoded.status !== 'frame') {
      stats.malformed++;
      return { answer: encodeApdu(INITIATE_OTHER), association: null };
    }
    const aarq = decoded.value;
    const rights = logical.client(ports.clientSap);
    const refusal = rights === null ? UserDiagnostic.noReason : refusalOf(aarq, rights);
    if (rights === null || refusal !== null) return this.#reject(aarq, refusal ?? UserDiagnostic.noReason);
    if (aarq.mechanism === LLS && !secretsAreEqual(aarq.authentication ?? NOTHING, rights.password ?? NOTHING)) {
      stats.failedAuthentications++;
      return this.#reject(aarq, UserDiagnostic.authenticationFailed);
    }
    return this.#initiate(aarq, ports, at, rights);
  }

  #initiate(aarq: Aarq, ports: Ports, at: At<D>, rights: ClientRights): AssociationAnswer<D> {
    const { stats } = this.#options;
    const { logical } = at;
    const opened = this.#open(aarq, ports, logical, rights);
    if (opened === 'rejected') {
      stats.failedAuthentications++;
      return this.#reject(aarq, UserDiagnostic.authenticationFailed);
    }
    if ('exception' in opened) {
      stats.failedAuthentications++;
      stats.exceptions++;
      return { answer: opened.exception, association: null };
    }
    const decoded = decodeInitiateRequest(opened.plaintext);
    if (decoded.status !== 'frame') return this.#reject(aarq, UserDiagnostic.noReason, INITIATE_OTHER);
    const request = decoded.value;
    const conformance = request.conformance & this.#options.conformance;
    if (request.version < DLMS_VERSION) return this.#reject(aarq, UserDiagnostic.noReason, VERSION_TOO_LOW);
    if ((conformance & SERVICES) === 0) return this.#reject(aarq, UserDiagnostic.noReason, INCOMPATIBLE_CONFORMANCE);
    if (request.pduBytesMax !== 0 && request.pduBytesMax < PDU_BYTES_MIN) return this.#reject(aarq, UserDiagnostic.noReason, PDU_TOO_SHORT);
    return this.#accept({ aarq, ports, at, rights, request, conformance, sealedAs: opened.message });
  }

  /** The initiate request in plain. */
  #open(
    aarq: Aarq,
    ports: Ports,
    logical: LogicalDevice<D>,
    rights: ClientRights,
  ): { readonly plaintext: Uint8Array; readonly message: OpenedMessage | null } | { readonly exception: Uint8Array } | 'rejected' {
    const content = aarq.userInformation ?? NOTHING;
    const { security } = rights;
    if (familyOfTag(content[0] ?? 0) === null) {
      return aarq.ciphered && rights.policy !== 0 ? 'rejected' : { plaintext: content, message: null };
    }
    if (!aarq.ciphered || security === null || aarq.callingTitle === null) return 'rejected';
    const opened = this.#options.cipher.openBytes(content, {
      keys: security.keys,
      dedicatedKey: null,
      peerTitle: aarq.callingTitle,
      ownTitle: logical.systemTitle,
      policy: rights.policy,
      receiveCounter: (keySet) => security.receiveCounter(ports.clientSap, keySet === 'dedicated' ? 'unicast' : keySet),
    });
    if (opened.status === 'plain') return { plaintext: opened.plaintext, message: opened };
    if (opened.reason !== 'replayed') return 'rejected';
    return { exception: counterException(security.receiveCounter(ports.clientSap, 'unicast').next) };
  }

  #accept(of: {
    readonly aarq: Aarq;
    readonly ports: Ports;
    readonly at: At<D>;
    readonly rights: ClientRights;
    readonly request: InitiateRequest;
    readonly conformance: number;
    readonly sealedAs: OpenedMessage | null;
  }): AssociationAnswer<D> {
    const { aarq, ports, rights, request, conformance, sealedAs } = of;
    const { logical, host } = of.at;
    const { stats, pduBytesMax, random, challengeBytes } = this.#options;
    const mechanism = aarq.mechanism ?? 0;
    const association = new ServerAssociation(ports, logical, rights, {
      context: aarq.context === CONTEXT_LN_CIPHERED ? 3 : 1,
      mechanism,
      conformance,
      clientPduBytesMax: request.pduBytesMax,
      serverPduBytesMax: pduBytesMax,
      clientTitle: aarq.callingTitle === null ? null : aarq.callingTitle.slice(),
      // Only what came ciphered is a secret.
      dedicatedKey: sealedAs === null || request.dedicatedKey === null ? null : request.dedicatedKey.slice(),
      host,
    });
    stats.associations++;
    const hls = isHlsMechanism(mechanism);
    if (hls) association.challenges = { client: (aarq.authentication ?? NOTHING).slice(), server: random(challengeBytes) };
    // Unconfirmed: the client wants no answer.
    if (!request.responseAllowed) return { answer: null, association };
    const initiate = this.#initiateResponse(association, sealedAs);
    const named = aarq.ciphered || mechanism === HLS_GMAC || mechanism === HLS_SHA256;
    const answer = encodeAare({
      context: aarq.context,
      result: ASSOCIATION_ACCEPTED,
      diagnostic: { source: 'user', code: hls ? UserDiagnostic.authenticationRequired : UserDiagnostic.none },
      respondingTitle: named ? logical.systemTitle : null,
      mechanism: hls ? mechanism : null,
      authentication: association.challenges?.server ?? null,
      userInformation: initiate,
    });
    return { answer, association };
  }

  /** Protected as the request was. */
  #initiateResponse(association: ServerAssociation<D>, sealedAs: OpenedMessage | null): Uint8Array {
    const plain = encodeInitiateResponse({
      quality: null,
      version: DLMS_VERSION,
      conformance: association.conformance,
      pduBytesMax: this.#options.pduBytesMax,
      vaaName: VAA_LOGICAL_NAME,
    });
    return this.#sealed(association, plain, sealedAs);
  }

  #sealed(association: ServerAssociation<D>, plain: Uint8Array, sealedAs: OpenedMessage | null): Uint8Array {
    const { security } = association.rights;
    if (sealedAs === null || security === null) return plain;
    const scratch = this.#scratch;
    scratch.reset();
    const counter = security.sendCounter.take();
    if (counter < 0) return plain;
    this.#options.cipher.seal(scratch, plain, {
      family: sealedAs.family === 'general-glo' ? 'general-glo' : 'glo',
      keySet: 'unicast',
      keys: security.keys,
      sessionKey: null,
      authenticated: sealedAs.protection.authenticated,
      encrypted: sealedAs.protection.encrypted,
      systemTitle: association.logical.systemTitle,
      counter,
      general: null,
    });
    return scratch.copy();
  }

  /** An RLRQ, plain or ciphered inside. The association is over; the answer is protected when the request was. */
  release(apdu: Uint8Array, association: ServerAssociation<D>): Uint8Array {
    const { stats, cipher } = this.#options;
    stats.releases++;
    const decoded = decodeRlrq(apdu);
    if (decoded.status !== 'frame') {
      stats.malformed++;
      return encodeRlre({ reason: RELEASE_NORMAL });
    }
    const { userInformation } = decoded.value;
    const { security } = association.rights;
    const ciphered = userInformation !== null && familyOfTag(userInformation[0] ?? 0) !== null && security !== null;
    if (!ciphered) return encodeRlre({ reason: RELEASE_NORMAL });
    const opened = cipher.openBytes(userInformation, openContext(association, security));
    const answer = opened.status === 'plain' ? this.#initiateResponse(association, opened) : null;
    return encodeRlre({ reason: RELEASE_NORMAL, userInformation: answer });
  }

  #reject(aarq: Aarq, code: number, error: ConfirmedServiceError | null = null): AssociationAnswer<D> {
    this.#options.stats.refusedAssociations++;
    const answer = encodeAare({
      context: aarq.context === CONTEXT_LN_CIPHERED ? CONTEXT_LN_CIPHERED : CONTEXT_LN,
      result: ASSOCIATION_REJECTED,
      diagnostic: { source: 'user', code },
      userInformation: error === null ? null : encodeApdu(error),
    });
    return { answer, association: null };
  }
}

/** What a message of the association is opened with. */
export function openContext<D>(association: ServerAssociation<D>, security: DeviceSecurity) {
  return {
    keys: security.keys,
    dedicatedKey: association.dedicatedKey,
    peerTitle: association.clientTitle,
    ownTitle: association.logical.systemTitle,
    policy: association.rights.policy,
    receiveCounter: association.receiveCounter.bind(association),
  };
}

/** exception-response: the invocation counter is too low; `next` is wanted. */
export function counterException(next: number): Uint8Array {
  return encodeApdu({ service: 'exception-response', state: 2, reason: 6, counter: Math.min(next, 0xffffffff) });
}

/** Services of which one at least must be in common. */
const SERVICES = Conformance.get | Conformance.set | Conformance.action | Conformance.access;

const INITIATE_OTHER = { service: 'confirmed-service-error', of: 1, error: 6, code: 0 } as const;
const VERSION_TOO_LOW = { ...INITIATE_OTHER, code: 1 } as const;
const INCOMPATIBLE_CONFORMANCE = { ...INITIATE_OTHER, code: 2 } as const;
const PDU_TOO_SHORT = { ...INITIATE_OTHER, code: 3 } as const;

/** Why this client can't have the association that it asks for; null: nothing so far. */
function refusalOf(aarq: Aarq, rights: ClientRights): number | null {
  if (!(rights.contexts as readonly number[]).includes(aarq.context)) return UserDiagnostic.contextUnsupported;
  if ((aarq.context === CONTEXT_LN_CIPHERED || aarq.mechanism === HLS_GMAC) && rights.security === null) return UserDiagnostic.contextUnsupported;
  const mechanism = aarq.mechanism ?? 0;
  if (!rights.mechanisms.includes(mechanism)) {
    return mechanism === 0 ? UserDiagnostic.mechanismRequired : UserDiagnostic.mechanismUnknown;
  }
  const needsTitle = aarq.ciphered || mechanism === HLS_GMAC || mechanism === HLS_SHA256;
  if (needsTitle && aarq.callingTitle?.length !== SYSTEM_TITLE_BYTES) return UserDiagnostic.callingTitleUnknown;
  if (!isHlsMechanism(mechanism)) return null;
  if (mechanism !== HLS_GMAC && (rights.hlsSecret?.length ?? 0) === 0) return UserDiagnostic.mechanismUnknown;
  return aarq.authentication !== null && isChallenge(aarq.authentication, null) ? null : UserDiagnostic.authenticationFailed;
}
