/** OBIS codes (IEC 62056-61) as text and as the six bytes of a logical name. */

/**
 * `1-0:1.8.0*255`, `1-0:1.8.0` (F is 255 then) or `1.0.1.8.0.255` as six bytes; null: no such code, or a group above 255.
 */
export function readObis(text: string): Uint8Array | null {
  const parts = /^(\d{1,3})[-.](\d{1,3})[:.](\d{1,3})\.(\d{1,3})\.(\d{1,3})(?:[*.&](\d{1,3}))?$/.exec(text.trim());
  if (parts === null) return null;
  const groups = parts.slice(1).map((part: string | undefined) => (part === undefined ? 255 : Number(part)));
  return groups.some((group) => group > 255) ? null : Uint8Array.from(groups);
}

/** The same for a code that is known to be right: a constant of the program. Throws TypeError otherwise. */
export function parseObis(text: string): Uint8Array {
  const bytes = readObis(text);
  if (bytes === null) throw new TypeError(`\`${text}\` is no OBIS code; a right one is 1-0:1.8.0*255 or 1.0.1.8.0.255`);
  return bytes;
}

/** `1-0:1.8.0*255` */
export function formatObis(bytes: Uint8Array): string {
  const [a, b, c, d, e, f] = bytes;
  return `${a}-${b}:${c}.${d}.${e}*${f}`;
}
