/**
 * Gathers readings in a batch and makes them durable in groups: one group is gathered while the one before is written. A
 * group is written at once when nothing was written for `groupMs`, else `groupMs` after the one before began, or when it is
 * half full. Whoever added readings is called when they, and all that was added before them, are durable.
 *
 * Invariant: memory is that of one batch and one block; who finds no room waits until the group before is written.
 */

import { assert } from '../../base/assert.ts';
import type { Clock, Timer } from '../../base/clock.ts';
import { ReadingBatch } from '../../reading/batch.ts';
import type { BufferWriter } from './buffer-writer.ts';

export interface GroupCommitOptions {
  readonly clock: Clock;
  readonly writer: BufferWriter;
  /** Readings of a group at most, as the writer's `rowsMax`. */
  readonly groupRows: number;
  readonly groupMs: number;
}

export class GroupCommit {
  /** Readings are appended here, after `hasRoom` said so. */
  readonly batch: ReadingBatch;
  readonly #options: GroupCommitOptions;
  #gathered: (() => void)[] = [];
  #flight: (() => void)[] = [];
  #waiting: (() => void)[] = [];
  #timer: Timer | null = null;
  #fromUnixMs = 0;
  #flushedAtMs = -Infinity;

  constructor(options: GroupCommitOptions) {
    this.#options = options;
    this.batch = new ReadingBatch(options.groupRows);
  }

  /** Room for `rows` readings; writes the group to make some when it can. `rows` is at most the size of a group. */
  hasRoom(rows: number): boolean {
    assert(rows <= this.batch.capacity, 'a group has room for the readings');
    if (this.batch.room >= rows) return true;
    if (this.#options.writer.busy) return false;
    this.#flush();
    return true;
  }

  /** Calls back once when there may be room again. */
  whenRoom(fn: () => void): void {
    assert(this.#options.writer.busy, 'there is room now');
    this.#waiting.push(fn);
  }

  /** Readings were appended; `onDurable` is called when they are safe. With none, when all before are. */
  added(onDurable: () => void): void {
    const { writer, clock } = this.#options;
    if (this.batch.length === 0 && !writer.busy) {
      onDurable();
      return;
    }
    if (this.batch.length === 0) {
      this.#flight.push(onDurable);
      return;
    }
    if (this.#gathered.length === 0) this.#fromUnixMs = clock.unixMs();
    this.#gathered.push(onDurable);
    this.#flushLater();
  }

  #flushLater(): void {
    const { writer, clock, groupMs } = this.#options;
    if (writer.busy) return;
    if (this.batch.length * 2 >= this.batch.capacity) {
      this.#flush();
      return;
    }
    if (this.#timer !== null) return;
    const waitMs = Math.max(0, this.#flushedAtMs + groupMs - clock.nowMs());
    this.#timer = clock.schedule(waitMs, () => {
      this.#timer = null;
      if (this.batch.length > 0 && !writer.busy) this.#flush();
    });
  }

  #flush(): void {
    const { clock, writer } = this.#options;
    this.#timer?.cancel();
    this.#timer = null;
    this.#flushedAtMs = clock.nowMs();
    const fromUnixMs = this.#gathered.length === 0 ? clock.unixMs() : this.#fromUnixMs;
    const flight = this.#gathered;
    this.#gathered = [];
    this.#flight = flight;
    writer.write(this.batch, { fromUnixMs, toUnixMs: clock.unixMs() }, () => this.#durable());
    this.batch.length = 0;
  }

  #durable(): void {
    const durable = this.#flight;
    this.#flight = [];
    for (const fn of durable) fn();
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const fn of waiting) fn();
    if (this.batch.length > 0) this.#flushLater();
  }
}
