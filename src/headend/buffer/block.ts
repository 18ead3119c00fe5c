/**
 * A block of a buffer file: one group of readings as columns, written and made durable at once. Typed arrays look straight
 * into it, so it is in the byte order of the machine, which is little-endian wherever Node runs.
 *
 *   0      4         6             8      12            16                24              32         36    40        48
 *   | MSB1 | version | value bytes | rows | block bytes | received from f64 | received to f64 | sequence | CRC | zero | columns
 *   columns: value u32 or f64 | meter u32 | time u32 | channel u8 | status u8 | zeros up to a multiple of 8
 *
 * The CRC-32 (ISO-HDLC) covers all bytes of the block but itself. `sequence` counts the blocks of a file from 0. Received
 * from and to are Unix milliseconds of the first reading's arrival and of the end of the group.
 */

import { crc32 } from 'node:zlib';
import { assert } from '../../base/assert.ts';
import type { ReadingBatch } from '../../reading/batch.ts';

export const BLOCK_HEADER_BYTES = 48;
const MAGIC = 0x3142534d;
const VERSION = 1;
const SEQUENCE_AT = 32;
const CRC_AT = 36;
const AFTER_CRC = 40;

/** Rows as columns; `value` is as wide as the block needs. A ReadingBatch fits too. */
export interface ReadingRows {
  readonly meter: Uint32Array;
  readonly channel: Uint8Array;
  readonly time: Uint32Array;
  readonly value: Float64Array | Uint32Array;
  readonly status: Uint8Array;
}

export interface Block extends ReadingRows {
  readonly rows: number;
  readonly bytes: number;
  readonly sequence: number;
  readonly receivedFromUnixMs: number;
  readonly receivedToUnixMs: number;
}

/** When a group arrived, Unix milliseconds. */
export interface Received {
  readonly fromUnixMs: number;
  readonly toUnixMs: number;
}

/** Memory that blocks of up to `rowsMax` rows are put together in, one after the other. */
export class BlockMemory {
  readonly #rowsMax: number;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #blockBytes = 0;

  constructor(rowsMax: number) {
    assert(Number.isInteger(rowsMax) && rowsMax > 0 && rowsMax <= 2 ** 26, 'a block has 1 to 2^26 rows');
    this.#rowsMax = rowsMax;
    this.#bytes = new Uint8Array(blockBytes(rowsMax, 8));
    this.#view = new DataView(this.#bytes.buffer);
  }

  /** Takes over all rows of `batch`. */
  take(batch: ReadingBatch, received: Received): void {
    const rows = batch.length;
    assert(rows > 0 && rows <= this.#rowsMax, 'the rows fit into the memory of a block');
    const valueBytes = valueWidth(batch.value, rows);
    this.#blockBytes = blockBytes(rows, valueBytes);
    this.#putColumns(batch, rows, valueBytes);
    const view = this.#view;
    view.setUint32(0, MAGIC, true);
    view.setUint16(4, VERSION, true);
    view.setUint16(6, valueBytes, true);
    view.setUint32(8, rows, true);
    view.setUint32(12, this.#blockBytes, true);
    view.setFloat64(16, received.fromUnixMs, true);
    view.setFloat64(24, received.toUnixMs, true);
  }

  /** What was taken over, as block number `sequence` of a file; valid until the next call. May be asked for again. */
  finish(sequence: number): Uint8Array {
    assert(this.#blockBytes > 0, 'there is a block to finish');
    this.#view.setUint32(SEQUENCE_AT, sequence, true);
    this.#view.setUint32(CRC_AT, crcOf(this.#bytes, 0, this.#blockBytes), true);
    return this.#bytes.subarray(0, this.#blockBytes);
  }

  #putColumns(batch: ReadingBatch, rows: number, valueBytes: 4 | 8): void {
    const { buffer } = this.#bytes;
    const value = batch.value.subarray(0, rows);
    if (valueBytes === 4) new Uint32Array(buffer, BLOCK_HEADER_BYTES, rows).set(value);
    else new Float64Array(buffer, BLOCK_HEADER_BYTES, rows).set(value);
    const meterAt = BLOCK_HEADER_BYTES + rows * valueBytes;
    new Uint32Array(buffer, meterAt, rows).set(batch.meter.subarray(0, rows));
    new Uint32Array(buffer, meterAt + 4 * rows, rows).set(batch.time.subarray(0, rows));
    const channelAt = meterAt + 8 * rows;
    this.#bytes.set(batch.channel.subarray(0, rows), channelAt);
    this.#bytes.set(batch.status.subarray(0, rows), channelAt + rows);
    this.#bytes.fill(0, channelAt + 2 * rows, blockBytes(rows, valueBytes));
  }
}

/** Bytes of a block, header and all. */
export function blockBytes(rows: number, valueBytes: 4 | 8): number {
  return Math.ceil((BLOCK_HEADER_BYTES + rows * (valueBytes + 10)) / 8) * 8;
}

/** The block at `at`, a multiple of 8, looking into `bytes`; null: there is no whole and sound one. */
export function readBlock(bytes: Uint8Array, at: number): Block | null {
  assert(bytes.byteOffset % 8 === 0 && at % 8 === 0, 'blocks begin at multiples of 8 bytes');
  if (bytes.length - at < BLOCK_HEADER_BYTES) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset + at);
  if (view.getUint32(0, true) !== MAGIC || view.getUint16(4, true) !== VERSION) return null;
  const valueBytes = view.getUint16(6, true);
  const rows = view.getUint32(8, true);
  const size = view.getUint32(12, true);
  if (valueBytes !== 4 && valueBytes !== 8) return null;
  if (rows === 0 || size !== blockBytes(rows, valueBytes) || size > bytes.length - at) return null;
  if (view.getUint32(CRC_AT, true) !== crcOf(bytes, at, size)) return null;
  const { buffer } = bytes;
  const valueAt = bytes.byteOffset + at + BLOCK_HEADER_BYTES;
  const meterAt = valueAt + rows * valueBytes;
  const channelAt = meterAt + 8 * rows;
  return {
    rows,
    bytes: size,
    sequence: view.getUint32(SEQUENCE_AT, true),
    receivedFromUnixMs: view.getFloat64(16, true),
    receivedToUnixMs: view.getFloat64(24, true),
    value: valueBytes === 4 ? new Uint32Array(buffer, valueAt, rows) : new Float64Array(buffer, valueAt, rows),
    meter: new Uint32Array(buffer, meterAt, rows),
    time: new Uint32Array(buffer, meterAt + 4 * rows, rows),
    channel: new Uint8Array(buffer, channelAt, rows),
    status: new Uint8Array(buffer, channelAt + rows, rows),
  };
}

function crcOf(bytes: Uint8Array, at: number, size: number): number {
  return crc32(bytes.subarray(at + AFTER_CRC, at + size), crc32(bytes.subarray(at, at + CRC_AT)));
}

function valueWidth(value: Float64Array, rows: number): 4 | 8 {
  let max = 0;
  for (let i = 0; i < rows; i++) {
    if (value[i]! > max) max = value[i]!;
  }
  return max < 2 ** 32 ? 4 : 8;
}
