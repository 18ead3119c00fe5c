/** The report of a run; of one that goes on, told by the server whenever it went on, and asked for anew at most once a second. */

import { useEffect, useState } from 'preact/hooks';
import type { LiveProgress, RunState } from '../server/run-view.ts';
import { api, type RunData } from './api.ts';

const FRESH_MS = 1000;

export interface FollowedRun {
  readonly data: RunData | null;
  /** Newer than that of `data`. */
  readonly progress: LiveProgress | null;
  readonly error: string | null;
  /** The connection to a run that goes on is lost; the browser tries again. */
  readonly lost: boolean;
}

const NOTHING: FollowedRun = { data: null, progress: null, error: null, lost: false };

export function useRun(id: string | null): FollowedRun {
  const [run, setRun] = useState<FollowedRun & { readonly id: string | null }>({ ...NOTHING, id });
  useEffect(() => {
    setRun({ ...NOTHING, id });
    if (id === null) return undefined;
    const follower = new Follower(id, (change) => setRun((before) => ({ ...before, ...change, id })));
    return () => follower.end();
  }, [id]);
  return run.id === id ? run : NOTHING;
}

class Follower {
  readonly #id: string;
  readonly #changed: (change: Partial<FollowedRun>) => void;
  readonly #abort = new AbortController();
  #events: EventSource | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #loadedAtMs = 0;
  #loading = false;
  #phase: RunState | null = null;

  constructor(id: string, changed: (change: Partial<FollowedRun>) => void) {
    this.#id = id;
    this.#changed = changed;
    void this.#load();
  }

  end(): void {
    this.#abort.abort();
    this.#events?.close();
    clearTimeout(this.#timer);
  }

  async #load(): Promise<void> {
    if (this.#loading) return;
    this.#loading = true;
    this.#loadedAtMs = performance.now();
    try {
      const data = await api.report(this.#id, this.#abort.signal);
      this.#changed({ data, progress: data.progress, error: null });
      if (data.progress !== null) this.#follow();
      else this.#events?.close();
    } catch (error) {
      if (!this.#abort.signal.aborted) this.#changed(this.#events === null ? { error: (error as Error).message } : { lost: true });
    } finally {
      this.#loading = false;
    }
  }

  #follow(): void {
    if (this.#events !== null) return;
    const events = new EventSource(api.liveAddress(this.#id));
    this.#events = events;
    events.addEventListener('open', () => this.#changed({ lost: false }));
    events.addEventListener('error', () => {
      this.#changed({ lost: true });
      // The run may be over, and then there is nothing to follow any more.
      this.#soon();
    });
    events.addEventListener('progress', (event: MessageEvent<string>) => {
      const { state, progress } = JSON.parse(event.data) as { readonly state: RunState; readonly progress: LiveProgress | null };
      if (progress !== null) this.#changed({ progress, lost: false });
      const over = progress === null || state !== this.#phase;
      this.#phase = state;
      if (over) void this.#load();
      else this.#soon();
    });
  }

  #soon(): void {
    if (this.#timer !== undefined) return;
    const wait = Math.max(0, FRESH_MS - (performance.now() - this.#loadedAtMs));
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      void this.#load();
    }, wait);
  }
}
