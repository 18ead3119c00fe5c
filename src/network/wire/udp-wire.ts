/**
 * UDP as a Wire: each write is one datagram, each `onData` one datagram. A listener makes a connection of each remote endpoint that
 * it hears from, until nothing came from there, or went there, for a while.
 *
 * What differs from a stream: datagrams may be lost, come twice or in another order; the other side does not learn that a connection
 * was closed, and a datagram that comes later makes a new one; `onOpen` says nothing about the other side, and `refused` follows only
 * when a datagram was sent in vain. While paused up to `PAUSED_BYTES_MAX` are kept, and what is beyond is lost, as in the network.
 *
 * Bounded: connections of a listener (`connectionsMax`; what comes from others is dropped), bytes kept while paused. Both are counted.
 */

import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { assert } from '../../base/assert.ts';
import type { Clock, Timer } from '../../base/clock.ts';
import { closeReasonOf } from './close-reason.ts';
import type { CloseReason, Connection, ConnectionHandlers, Endpoint, Listener, Wire } from './wire.ts';

/** The most that one datagram of IPv4 carries. */
export const DATAGRAM_BYTES_MAX = 65_507;

export interface UdpWireOptions {
  readonly clock: Clock;
  /** Of one listener. */
  readonly connectionsMax: number;
  /** An accepted connection that is silent for so long is closed (`timeout`). */
  readonly idleMs: number;
  /** Asked of the kernel for a listener, which may give less. */
  readonly receiveBufferBytes?: number;
}

/** What was dropped, of all listeners and connections of a wire. */
export interface UdpDropped {
  /** Datagrams of strangers, when there are as many connections as may be. */
  readonly strangers: number;
  readonly paused: number;
}

const QUEUE_MARK_BYTES = 64 * 1024;
const PAUSED_BYTES_MAX = 256 * 1024;
/** Idle connections are looked for so often within `idleMs`. */
const SWEEPS = 4;

export class UdpWire implements Wire {
  readonly #options: UdpWireOptions;
  readonly #dropped = { strangers: 0, paused: 0 };

  constructor(options: UdpWireOptions) {
    assert(options.connectionsMax >= 1 && options.idleMs > 0, 'a UDP wire has limits');
    this.#options = options;
  }

  get dropped(): UdpDropped {
    return { ...this.#dropped };
  }

  connect(options: { readonly from?: string; readonly to: Endpoint }, handlers: ConnectionHandlers): Connection {
    const { from = '0.0.0.0', to } = options;
    const socket = createSocket('udp4');
    const connection = new UdpConnection({
      remote: to,
      local: () => localOf(socket),
      send: (bytes, sent) => socket.send(bytes, sent),
      dropped: () => this.#dropped.paused++,
      closed: () => socket.close(),
    });
    connection.handlers = handlers;
    socket.on('message', (bytes) => connection.arrive(bytes));
    socket.on('error', (error: NodeJS.ErrnoException) => connection.close(closeReasonOf(error.code) ?? 'other'));
    socket.once('connect', () => connection.open());
    socket.bind({ address: from, port: 0 }, () => {
      if (!connection.closed) socket.connect(to.port, to.address);
    });
    return connection;
  }

  listen(
    at: Endpoint,
    accept: (connection: Connection) => ConnectionHandlers,
    ready: (result: Listener | { readonly error: string }) => void,
  ): void {
    const { receiveBufferBytes } = this.#options;
    const socket = createSocket({ type: 'udp4', ...(receiveBufferBytes === undefined ? {} : { recvBufferSize: receiveBufferBytes }) });
    const failed = (error: Error): void => {
      socket.close();
      ready({ error: error.message });
    };
    socket.once('error', failed);
    socket.bind({ address: at.address, port: at.port, exclusive: true }, () => {
      socket.off('error', failed);
      // What goes wrong with one datagram is no reason to stop.
      socket.on('error', () => {});
      ready(new UdpListener(socket, { ...this.#options, accept, dropped: this.#dropped }));
    });
  }
}

interface ListenerOptions extends UdpWireOptions {
  readonly accept: (connection: Connection) => ConnectionHandlers;
  readonly dropped: { strangers: number; paused: number };
}

class UdpListener implements Listener {
  readonly endpoint: Endpoint;
  readonly #socket: Socket;
  readonly #options: ListenerOptions;
  readonly #connections = new Map<string, UdpConnection>();
  #accepting = true;
  #sweeping: Timer | null = null;

  constructor(socket: Socket, options: ListenerOptions) {
    this.#socket = socket;
    this.#options = options;
    this.endpoint = localOf(socket);
    socket.on('message', (bytes, from) => this.#arrive(bytes, from));
  }

  close(): void {
    if (!this.#accepting) return;
    this.#accepting = false;
    if (this.#connections.size === 0) this.#socket.close();
  }

  #arrive(bytes: Uint8Array, from: RemoteInfo): void {
    const key = `${from.address}:${from.port}`;
    let connection = this.#connections.get(key);
    if (connection === undefined) {
      if (!this.#accepting) return;
      if (this.#connections.size >= this.#options.connectionsMax) {
        this.#options.dropped.strangers++;
        return;
      }
      connection = this.#welcome(key, { address: from.address, port: from.port });
    }
    connection.arrive(bytes);
  }

  #welcome(key: string, remote: Endpoint): UdpConnection {
    const { clock, accept, dropped } = this.#options;
    const connection: UdpConnection = new UdpConnection({
      remote,
      local: () => this.endpoint,
      send: (bytes, sent) => this.#socket.send(bytes, remote.port, remote.address, sent),
      dropped: () => dropped.paused++,
      active: () => {
        connection.activeMs = clock.nowMs();
      },
      closed: () => this.#forget(key),
    });
    connection.activeMs = clock.nowMs();
    this.#connections.set(key, connection);
    if (this.#sweeping === null) this.#sweepLater();
    connection.handlers = accept(connection);
    connection.open();
    return connection;
  }

  #forget(key: string): void {
    this.#connections.delete(key);
    if (this.#connections.size > 0) return;
    this.#sweeping?.cancel();
    this.#sweeping = null;
    if (!this.#accepting) this.#socket.close();
  }

  #sweepLater(): void {
    const { clock, idleMs } = this.#options;
    this.#sweeping = clock.schedule(idleMs / SWEEPS, () => {
      this.#sweeping = null;
      const sinceMs = clock.nowMs() - idleMs;
      for (const connection of Array.from(this.#connections.values())) {
        if (connection.activeMs <= sinceMs) connection.close('timeout');
      }
      if (this.#connections.size > 0 && this.#sweeping === null) this.#sweepLater();
    });
  }
}

interface Carrier {
  readonly remote: Endpoint;
  readonly local: () => Endpoint;
  /** Sends one datagram; `sent` is called when the kernel has it or does not want it. */
  readonly send: (bytes: Uint8Array, sent: (error: NodeJS.ErrnoException | null) => void) => void;
  readonly dropped: () => void;
  readonly active?: () => void;
  /** The connection needs its carrier no more. */
  readonly closed: () => void;
}

class UdpConnection implements Connection {
  readonly remote: Endpoint;
  handlers: ConnectionHandlers | null = null;
  activeMs = 0;
  closed = false;
  queuedBytes = 0;
  readonly #carrier: Carrier;
  #opened = false;
  #ending = false;
  #destroyed = false;
  #overMark = false;
  #paused = false;
  /** Written before the socket was ready. */
  #early: Uint8Array[] = [];
  #kept: Uint8Array[] = [];
  #keptBytes = 0;

  constructor(carrier: Carrier) {
    this.#carrier = carrier;
    this.remote = carrier.remote;
  }

  get local(): Endpoint {
    return this.#carrier.local();
  }

  /** One datagram, of 1 to `DATAGRAM_BYTES_MAX` bytes. */
  write(bytes: Uint8Array): boolean {
    assert(bytes.length >= 1 && bytes.length <= DATAGRAM_BYTES_MAX, 'a datagram carries 1 to 65507 bytes');
    if (this.closed || this.#ending) return false;
    const copy = Uint8Array.from(bytes);
    this.queuedBytes += copy.length;
    if (this.queuedBytes > QUEUE_MARK_BYTES) this.#overMark = true;
    if (this.#opened) this.#send(copy);
    else this.#early.push(copy);
    return !this.#overMark;
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    while (this.#kept.length > 0 && !this.#paused && !this.closed && !this.#destroyed) {
      const bytes = this.#kept.shift() ?? EMPTY;
      this.#keptBytes -= bytes.length;
      this.handlers?.onData(bytes);
    }
  }

  end(): void {
    if (this.#ending) return;
    this.#ending = true;
    // The handler hears of it later, not from within the call.
    queueMicrotask(() => this.#endIfDone());
  }

  destroy(): void {
    this.#ending = true;
    this.#destroyed = true;
    queueMicrotask(() => this.close('local'));
  }

  /** @internal */
  open(): void {
    if (this.closed || this.#opened) return;
    this.#opened = true;
    const early = this.#early;
    this.#early = [];
    for (const bytes of early) this.#send(bytes);
    if (!this.#destroyed) this.handlers?.onOpen?.();
    this.#endIfDone();
  }

  /** @internal */
  arrive(bytes: Uint8Array): void {
    if (this.closed || this.#destroyed) return;
    this.#carrier.active?.();
    if (!this.#paused) {
      this.handlers?.onData(bytes);
    } else if (this.#keptBytes + bytes.length <= PAUSED_BYTES_MAX) {
      this.#kept.push(bytes);
      this.#keptBytes += bytes.length;
    } else this.#carrier.dropped();
  }

  /** @internal */
  close(reason: CloseReason): void {
    if (this.closed) return;
    this.closed = true;
    this.queuedBytes = 0;
    this.#early = [];
    this.#kept = [];
    const { handlers } = this;
    this.handlers = null;
    this.#carrier.closed();
    handlers?.onClose(reason);
  }

  #send(bytes: Uint8Array): void {
    this.#carrier.active?.();
    this.#carrier.send(bytes, (error) => {
      if (this.closed) return;
      this.queuedBytes -= bytes.length;
      if (error !== null) {
        this.close(closeReasonOf(error.code) ?? 'other');
        return;
      }
      if (this.#overMark && this.queuedBytes <= QUEUE_MARK_BYTES / 2) {
        this.#overMark = false;
        if (!this.#destroyed) this.handlers?.onDrain?.();
      }
      this.#endIfDone();
    });
  }

  #endIfDone(): void {
    if (this.#ending && this.#opened && this.queuedBytes === 0) this.close('local');
  }
}

const EMPTY = new Uint8Array(0);

/** Of a socket that is bound; else nothing is known yet. */
function localOf(socket: Socket): Endpoint {
  try {
    const { address, port } = socket.address();
    return { address, port };
  } catch {
    return { address: '', port: 0 };
  }
}
