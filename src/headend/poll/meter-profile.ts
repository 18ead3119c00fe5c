/**
 * The load profile of one meter: which of its columns are readings, and its rows read into columns. A value that is
 * null-data is that of the row before, and a clock that is null-data is one period later (Blue Book, class 7).
 */

import { AxdrReader } from '../../protocol/dlms/data/axdr-reader.ts';
import { type Data } from '../../protocol/dlms/data/data.ts';
import { decodeData, skipData } from '../../protocol/dlms/data/data-codec.ts';
import { DataTag } from '../../protocol/dlms/data/data-tag.ts';
import { DATE_TIME_BYTES, decodeDateTime, emptyDateTime } from '../../protocol/dlms/data/date-time.ts';
import type { ReadingColumns } from '../../protocol/dlms/push/meter-rows.ts';

/** Places of the columns in a row. */
export interface ProfileLayout {
  readonly columns: number;
  readonly clock: number;
  /** -1: the profile has no status. */
  readonly status: number;
  /** By channel: 1-0:1.8.0, 1.8.1, 1.8.2; -1: not there. */
  readonly channels: readonly number[];
}

/** From the encoded capture_objects; null: no clock, or nothing to read. */
export function layoutOf(captureObjects: Uint8Array): ProfileLayout | null {
  const decoded = decodeData(captureObjects);
  if (decoded.status !== 'frame' || decoded.value.type !== 'array') return null;
  const columns = decoded.value.value;
  const find = (classId: number | null, name: readonly number[]): number =>
    columns.findIndex((column) => {
      if (column.type !== 'structure') return false;
      const [theClass, theName, attribute] = column.value;
      return numberIn(attribute) === 2 && (classId === null || numberIn(theClass) === classId) && isName(theName, name);
    });
  const clock = find(8, [0, 0, 1, 0, 0, 255]);
  const channels = [0, 1, 2].map((tariff) => find(null, [1, 0, 1, 8, tariff, 255]));
  if (clock < 0 || channels.every((place) => place < 0)) return null;
  const status = find(null, [0, 0, 96, 10, 1, 255]);
  return { columns: columns.length, clock, status, channels };
}

function numberIn(data: Data | undefined): number | null {
  return data !== undefined && 'value' in data && typeof data.value === 'number' ? data.value : null;
}

function isName(data: Data | undefined, name: readonly number[]): boolean {
  return data?.type === 'octet-string' && data.value.length === 6 && name.every((byte, i) => data.value[i] === byte);
}

const OTHER = -1;
const CLOCK = -2;
const STATUS = -3;

export class MeterProfileRows {
  readonly #reader = new AxdrReader();
  readonly #time = emptyDateTime();
  readonly #value = new Float64Array(3);

  /**
   * Appends the rows of an encoded buffer as readings of `meter`, channels 0 .. channels-1. Answers their number; null: the
   * buffer is not what the layout says; -1: `into` has no room, and nothing was appended.
   */
  append(
    buffer: Uint8Array,
    options: { readonly meter: number; readonly layout: ProfileLayout; readonly channels: number; readonly periodSeconds: number },
    into: ReadingColumns,
  ): number | null {
    const { layout, channels } = options;
    const reader = this.#reader;
    reader.reset(buffer, 0, buffer.length);
    if (reader.u8() !== DataTag.array) return null;
    const rows = reader.length();
    if (reader.failure !== null || rows > reader.left) return null;
    if (into.length + rows * channels > into.capacity) return -1;
    const roles = rolesOf(layout, channels);
    const start = into.length;
    let at = start;
    let [time, status] = [0, 0];
    for (let row = 0; row < rows; row++) {
      if (reader.u8() !== DataTag.structure || reader.length() !== layout.columns) return null;
      let timed = false;
      for (const role of roles) {
        if (role === CLOCK) {
          const read = this.#clock(time, options.periodSeconds);
          if (read === null) return null;
          time = read;
          timed = true;
        } else if (role === OTHER) {
          skipData(reader);
        } else {
          const read = this.#number(role === STATUS ? status : this.#value[role]!);
          if (read === null) return null;
          if (role === STATUS) status = read;
          else this.#value[role] = read;
        }
      }
      if (reader.failure !== null || !timed || status > 255) return null;
      for (let channel = 0; channel < channels; channel++) {
        into.meter[at] = options.meter;
        into.channel[at] = channel;
        into.time[at] = time;
        into.value[at] = this.#value[channel]!;
        into.status[at] = status;
        at++;
      }
    }
    if (reader.left > 0) return null;
    into.length = at;
    return at - start;
  }

  #clock(before: number, periodSeconds: number): number | null {
    const reader = this.#reader;
    const tag = reader.u8();
    if (tag === DataTag.nullData) return before === 0 ? null : before + periodSeconds;
    if (tag === DataTag.octetString) {
      if (reader.length() !== DATE_TIME_BYTES) return null;
    } else if (tag !== DataTag.dateTime) {
      return null;
    }
    const at = reader.skip(DATE_TIME_BYTES);
    if (at < 0 || decodeDateTime(reader.bytes, at, this.#time, 0) !== 'date-time') return null;
    const { unixSeconds } = this.#time;
    return unixSeconds > 0 && unixSeconds < 2 ** 32 ? unixSeconds : null;
  }

  /** A whole number that is not negative; null-data: `before`. */
  #number(before: number): number | null {
    const reader = this.#reader;
    const tag = reader.u8();
    if (tag === DataTag.nullData) return before;
    if (tag === DataTag.doubleLongUnsigned) return reader.u32();
    if (tag === DataTag.unsigned || tag === DataTag.enumeration) return reader.u8();
    if (tag === DataTag.longUnsigned) return reader.u16();
    if (tag !== DataTag.long64Unsigned) return null;
    const high = reader.u32();
    return high > 0x1fffff ? null : high * 2 ** 32 + reader.u32();
  }
}

/** What each column of a row is for. */
function rolesOf(layout: ProfileLayout, channels: number): readonly number[] {
  return Array.from({ length: layout.columns }, (_, place) => {
    if (place === layout.clock) return CLOCK;
    if (place === layout.status) return STATUS;
    const channel = layout.channels.indexOf(place);
    return channel >= 0 && channel < channels ? channel : OTHER;
  });
}
