/**
 * The compact-array of all meters of a concentrator, read straight into columns. It is the last part of a push, and what a
 * row of the concentrator's own profile holds for one time.
 *
 *   13 | structure of {meter u32 or u16, (Unix seconds u32,) status u8, 1 or 3 registers u32 or u64} | rows without tags
 */

import type { PlainFailure, AxdrReader } from '../data/axdr-reader.ts';
import { ByteView } from '../data/byte-view.ts';
import { emptyCompactRows, readCompactRows } from '../data/compact-array.ts';
import { DataTag } from '../data/data-tag.ts';

/** Columns that readings are appended to; `ReadingBatch` is one. Rows in use are 0 .. length-1. */
export interface ReadingColumns {
  length: number;
  readonly capacity: number;
  readonly meter: Uint32Array;
  readonly channel: Uint8Array;
  readonly time: Uint32Array;
  readonly value: Float64Array;
  readonly status: Uint8Array;
}

/** `body-unknown`: no compact-array. `row-type`, `row-bytes`: see `PUSH_MALFORMED_REASONS`. */
export type MeterRowsFailure = PlainFailure | 'body-unknown' | 'row-type' | 'row-bytes';

export class MeterRows {
  rows = 0;
  channels = 0;
  readonly #rows = emptyCompactRows();
  readonly #view = new ByteView();
  #bytes: Uint8Array = NOTHING;
  /** Each row has a time of its own. */
  #timed = false;

  /** Rows times registers: the room that a batch needs. */
  get readings(): number {
    return this.rows * this.channels;
  }

  /** Reads tag, types and length, and passes over the rows; null: `append` may follow while the bytes are unchanged. */
  read(reader: AxdrReader, timed: boolean): MeterRowsFailure | null {
    this.rows = 0;
    this.channels = 0;
    if (reader.u8() !== DataTag.compactArray) return reader.plainFailure ?? 'body-unknown';
    const rows = this.#rows;
    const failure = readCompactRows(reader, rows);
    if (failure !== null) return failure;
    const { columns, tags } = rows;
    const fixed = timed ? 3 : 2;
    const channels = columns - fixed;
    if (channels !== 1 && channels !== 3) return 'row-type';
    if (tags[0] !== DataTag.doubleLongUnsigned && tags[0] !== DataTag.longUnsigned) return 'row-type';
    if (timed && tags[1] !== DataTag.doubleLongUnsigned) return 'row-type';
    if (tags[fixed - 1] !== DataTag.unsigned) return 'row-type';
    const value = tags[fixed];
    if (value !== DataTag.doubleLongUnsigned && value !== DataTag.long64Unsigned) return 'row-type';
    for (let i = fixed + 1; i < columns; i++) {
      if (tags[i] !== value) return 'row-type';
    }
    this.#bytes = reader.bytes;
    this.#timed = timed;
    this.rows = rows.rows;
    this.channels = channels;
    return null;
  }

  /**
   * Copies the rows, a column at a time, channel after channel; `unixSeconds` is the time of rows that have none. There is
   * room for them. False when a register is too large: then no row is in use that was not before.
   */
  append(into: ReadingColumns, unixSeconds: number): boolean {
    const bytes = this.#bytes;
    const timed = this.#timed;
    const { rows, rowBytes, tags, columns } = this.#rows;
    const view = this.#view.behind(bytes);
    this.#bytes = NOTHING;
    const first = bytes.byteOffset + this.#rows.at;
    const start = into.length;
    const channels = columns - (timed ? 3 : 2);
    const short = tags[0] === DataTag.longUnsigned;
    const timeAt = first + (short ? 2 : 4);
    const statusAt = timeAt + (timed ? 4 : 0);
    const wide = tags[columns - 1] === DataTag.long64Unsigned;
    for (let channel = 0, to = start; channel < channels; channel++, to += rows) {
      const valueAt = statusAt + 1 + channel * (wide ? 8 : 4);
      if (!wide) copyValues(view, valueAt, rowBytes, rows, into.value, to);
      else if (!copyWide(view, valueAt, rowBytes, rows, into.value, to)) return false;
    }
    (short ? copyU16 : copyU32)(view, first, rowBytes, rows, into.meter, start);
    if (timed) copyU32(view, timeAt, rowBytes, rows, into.time, start);
    else into.time.fill(unixSeconds, start, start + rows);
    copyU8(view, statusAt, rowBytes, rows, into.status, start);
    into.channel.fill(0, start, start + rows);
    for (let channel = 1; channel < channels; channel++) repeatRows(into, start, rows, channel);
    into.length = start + rows * channels;
    return true;
  }
}

const NOTHING = new Uint8Array(0);

/** The rows of channel 0 from `start` again for `channel`: all but their values. */
function repeatRows(into: ReadingColumns, start: number, rows: number, channel: number): void {
  const to = start + channel * rows;
  into.meter.copyWithin(to, start, start + rows);
  into.time.copyWithin(to, start, start + rows);
  into.status.copyWithin(to, start, start + rows);
  into.channel.fill(channel, to, to + rows);
}

// Columns: `rows` values, the first at `first` of the view, each `stride` bytes after the one before, go to
// target[start ..]. The caller has checked that all of them lie within the bytes. A view is measured two to three times as
// fast here as shifting single bytes. One loop for each type, so that each stays monomorphic.

function copyU8(
  view: DataView,
  first: number,
  stride: number,
  rows: number,
  target: Uint8Array,
  start: number,
): void {
  for (let i = 0, at = first; i < rows; i++, at += stride) target[start + i] = view.getUint8(at);
}

function copyU16(
  view: DataView,
  first: number,
  stride: number,
  rows: number,
  target: Uint32Array,
  start: number,
): void {
  for (let i = 0, at = first; i < rows; i++, at += stride) target[start + i] = view.getUint16(at);
}

function copyU32(
  view: DataView,
  first: number,
  stride: number,
  rows: number,
  target: Uint32Array,
  start: number,
): void {
  for (let i = 0, at = first; i < rows; i++, at += stride) target[start + i] = view.getUint32(at);
}

function copyValues(
  view: DataView,
  first: number,
  stride: number,
  rows: number,
  target: Float64Array,
  start: number,
): void {
  for (let i = 0, at = first; i < rows; i++, at += stride) target[start + i] = view.getUint32(at);
}

/** Registers of 64 bits; false when one is above 2^53-1, which a double can't hold exactly. */
function copyWide(
  view: DataView,
  first: number,
  stride: number,
  rows: number,
  target: Float64Array,
  start: number,
): boolean {
  for (let i = 0, at = first; i < rows; i++, at += stride) {
    const high = view.getUint32(at);
    if (high > 0x1fffff) return false;
    target[start + i] = high * 2 ** 32 + view.getUint32(at + 4);
  }
  return true;
}
