/**
 * The LLC header (IEC 62056-46, 6.3): three bytes before each APDU, in its first segment only.
 *
 *   E6 | E6 to the server, E7 to the client | 00
 */

export const LLC_BYTES = 3;
export const LLC_COMMAND: Uint8Array = Uint8Array.of(0xe6, 0xe6, 0x00);
export const LLC_RESPONSE: Uint8Array = Uint8Array.of(0xe6, 0xe7, 0x00);

/** Whether `payload` begins with an LLC header, of either direction: both are met in both. */
export function hasLlc(payload: Uint8Array): boolean {
  return payload.length >= LLC_BYTES && payload[0] === 0xe6 && (payload[1] === 0xe6 || payload[1] === 0xe7) && payload[2] === 0;
}

/** A copy of `apdu` behind its header. */
export function withLlc(header: Uint8Array, apdu: Uint8Array): Uint8Array {
  const payload = new Uint8Array(LLC_BYTES + apdu.length);
  payload.set(header);
  payload.set(apdu, LLC_BYTES);
  return payload;
}
