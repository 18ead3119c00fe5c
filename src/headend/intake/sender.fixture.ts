/** Test equipment: a concentrator that sends given pushes and notes how far it is confirmed. */

import { assert } from '../../base/assert.ts';
import type { Clock } from '../../base/clock.ts';
import type { CloseReason, Connection, Endpoint, Wire } from '../../network/wire/wire.ts';
import { ConfirmationDecoder } from '../../protocol/dlms/push/push-confirmation.ts';
import { encodePush } from '../../protocol/dlms/push/push-encode.ts';
import { WrapperReceiver } from '../../protocol/wrapper/wrapper-receiver.ts';

/** Unix seconds. */
export const T0 = 1_699_920_000;

/** The push of `rows` meters from `first` on, sent `at` hundredths after T0, which is also its invoke id and its step. */
export function push(first: number, rows: number, at: number): Uint8Array {
  const columns = {
    meter: Uint32Array.from({ length: rows }, (_, i) => first + i),
    status: new Uint8Array(rows),
    time: new Uint32Array(rows),
    value: Float64Array.from({ length: rows }, (_, i) => (first + i) * 10 + at),
  };
  const header = {
    concentrator: 1,
    invokeId: at,
    sentUnixSeconds: T0 + Math.floor(at / 100),
    sentHundredths: at % 100,
    offsetMinutes: 60,
    late: false,
    captureUnixSeconds: T0 + at * 900,
    channels: 1 as const,
  };
  const bytes = new Uint8Array(100 + rows * 20);
  return bytes.subarray(0, encodePush(bytes, 0, header, columns, 0, rows));
}

/** A concentrator: sends bytes, notes how far it is confirmed. */
export class Sender {
  readonly confirmed: number[] = [];
  readonly atMs: number[] = [];
  readonly offsets = new Set<number>();
  open = false;
  closed: CloseReason | null = null;
  readonly connection: Connection;

  constructor(options: { readonly wire: Wire; readonly clock: Clock; readonly to: Endpoint }) {
    const decoder = new ConfirmationDecoder();
    const receiver = new WrapperReceiver({ apduBytesMax: 1000 });
    this.connection = options.wire.connect(
      { to: options.to },
      {
        onOpen: () => {
          this.open = true;
        },
        onData: (bytes) => {
          const received = receiver.receive(bytes, (from, offset, length) => {
            const decoded = decoder.decode(from, offset, length);
            assert(decoded.status === 'confirmation', 'a head-end sends confirmations and nothing else');
            this.confirmed.push(Math.round((decoded.sentUnixSeconds - T0) * 100 + decoded.sentHundredths));
            this.offsets.add(decoded.offsetMinutes);
            this.atMs.push(options.clock.nowMs());
            return true;
          });
          assert(received === 'ok', 'what a head-end sends is well-formed');
        },
        onClose: (reason) => {
          this.closed = reason;
        },
      },
    );
  }

  get last(): number {
    return this.confirmed.at(-1) ?? 0;
  }
}

/** What `push` with the same arguments must leave behind, each reading as `meter time value`. */
export function expectedRows(first: number, rows: number, at: number): string[] {
  return Array.from({ length: rows }, (_, i) => `${first + i} ${T0 + at * 900} ${(first + i) * 10 + at}`);
}
