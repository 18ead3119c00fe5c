/**
 * A wire inside one process, on whatever clock it is given, deterministic from its seed: bytes arrive after a delay, cut
 * into pieces at random places as TCP may cut them, and connections can be broken from outside. For trials and tests.
 */

import { assert } from '../../base/assert.ts';
import type { Clock } from '../../base/clock.ts';
import { below, streamKey } from '../../base/random.ts';
import type { CloseReason, Connection, ConnectionHandlers, Endpoint, Listener, Wire } from './wire.ts';

const QUEUE_MARK_BYTES = 16 * 1024;
/** Who listens here takes what is for any address at its port, as the kernel has it. */
const ANY_ADDRESS = '0.0.0.0';

interface Acceptor {
  readonly accept: (connection: Connection) => ConnectionHandlers;
}

export class MemoryWire implements Wire {
  readonly #clock: Clock;
  readonly #delayMs: number;
  readonly #key: number;
  #draws = 0;
  #nextPort = 49152;
  readonly #acceptors = new Map<string, Acceptor>();
  readonly #open = new Set<MemoryConnection>();

  constructor(options: { readonly clock: Clock; readonly delayMs: number; readonly seed: number }) {
    this.#clock = options.clock;
    this.#delayMs = options.delayMs;
    this.#key = streamKey(options.seed, 'memory-wire');
  }

  connect(options: { readonly from?: string; readonly to: Endpoint }, handlers: ConnectionHandlers): Connection {
    const near = { address: options.from ?? '127.0.0.1', port: this.#freePort() };
    const client = new MemoryConnection(this, { local: near, remote: options.to });
    client.handlers = handlers;
    this.#open.add(client);
    this.later(() => this.#establish(client));
    return client;
  }

  listen(
    at: Endpoint,
    accept: (connection: Connection) => ConnectionHandlers,
    ready: (result: Listener | { readonly error: string }) => void,
  ): void {
    const endpoint = { address: at.address, port: at.port === 0 ? this.#freePort() : at.port };
    const key = keyOf(endpoint);
    if (this.#acceptors.has(key)) {
      this.later(() => ready({ error: `listen EADDRINUSE: address already in use ${key}` }));
      return;
    }
    const acceptor = { accept };
    this.#acceptors.set(key, acceptor);
    const close = (): void => {
      if (this.#acceptors.get(key) === acceptor) this.#acceptors.delete(key);
    };
    this.later(() => ready({ endpoint, close }));
  }

  /** Ends of connections that are open now: two for each connection. */
  get openEnds(): number {
    return this.#open.size;
  }

  /** Breaks every connection for which `pick` says so, as a reset; bytes under way are lost. */
  breakConnections(pick: (remote: Endpoint, local: Endpoint) => boolean): number {
    let broken = 0;
    const ends = Array.from(this.#open);
    for (const end of ends) {
      if (!pick(end.remote, end.local) || !this.#open.has(end)) continue;
      const { peer } = end;
      end.close('reset');
      peer?.close('reset');
      broken++;
    }
    return broken;
  }

  /** The process that listens at `endpoint` is gone: nobody accepts there any more, and its connections break. */
  crashEndpoint(endpoint: Endpoint): void {
    this.#acceptors.delete(keyOf(endpoint));
    this.breakConnections((_, local) => keyOf(local) === keyOf(endpoint));
  }

  /** @internal */
  later(fn: () => void): void {
    this.#clock.schedule(this.#delayMs, fn);
  }

  /** @internal A place to cut a piece of `count` bytes: 1 .. count. */
  cut(count: number): number {
    const whole = below(this.#key, this.#draws++, 4) > 0;
    return whole ? count : 1 + below(this.#key, this.#draws++, count);
  }

  /** @internal */
  forget(end: MemoryConnection): void {
    this.#open.delete(end);
  }

  #establish(client: MemoryConnection): void {
    if (client.closed) return;
    const { address, port } = client.remote;
    const acceptor = this.#acceptors.get(keyOf({ address, port })) ?? this.#acceptors.get(keyOf({ address: ANY_ADDRESS, port }));
    if (acceptor === undefined) {
      client.close('refused');
      return;
    }
    const server = new MemoryConnection(this, { local: client.remote, remote: client.local });
    server.peer = client;
    client.peer = server;
    server.opened = true;
    client.opened = true;
    this.#open.add(server);
    server.handlers = acceptor.accept(server);
    client.handlers?.onOpen?.();
    client.pump();
  }

  #freePort(): number {
    const port = this.#nextPort;
    this.#nextPort = port === 65535 ? 49152 : port + 1;
    return port;
  }
}

class MemoryConnection implements Connection {
  readonly local: Endpoint;
  readonly remote: Endpoint;
  handlers: ConnectionHandlers | null = null;
  peer: MemoryConnection | null = null;
  opened = false;
  closed = false;
  queuedBytes = 0;
  readonly #wire: MemoryWire;
  readonly #queue: Uint8Array[] = [];
  #paused = false;
  #ending = false;
  #underWay = false;
  #overMark = false;

  constructor(wire: MemoryWire, ends: { readonly local: Endpoint; readonly remote: Endpoint }) {
    this.#wire = wire;
    this.local = ends.local;
    this.remote = ends.remote;
  }

  write(bytes: Uint8Array): boolean {
    if (this.closed || this.#ending) return false;
    this.#queue.push(bytes.slice());
    this.queuedBytes += bytes.length;
    if (this.queuedBytes > QUEUE_MARK_BYTES) this.#overMark = true;
    this.pump();
    return !this.#overMark;
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.peer?.pump();
  }

  end(): void {
    if (this.closed || this.#ending) return;
    this.#ending = true;
    this.pump();
  }

  destroy(): void {
    if (this.closed) return;
    const { peer } = this;
    this.#wire.later(() => this.close('local'));
    this.#silence();
    if (peer !== null) this.#wire.later(() => peer.close(peer.#ending ? 'local' : 'remote'));
  }

  /** @internal Sends the first queued piece on its way unless one is under way already. */
  pump(): void {
    if (!this.opened || this.closed || this.#underWay) return;
    if (this.#queue.length === 0 && !this.#ending) return;
    this.#underWay = true;
    this.#wire.later(() => {
      this.#underWay = false;
      this.#arrive();
    });
  }

  /** @internal */
  close(reason: CloseReason): void {
    if (this.closed) return;
    this.closed = true;
    this.#queue.length = 0;
    this.queuedBytes = 0;
    this.#wire.forget(this);
    const { handlers } = this;
    this.handlers = null;
    handlers?.onClose(reason);
  }

  #arrive(): void {
    const { peer } = this;
    if (this.closed || peer === null || peer.closed || peer.#paused) return;
    const piece = this.#queue.shift();
    if (piece === undefined) {
      assert(this.#ending, 'an empty queue is pumped only to end');
      this.close('local');
      peer.close(peer.#ending ? 'local' : 'remote');
      return;
    }
    const count = this.#wire.cut(piece.length);
    if (count < piece.length) this.#queue.unshift(piece.subarray(count));
    this.queuedBytes -= count;
    peer.handlers?.onData(piece.subarray(0, count));
    if (this.#overMark && this.queuedBytes <= QUEUE_MARK_BYTES / 2) {
      this.#overMark = false;
      this.handlers?.onDrain?.();
    }
    this.pump();
  }

  /** After destroy() only onClose is called any more. */
  #silence(): void {
    const { handlers } = this;
    this.#queue.length = 0;
    this.queuedBytes = 0;
    this.#ending = true;
    this.handlers = handlers === null ? null : { onData: () => {}, onClose: (reason) => handlers.onClose(reason) };
  }
}

function keyOf(endpoint: Endpoint): string {
  return `${endpoint.address}:${endpoint.port}`;
}
