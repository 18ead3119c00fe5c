/** Random Data values of every type, with the ends of its range among them. */

import type { Data, DataType, TypeDescription } from './data.ts';
import type { Draws } from './draws.fixture.ts';

const SIMPLE = [
  'null-data',
  'dont-care',
  'boolean',
  'bit-string',
  'double-long',
  'double-long-unsigned',
  'octet-string',
  'visible-string',
  'utf8-string',
  'bcd',
  'integer',
  'long',
  'unsigned',
  'long-unsigned',
  'long64',
  'long64-unsigned',
  'enum',
  'float32',
  'float64',
  'date-time',
  'date',
  'time',
  'delta-integer',
  'delta-long',
  'delta-double-long',
  'delta-unsigned',
  'delta-long-unsigned',
  'delta-double-long-unsigned',
] as const;

export type SimpleType = (typeof SIMPLE)[number];

export const DATA_TYPES: readonly DataType[] = [...SIMPLE, 'array', 'structure', 'compact-array'];

const BYTES: Readonly<Record<string, number>> = { integer: 1, unsigned: 1, bcd: 1, enum: 1, long: 2, 'long-unsigned': 2 };

/** `depth`: how deep arrays and structures may still go. */
export function randomData(draws: Draws, type: DataType = draws.of(DATA_TYPES), depth = 3): Data {
  if (type === 'array' || type === 'structure') {
    const count = depth === 0 ? 0 : draws.below(4);
    return { type, value: draws.list(count, () => randomData(draws, undefined, depth - 1)) };
  }
  if (type === 'compact-array') {
    const element = randomDescription(draws, 2);
    const count = hasContents(element) ? draws.below(4) : 0;
    return { type, element, value: draws.list(count, () => randomDescribed(draws, element)) };
  }
  return simple(draws, type);
}

function randomDescription(draws: Draws, depth: number): TypeDescription {
  const kind = depth === 0 ? 9 : draws.below(10);
  if (kind === 0) return { type: 'array', count: draws.below(4), element: randomDescription(draws, depth - 1) };
  if (kind < 5) return { type: 'structure', elements: draws.list(draws.below(5), () => randomDescription(draws, depth - 1)) };
  return { type: draws.of(SIMPLE) };
}

/** What takes no bytes at all can't be counted. */
function hasContents(description: TypeDescription): boolean {
  if (description.type === 'array') return description.count > 0 && hasContents(description.element);
  if (description.type === 'structure') return description.elements.some(hasContents);
  return description.type !== 'null-data' && description.type !== 'dont-care';
}

function randomDescribed(draws: Draws, description: TypeDescription): Data {
  if (description.type === 'array') {
    return { type: 'array', value: draws.list(description.count, () => randomDescribed(draws, description.element)) };
  }
  if (description.type === 'structure') {
    return { type: 'structure', value: description.elements.map((element) => randomDescribed(draws, element)) };
  }
  return simple(draws, description.type);
}

function simple(draws: Draws, type: SimpleType): Data {
  switch (type) {
    case 'null-data':
    case 'dont-care':
      return { type };
    case 'boolean':
      return { type, value: draws.oneIn(2) };
    case 'bit-string':
      return { type, value: draws.list(draws.length(), () => draws.of(['0', '1'])).join('') };
    case 'octet-string':
      return { type, value: draws.bytes(draws.length()) };
    case 'date-time':
      return { type, value: draws.bytes(12) };
    case 'date':
      return { type, value: draws.bytes(5) };
    case 'time':
      return { type, value: draws.bytes(4) };
    case 'visible-string':
      return { type, value: String.fromCharCode(...draws.bytes(draws.length())) };
    case 'utf8-string':
      return { type, value: draws.list(draws.length(), () => draws.of(['a', 'č', '€', '𝄞', '\ufffd', '\0'])).join('') };
    case 'float32':
      return { type, value: draws.of([0, -0, 1, -1.5, Infinity, -Infinity, Number.NaN, Math.fround(draws.u32() / 7), 2 ** -149]) };
    case 'float64':
      return { type, value: draws.of([0, -0, 1, 0.1, Infinity, -Infinity, Number.NaN, draws.u32() / 7, Number.MIN_VALUE, Number.MAX_VALUE]) };
    case 'long64':
      return { type, value: BigInt.asIntN(64, wide(draws)) };
    case 'long64-unsigned':
      return { type, value: BigInt.asUintN(64, wide(draws)) };
    default:
      return { type, value: whole(draws, type) };
  }
}

function wide(draws: Draws): bigint {
  return draws.of([0n, 1n, -1n, 2n ** 63n, 2n ** 63n - 1n, (BigInt(draws.u32()) << 32n) | BigInt(draws.u32())]);
}

function whole(draws: Draws, type: string): number {
  const plain = type.replace('delta-', '');
  const range = 2 ** (8 * (BYTES[plain] ?? 4));
  const isSigned = plain === 'integer' || plain === 'long' || plain === 'double-long';
  const value = draws.of([0, 1, range / 2 - 1, range / 2, range - 1, Math.floor((draws.u32() / 2 ** 32) * range)]);
  return isSigned && value >= range / 2 ? value - range : value;
}
