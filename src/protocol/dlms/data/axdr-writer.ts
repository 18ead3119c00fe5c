/**
 * Writes A-XDR (IEC 61334-6) into a caller's bytes. Each function writes at a cursor and answers the next one, so that a
 * message is built in place without any object. The caller has made sure that there is room: a typed array drops what lies
 * outside without a word, so whoever builds a message asserts its size first.
 */

export function putU8(target: Uint8Array, at: number, value: number): number {
  target[at] = value;
  return at + 1;
}

export function putU16(target: Uint8Array, at: number, value: number): number {
  target[at] = value >>> 8;
  target[at + 1] = value;
  return at + 2;
}

export function putU32(target: Uint8Array, at: number, value: number): number {
  target[at] = value >>> 24;
  target[at + 1] = value >>> 16;
  target[at + 2] = value >>> 8;
  target[at + 3] = value;
  return at + 4;
}

/** A length or count, 0 .. 2^24-1, in its shortest form. */
export function putLength(target: Uint8Array, at: number, length: number): number {
  if (length < 0x80) return putU8(target, at, length);
  if (length < 0x100) return putU8(target, putU8(target, at, 0x81), length);
  if (length < 0x10000) return putU16(target, putU8(target, at, 0x82), length);
  return putU16(target, putU8(target, putU8(target, at, 0x83), length >>> 16), length & 0xffff);
}

/** Bytes that `putLength` takes for `length`. */
export function lengthBytes(length: number): number {
  if (length < 0x80) return 1;
  if (length < 0x100) return 2;
  return length < 0x10000 ? 3 : 4;
}

/** Bytes as they are; for short constants. */
export function putBytes(target: Uint8Array, at: number, bytes: Uint8Array): number {
  for (let i = 0; i < bytes.length; i++) target[at + i] = bytes[i]!;
  return at + bytes.length;
}
