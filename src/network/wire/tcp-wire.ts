/**
 * The kernel's TCP as a Wire. Bytes are copied once, into a slab that is used again as soon as the kernel took them, which
 * it nearly always does within the call: a write then allocates nothing.
 */

import { connect, createServer, type Socket } from 'node:net';
import { assert } from '../../base/assert.ts';
import { closeReasonOf } from './close-reason.ts';
import type { CloseReason, Connection, ConnectionHandlers, Endpoint, Listener, Wire } from './wire.ts';

const SLAB_BYTES = 256 * 1024;
const BACKLOG = 4096;

export class TcpWire implements Wire {
  readonly #slab = new Slab();

  connect(options: { readonly from?: string; readonly to: Endpoint }, handlers: ConnectionHandlers): Connection {
    const { from, to } = options;
    const socket = connect({
      host: to.address,
      port: to.port,
      noDelay: true,
      ...(from === undefined ? {} : { localAddress: from }),
    });
    const connection = new TcpConnection(socket, { slab: this.#slab, remote: to });
    connection.attach(handlers);
    return connection;
  }

  listen(
    at: Endpoint,
    accept: (connection: Connection) => ConnectionHandlers,
    ready: (result: Listener | { readonly error: string }) => void,
  ): void {
    const server = createServer({ noDelay: true }, (socket) => {
      const remote = { address: socket.remoteAddress ?? '', port: socket.remotePort ?? 0 };
      const connection = new TcpConnection(socket, { slab: this.#slab, remote });
      connection.attach(accept(connection));
    });
    const failed = (error: Error): void => ready({ error: error.message });
    server.once('error', failed);
    server.listen({ host: at.address, port: at.port, backlog: BACKLOG }, () => {
      server.off('error', failed);
      // An accept that fails for lack of descriptors leaves the connection in the backlog; the server goes on.
      server.on('error', () => {});
      const bound = server.address();
      assert(bound !== null && typeof bound === 'object', 'a TCP server has an address');
      ready({ endpoint: { address: bound.address, port: bound.port }, close: () => server.close() });
    });
  }
}

class TcpConnection implements Connection {
  readonly remote: Endpoint;
  readonly #socket: Socket;
  readonly #slab: Slab;
  #endedHere = false;
  #error: NodeJS.ErrnoException | null = null;

  constructor(socket: Socket, options: { readonly slab: Slab; readonly remote: Endpoint }) {
    this.#socket = socket;
    this.#slab = options.slab;
    this.remote = options.remote;
  }

  attach(handlers: ConnectionHandlers): void {
    const socket = this.#socket;
    socket.on('data', (bytes: Buffer) => handlers.onData(bytes));
    if (handlers.onOpen !== undefined) socket.once('connect', () => handlers.onOpen?.());
    if (handlers.onDrain !== undefined) socket.on('drain', () => handlers.onDrain?.());
    socket.on('error', (error) => {
      this.#error = error;
    });
    socket.once('close', () => handlers.onClose(this.#reason()));
  }

  get local(): Endpoint {
    return { address: this.#socket.localAddress ?? '', port: this.#socket.localPort ?? 0 };
  }

  get queuedBytes(): number {
    return this.#socket.writableLength;
  }

  write(bytes: Uint8Array): boolean {
    const socket = this.#socket;
    if (socket.destroyed) return false;
    const slab = this.#slab;
    const copy = slab.take(bytes);
    const below = socket.write(copy);
    if (socket.writableLength === 0) slab.giveBack(copy);
    return below;
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  end(): void {
    this.#endedHere = true;
    this.#socket.end();
  }

  destroy(): void {
    this.#endedHere = true;
    this.#socket.destroy();
  }

  #reason(): CloseReason {
    if (this.#endedHere) return 'local';
    if (this.#error === null) return 'remote';
    return closeReasonOf(this.#error.code) ?? 'other';
  }
}

/** Send memory. A piece that the kernel still holds is left to it; the slab then goes on behind that piece. */
class Slab {
  #memory = Buffer.allocUnsafeSlow(SLAB_BYTES);
  #used = 0;

  take(bytes: Uint8Array): Buffer {
    const count = bytes.length;
    if (count > SLAB_BYTES / 4) return Buffer.from(bytes);
    if (this.#used + count > SLAB_BYTES) {
      this.#memory = Buffer.allocUnsafeSlow(SLAB_BYTES);
      this.#used = 0;
    }
    const from = this.#used;
    this.#used = from + count;
    this.#memory.set(bytes, from);
    return this.#memory.subarray(from, from + count);
  }

  giveBack(copy: Buffer): void {
    if (copy.buffer === this.#memory.buffer && copy.byteOffset + copy.length === this.#used) this.#used -= copy.length;
  }
}
