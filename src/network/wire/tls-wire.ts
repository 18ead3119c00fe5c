/**
 * TLS as a Wire. A connection opens, on either side, when its handshake is done; who fails in it is never seen by `accept`.
 * Certificates and keys are handed in, as PEM. A server may demand a certificate of its clients; a client checks the server's
 * unless it is told not to.
 */

import { connect, createServer, type TLSSocket } from 'node:tls';
import { assert } from '../../base/assert.ts';
import { closeReasonOf } from './close-reason.ts';
import type { CloseReason, Connection, ConnectionHandlers, Endpoint, Listener, Wire } from './wire.ts';

export interface TlsWireOptions {
  /** Needed to listen; as a client it is shown to servers that ask. */
  readonly identity?: TlsIdentity;
  /** Authorities whose certificates are taken; without it those that Node knows. */
  readonly authorities?: readonly string[];
  /** As a server: only clients with a certificate of one of the authorities are let in. Default false. */
  readonly clientsMustIdentify?: boolean;
  /** As a client: what a server shows is checked. Default true. */
  readonly checkServer?: boolean;
  /** As a client: the name that the server's certificate must have; without it, its address. */
  readonly serverName?: string;
  /** As a server: how long a handshake may take, on the real clock. Default 10 s. */
  readonly handshakeMs?: number;
}

export interface TlsIdentity {
  /** PEM, the chain behind it may follow. */
  readonly certificate: string;
  readonly key: string;
}

const BACKLOG = 4096;
const HANDSHAKE_MS = 10_000;

export class TlsWire implements Wire {
  readonly #options: TlsWireOptions;
  #failedHandshakes = 0;

  constructor(options: TlsWireOptions) {
    this.#options = options;
  }

  /** Clients that came to a listener of this wire and were not let in. */
  get failedHandshakes(): number {
    return this.#failedHandshakes;
  }

  connect(options: { readonly from?: string; readonly to: Endpoint }, handlers: ConnectionHandlers): Connection {
    const { from, to } = options;
    const { checkServer = true, serverName } = this.#options;
    const socket = connect({
      ...this.#context(),
      host: to.address,
      port: to.port,
      rejectUnauthorized: checkServer,
      minVersion: 'TLSv1.2',
      ...(serverName === undefined ? {} : { servername: serverName }),
      ...(from === undefined ? {} : { localAddress: from }),
    });
    const connection = new TlsConnection(socket, to);
    connection.attach(handlers);
    return connection;
  }

  listen(
    at: Endpoint,
    accept: (connection: Connection) => ConnectionHandlers,
    ready: (result: Listener | { readonly error: string }) => void,
  ): void {
    const { identity, clientsMustIdentify = false, handshakeMs = HANDSHAKE_MS } = this.#options;
    assert(identity !== undefined, 'a TLS server needs a certificate and its key');
    const server = createServer({
      ...this.#context(),
      requestCert: clientsMustIdentify,
      rejectUnauthorized: clientsMustIdentify,
      minVersion: 'TLSv1.2',
      handshakeTimeout: handshakeMs,
    });
    server.on('secureConnection', (socket) => {
      const remote = { address: socket.remoteAddress ?? '', port: socket.remotePort ?? 0 };
      const connection = new TlsConnection(socket, remote);
      connection.attach(accept(connection));
    });
    server.on('tlsClientError', (_error, socket) => {
      this.#failedHandshakes++;
      socket.destroy();
    });
    const failed = (error: Error): void => ready({ error: error.message });
    server.once('error', failed);
    server.listen({ host: at.address, port: at.port, backlog: BACKLOG }, () => {
      server.off('error', failed);
      // An accept that fails for lack of descriptors leaves the connection in the backlog; the server goes on.
      server.on('error', () => {});
      const bound = server.address();
      assert(bound !== null && typeof bound === 'object', 'a TLS server has an address');
      ready({ endpoint: { address: bound.address, port: bound.port }, close: () => server.close() });
    });
  }

  #context(): { readonly cert?: string; readonly key?: string; readonly ca?: string[] } {
    const { identity, authorities } = this.#options;
    return {
      ...(identity === undefined ? {} : { cert: identity.certificate, key: identity.key }),
      ...(authorities === undefined ? {} : { ca: [...authorities] }),
    };
  }
}

class TlsConnection implements Connection {
  readonly remote: Endpoint;
  readonly #socket: TLSSocket;
  #endedHere = false;
  #error: NodeJS.ErrnoException | null = null;

  constructor(socket: TLSSocket, remote: Endpoint) {
    this.#socket = socket;
    this.remote = remote;
    socket.setNoDelay(true);
  }

  attach(handlers: ConnectionHandlers): void {
    const socket = this.#socket;
    socket.on('data', (bytes: Buffer) => handlers.onData(bytes));
    if (handlers.onOpen !== undefined) socket.once('secureConnect', () => handlers.onOpen?.());
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
    return !this.#socket.destroyed && this.#socket.write(Buffer.from(bytes));
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
    return closeReasonOf(this.#error.code) ?? 'tls';
  }
}
