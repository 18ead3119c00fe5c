/**
 * AARE: a server's answer to an AARQ (ACSE, BER). Written in this order, read in any:
 *
 *   61 len
 *     A1 09 06 07 608574050801cc            application context
 *     A2 03 02 01 rr                        result: 0 accepted, 1 rejected, 2 rejected for now
 *     A3 05 A1 03 02 01 dd                  diagnostic of the service user; A2 instead of A1: of the provider
 *     A4 0A 04 08 title                     responding AP title: the server's system title
 *     88 02 07 80, 89 07 608574050802mm     authentication goes on, and its mechanism
 *     AA n+2 80 n ..                        challenge StoC
 *     BE n+2 04 n ..                        InitiateResponse, plain or ciphered, or ConfirmedServiceError
 */

import { assert } from '../../../base/assert.ts';
import type { Decoded } from '../data/data-codec.ts';
import {
  component,
  innerInteger,
  innerOctets,
  integerComponent,
  malformed,
  OCTET_STRING,
  readComponents,
  USER_INFORMATION,
  userInformationOctets,
} from './ber.ts';
import type { Diagnostic } from './diagnostics.ts';
import { contextName, contextOf, mechanismName, mechanismOf } from './names.ts';

export const AARE = 0x61;

export interface Aare {
  /** As in the AARQ. */
  readonly context: number;
  readonly result: 0 | 1 | 2;
  readonly diagnostic: Diagnostic;
  /** The server's system title; any length, as it came. */
  readonly respondingTitle: Uint8Array | null;
  readonly mechanism: number | null;
  /** Challenge StoC. */
  readonly authentication: Uint8Array | null;
  /** The APDU inside. */
  readonly userInformation: Uint8Array | null;
}

/** Of an AARE to be written; what is left out is not said. `code` of the diagnostic: 0 .. 127. */
export type AareParts = Pick<Aare, 'context' | 'result' | 'diagnostic'> & Partial<Aare>;

/**
 * All bytes of the result are views of `bytes`. `incomplete`: the APDU says that it is longer. Reasons for malformed: those
 * of readComponents; `context-name`, `result`, `diagnostic`, `responding-title`, `authentication-value`,
 * `user-information`: missing where it must be, or not of its form.
 */
export function decodeAare(bytes: Uint8Array): Decoded<Aare> {
  const read = readComponents(bytes, AARE);
  if (read.status !== 'frame') return read;
  const components = read.value;
  const name = innerOctets(components.get(Tag.context), OBJECT_IDENTIFIER);
  if (name === null) return malformed('context-name');
  const result = innerInteger(components.get(Tag.result));
  if (result !== 0 && result !== 1 && result !== 2) return malformed('result');
  const diagnostic = diagnosticOf(components.get(Tag.diagnostic));
  if (diagnostic === null) return malformed('diagnostic');
  const respondingTitle = innerOctets(components.get(Tag.respondingTitle), OCTET_STRING);
  if (respondingTitle === null && components.has(Tag.respondingTitle)) return malformed('responding-title');
  const authentication = innerOctets(components.get(Tag.authentication), CHARACTER_STRING);
  if (authentication === null && components.has(Tag.authentication)) return malformed('authentication-value');
  const content = components.get(USER_INFORMATION);
  const userInformation = content === undefined ? null : userInformationOctets(content);
  if (userInformation === null && content !== undefined) return malformed('user-information');
  const mechanism = components.get(Tag.mechanism);
  return {
    status: 'frame',
    value: {
      context: contextOf(name),
      result,
      diagnostic,
      respondingTitle,
      mechanism: mechanism === undefined ? null : mechanismOf(mechanism),
      authentication,
      userInformation,
    },
  };
}

export function encodeAare(aare: AareParts): Uint8Array {
  const { context, result, diagnostic, respondingTitle = null, mechanism = null, authentication = null, userInformation = null } = aare;
  assert(diagnostic.code >= 0 && diagnostic.code < 0x80, 'a diagnostic is 0 to 127');
  const source = diagnostic.source === 'user' ? Tag.serviceUser : Tag.serviceProvider;
  const parts = [
    component(Tag.context, component(OBJECT_IDENTIFIER, contextName(context))),
    integerComponent(Tag.result, result),
    component(Tag.diagnostic, integerComponent(source, diagnostic.code)),
  ];
  if (respondingTitle !== null) parts.push(component(Tag.respondingTitle, component(OCTET_STRING, respondingTitle)));
  if (mechanism !== null) parts.push(REQUIREMENTS, component(Tag.mechanism, mechanismName(mechanism)));
  if (authentication !== null) parts.push(component(Tag.authentication, component(CHARACTER_STRING, authentication)));
  if (userInformation !== null) parts.push(component(USER_INFORMATION, component(OCTET_STRING, userInformation)));
  return component(AARE, ...parts);
}

const Tag = Object.freeze({
  context: 0xa1,
  result: 0xa2,
  diagnostic: 0xa3,
  serviceUser: 0xa1,
  serviceProvider: 0xa2,
  respondingTitle: 0xa4,
  mechanism: 0x89,
  authentication: 0xaa,
});

const OBJECT_IDENTIFIER = 0x06;
/** charstring [0] of the choice Authentication-value. */
const CHARACTER_STRING = 0x80;
/** responder-acse-requirements: a bit-string with the bit for authentication. */
const REQUIREMENTS = Uint8Array.of(0x88, 2, 7, 0x80);

function diagnosticOf(content: Uint8Array | undefined): Diagnostic | null {
  const ofUser = innerInteger(innerOctets(content, Tag.serviceUser) ?? undefined);
  if (ofUser !== null) return { source: 'user', code: ofUser };
  const ofProvider = innerInteger(innerOctets(content, Tag.serviceProvider) ?? undefined);
  return ofProvider === null ? null : { source: 'provider', code: ofProvider };
}
