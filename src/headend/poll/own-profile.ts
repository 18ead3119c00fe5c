/**
 * The profile in which a concentrator keeps what it read of all its meters: one row for each capture period.
 *
 *   array of structure { date-time, compact-array of {meter, status, registers} }      1-0:99.1.0*255, logical device 1
 *
 * The buffer is read row by row straight into columns, so that a batch may be emptied between two rows.
 */

import { AxdrReader } from '../../protocol/dlms/data/axdr-reader.ts';
import { putBytes, putU16, putU8 } from '../../protocol/dlms/data/axdr-writer.ts';
import { DataTag } from '../../protocol/dlms/data/data-tag.ts';
import { DATE_TIME_BYTES, decodeDateTime, emptyDateTime, putDateTime } from '../../protocol/dlms/data/date-time.ts';
import type { Selection } from '../../protocol/dlms/apdu/descriptors.ts';
import { MeterRows } from '../../protocol/dlms/push/meter-rows.ts';

/** 1-0:99.1.0*255, buffer. Of a concentrator as well as of a meter. */
export const LOAD_PROFILE = Object.freeze({ classId: 7, logicalName: Uint8Array.of(1, 0, 99, 1, 0, 255), attribute: 2 });
export const LOAD_PROFILE_COLUMNS = Object.freeze({ ...LOAD_PROFILE, attribute: 3 });

/** An instant that no device reaches: an open end that every device understands. */
export const OPEN_END = 2 ** 32 - 2 * 86_400;

/** The rows from .. to (Unix seconds, both included) of a profile with a clock column: range_descriptor, selector 1. */
export function rangeOf(span: { readonly from: number; readonly to: number }, offsetMinutes: number): Selection {
  const parameter = new Uint8Array(RANGE_HEAD.length + 2 * (2 + DATE_TIME_BYTES) + 2);
  let at = putBytes(parameter, 0, RANGE_HEAD);
  for (const unixSeconds of [span.from, span.to]) {
    at = putU8(parameter, putU8(parameter, at, DataTag.octetString), DATE_TIME_BYTES);
    at = putDateTime(parameter, at, unixSeconds, 0, offsetMinutes);
  }
  // All columns.
  putU16(parameter, at, (DataTag.array << 8) | 0);
  return { selector: 1, parameter };
}

/** structure(4) { structure(4) { class 8, 0.0.1.0.0.255, attribute 2, data index 0 } */
const RANGE_HEAD = Uint8Array.of(2, 4, 2, 4, 0x12, 0, 8, 9, 6, 0, 0, 1, 0, 0, 255, 0x0f, 2, 0x12, 0, 0);

export class OwnProfileRows {
  /** Of the row that `next` found. */
  unixSeconds = 0;
  readonly meters = new MeterRows();
  readonly #reader = new AxdrReader();
  readonly #time = emptyDateTime();
  #left = 0;

  /** Begins with an encoded buffer. False: it is no array. */
  begin(buffer: Uint8Array): boolean {
    const reader = this.#reader;
    reader.reset(buffer, 0, buffer.length);
    this.#left = reader.u8() === DataTag.array ? reader.length() : -1;
    return this.#left >= 0 && reader.failure === null;
  }

  /** `row`: `meters` holds it until the next call. Otherwise why there is none. */
  next(): 'row' | 'end' | 'malformed' {
    const reader = this.#reader;
    if (this.#left === 0) {
      const rest = reader.left;
      reader.release();
      return rest === 0 ? 'end' : 'malformed';
    }
    this.#left--;
    if (reader.u8() !== DataTag.structure || reader.length() !== 2) return 'malformed';
    const tag = reader.u8();
    if (tag === DataTag.octetString) {
      if (reader.length() !== DATE_TIME_BYTES) return 'malformed';
    } else if (tag !== DataTag.dateTime) {
      return 'malformed';
    }
    const at = reader.skip(DATE_TIME_BYTES);
    if (at < 0 || decodeDateTime(reader.bytes, at, this.#time, 0) !== 'date-time') return 'malformed';
    this.unixSeconds = this.#time.unixSeconds;
    if (this.unixSeconds < 0 || this.unixSeconds >= 2 ** 32) return 'malformed';
    return this.meters.read(reader, false) === null ? 'row' : 'malformed';
  }
}
