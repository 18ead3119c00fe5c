/** Parameters of an address, checked: what is wrong with one is said in a line, and answered with 400. */

export class BadRequest extends Error {
  override readonly name = 'BadRequest';
}

export class NotFound extends Error {
  override readonly name = 'NotFound';
}

/** As an HTTP server parses them: a name given twice is a list. */
export type Query = Readonly<Record<string, string | readonly string[] | undefined>>;

/** A whole number in digits alone. `fallback`: when it is left out; null: it must be there. */
export function wholeOf(query: Query, name: string, range: { readonly min: number; readonly max: number; readonly fallback: number | null }): number {
  const value = query[name];
  const { min, max, fallback } = range;
  if (value === undefined && fallback !== null) return fallback;
  if (typeof value === 'string' && /^\d{1,15}$/.test(value)) {
    const number = Number(value);
    if (number >= min && number <= max) return number;
  }
  throw new BadRequest(`${name}: found ${shown(value)}, allowed is a whole number from ${min} to ${max}`);
}

/** Refuses what nobody asked for, so that a mistyped name does not go unnoticed. */
export function onlyThese(query: Query, names: readonly string[]): void {
  const other = Object.keys(query).find((name) => !names.includes(name));
  if (other !== undefined) throw new BadRequest(`${shown(other)} is no parameter here; allowed: ${names.join(', ') || 'none'}`);
}

export function textOf(query: Query, name: string, lengthMax: number): string {
  const value = query[name];
  if (typeof value === 'string' && value.length <= lengthMax) return value;
  throw new BadRequest(`${name}: found ${shown(value)}, allowed is one text of at most ${lengthMax} letters`);
}

const ID_MAX = 2 ** 32 - 1;

/** `ids=1,2,3`. */
export function idsOf(query: Query, countMax: number): readonly number[] {
  const parts = textOf(query, 'ids', countMax * 11).split(',');
  const ids = parts.map((part) => (/^\d{1,10}$/.test(part) ? Number(part) : NaN));
  if (ids.length <= countMax && ids.every((id) => id <= ID_MAX)) return ids;
  throw new BadRequest(`ids: found ${shown(query['ids'])}, allowed are up to ${countMax} whole numbers with commas between`);
}

/** `from` and `to`, Unix ms. */
export function timesOf(query: Query): { readonly from: number; readonly to: number } {
  const range = { min: 0, max: 99_999_999_999_999, fallback: null };
  const [from, to] = [wholeOf(query, 'from', range), wholeOf(query, 'to', range)];
  if (from < to) return { from, to };
  throw new BadRequest(`to: found \`${to}\`, allowed is a time after \`from\` (${from})`);
}

const SHOWN_MAX = 40;

function shown(value: string | readonly string[] | undefined): string {
  if (value === undefined) return 'nothing';
  if (typeof value !== 'string') return 'several';
  const plain = value.replaceAll(/[^\x20-\x7e]/g, '?');
  return `\`${plain.length > SHOWN_MAX ? `${plain.slice(0, SHOWN_MAX)}...` : plain}\``;
}
