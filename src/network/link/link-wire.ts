/**
 * Links on the clock, between concentrators and the real network: what a concentrator writes leaves this machine when its link has carried it, and
 * what arrives is handed to it likewise. The real socket stays as it is. Lines drop, are forgotten and come back.
 *
 * The grid's time runs `speed` times as fast as the clock. What is due is handed on by one coarse wheel for all links, up to a grain late;
 * the times that are counted are those of the model.
 *
 * Behind a line that went without a word the real socket of the other side stays open, as a half-open connection does, until that side
 * closes it or its keep-alive would have (2 h 11 min 15 s), or there are too many.
 */

import { present } from '../../base/assert.ts';
import type { Clock, Timer } from '../../base/clock.ts';
import { TimerWheel } from '../../base/timer-wheel.ts';
import type { Connection, ConnectionHandlers, Endpoint, Listener, Wire } from '../wire/wire.ts';
import type { Lines } from './lines.ts';
import { LinkConnection, type LinkCarrier } from './link-connection.ts';
import type { LinkModel } from './link-model.ts';
import { type Direction, DOWN, UP } from './link-parameters.ts';

export interface LinkWireOptions {
  readonly clock: Clock;
  /** What really carries bytes. */
  readonly wire: Wire;
  readonly model: LinkModel;
  readonly lines: Lines;
  /** Ms of the grid for one of the clock. */
  readonly speed: number;
  /** Link of a connection that is accepted, by the address that was called; negative: none, it is carried as it is. */
  readonly linkAt: (address: string) => number;
  /** A connection was made, or ended because its line did. */
  readonly onConnection?: (event: 'made' | 'lost') => void;
}

/** Up to this speed a grain is 5 ms of the clock, which is nothing to a link; above it is 1 ms, as fine as timers are. */
const COARSE_SPEED_MAX = 4;
const KEEP_ALIVE_MS = 7_875_000;
const ORPHANS_MAX = 2000;
const ORPHAN_SWEEP_MS = 1000;
const NOBODY: ConnectionHandlers = { onData: () => {}, onClose: () => {} };

interface Orphan {
  readonly connection: LinkConnection;
  readonly untilMs: number;
}

export class LinkWire implements Wire, LinkCarrier {
  readonly #options: LinkWireOptions;
  readonly #model: LinkModel;
  readonly #lines: Lines;
  /** Keys: 2 * link + direction, for what is under way; then, where lines live, one for each line. */
  readonly #wheel: TimerWheel;
  /** By link: its first connection. */
  readonly #connections: (LinkConnection | null)[];
  /** By link: what connects as soon as its line is there. */
  readonly #waiting = new Map<number, (() => void)[]>();
  /** When something last went over a connection, where that matters. */
  readonly #usedMs = new Map<LinkConnection, number>();
  readonly #orphans = new Set<Orphan>();
  /** How long the answer to its first packet takes, of connections that are being made. */
  readonly #opening = new Map<LinkConnection, number>();
  #sweeping: Timer | null = null;
  #connects = 0;
  #second = 0;
  #peak = 0;
  /** Time of the clock at which the grid's is 0. */
  #originMs: number;

  constructor(options: LinkWireOptions) {
    const { clock, model, lines, speed } = options;
    this.#options = options;
    this.#originMs = clock.nowMs();
    this.#model = model;
    this.#lines = lines;
    this.#connections = Array.from({ length: model.links }, () => null);
    this.#wheel = new TimerWheel({
      clock,
      keys: (lines.live ? 3 : 2) * model.links,
      grainMs: speed <= COARSE_SPEED_MAX ? 5 : 1,
      onDue: (key) => this.#due(key),
    });
  }

  /** The grid's time is 0 at `originMs` of the clock; from now on lines live. */
  start(originMs: number): void {
    this.#originMs = originMs;
    this.#lines.begin(this.nowMs());
    for (let link = 0; link < this.#model.links; link++) this.#watchLine(link);
  }

  /** Most connections that were made within a second of the clock. */
  get peakConnectsPerSecond(): number {
    return this.#peak;
  }

  /** Half-open connections that are kept. */
  get orphans(): number {
    return this.#orphans.size;
  }

  // ---- A wire ----

  /** A connection of the link with this number. `from`: by how often the line got another address. */
  connectLink(
    link: number,
    options: { readonly from: (address: number) => string | undefined; readonly to: Endpoint },
    handlers: ConnectionHandlers,
  ): Connection {
    const connection = this.#open(link, handlers);
    const dial = (): void => this.#dial(connection, options);
    if (this.#lines.isThere(link)) {
      dial();
    } else {
      const waiting = this.#waiting.get(link);
      if (waiting === undefined) this.#waiting.set(link, [dial]);
      else waiting.push(dial);
    }
    return connection;
  }

  /** A connection that comes from no link of these is carried as it is. */
  connect(options: { readonly from?: string; readonly to: Endpoint }, handlers: ConnectionHandlers): Connection {
    const { from } = options;
    const link = from === undefined ? -1 : this.#options.linkAt(from);
    if (link < 0 || link >= this.#model.links) return this.#options.wire.connect(options, handlers);
    return this.connectLink(link, { from: () => from, to: options.to }, handlers);
  }

  listen(at: Endpoint, accept: (connection: Connection) => ConnectionHandlers, ready: (result: Listener | { readonly error: string }) => void): void {
    const { wire, linkAt } = this.#options;
    const taken = (far: Connection): ConnectionHandlers => {
      const link = linkAt(far.local.address);
      if (link < 0 || link >= this.#model.links) return accept(far);
      // Nobody answers: neither yes nor no.
      if (!this.#lines.isThere(link)) return NOBODY;
      const now = this.nowMs();
      const made = this.#model.connect(link, DOWN, now);
      if ('failedMs' in made) return NOBODY;
      // Whoever accepts may end it at once.
      const connection = this.#open(link, NOBODY);
      connection.far = far;
      connection.near = accept(connection);
      connection.opened();
      this.#count();
      // What the other side sent before its connection could be open waits in its socket.
      far.pause();
      this.later(connection, made.openMs, () => connection.far?.resume());
      return connection;
    };
    wire.listen(at, taken, ready);
  }

  // ---- The lines ----

  /** The link is down by plan: its connections end. */
  down(link: number): void {
    const silent = this.#lines.down(link);
    const { lines } = this.#model.statsOf(link);
    this.#each(link, (connection) => {
      if (connection.isOpen) lines.outages++;
      connection.cut({ near: true, far: !silent });
    });
    this.#watchLine(link);
  }

  /** The link is up again by plan. */
  up(link: number): void {
    if (this.#lines.up(link, this.nowMs())) this.#attached(link);
    this.#watchLine(link);
  }

  /** Lines do nothing by themselves any more, and half-open connections are closed. What is under way still arrives. */
  stop(): void {
    for (let link = 0; this.#lines.live && link < this.#model.links; link++) this.#wheel.cancel(2 * this.#model.links + link);
    this.#sweeping?.cancel();
    this.#sweeping = null;
    for (const { connection } of this.#orphans) connection.far?.destroy();
    this.#orphans.clear();
  }

  // ---- What connections ask ----

  nowMs(): number {
    const { clock, speed } = this.#options;
    return (clock.nowMs() - this.#originMs) * speed;
  }

  get arrivals(): Float64Array {
    return this.#model.arrivals;
  }

  carry(connection: LinkConnection, direction: Direction, bytes: number): number {
    const { link } = connection;
    const now = this.nowMs();
    this.#model.send(link, direction, now, bytes);
    this.#used(connection, now);
    this.#wakeAt(2 * link + direction, this.#model.arrivals[0]!);
    return this.#model.segmentsOf(bytes);
  }

  afterPacket(connection: LinkConnection, direction: Direction, then: () => void): void {
    this.later(connection, this.#model.packet(connection.link, direction, this.nowMs()), then);
  }

  later(connection: LinkConnection, atMs: number, then: () => void): void {
    const { clock, speed } = this.#options;
    clock.schedule(Math.max(0, (atMs - this.nowMs()) / speed), () => {
      if (connection.near !== null) then();
    });
  }

  wake(connection: LinkConnection, direction: Direction): void {
    this.#wakeAt(2 * connection.link + direction, 0);
  }

  reached(connection: LinkConnection): void {
    const backMs = this.#opening.get(connection) ?? 0;
    this.#opening.delete(connection);
    this.later(connection, this.nowMs() + backMs, () => {
      this.#used(connection, this.nowMs());
      this.#count();
      connection.opened();
    });
  }

  isForgotten(connection: LinkConnection): boolean {
    const idleMs = this.#lines.idleMs(connection.link);
    if (idleMs === Infinity) return false;
    const forgotten = this.nowMs() - (this.#usedMs.get(connection) ?? Infinity) > idleMs;
    if (forgotten) this.#model.statsOf(connection.link).lines.forgotten++;
    return forgotten;
  }

  orphaned(connection: LinkConnection): void {
    if (this.#orphans.size >= ORPHANS_MAX) {
      const oldest = present(this.#orphans.values().next().value, 'a full set has a first');
      this.#orphans.delete(oldest);
      oldest.connection.far?.destroy();
    }
    this.#orphans.add({ connection, untilMs: this.nowMs() + KEEP_ALIVE_MS });
    this.#sweepLater();
  }

  lost(): void {
    this.#options.onConnection?.('lost');
  }

  gone(connection: LinkConnection): void {
    this.#usedMs.delete(connection);
    this.#opening.delete(connection);
    const first = this.#connections[connection.link]!;
    if (first === connection) {
      this.#connections[connection.link] = connection.sibling;
      return;
    }
    for (let other: LinkConnection | null = first; other !== null; other = other.sibling) {
      if (other.sibling !== connection) continue;
      other.sibling = connection.sibling;
      return;
    }
  }

  // ---- Within ----

  #open(link: number, near: ConnectionHandlers): LinkConnection {
    const connection = new LinkConnection(this, link);
    connection.near = near;
    connection.sibling = this.#connections[link] ?? null;
    this.#connections[link] = connection;
    return connection;
  }

  /** Its first packet sets out; the real connection is made when that arrives, and near is told one packet after that. */
  #dial(connection: LinkConnection, options: { readonly from: (address: number) => string | undefined; readonly to: Endpoint }): void {
    if (connection.near === null) return;
    const { link } = connection;
    const made = this.#model.connect(link, UP, this.nowMs());
    if ('failedMs' in made) {
      this.later(connection, made.failedMs, () => connection.tell('timeout'));
      return;
    }
    const from = options.from(this.#lines.addressOf(link));
    const backMs = made.openMs - made.arrivesMs;
    this.later(connection, made.arrivesMs, () => {
      this.#opening.set(connection, backMs);
      connection.far = this.#options.wire.connect(from === undefined ? { to: options.to } : { from, to: options.to }, connection);
    });
  }

  #used(connection: LinkConnection, now: number): void {
    if (this.#lines.idleMs(connection.link) !== Infinity) this.#usedMs.set(connection, now);
  }

  #count(): void {
    this.#options.onConnection?.('made');
    const second = Math.floor(this.#options.clock.nowMs() / 1000);
    if (second !== this.#second) this.#connects = 0;
    this.#second = second;
    this.#connects++;
    this.#peak = Math.max(this.#peak, this.#connects);
  }

  #each(link: number, call: (connection: LinkConnection) => void): void {
    let next = this.#connections[link] ?? null;
    while (next !== null) {
      const connection = next;
      next = connection.sibling;
      if (connection.near !== null) call(connection);
    }
  }

  #wakeAt(key: number, gridMs: number): void {
    if (!this.#wheel.isScheduled(key)) this.#wheel.schedule(key, this.#originMs + gridMs / this.#options.speed);
  }

  #due(key: number): void {
    const { links } = this.#model;
    if (key >= 2 * links) {
      this.#line(key - 2 * links);
      return;
    }
    const direction = (key & 1) as Direction;
    let nextMs = Infinity;
    for (let connection = this.#connections[key >> 1] ?? null; connection !== null; connection = connection.sibling) {
      nextMs = Math.min(nextMs, connection.due(direction));
    }
    if (nextMs < Infinity) this.#wakeAt(key, nextMs);
  }

  #line(link: number): void {
    const event = this.#lines.advance(link, this.nowMs());
    if (event?.kind === 'drop') this.#each(link, (connection) => connection.cut({ near: !event.silent, far: !event.silent }));
    if (event?.kind === 'attach') this.#attached(link);
    this.#watchLine(link);
  }

  #attached(link: number): void {
    const waiting = this.#waiting.get(link) ?? [];
    this.#waiting.delete(link);
    for (const dial of waiting) dial();
  }

  #watchLine(link: number): void {
    if (!this.#lines.live) return;
    const at = this.#lines.nextMs(link);
    const key = 2 * this.#model.links + link;
    if (at === Infinity) this.#wheel.cancel(key);
    else this.#wheel.schedule(key, this.#originMs + at / this.#options.speed);
  }

  #sweepLater(): void {
    if (this.#sweeping !== null) return;
    this.#sweeping = this.#options.clock.schedule(ORPHAN_SWEEP_MS, () => {
      this.#sweeping = null;
      const now = this.nowMs();
      for (const orphan of this.#orphans) {
        if (orphan.untilMs > now && orphan.connection.far !== null) continue;
        this.#orphans.delete(orphan);
        orphan.connection.far?.destroy();
      }
      if (this.#orphans.size > 0) this.#sweepLater();
    });
  }
}
