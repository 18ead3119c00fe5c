/**
 * AARQ: a client asks for an association (ACSE, BER). Written in this order, read in any:
 *
 *   60 len
 *     A1 09 06 07 608574050801cc            application context
 *     A2 .. 04 len title                    called AP title
 *     A6 0A 04 08 title                     calling AP title: the client's system title
 *     A7 .. 04 len certificate              calling AE qualifier
 *     A9 03 02 01 uu                        calling AE invocation id: the user of the client
 *     8A 02 07 80, 8B 07 608574050802mm     authentication is asked for, and its mechanism
 *     AC n+2 80 n ..                        password, or challenge CtoS
 *     BE n+2 04 n ..                        InitiateRequest, plain or ciphered
 */

import { assert } from '../../../base/assert.ts';
import type { Decoded } from '../data/data-codec.ts';
import {
  component,
  type Components,
  innerInteger,
  innerOctets,
  integerComponent,
  malformed,
  OCTET_STRING,
  readComponents,
  USER_INFORMATION,
  userInformationOctets,
} from './ber.ts';
import { contextName, contextOf, isCipheredContext, mechanismName, mechanismOf } from './names.ts';

export const AARQ = 0x60;

export interface Aarq {
  /** Application context: 1 logical names, 2 short names, 3 and 4 the same with ciphering; other numbers are unknown ones. */
  readonly context: number;
  /** Whether the context is one with ciphering. */
  readonly ciphered: boolean;
  /** 0 none, 1 password, 3 .. 6 HLS; null: not said, which means none; other numbers are unknown ones. */
  readonly mechanism: number | null;
  /** Password of LLS, or challenge CtoS. */
  readonly authentication: Uint8Array | null;
  readonly calledTitle: Uint8Array | null;
  /** The client's system title; any length, as it came. */
  readonly callingTitle: Uint8Array | null;
  /** The client's certificate. */
  readonly callingQualifier: Uint8Array | null;
  readonly callingUserId: number | null;
  /** The APDU inside: InitiateRequest, plain or ciphered. */
  readonly userInformation: Uint8Array | null;
}

/** Of an AARQ to be written; what is left out is not said. `callingUserId`: 0 .. 255. */
export type AarqParts = Pick<Aarq, 'context'> & Partial<Omit<Aarq, 'ciphered'>>;

/**
 * All bytes of the result are views of `bytes`. `incomplete`: the APDU says that it is longer. Reasons for malformed: those
 * of readComponents; `context-name`, `called-title`, `calling-title`, `calling-qualifier`, `calling-user-id`,
 * `authentication-value`, `user-information`: missing where it must be, or not of its form.
 */
export function decodeAarq(bytes: Uint8Array): Decoded<Aarq> {
  const read = readComponents(bytes, AARQ);
  if (read.status !== 'frame') return read;
  const components = read.value;
  const wrong = wrongPart(components);
  if (wrong !== null) return malformed(wrong);
  const name = innerOctets(components.get(Tag.context), OBJECT_IDENTIFIER);
  if (name === null) return malformed('context-name');
  const context = contextOf(name);
  const mechanism = components.get(Tag.mechanism);
  const userInformation = components.get(USER_INFORMATION);
  return {
    status: 'frame',
    value: {
      context,
      ciphered: isCipheredContext(context),
      mechanism: mechanism === undefined ? null : mechanismOf(mechanism),
      authentication: innerOctets(components.get(Tag.authentication), CHARACTER_STRING),
      calledTitle: innerOctets(components.get(Tag.calledTitle), OCTET_STRING),
      callingTitle: innerOctets(components.get(Tag.callingTitle), OCTET_STRING),
      callingQualifier: innerOctets(components.get(Tag.callingQualifier), OCTET_STRING),
      callingUserId: innerInteger(components.get(Tag.callingUserId)),
      userInformation: userInformation === undefined ? null : userInformationOctets(userInformation),
    },
  };
}

export function encodeAarq(aarq: AarqParts): Uint8Array {
  const { context, mechanism = null, authentication = null, userInformation = null, callingUserId = null } = aarq;
  const parts = [component(Tag.context, component(OBJECT_IDENTIFIER, contextName(context)))];
  const titles = [
    [Tag.calledTitle, aarq.calledTitle ?? null],
    [Tag.callingTitle, aarq.callingTitle ?? null],
    [Tag.callingQualifier, aarq.callingQualifier ?? null],
  ] as const;
  for (const [tag, octets] of titles) if (octets !== null) parts.push(component(tag, component(OCTET_STRING, octets)));
  if (callingUserId !== null) {
    assert(callingUserId >= 0 && callingUserId < 0x100, 'a user id is a u8');
    parts.push(integerComponent(Tag.callingUserId, callingUserId));
  }
  if (mechanism !== null) parts.push(REQUIREMENTS, component(Tag.mechanism, mechanismName(mechanism)));
  if (authentication !== null) parts.push(component(Tag.authentication, component(CHARACTER_STRING, authentication)));
  if (userInformation !== null) parts.push(component(USER_INFORMATION, component(OCTET_STRING, userInformation)));
  return component(AARQ, ...parts);
}

const Tag = Object.freeze({
  context: 0xa1,
  calledTitle: 0xa2,
  callingTitle: 0xa6,
  callingQualifier: 0xa7,
  callingUserId: 0xa9,
  mechanism: 0x8b,
  authentication: 0xac,
});

const OBJECT_IDENTIFIER = 0x06;
/** charstring [0] of the choice Authentication-value; its other alternatives are not used by DLMS. */
const CHARACTER_STRING = 0x80;
/** sender-acse-requirements: a bit-string with the bit for authentication. */
const REQUIREMENTS = Uint8Array.of(0x8a, 2, 7, 0x80);

/** The first part that is there and not of its form. */
function wrongPart(components: Components): string | null {
  const octets = [
    [Tag.calledTitle, OCTET_STRING, 'called-title'],
    [Tag.callingTitle, OCTET_STRING, 'calling-title'],
    [Tag.callingQualifier, OCTET_STRING, 'calling-qualifier'],
    [Tag.authentication, CHARACTER_STRING, 'authentication-value'],
  ] as const;
  for (const [tag, inner, reason] of octets) {
    const content = components.get(tag);
    if (content !== undefined && innerOctets(content, inner) === null) return reason;
  }
  const userId = components.get(Tag.callingUserId);
  if (userId !== undefined && innerInteger(userId) === null) return 'calling-user-id';
  const userInformation = components.get(USER_INFORMATION);
  if (userInformation !== undefined && userInformationOctets(userInformation) === null) return 'user-information';
  return null;
}
