/**
 * Server-sent events (WHATWG HTML, 9.2) to the browsers that watch a run. Bounded: so many connections, and one that does not
 * read what it is sent is closed, not waited for.
 */

import type { ServerResponse } from 'node:http';
import type { Clock, Timer } from '../../base/clock.ts';

export const WATCHERS_MAX = 32;
const UNREAD_BYTES_MAX = 1 << 18;
const HEARTBEAT_MS = 15_000;

export class LiveEvents {
  readonly #clock: Clock;
  readonly #watchers = new Set<ServerResponse>();
  #heartbeat: Timer | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get watchers(): number {
    return this.#watchers.size;
  }

  get full(): boolean {
    return this.#watchers.size >= WATCHERS_MAX;
  }

  /** Takes the response over; `first` is sent at once. */
  add(response: ServerResponse, first: { readonly event: string; readonly data: unknown }): void {
    this.#watchers.add(response);
    response.once('close', () => this.#watchers.delete(response));
    response.once('error', () => this.#watchers.delete(response));
    // After a lost connection a browser comes back by itself.
    this.#write(response, `retry: 2000\n\n${text(first.event, first.data)}`);
    this.#heartbeat ??= this.#beat();
  }

  send(event: string, data: unknown): void {
    if (this.#watchers.size === 0) return;
    const message = text(event, data);
    for (const watcher of this.#watchers) this.#write(watcher, message);
  }

  close(): void {
    this.#heartbeat?.cancel();
    this.#heartbeat = null;
    for (const watcher of this.#watchers) watcher.end();
    this.#watchers.clear();
  }

  #beat(): Timer {
    return this.#clock.schedule(HEARTBEAT_MS, () => {
      for (const watcher of this.#watchers) this.#write(watcher, ': alive\n\n');
      this.#heartbeat = this.#watchers.size === 0 ? null : this.#beat();
    });
  }

  #write(watcher: ServerResponse, message: string): void {
    if (watcher.writableLength > UNREAD_BYTES_MAX) {
      this.#watchers.delete(watcher);
      watcher.destroy();
      return;
    }
    watcher.write(message);
  }
}

function text(event: string, data: unknown): string {
  return `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}
