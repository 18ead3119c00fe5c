/**
 * Readings in the binary format of PostgreSQL's COPY, straight from columns: no object and no text for a reading. A row, big-endian:
 *
 *   0       2       6         14      18       26      30        38      42          44      48         50
 *   | 5 u16 | 8 u32 | meter 8 | 8 u32 | time 8 | 8 u32 | value 8 | 2 u32 | channel 2 | 2 u32 | status 2 |
 *
 * Lengths are the same in all rows, so memory for rows is made by copying a page of them and only the values are written. Time is in microseconds since
 * 2000-01-01 UTC. Source: PostgreSQL 15 documentation, COPY, "Binary Format"; src/backend/utils/adt/timestamp.c (timestamptz_recv).
 */

import { assert } from '../../base/assert.ts';
import { ReadingBatch } from '../../reading/batch.ts';
import type { ReadingRows } from '../buffer/block.ts';

/** The columns of a row, in this order; COPY must name them. */
export const COPY_COLUMNS = 'meter, time, value, channel, status';
export const ROW_BYTES = 50;
/** Signature, flags, length of the extension. */
export const COPY_HEADER = Uint8Array.of(0x50, 0x47, 0x43, 0x4f, 0x50, 0x59, 0x0a, 0xff, 0x0d, 0x0a, 0x00, 0, 0, 0, 0, 0, 0, 0, 0);
export const COPY_TRAILER = Uint8Array.of(0xff, 0xff);

const METER_AT = 6;
const TIME_AT = 18;
const VALUE_AT = 30;
const CHANNEL_AT = 42;
const STATUS_AT = 48;
const EPOCH_UNIX_SECONDS = 946_684_800;
const CHUNK_ROWS = 1310;

const PAGE = pageOfRows();

/** Rows become chunks of some 64 kB. */
export class CopyRows {
  readonly #onChunk: (chunk: Uint8Array) => void;
  #bytes: Uint8Array = PAGE;
  #view = new DataView(PAGE.buffer);
  /** Rows in the chunk; as many as it can have: there is no chunk. */
  #rows = CHUNK_ROWS;

  /** A chunk is the receiver's own. */
  constructor(onChunk: (chunk: Uint8Array) => void) {
    this.#onChunk = onChunk;
  }

  append(rows: ReadingRows, from: number, to: number): void {
    for (let at = from; at < to; ) {
      if (this.#rows === CHUNK_ROWS) this.#begin();
      const count = Math.min(to - at, CHUNK_ROWS - this.#rows);
      putRows(this.#view, this.#rows * ROW_BYTES, rows, at, at + count);
      at += count;
      this.#rows += count;
      if (this.#rows === CHUNK_ROWS) this.#onChunk(this.#bytes);
    }
  }

  /** Gives away what has not filled a chunk. */
  flush(): void {
    if (this.#rows > 0 && this.#rows < CHUNK_ROWS) this.#onChunk(this.#bytes.subarray(0, this.#rows * ROW_BYTES));
    this.#rows = CHUNK_ROWS;
  }

  #begin(): void {
    this.#bytes = PAGE.slice();
    this.#view = new DataView(this.#bytes.buffer);
    this.#rows = 0;
  }
}

function pageOfRows(): Uint8Array {
  const page = new Uint8Array(CHUNK_ROWS * ROW_BYTES);
  const view = new DataView(page.buffer);
  for (let at = 0; at < page.length; at += ROW_BYTES) {
    view.setUint16(at, 5);
    for (const valueAt of [METER_AT, TIME_AT, VALUE_AT]) view.setUint32(at + valueAt - 4, 8);
    for (const valueAt of [CHANNEL_AT, STATUS_AT]) view.setUint32(at + valueAt - 4, 2);
  }
  return page;
}

function putRows(view: DataView, offset: number, rows: ReadingRows, from: number, to: number): void {
  const { meter, time, value, channel, status } = rows;
  let seconds = -1;
  let high = 0;
  let low = 0;
  for (let i = from, at = offset; i < to; i++, at += ROW_BYTES) {
    if (time[i]! !== seconds) {
      seconds = time[i]!;
      const microseconds = (seconds - EPOCH_UNIX_SECONDS) * 1e6;
      high = Math.floor(microseconds / 2 ** 32);
      low = microseconds - high * 2 ** 32;
    }
    const wh = value[i]!;
    const whHigh = Math.floor(wh / 2 ** 32);
    view.setUint32(at + METER_AT + 4, meter[i]!);
    view.setInt32(at + TIME_AT, high);
    view.setUint32(at + TIME_AT + 4, low);
    view.setUint32(at + VALUE_AT, whHigh);
    view.setUint32(at + VALUE_AT + 4, wh - whHigh * 2 ** 32);
    view.setUint8(at + CHANNEL_AT + 1, channel[i]!);
    view.setUint8(at + STATUS_AT + 1, status[i]!);
  }
}

/** Bytes of a COPY in pieces of any size become rows. */
export class CopyRowsReader {
  readonly #onBatch: (batch: ReadingBatch) => void;
  readonly #batch = new ReadingBatch(32_768);
  /** What is left of the piece before; first the header is to come. */
  #rest: Uint8Array = new Uint8Array(0);
  #headerDone = false;

  /** A batch is valid only during the call. */
  constructor(onBatch: (batch: ReadingBatch) => void) {
    this.#onBatch = onBatch;
  }

  receive(piece: Uint8Array): void {
    const bytes = this.#rest.length === 0 ? piece : Buffer.concat([this.#rest, piece]);
    let at = 0;
    if (!this.#headerDone) {
      if (bytes.length < COPY_HEADER.length) {
        this.#rest = bytes.slice();
        return;
      }
      this.#headerDone = true;
      at = COPY_HEADER.length;
    }
    const rows = Math.floor((bytes.length - at) / ROW_BYTES);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    for (let row = 0; row < rows; row++, at += ROW_BYTES) {
      if (this.#batch.room === 0) this.#send();
      this.#take(view, at);
    }
    this.#rest = bytes.slice(at);
  }

  /** All has come. */
  end(): void {
    assert(this.#rest.length === COPY_TRAILER.length, 'rows of a COPY have the same length');
    this.#send();
  }

  #take(view: DataView, at: number): void {
    assert(view.getUint16(at) === 5, 'rows of a COPY have five columns');
    const batch = this.#batch;
    const row = batch.length++;
    batch.meter[row] = view.getUint32(at + METER_AT + 4);
    batch.time[row] = (view.getInt32(at + TIME_AT) * 2 ** 32 + view.getUint32(at + TIME_AT + 4)) / 1e6 + EPOCH_UNIX_SECONDS;
    batch.value[row] = view.getUint32(at + VALUE_AT) * 2 ** 32 + view.getUint32(at + VALUE_AT + 4);
    batch.channel[row] = view.getUint16(at + CHANNEL_AT);
    batch.status[row] = view.getUint16(at + STATUS_AT);
  }

  #send(): void {
    if (this.#batch.length > 0) this.#onBatch(this.#batch);
    this.#batch.length = 0;
  }
}
