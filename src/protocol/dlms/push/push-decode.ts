/**
 * Reads the push of a concentrator from a receive buffer straight into the columns of a batch. See `push-format.ts` for the
 * layout and `docs/push-protocol.md` for what else is understood. Nothing is allocated for a message.
 *
 * Invariants: it never throws on input, never reads outside of the given bytes, and the batch has new rows in use only when
 * the answer is `push`. Every count is bounded by the bytes that are there.
 */

import { AxdrReader } from '../data/axdr-reader.ts';
import { emptyNotificationHead, readNotificationHead } from '../apdu/data-notification.ts';
import { DataTag } from '../data/data-tag.ts';
import { DATE_TIME_BYTES, decodeDateTime, emptyDateTime } from '../data/date-time.ts';
import { concentratorNumber } from './logical-device-name.ts';
import { MeterRows, type ReadingColumns } from './meter-rows.ts';
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
  readonly #rows = new MeterRows();
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
    return this.#rows.append(into, this.#capture.unixSeconds) ? null : 'value-range';
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
    if (reader.u8() !== DataTag.structure || reader.length() !== PUSH_ELEMENTS) return reader.plainFailure ?? 'body-unknown';
    const tag = reader.u8();
    if (tag !== DataTag.octetString && tag !== DataTag.visibleString) return reader.plainFailure ?? 'body-unknown';
    const nameBytes = reader.length();
    const nameOffset = reader.skip(nameBytes);
    if (reader.u8() !== DataTag.octetString || reader.length() !== PUSH_SETUP_LN_BYTES || reader.u8() !== 0) {
      return reader.plainFailure ?? 'body-unknown';
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
    if (reader.failure !== null) return reader.plainFailure;
    decoded.late = tag === DataTag.nullData;
    if (decoded.late) return null;
    if (tag === DataTag.octetString) {
      if (reader.length() !== DATE_TIME_BYTES) return reader.plainFailure ?? 'capture-time';
    } else if (tag !== DataTag.dateTime) {
      return 'body-unknown';
    }
    const at = reader.skip(DATE_TIME_BYTES);
    if (at < 0) return reader.plainFailure;
    const capture = this.#capture;
    if (decodeDateTime(reader.bytes, at, capture, decoded.offsetMinutes) !== 'date-time') return 'capture-time';
    return capture.unixSeconds >= 0 && capture.unixSeconds < 2 ** 32 ? null : 'capture-time';
  }

  #readRowType(): PushMalformedReason | null {
    const decoded = this.#decoded;
    const rows = this.#rows;
    const failure = rows.read(this.#reader, decoded.late);
    decoded.rows = rows.rows;
    decoded.readings = rows.readings;
    return failure;
  }
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
