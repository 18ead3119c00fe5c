/**
 * The head of a data-notification (xDLMS tag 0F), which a device sends unasked; one Data value, the body, follows.
 *
 *   0F | long-invoke-id-and-priority u32 | date-time: 00, or 0C and 12 bytes | body
 *
 * Some makers write `09 0C` in front of the 12 bytes (Kaifa); that is understood too.
 */

import type { PlainFailure, AxdrReader } from '../data/axdr-reader.ts';
import { putLength, putU32, putU8 } from '../data/axdr-writer.ts';
import { DataTag } from '../data/data-tag.ts';
import { DATE_TIME_BYTES, type DateTime, decodeDateTime, emptyDateTime, putDateTime } from '../data/date-time.ts';

export const DATA_NOTIFICATION = 0x0f;
/** Bytes of a head with a date-time. */
export const NOTIFICATION_HEAD_BYTES = 1 + 4 + 1 + DATE_TIME_BYTES;
export const INVOKE_ID_MAX = 0xffffff;

/** Reusable; `readNotificationHead` fills it. */
export interface NotificationHead {
  /** 0 .. 2^24-1; the priority bits above it are dropped. */
  invokeId: number;
  /** False: the sender gave no instant, and `sent` means nothing. */
  hasSent: boolean;
  readonly sent: DateTime;
}

export function emptyNotificationHead(): NotificationHead {
  return { invokeId: 0, hasSent: false, sent: emptyDateTime() };
}

/** `apdu-unknown`: not a data-notification. `sent-time`: the date-time of sending is no date-time. */
export type NotificationFailure = PlainFailure | 'apdu-unknown' | 'sent-time';

/** Reads up to the body; null: `into` is filled. */
export function readNotificationHead(
  reader: AxdrReader,
  into: NotificationHead,
  defaultOffsetMinutes: number,
): NotificationFailure | null {
  if (reader.u8() !== DATA_NOTIFICATION) return reader.plainFailure ?? 'apdu-unknown';
  into.invokeId = reader.u32() & INVOKE_ID_MAX;
  let length = reader.length();
  // No date-time has 9 bytes: this is the tag of an octet-string.
  const tagged = length === DataTag.octetString;
  if (tagged) length = reader.length();
  if (reader.failure !== null) return reader.plainFailure;
  into.hasSent = false;
  if (length === 0 && !tagged) return null;
  if (length !== DATE_TIME_BYTES) return 'sent-time';
  const at = reader.skip(DATE_TIME_BYTES);
  if (at < 0) return reader.plainFailure;
  const decoded = decodeDateTime(reader.bytes, at, into.sent, defaultOffsetMinutes);
  if (decoded === 'impossible') return 'sent-time';
  into.hasSent = decoded === 'date-time';
  return null;
}

/** Writes a head with a date-time, unconfirmed, normal priority; answers where the body begins. See `putDateTime`. */
export function putNotificationHead(
  target: Uint8Array,
  at: number,
  invokeId: number,
  unixSeconds: number,
  hundredths: number,
  offsetMinutes: number,
): number {
  let next = putU8(target, at, DATA_NOTIFICATION);
  next = putU32(target, next, invokeId & INVOKE_ID_MAX);
  next = putLength(target, next, DATE_TIME_BYTES);
  return putDateTime(target, next, unixSeconds, hundredths, offsetMinutes);
}
