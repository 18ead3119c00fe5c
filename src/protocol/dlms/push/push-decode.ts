/**
 * Reads the push of a concentrator from a receive buffer straight into the columns of a batch. See `push-format.ts` for the
 * layout and `docs/push-protocol.md` for what else is understood. Nothing is allocated for a message.
 *
 * Invariants: it never throws on input, never reads outside of the given bytes, and the batch has new rows in use only when
 * the answer is `push`. Every count is bounded by the bytes that are there.
 */

import { AxdrReader } from '../data/axdr-reader.ts';
import { ByteView } from '../data/byte-view.ts';
import { emptyCompactRows, readCompactRows } from '../data/compact-array.ts';
import { emptyNotificationHead, readNotificationHead } from '../apdu/data-notification.ts';
import { DataTag } from '../data/data-tag.ts';
import { DATE_TIME_BYTES, decodeDateTime, emptyDateTime } from '../data/date-time.ts';
import { concentratorNumber } from './logical-device-name.ts';
import { PUSH_ELEMENTS, PUSH_SETUP_LN_BYTES, PUSH_SETUP_LN_TAIL } from './push-format.ts';

/** All reasons for `malformed`, in an order that stays, so that counters can be columns. */
export const PUSH_MALFORMED_REASONS = [
  /** The bytes end in the middle of something. */
  'truncated',
  /** A length or count in a form that A-XDR does not know. */
  'length-form',
  /** Not a data-notification. */
  'apdu-unknown',
  /** The date-time of sending is impossible. */
  'sent-time',
  /** A data-notification, but not the push of a concentrator as drawn in `push-format.ts`. */
  'body-unknown',
  /** The capture time is impossible, left open, or outside of 1970 .. 2106. */
  'capture-time',
  /** The rows are not {meter, (time,) status, 1 or 3 registers}. */
  'row-type',
  /** The rows do not fill their length. */
  'row-bytes',
  /** A register above 2^53-1. */
  'value-range',
  /** Bytes after the end of the body. */
  'trailing-bytes',
] as const;
export type PushMalformedReason = (typeof PUSH_MALFORMED_REASONS)[number];

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

/** What a message was. The same object for every message of a decoder: valid until the next one. */
export interface PushDecoded {
  /** `full`: a good message for which the batch has no room; empty the batch and decode it again. */
  readonly status: 'push' | 'malformed' | 'full';
  /** Null unless malformed. The fields below then hold what had been read before. */
  readonly reason: PushMalformedReason | null;
  readonly invokeId: number;
  /** Null: the message has no date-time of sending, so it can't be confirmed. */
  readonly sentUnixSeconds: number | null;
  readonly sentHundredths: number;
  /** Local time minus UTC at the sender. */
  readonly offsetMinutes: number;
  /** Null: the sender is not one of our concentrators; tell it by its logical device name. */
  readonly concentrator: number | null;
  /** The logical device name within the decoded bytes. */
  readonly nameOffset: number;
  readonly nameBytes: number;
  /** True: each row has a time of its own. */
  readonly late: boolean;
  readonly rows: number;
  /** Readings of the message: rows times registers. This is the room that a batch needs. */
  readonly readings: number;
}

export class PushDecoder {
  readonly #defaultOffsetMinutes: number;
  readonly #reader = new AxdrReader();
  readonly #head = emptyNotificationHead();
  readonly #capture = emptyDateTime();
  readonly #rows = emptyCompactRows();
  readonly #view = new ByteView();
  readonly #decoded = emptyDecoded();

  /** `defaultOffsetMinutes`: local time minus UTC of a sender that does not say. */
  constructor(options: { readonly defaultOffsetMinutes: number } = { defaultOffsetMinutes: 0 }) {
    this.#defaultOffsetMinutes = options.defaultOffsetMinutes;
  }

  /**
   * Decodes the APDU in `length` bytes of `bytes` from `offset` (no wrapper header) and appends its readings to `into`,
   * channel after channel: all rows of channel 0, then of 1, then of 2.
   */
  decode(bytes: Uint8Array, offset: number, length: number, into: ReadingColumns): PushDecoded {
    this.#reader.reset(bytes, offset, length);
    const decoded = this.#decoded;
    clear(decoded);
    const reason = this.#readAll(into);
    this.#reader.release();
    decoded.reason = reason;
    if (reason !== null) decoded.status = 'malformed';
    return decoded;
  }

  #readAll(into: ReadingColumns): PushMalformedReason | null {
    const reader = this.#reader;
    const reason = this.#readHead() ?? this.#readName() ?? this.#readCaptureTime() ?? this.#readRowType();
    if (reason !== null) return reason;
    if (reader.left > 0) return 'trailing-bytes';
    const decoded = this.#decoded;
    if (into.length + decoded.readings > into.capacity) {
      decoded.status = 'full';
      return null;
    }
    return this.#append(into) ? null : 'value-range';
  }

  #readHead(): PushMalformedReason | null {
    const head = this.#head;
    const failure = readNotificationHead(this.#reader, head, this.#defaultOffsetMinutes);
    if (failure !== null) return failure;
    const decoded = this.#decoded;
    decoded.invokeId = head.invokeId;
    decoded.offsetMinutes = this.#defaultOffsetMinutes;
    if (!head.hasSent) return null;
    decoded.sentUnixSeconds = head.sent.unixSeconds;
    decoded.sentHundredths = head.sent.hundredths;
    decoded.offsetMinutes = head.sent.offsetMinutes;
    return null;
  }

  /** The frame of the body, the logical device name and that of the push setup. */
  #readName(): PushMalformedReason | null {
    const reader = this.#reader;
    if (reader.u8() !== DataTag.structure || reader.length() !== PUSH_ELEMENTS) return reader.failure ?? 'body-unknown';
    const tag = reader.u8();
    if (tag !== DataTag.octetString && tag !== DataTag.visibleString) return reader.failure ?? 'body-unknown';
    const nameBytes = reader.length();
    const nameOffset = reader.skip(nameBytes);
    if (reader.u8() !== DataTag.octetString || reader.length() !== PUSH_SETUP_LN_BYTES || reader.u8() !== 0) {
      return reader.failure ?? 'body-unknown';
    }
    reader.u8();
    if (nameBytes === 0 || !reader.take(PUSH_SETUP_LN_TAIL)) {
      return reader.left < PUSH_SETUP_LN_TAIL.length ? 'truncated' : 'body-unknown';
    }
    const decoded = this.#decoded;
    decoded.nameOffset = nameOffset;
    decoded.nameBytes = nameBytes;
    decoded.concentrator = concentratorNumber(reader.bytes, nameOffset, nameBytes);
    return null;
  }

  /** Null, an octet-string of 12 bytes, or a date-time. */
  #readCaptureTime(): PushMalformedReason | null {
    const reader = this.#reader;
    const decoded = this.#decoded;
    const tag = reader.u8();
    if (reader.failure !== null) return reader.failure;
    decoded.late = tag === DataTag.nullData;
    if (decoded.late) return null;
    if (tag === DataTag.octetString) {
      if (reader.length() !== DATE_TIME_BYTES) return reader.failure ?? 'capture-time';
    } else if (tag !== DataTag.dateTime) {
      return 'body-unknown';
    }
    const at = reader.skip(DATE_TIME_BYTES);
    if (at < 0) return reader.failure;
    const capture = this.#capture;
    if (decodeDateTime(reader.bytes, at, capture, decoded.offsetMinutes) !== 'date-time') return 'capture-time';
    return capture.unixSeconds >= 0 && capture.unixSeconds < 2 ** 32 ? null : 'capture-time';
  }

  #readRowType(): PushMalformedReason | null {
    const reader = this.#reader;
    if (reader.u8() !== DataTag.compactArray) return reader.failure ?? 'body-unknown';
    const rows = this.#rows;
    const failure = readCompactRows(reader, rows);
    if (failure !== null) return failure;
    const decoded = this.#decoded;
    const { columns, tags } = rows;
    const fixed = decoded.late ? 3 : 2;
    const channels = columns - fixed;
    if (channels !== 1 && channels !== 3) return 'row-type';
    if (tags[0] !== DataTag.doubleLongUnsigned && tags[0] !== DataTag.longUnsigned) return 'row-type';
    if (decoded.late && tags[1] !== DataTag.doubleLongUnsigned) return 'row-type';
    if (tags[fixed - 1] !== DataTag.unsigned) return 'row-type';
    const value = tags[fixed];
    if (value !== DataTag.doubleLongUnsigned && value !== DataTag.long64Unsigned) return 'row-type';
    for (let i = fixed + 1; i < columns; i++) {
      if (tags[i] !== value) return 'row-type';
    }
    decoded.rows = rows.rows;
    decoded.readings = rows.rows * channels;
    return null;
  }

  /** Copies the rows, a column at a time; false when a register is too large: then no row is in use that was not before. */
  #append(into: ReadingColumns): boolean {
    const { bytes } = this.#reader;
    const { rows, rowBytes, tags, columns } = this.#rows;
    const { late } = this.#decoded;
    const view = this.#view.behind(bytes);
    const first = bytes.byteOffset + this.#rows.at;
    const start = into.length;
    const channels = columns - (late ? 3 : 2);
    const short = tags[0] === DataTag.longUnsigned;
    const timeAt = first + (short ? 2 : 4);
    const statusAt = timeAt + (late ? 4 : 0);
    const wide = tags[columns - 1] === DataTag.long64Unsigned;
    for (let channel = 0, to = start; channel < channels; channel++, to += rows) {
      const valueAt = statusAt + 1 + channel * (wide ? 8 : 4);
      if (!wide) copyValues(view, valueAt, rowBytes, rows, into.value, to);
      else if (!copyWide(view, valueAt, rowBytes, rows, into.value, to)) return false;
    }
    (short ? copyU16 : copyU32)(view, first, rowBytes, rows, into.meter, start);
    if (late) copyU32(view, timeAt, rowBytes, rows, into.time, start);
    else into.time.fill(this.#capture.unixSeconds, start, start + rows);
    copyU8(view, statusAt, rowBytes, rows, into.status, start);
    into.channel.fill(0, start, start + rows);
    for (let channel = 1; channel < channels; channel++) repeatRows(into, start, rows, channel);
    into.length = start + rows * channels;
    return true;
  }
}

/** The rows of channel 0 from `start` again for `channel`: all but their values. */
function repeatRows(into: ReadingColumns, start: number, rows: number, channel: number): void {
  const to = start + channel * rows;
  into.meter.copyWithin(to, start, start + rows);
  into.time.copyWithin(to, start, start + rows);
  into.status.copyWithin(to, start, start + rows);
  into.channel.fill(channel, to, to + rows);
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };

function emptyDecoded(): Writable<PushDecoded> {
  return {
    status: 'push',
    reason: null,
    invokeId: 0,
    sentUnixSeconds: null,
    sentHundredths: 0,
    offsetMinutes: 0,
    concentrator: null,
    nameOffset: 0,
    nameBytes: 0,
    late: false,
    rows: 0,
    readings: 0,
  };
}

function clear(decoded: Writable<PushDecoded>): void {
  decoded.status = 'push';
  decoded.reason = null;
  decoded.invokeId = 0;
  decoded.sentUnixSeconds = null;
  decoded.sentHundredths = 0;
  decoded.offsetMinutes = 0;
  decoded.concentrator = null;
  decoded.nameOffset = 0;
  decoded.nameBytes = 0;
  decoded.late = false;
  decoded.rows = 0;
  decoded.readings = 0;
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
