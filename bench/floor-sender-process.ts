/** Sends bytes over many connections, each in as many writes as it is told, one write of each in turn. For `floor.ts`. */

import { connect, type Socket } from 'node:net';

/** Connections that write in one turn of the event loop. */
const BURST = 128;

interface Connect {
  readonly connect: number;
  readonly port: number;
}

interface Write {
  readonly writeBytes: number;
  readonly writes: number;
}

let sockets: readonly Socket[] = [];

process.on('message', (message: Connect | Write) => {
  if ('connect' in message) {
    sockets = Array.from({ length: message.connect }, () => connect({ host: '127.0.0.1', port: message.port, noDelay: true }));
  } else {
    write(new Uint8Array(message.writeBytes), sockets.length * message.writes, 0);
  }
});
process.on('disconnect', () => process.exit(0));

function write(bytes: Uint8Array, writes: number, from: number): void {
  const to = Math.min(from + BURST, writes);
  for (let i = from; i < to; i++) sockets[i % sockets.length]?.write(bytes);
  if (to < writes) setImmediate(() => write(bytes, writes, to));
}
