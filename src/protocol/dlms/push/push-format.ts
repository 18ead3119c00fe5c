/**
 * The push of a concentrator: one data-notification for all its meters. This file holds what encoder and decoder share;
 * `docs/push-protocol.md` draws the bytes. The body is a structure of four elements:
 *
 *   logical device name | logical name of the push setup | capture time or null | compact-array of rows
 *
 *   regular  push setup 0.0.25.9.0.255, one capture time for all rows: {meter, status, registers}
 *   late     push setup 0.1.25.9.0.255, null, each row with its own:   {meter, Unix seconds, status, registers}
 */

import { lengthBytes } from '../data/axdr-writer.ts';
import { NOTIFICATION_HEAD_BYTES } from '../apdu/data-notification.ts';
import { DATE_TIME_BYTES } from '../data/date-time.ts';
import { LOGICAL_DEVICE_NAME_BYTES } from './logical-device-name.ts';
import { WRAPPER_HEADER_BYTES } from '../../wrapper/wpdu.ts';

export const PUSH_ELEMENTS = 4;
/** 0.b.25.9.0.255, value groups C to F; b is 0 for regular rows and 1 for late ones. */
export const PUSH_SETUP_LN_BYTES = 6;
export const PUSH_SETUP_LN_TAIL = Uint8Array.of(25, 9, 0, 255);
export const SETUP_REGULAR = 0;
export const SETUP_LATE = 1;

/** What decides the size of a push. */
export interface PushShape {
  /** Registers of each meter: 1 is channel 0 alone, 3 is channels 0, 1 and 2. */
  readonly channels: 1 | 3;
  readonly late: boolean;
  /** Bytes of a register: 8 as soon as one value of the message needs more than 32 bits. */
  readonly valueBytes: 4 | 8;
}

export function pushRowBytes(shape: PushShape): number {
  return (shape.late ? 9 : 5) + shape.channels * shape.valueBytes;
}

/** Bytes of a push with `rows` rows, wrapper header and all. */
export function pushBytes(shape: PushShape, rows: number): number {
  const contents = rows * pushRowBytes(shape);
  return headBytes(shape) + lengthBytes(contents) + contents;
}

/** The most rows that fit into `wpduBytesMax` bytes, wrapper header and all; 0 when not even one does. */
export function pushRowsMax(shape: PushShape, wpduBytesMax: number): number {
  const longest = Math.min(wpduBytesMax, WRAPPER_HEADER_BYTES + 0xffff);
  const rowBytes = pushRowBytes(shape);
  let rows = Math.max(0, Math.floor((longest - headBytes(shape)) / rowBytes));
  while (rows > 0 && pushBytes(shape, rows) > longest) rows--;
  return rows;
}

/** All bytes in front of the length of the rows. */
function headBytes(shape: PushShape): number {
  const name = 2 + LOGICAL_DEVICE_NAME_BYTES;
  const setup = 2 + PUSH_SETUP_LN_BYTES;
  const capture = shape.late ? 1 : 2 + DATE_TIME_BYTES;
  const rowType = 3 + (shape.late ? 3 : 2) + shape.channels;
  return WRAPPER_HEADER_BYTES + NOTIFICATION_HEAD_BYTES + 2 + name + setup + capture + rowType;
}
