/**
 * Names of application contexts and authentication mechanisms: object identifiers 2.16.756.5.8.1.cc and .2.mm, as the bytes
 * 60 85 74 05 08 01 cc and 02 mm. A name that is none of these reads as UNKNOWN_NAME, so that a server can refuse it with
 * the diagnostic that belongs to it.
 */

export const UNKNOWN_NAME = -1;

/** Logical or short names, without and with ciphering. */
export const CONTEXT_LN = 1;
export const CONTEXT_SN = 2;
export const CONTEXT_LN_CIPHERED = 3;
export const CONTEXT_SN_CIPHERED = 4;

/** 3 to 6 are in security/hls.ts. */
export const MECHANISM_NONE = 0;
export const MECHANISM_LLS = 1;

export function isCipheredContext(context: number): boolean {
  return context === CONTEXT_LN_CIPHERED || context === CONTEXT_SN_CIPHERED;
}

export function contextName(context: number): Uint8Array {
  return Uint8Array.of(...DLMS, 1, context);
}

export function mechanismName(mechanism: number): Uint8Array {
  return Uint8Array.of(...DLMS, 2, mechanism);
}

export function contextOf(name: Uint8Array): number {
  return lastArc(name, 1);
}

export function mechanismOf(name: Uint8Array): number {
  return lastArc(name, 2);
}

const DLMS = [0x60, 0x85, 0x74, 0x05, 0x08] as const;

function lastArc(name: Uint8Array, branch: number): number {
  const expected = [...DLMS, branch];
  if (name.length !== expected.length + 1 || expected.some((byte, i) => name[i] !== byte)) return UNKNOWN_NAME;
  return name[expected.length]!;
}
