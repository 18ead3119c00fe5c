/**
 * One DLMS Data value (Blue Book 4.1.5) as an object that keeps its type, so that it encodes to the bytes it came from.
 * Numbers are plain numbers but for the 64-bit integers. Dates stay bytes: see `date-time.ts` for what they mean.
 */

export type NumberType =
  | 'double-long'
  | 'double-long-unsigned'
  | 'bcd'
  | 'integer'
  | 'long'
  | 'unsigned'
  | 'long-unsigned'
  | 'enum'
  | 'float32'
  | 'float64'
  | 'delta-integer'
  | 'delta-long'
  | 'delta-double-long'
  | 'delta-unsigned'
  | 'delta-long-unsigned'
  | 'delta-double-long-unsigned';

export type Data =
  | { readonly type: 'null-data' }
  | { readonly type: 'dont-care' }
  | { readonly type: 'boolean'; readonly value: boolean }
  | { readonly type: NumberType; readonly value: number }
  | { readonly type: 'long64' | 'long64-unsigned'; readonly value: bigint }
  /** One character a bit: `101010111100`. */
  | { readonly type: 'bit-string'; readonly value: string }
  /** date-time has 12 bytes, date 5, time 4. */
  | { readonly type: 'octet-string' | 'date-time' | 'date' | 'time'; readonly value: Uint8Array }
  /** A visible-string is ASCII; bytes from 80 up are kept as characters of the same number. */
  | { readonly type: 'visible-string' | 'utf8-string'; readonly value: string }
  | { readonly type: 'array'; readonly value: readonly Data[] }
  | { readonly type: 'structure'; readonly value: readonly Data[] }
  /** `value`: the elements, each of the type described. */
  | { readonly type: 'compact-array'; readonly element: TypeDescription; readonly value: readonly Data[] };

export type DataType = Data['type'];

/** Type of the elements of a compact-array. */
export type TypeDescription =
  | { readonly type: Exclude<DataType, 'array' | 'structure' | 'compact-array'> }
  | { readonly type: 'array'; readonly count: number; readonly element: TypeDescription }
  | { readonly type: 'structure'; readonly elements: readonly TypeDescription[] };
