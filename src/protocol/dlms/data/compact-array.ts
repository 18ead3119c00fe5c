/**
 * The compact-array of DLMS (Data tag 13) as far as tables need it: an array of structures of fixed-size values. Types
 * stand once in front, then values back to back, so that a column is a stride through the bytes.
 *
 *   13 | 02 columns | tag x columns | length of contents in bytes | contents: rows without tags
 *
 * The number of rows is not sent: it is the length of the contents over the bytes of a row.
 */

import type { PlainFailure, AxdrReader } from './axdr-reader.ts';
import { putU8 } from './axdr-writer.ts';
import { DataTag, fixedBytes } from './data-tag.ts';

export const COMPACT_COLUMNS_MAX = 32;

/** Where the rows of a compact-array lie; reusable. */
export interface CompactRows {
  columns: number;
  /** Data tag of each column; the first `columns` entries count. */
  readonly tags: Uint8Array;
  rowBytes: number;
  rows: number;
  /** Index of the first row in the reader's bytes. */
  at: number;
}

export function emptyCompactRows(): CompactRows {
  return { columns: 0, tags: new Uint8Array(COMPACT_COLUMNS_MAX), rowBytes: 0, rows: 0, at: 0 };
}

/**
 * `row-type`: not a structure of 1 .. 32 fixed-size values. `row-bytes`: the contents are no whole number of rows.
 */
export type CompactFailure = PlainFailure | 'row-type' | 'row-bytes';

/** Reads what follows the tag 13 and passes over the contents; null: `into` is filled. */
export function readCompactRows(reader: AxdrReader, into: CompactRows): CompactFailure | null {
  if (reader.u8() !== DataTag.structure) return reader.plainFailure ?? 'row-type';
  const columns = reader.length();
  if (columns < 1 || columns > COMPACT_COLUMNS_MAX) return reader.plainFailure ?? 'row-type';
  let rowBytes = 0;
  for (let i = 0; i < columns; i++) {
    const tag = reader.u8();
    const bytes = fixedBytes(tag);
    if (bytes <= 0) return reader.plainFailure ?? 'row-type';
    into.tags[i] = tag;
    rowBytes += bytes;
  }
  const contentBytes = reader.length();
  const at = reader.skip(contentBytes);
  if (reader.failure !== null) return reader.plainFailure;
  const rows = (contentBytes / rowBytes) | 0;
  if (rows * rowBytes !== contentBytes) return 'row-bytes';
  into.columns = columns;
  into.rowBytes = rowBytes;
  into.rows = rows;
  into.at = at;
  return null;
}

/** Writes `13 02 <columns>`; the column tags, the length and the rows follow. `columns`: 1 .. 127. */
export function putCompactHead(target: Uint8Array, at: number, columns: number): number {
  return putU8(target, putU8(target, putU8(target, at, DataTag.compactArray), DataTag.structure), columns);
}
