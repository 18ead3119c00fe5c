/** Encode and decode of the push of one concentrator with 70 meters. */

import { draw } from '../src/base/random.ts';
import { PushDecoder } from '../src/protocol/dlms/push/push-decode.ts';
import { encodePush } from '../src/protocol/dlms/push/push-encode.ts';
import { WRAPPER_HEADER_BYTES } from '../src/protocol/wrapper/wpdu.ts';
import { ReadingBatch } from '../src/reading/batch.ts';
import { unitsPerSecond } from './rounds.ts';

const ROWS = 70;

export function benchCodec(): Record<string, number> {
  const header = {
    concentrator: 17,
    invokeId: 1,
    sentUnixSeconds: 1358204400,
    sentHundredths: 0,
    offsetMinutes: 60,
    late: false,
    captureUnixSeconds: 1358204400,
    channels: 1,
  } as const;
  const columns = {
    meter: Uint32Array.from({ length: ROWS }, (_, i) => 1000 + i),
    status: new Uint8Array(ROWS),
    time: new Uint32Array(ROWS),
    value: Float64Array.from({ length: ROWS }, (_, i) => draw(1, i) % 50_000_000),
  };
  const target = new Uint8Array(4096);
  const batch = new ReadingBatch(ROWS * 1000);
  const decoder = new PushDecoder();
  const bytes = encodePush(target, 0, header, columns, 0, ROWS);
  const apduBytes = bytes - WRAPPER_HEADER_BYTES;
  return {
    bytesPerMessage: bytes,
    encodeRowsPerSecond: unitsPerSecond(ROWS * 1000, () => {
      for (let i = 0; i < 1000; i++) encodePush(target, 0, header, columns, 0, ROWS);
    }),
    decodeRowsPerSecond: unitsPerSecond(ROWS * 1000, () => {
      batch.length = 0;
      for (let i = 0; i < 1000; i++) decoder.decode(target, WRAPPER_HEADER_BYTES, apduBytes, batch);
    }),
  };
}
