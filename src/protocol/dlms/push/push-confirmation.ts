/**
 * How a head-end confirms pushes: it writes attribute 13, last_confirmation_date_time, of the push setup 0.0.25.9.0.255
 * (class 40, version 2) of the concentrator, with a SET-request that wants no response. That covers every message of the
 * concentrator, regular or late, with a date-time of sending up to and including the one given, to the hundredth.
 */

import { assert } from '../../../base/assert.ts';
import { PUSH_REPLY_WPORTS, putWrapperHeader, WRAPPER_HEADER_BYTES } from '../../wrapper/wpdu.ts';
import { type PlainFailure, AxdrReader } from '../data/axdr-reader.ts';
import { putU8 } from '../data/axdr-writer.ts';
import { DataTag } from '../data/data-tag.ts';
import { DATE_TIME_BYTES, decodeDateTime, emptyDateTime, putDateTime } from '../data/date-time.ts';
import type { AttributeDescriptor } from '../apdu/descriptors.ts';
import {
  putSetRequestHead,
  readSetRequestHead,
  SERVICE_CONFIRMED,
  SET_REQUEST_HEAD_BYTES,
  type SetRequestOther,
} from '../apdu/set-request.ts';

/** last_confirmation_date_time of the push setup. */
export const PUSH_CONFIRMATION_ATTRIBUTE: AttributeDescriptor = Object.freeze({
  classId: 40,
  logicalName: Uint8Array.of(0, 0, 25, 9, 0, 255),
  attribute: 13,
});

/** Bytes of a confirmation, wrapper header and all. */
export const CONFIRMATION_BYTES = WRAPPER_HEADER_BYTES + SET_REQUEST_HEAD_BYTES + 2 + DATE_TIME_BYTES;

/** The date-time of sending of the last message that is confirmed. Plain numbers, to be filled over and over. */
export interface Confirmation {
  sentUnixSeconds: number;
  sentHundredths: number;
  /** As in the message that is confirmed; the instant counts, not the offset. */
  offsetMinutes: number;
  /** 0 .. 15; has no meaning beyond the trace, since there is no response. */
  invokeId: number;
}

/** Writes a confirmation as one wrapper PDU of CONFIRMATION_BYTES at `offset`; answers where it ends. */
export function encodeConfirmation(target: Uint8Array, offset: number, confirmation: Readonly<Confirmation>): number {
  assert(offset >= 0 && offset + CONFIRMATION_BYTES <= target.length, 'the target has room for a confirmation');
  const { sentUnixSeconds, sentHundredths, offsetMinutes, invokeId } = confirmation;
  let at = putWrapperHeader(target, offset, PUSH_REPLY_WPORTS, CONFIRMATION_BYTES - WRAPPER_HEADER_BYTES);
  at = putSetRequestHead(target, at, invokeId & 0x0f, PUSH_CONFIRMATION_ATTRIBUTE);
  at = putU8(target, putU8(target, at, DataTag.octetString), DATE_TIME_BYTES);
  return putDateTime(target, at, sentUnixSeconds, sentHundredths, offsetMinutes);
}

/** All reasons for `malformed`, in an order that stays, so that counters can be columns. */
export const CONFIRMATION_MALFORMED_REASONS = [
  'truncated',
  'length-form',
  /** The value is not a date-time, or no instant. */
  'confirmed-time',
  'trailing-bytes',
] as const;
export type ConfirmationMalformedReason = (typeof CONFIRMATION_MALFORMED_REASONS)[number];

/** What an APDU was. The same object each time: valid until the next one. */
export interface ConfirmationDecoded {
  /** `other`: a message that may be good but is not a confirmation. */
  readonly status: 'confirmation' | 'malformed' | 'other';
  readonly reason: ConfirmationMalformedReason | SetRequestOther | null;
  readonly sentUnixSeconds: number;
  readonly sentHundredths: number;
  readonly offsetMinutes: number;
  /** The invoke-id-and-priority byte, 0 until it was read. A SET-response repeats it. */
  readonly invoke: number;
  /** True: the peer waits for a SET-response. */
  readonly responseWanted: boolean;
}

export class ConfirmationDecoder {
  readonly #defaultOffsetMinutes: number;
  readonly #reader = new AxdrReader();
  readonly #head = { invoke: 0 };
  readonly #time = emptyDateTime();
  readonly #decoded: { -readonly [K in keyof ConfirmationDecoded]: ConfirmationDecoded[K] } = {
    status: 'malformed',
    reason: null,
    sentUnixSeconds: 0,
    sentHundredths: 0,
    offsetMinutes: 0,
    invoke: 0,
    responseWanted: false,
  };

  /** `defaultOffsetMinutes`: local time minus UTC where a date-time does not say. */
  constructor(options: { readonly defaultOffsetMinutes: number } = { defaultOffsetMinutes: 0 }) {
    this.#defaultOffsetMinutes = options.defaultOffsetMinutes;
  }

  /** Decodes the APDU in `length` bytes of `bytes` from `offset` (no wrapper header). Never throws on input. */
  decode(bytes: Uint8Array, offset: number, length: number): ConfirmationDecoded {
    const reader = this.#reader;
    const decoded = this.#decoded;
    reader.reset(bytes, offset, length);
    this.#head.invoke = 0;
    decoded.sentUnixSeconds = 0;
    decoded.sentHundredths = 0;
    decoded.offsetMinutes = 0;
    const other = readSetRequestHead(reader, PUSH_CONFIRMATION_ATTRIBUTE, this.#head);
    decoded.invoke = this.#head.invoke;
    decoded.responseWanted = (decoded.invoke & SERVICE_CONFIRMED) !== 0;
    decoded.reason = other ?? this.#readTime();
    reader.release();
    if (decoded.reason === null) decoded.status = 'confirmation';
    else decoded.status = other === null || isAxdrFailure(other) ? 'malformed' : 'other';
    return decoded;
  }

  #readTime(): ConfirmationMalformedReason | null {
    const reader = this.#reader;
    const tag = reader.u8();
    if (tag === DataTag.octetString) {
      if (reader.length() !== DATE_TIME_BYTES) return reader.plainFailure ?? 'confirmed-time';
    } else if (tag !== DataTag.dateTime) {
      return reader.plainFailure ?? 'confirmed-time';
    }
    const at = reader.skip(DATE_TIME_BYTES);
    if (at < 0) return reader.plainFailure;
    const time = this.#time;
    if (decodeDateTime(reader.bytes, at, time, this.#defaultOffsetMinutes) !== 'date-time') return 'confirmed-time';
    if (reader.left > 0) return 'trailing-bytes';
    const decoded = this.#decoded;
    decoded.sentUnixSeconds = time.unixSeconds;
    decoded.sentHundredths = time.hundredths;
    decoded.offsetMinutes = time.offsetMinutes;
    return null;
  }
}

function isAxdrFailure(reason: PlainFailure | SetRequestOther): reason is PlainFailure {
  return reason === 'truncated' || reason === 'length-form';
}
