/**
 * Gathers values and events and writes them in batches: every FLUSH_MS, or sooner when many wait. One that can't be written
 * is tried again with the next; the reason is an event of the target `monitor`.
 */

import type { Clock, Timer } from '../../base/clock.ts';
import type { MonitorEvent, SeriesIdentity } from './monitor-source.ts';
import { SERIES_MAX, type MonitorStore } from './monitor-store.ts';

export interface CollectorOptions {
  readonly clock: Clock;
  readonly store: MonitorStore;
  /** Everything that was given before is in the file. */
  readonly onWritten: () => void;
}

const FLUSH_MS = 1000;
const WAITING_MANY = 20_000;
/** Target of what monitoring has to say of itself. */
export const MONITOR_TARGET = 'monitor';

export class Collector {
  readonly #options: CollectorOptions;
  #timer: Timer | null = null;
  #writing: Promise<void> | null = null;
  #failing = false;
  #toldDropped = 0;

  constructor(options: CollectorOptions) {
    this.#options = options;
    this.#waitAndWrite();
  }

  sample(identity: SeriesIdentity, timeMs: number, value: number): void {
    const { store } = this.#options;
    const id = store.series(identity);
    if (id !== null) store.sample(id, timeMs, value);
    if (store.waiting > WAITING_MANY && !this.#failing) void this.flush();
  }

  event(event: MonitorEvent): void {
    this.#options.store.event(event);
  }

  /** Kept with everything that was given before it, or not at all. */
  note(name: string, text: string): void {
    this.#options.store.note(name, text);
  }

  noted(name: string): string | null {
    return this.#options.store.noted(name);
  }

  /** Never rejects. */
  async flush(): Promise<void> {
    this.#writing ??= this.#write().finally(() => (this.#writing = null));
    await this.#writing;
  }

  /** Writes what there is and ends; rejects with what DuckDB says when that can't be. */
  async stop(): Promise<void> {
    this.#timer?.cancel();
    this.#timer = null;
    await this.#writing;
    await this.#options.store.flush();
    this.#options.onWritten();
  }

  #waitAndWrite(): void {
    this.#timer = this.#options.clock.schedule(FLUSH_MS, () => {
      void this.flush().then(() => {
        if (this.#timer !== null) this.#waitAndWrite();
      });
    });
  }

  async #write(): Promise<void> {
    const { store, onWritten } = this.#options;
    this.#tellDropped();
    try {
      await store.flush();
      this.#failing = false;
      onWritten();
    } catch (error) {
      if (!this.#failing) this.#tell('not-written', `values and events could not be written: ${(error as Error).message}`, {});
      this.#failing = true;
    }
  }

  #tellDropped(): void {
    const { dropped } = this.#options.store;
    if (dropped === this.#toldDropped) return;
    const count = dropped - this.#toldDropped;
    this.#toldDropped = dropped;
    const why = `too many waited to be written, or there are more than ${SERIES_MAX} series`;
    this.#tell('dropped', `${count} values and events were dropped: ${why}`, { count: String(count) });
  }

  #tell(rule: string, text: string, fields: Readonly<Record<string, string>>): void {
    this.event({ timeMs: this.#options.clock.unixMs(), target: MONITOR_TARGET, rule, severity: 'error', text, fields });
  }
}
