/**
 * One connection over a link: `near` is the program on the concentrator's side, `far` the real socket to the other side. What near writes
 * goes out of the real socket when the link has carried it, and what the real socket brings is handed to near likewise. Each message waits as one
 * piece with the arrival times of its segments.
 *
 * It is a Connection for near, and the handlers of the real one.
 */

import { type Direction, DOWN, UP } from './link-parameters.ts';
import type { CloseReason, Connection, ConnectionHandlers, Endpoint } from '../wire/wire.ts';

/** Bytes that may wait in one direction before the sender is held up. */
const QUEUE_MARK_BYTES = 64 * 1024;

/** What a connection asks of the links. Times in ms of the grid. */
export interface LinkCarrier {
  nowMs(): number;
  /** Hands over, and calls `connection.due(direction)` from then on. How many segments that is; `arrivals` has when they arrive, until the next call. */
  carry(connection: LinkConnection, direction: Direction, bytes: number): number;
  readonly arrivals: Float64Array;
  /** Calls `then` one packet later. */
  afterPacket(connection: LinkConnection, direction: Direction, then: () => void): void;
  /** Calls `then` at `atMs`, unless the connection is closed on this side by then. */
  later(connection: LinkConnection, atMs: number, then: () => void): void;
  /** `due` has to be called again: near goes on, or the real socket takes bytes again. */
  wake(connection: LinkConnection, direction: Direction): void;
  /** The real connection is made. */
  reached(connection: LinkConnection): void;
  /** The network has forgotten the connection: nothing went over it for too long. Asked before each use. */
  isForgotten(connection: LinkConnection): boolean;
  /** The line took the connection with it, and near has been told. */
  lost(): void;
  /** Near has been told that it is over; the real socket stays open and nobody is behind it any more. */
  orphaned(connection: LinkConnection): void;
  /** Neither side has anything to do with it any more. */
  gone(connection: LinkConnection): void;
}

/** A message under way. */
class Piece {
  readonly bytes: Uint8Array;
  readonly segments: number;
  /** Segments that were handed up. */
  done = 0;
  next: Piece | null = null;
  /** Most have one segment, and are spared a column. */
  readonly #firstMs: number;
  readonly #arrivals: Float64Array | null;

  constructor(bytes: Uint8Array, segments: number, arrivals: Float64Array) {
    // From the pool of small buffers.
    this.bytes = Buffer.allocUnsafe(bytes.length);
    this.bytes.set(bytes);
    this.segments = segments;
    this.#firstMs = arrivals[0]!;
    this.#arrivals = segments === 1 ? null : arrivals.slice(0, segments);
  }

  /** When the next segment arrives. */
  get nextMs(): number {
    return this.#arrivals === null ? this.#firstMs : this.#arrivals[this.done]!;
  }
}

class Queue {
  first: Piece | null = null;
  last: Piece | null = null;
  bytes = 0;
  /** Whoever receives takes nothing for now; whoever sends was told to wait. */
  held = false;
  full = false;
}

/** How long TCP sends again before it gives up (tcp_retries2 of 15), ms. */
const RETRIES_MS = 924_600;
/** A concentrator at rest asks every ten minutes whether the other side is there, three times. */
const KEEP_ALIVE_MS = 1_800_000;
/** Nothing passes any more. What is sent is lost, and near will be told. Near has sent its last, and that has
 * arrived. Near was told that it is open. */
const DEAD = 1;
const DYING = 2;
const ENDED = 4;
const FINISHED = 8;
const OPEN = 16;
const READ_AGAIN_MS = 100;
const NOWHERE: Endpoint = { address: '', port: 0 };

export class LinkConnection implements Connection, ConnectionHandlers {
  readonly link: number;
  /** Next connection of the same link. */
  sibling: LinkConnection | null = null;
  /** Null: over, on this side. */
  near: ConnectionHandlers | null = null;
  /** Null: not there yet, or gone. */
  far: Connection | null = null;
  readonly #carrier: LinkCarrier;
  #up: Queue | null = null;
  #down: Queue | null = null;
  /** Bits: DEAD, DYING, ENDED. There are tens of thousands of connections. */
  #state = 0;

  constructor(carrier: LinkCarrier, link: number) {
    this.#carrier = carrier;
    this.link = link;
  }

  // ---- For near ----

  get local(): Endpoint {
    return this.far?.local ?? NOWHERE;
  }

  get remote(): Endpoint {
    return this.far?.remote ?? NOWHERE;
  }

  get queuedBytes(): number {
    return (this.#up?.bytes ?? 0) + (this.far?.queuedBytes ?? 0);
  }

  write(bytes: Uint8Array): boolean {
    if (this.near === null || this.#is(ENDED)) return false;
    if (bytes.length === 0) return true;
    if (this.#is(DEAD)) {
      if (!this.#is(DYING)) this.#timeOut(RETRIES_MS);
      this.#state |= DYING;
      return true;
    }
    if (this.#carrier.isForgotten(this)) {
      this.#forgotten();
      return true;
    }
    return this.#carry(UP, bytes);
  }

  pause(): void {
    this.#queue(DOWN).held = true;
  }

  resume(): void {
    const queue = this.#down;
    if (!queue?.held) return;
    queue.held = false;
    this.#carrier.wake(this, DOWN);
  }

  end(): void {
    if (this.#is(ENDED) || this.near === null) return;
    this.#state |= ENDED;
    if (this.far === null || this.#is(DEAD)) this.destroy();
    else this.#carrier.afterPacket(this, UP, () => this.#finish());
  }

  destroy(): void {
    const { near, far } = this;
    if (near === null) return;
    this.#state |= ENDED;
    this.far = null;
    far?.destroy();
    this.#forget(UP);
    this.#forget(DOWN);
    this.#carrier.later(this, this.#carrier.nowMs(), () => this.tell('local'));
  }

  // ---- For the real socket ----

  onOpen(): void {
    this.#carrier.reached(this);
  }

  onData(bytes: Uint8Array): void {
    // To whom it belongs is gone, or can't be reached: the real network would lose it.
    if (this.near === null || this.#is(DEAD) || this.far === null) return;
    if (this.#carrier.isForgotten(this)) {
      this.cut({ near: false, far: false });
      return;
    }
    if (!this.#carry(DOWN, bytes)) this.far.pause();
  }

  onDrain(): void {
    if (this.#up !== null) this.#up.held = false;
    this.#carrier.wake(this, UP);
  }

  onClose(reason: CloseReason): void {
    if (this.near === null) {
      this.far = null;
      this.#carrier.gone(this);
    } else if (this.far !== null) {
      this.far = null;
      if (!this.#is(DEAD)) this.#carrier.afterPacket(this, DOWN, () => this.#close(this.#is(ENDED) ? 'local' : reason));
    }
  }

  // ---- For the links ----

  get isOpen(): boolean {
    return this.near !== null && this.#is(OPEN);
  }

  /** Near is told that data may go. */
  opened(): void {
    this.#state |= OPEN;
    this.near?.onOpen?.();
  }

  /** Hands on what has arrived in this direction. When the next segment arrives; Infinity: none is waiting, or nobody takes it. */
  due(direction: Direction): number {
    const queue = direction === UP ? this.#up : this.#down;
    if (queue === null) return Infinity;
    const now = this.#carrier.nowMs();
    for (let piece = queue.first; piece !== null && !queue.held; piece = queue.first) {
      if (!this.#handOn(direction, queue, piece, now)) break;
    }
    if (queue.first === null && !queue.held) {
      this.#forget(direction);
      if (direction === UP && this.#is(FINISHED)) this.far?.end();
    }
    if (queue.first === null || queue.held) return Infinity;
    return queue.first.nextMs;
  }

  /**
   * The line is gone, and what was under way with it. `near` and `far` say who is told: near by a reset, the other side by the end of the real
   * connection.
   */
  cut(told: { readonly near: boolean; readonly far: boolean }, reason: CloseReason = 'reset'): void {
    this.#forget(UP);
    this.#forget(DOWN);
    if (!told.near) {
      this.#state |= DEAD;
      this.#timeOut(KEEP_ALIVE_MS);
      return;
    }
    if (told.far) {
      const { far } = this;
      this.far = null;
      far?.destroy();
    } else if (this.far !== null) {
      this.#carrier.orphaned(this);
    }
    if (this.isOpen) this.#carrier.lost();
    this.tell(reason);
  }

  /** Near is told that it is over. */
  tell(reason: CloseReason): void {
    const { near } = this;
    if (near === null) return;
    this.near = null;
    this.#forget(UP);
    this.#forget(DOWN);
    if (this.far === null) this.#carrier.gone(this);
    near.onClose(reason);
  }

  #carry(direction: Direction, bytes: Uint8Array): boolean {
    const queue = this.#queue(direction);
    const segments = this.#carrier.carry(this, direction, bytes.length);
    const piece = new Piece(bytes, segments, this.#carrier.arrivals);
    if (queue.last === null) queue.first = piece;
    else queue.last.next = piece;
    queue.last = piece;
    queue.bytes += bytes.length;
    if (queue.bytes > QUEUE_MARK_BYTES) queue.full = true;
    return !queue.full;
  }

  /** False: the piece is not through yet. */
  #handOn(direction: Direction, queue: Queue, piece: Piece, now: number): boolean {
    const { bytes, segments } = piece;
    const before = piece.done;
    while (piece.done < segments && piece.nextMs <= now) piece.done++;
    if (piece.done === before) return false;
    const whole = piece.done === segments;
    const share = bytes.length / segments;
    const from = Math.floor(before * share);
    const to = whole ? bytes.length : Math.floor(piece.done * share);
    if (whole) {
      queue.first = piece.next;
      if (piece.next === null) queue.last = null;
    }
    queue.bytes -= to - from;
    const some = whole && before === 0 ? bytes : bytes.subarray(from, to);
    if (direction === UP) {
      if (this.far?.write(some) === false) queue.held = true;
    } else {
      this.near?.onData(some);
    }
    if (queue.full && queue.bytes < QUEUE_MARK_BYTES / 2) {
      queue.full = false;
      if (direction === UP) this.near?.onDrain?.();
      else this.far?.resume();
    }
    return whole;
  }

  #queue(direction: Direction): Queue {
    if (direction === UP) return (this.#up ??= new Queue());
    return (this.#down ??= new Queue());
  }

  #forget(direction: Direction): void {
    if (direction === UP) this.#up = null;
    else this.#down = null;
  }

  /** The end has arrived; what is before it may still wait for the real socket. */
  #finish(): void {
    this.#state |= FINISHED;
    if (this.#up === null) this.far?.end();
  }

  /** The other side's end has arrived; near is told when it has taken all that came before. */
  #close(reason: CloseReason): void {
    this.due(DOWN);
    if (this.#down === null) this.tell(reason);
    else this.#carrier.later(this, this.#carrier.nowMs() + READ_AGAIN_MS, () => this.#close(reason));
  }

  #is(state: number): boolean {
    return (this.#state & state) !== 0;
  }

  /** Nothing arrives; near is told when TCP gives up. */
  #timeOut(afterMs: number): void {
    this.#carrier.later(this, this.#carrier.nowMs() + afterMs, () => this.cut({ near: true, far: false }, 'timeout'));
  }

  /** What is sent reaches the other side from an unknown port, which answers with a reset. */
  #forgotten(): void {
    if (this.#is(DYING)) return;
    this.#state |= DYING | DEAD;
    this.#carrier.afterPacket(this, UP, () => this.#carrier.afterPacket(this, DOWN, () => this.cut({ near: true, far: false })));
  }
}
