/**
 * Lists as they stand in reassembled blocks:
 *
 *   GET     count { 00 Data | 01 data-access-result }
 *   ACTION  count { action-result, 00 | 01 { 00 Data | 01 data-access-result } }
 */

import type { ActionReply } from '../apdu/apdu-types.ts';
import type { GetResult } from '../apdu/results.ts';
import { AxdrReader } from '../data/axdr-reader.ts';
import { skipData, takeData } from '../data/data-codec.ts';

/** Whether `bytes` are exactly one well-formed Data. */
export function isOneData(bytes: Uint8Array): boolean {
  const reader = readerOf(bytes);
  skipData(reader);
  return reader.failure === null && reader.left === 0;
}

/** The results that fill the window; null when it holds something else. */
export function readResults(reader: AxdrReader): readonly GetResult[] | null {
  const count = reader.length();
  // Two bytes are the least a result takes, so no count can ask for much memory.
  if (count * 2 > reader.left) return null;
  const results: GetResult[] = [];
  for (let i = 0; i < count; i++) {
    const result = readResult(reader);
    if (result === null) return null;
    results.push(result);
  }
  return reader.failure === null && reader.left === 0 ? results : null;
}

export function readActionReplies(reader: AxdrReader): readonly ActionReply[] | null {
  const count = reader.length();
  if (count * 2 > reader.left) return null;
  const returns: ActionReply[] = [];
  for (let i = 0; i < count; i++) {
    const one = readActionReply(reader);
    if (one === null) return null;
    returns.push(one);
  }
  return reader.failure === null && reader.left === 0 ? returns : null;
}

/**
 * What the blocks of an ACTION's answer hold: the result with what it returns or, as other servers read the standard, the
 * returned Data alone. Null when they hold neither.
 */
export function actionReturnOf(whole: Uint8Array): ActionReply | null {
  const reader = readerOf(whole);
  const one = readActionReply(reader);
  if (one !== null && reader.left === 0) return one;
  return isOneData(whole) ? { result: 0, data: { data: whole } } : null;
}

function readActionReply(reader: AxdrReader): ActionReply | null {
  const result = reader.u8();
  const present = reader.u8();
  if (reader.failure !== null || present > 1) return null;
  if (present === 0) return { result, data: null };
  const data = readResult(reader);
  return data === null ? null : { result, data };
}

function readResult(reader: AxdrReader): GetResult | null {
  const choice = reader.u8();
  if (choice === 1) {
    const error = reader.u8();
    return reader.failure === null ? { error } : null;
  }
  if (choice !== 0) return null;
  const data = takeData(reader);
  return reader.failure === null ? { data } : null;
}

function readerOf(bytes: Uint8Array): AxdrReader {
  const reader = new AxdrReader();
  reader.reset(bytes, 0, bytes.length);
  return reader;
}
