/**
 * Links without waiting: what a connection carries passes at once, and when it would have arrived is computed all the same. For a grid whose
 * time has no length on the clock (`speed: max`). Requests and answers of a link follow each other: an answer sets out when the request
 * would have arrived.
 */

import type { Connection, ConnectionHandlers, Endpoint, Listener, Wire } from '../wire/wire.ts';
import type { LinkModel } from './link-model.ts';
import { type Direction, DOWN, UP } from './link-parameters.ts';

export class StampedWire implements Wire {
  readonly #options: { readonly wire: Wire; readonly model: LinkModel; readonly linkAt: (address: string) => number; readonly nowMs: (link: number) => number };
  /** By link: when what was carried last would have arrived. */
  readonly #reachedMs: Float64Array;

  /** `nowMs`: time of the grid at the concentrator of a link. `linkAt`: as for a LinkWire. */
  constructor(options: {
    readonly wire: Wire;
    readonly model: LinkModel;
    readonly linkAt: (address: string) => number;
    readonly nowMs: (link: number) => number;
  }) {
    this.#options = options;
    this.#reachedMs = new Float64Array(options.model.links);
  }

  connect(options: { readonly from?: string; readonly to: Endpoint }, handlers: ConnectionHandlers): Connection {
    return this.#options.wire.connect(options, handlers);
  }

  listen(at: Endpoint, accept: (connection: Connection) => ConnectionHandlers, ready: (result: Listener | { readonly error: string }) => void): void {
    const { wire, linkAt, model } = this.#options;
    const taken = (far: Connection): ConnectionHandlers => {
      const link = linkAt(far.local.address);
      if (link < 0 || link >= model.links) return accept(far);
      const made = model.connect(link, DOWN, this.#nowMs(link));
      if ('openMs' in made) this.#reachedMs[link] = made.openMs;
      const connection = new StampedConnection(this, link, far);
      connection.near = accept(connection);
      return connection;
    };
    wire.listen(at, taken, ready);
  }

  /** @internal */
  carried(link: number, direction: Direction, bytes: number): void {
    if (bytes > 0) this.#reachedMs[link] = this.#options.model.send(link, direction, this.#nowMs(link), bytes);
  }

  #nowMs(link: number): number {
    return Math.max(this.#options.nowMs(link), this.#reachedMs[link]!);
  }
}

const NOBODY: ConnectionHandlers = { onData: () => {}, onClose: () => {} };

/** Both ends of it, as `LinkConnection` is. */
class StampedConnection implements Connection, ConnectionHandlers {
  near: ConnectionHandlers = NOBODY;
  readonly #wire: StampedWire;
  readonly #link: number;
  readonly #far: Connection;

  constructor(wire: StampedWire, link: number, far: Connection) {
    this.#wire = wire;
    this.#link = link;
    this.#far = far;
  }

  get local(): Endpoint {
    return this.#far.local;
  }

  get remote(): Endpoint {
    return this.#far.remote;
  }

  get queuedBytes(): number {
    return this.#far.queuedBytes;
  }

  write(bytes: Uint8Array): boolean {
    this.#wire.carried(this.#link, UP, bytes.length);
    return this.#far.write(bytes);
  }

  pause(): void {
    this.#far.pause();
  }

  resume(): void {
    this.#far.resume();
  }

  end(): void {
    this.#far.end();
  }

  destroy(): void {
    this.#far.destroy();
  }

  onData(bytes: Uint8Array): void {
    this.#wire.carried(this.#link, DOWN, bytes.length);
    this.near.onData(bytes);
  }

  onDrain(): void {
    this.near.onDrain?.();
  }

  onClose(reason: Parameters<ConnectionHandlers['onClose']>[0]): void {
    this.near.onClose(reason);
  }
}
