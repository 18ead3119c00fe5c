/**
 * A head-end of somebody else for tests, built from the bytes of `docs/push-protocol.md` and nothing of ours: it takes one message
 * after the other, each as long as it is told, then confirms it. It stores nothing.
 */

import { createServer, type Socket } from 'node:net';
import { once } from 'node:events';

export interface SlowHeadend {
  readonly address: string;
  readonly messages: number;
  /** Milliseconds that a message takes. */
  millisecondsPerMessage: number;
  close(): void;
}

const HEADER_BYTES = 8;
/** SET-request-normal, unconfirmed, of the push setup's last_confirmation_date_time; the date-time follows. */
const CONFIRMATION = Buffer.from('000100670001001bc1010500280000190900ff0d00090c', 'hex');
/** Date-time of sending: after the tag, the invoke-id and the length. */
const SENT = { from: HEADER_BYTES + 6, to: HEADER_BYTES + 18 } as const;

export async function slowHeadend(millisecondsPerMessage: number): Promise<SlowHeadend> {
  const sockets = new Set<Socket>();
  let messages = 0;
  /** When it is done with all that has arrived, ms of the clock. */
  let freeAtMs = 0;
  const server = createServer((socket) => {
    let pending = Buffer.alloc(0);
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => {});
    socket.on('data', (bytes: Buffer) => {
      pending = Buffer.concat([pending, bytes]);
      for (;;) {
        const size = pending.length < HEADER_BYTES ? Infinity : HEADER_BYTES + pending.readUInt16BE(6);
        if (pending.length < size) return;
        const sent = pending.subarray(SENT.from, SENT.to);
        pending = pending.subarray(size);
        messages++;
        freeAtMs = Math.max(freeAtMs, performance.now()) + headend.millisecondsPerMessage;
        setTimeout(() => socket.write(Buffer.concat([CONFIRMATION, sent])), freeAtMs - performance.now());
      }
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const bound = server.address();
  const port = bound !== null && typeof bound === 'object' ? bound.port : 0;
  const headend: SlowHeadend = {
    address: `127.0.0.1:${port}`,
    get messages() {
      return messages;
    },
    millisecondsPerMessage,
    close: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
  return headend;
}
