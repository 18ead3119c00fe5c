/**
 * Keeps the durable buffer bounded: tells whether the sealed files that the store has not loaded yet are too many bytes. It
 * looks every `everyMs`, so the limit is passed by what all intakes write in that time, and by their open files.
 */

import type { Clock, Timer } from '../../base/clock.ts';
import { type BufferFiles, isFault } from './buffer-files.ts';
import { parseBufferName } from './buffer-name.ts';

export interface BacklogWatchOptions {
  readonly clock: Clock;
  readonly files: BufferFiles;
  readonly bytesMax: number;
  readonly everyMs: number;
  /** Called when it goes over the limit, and when it is back below. */
  readonly onChange: (over: boolean) => void;
}

export class BacklogWatch {
  readonly #options: BacklogWatchOptions;
  #bytes = 0;
  #timer: Timer | null = null;
  #stopped = false;

  constructor(options: BacklogWatchOptions) {
    this.#options = options;
  }

  /** At the last look. */
  get bytes(): number {
    return this.#bytes;
  }

  start(): void {
    this.#timer = this.#options.clock.schedule(this.#options.everyMs, () => this.#look());
  }

  /** `onChange` is not called any more. */
  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }

  #look(): void {
    const { files, bytesMax, onChange } = this.#options;
    files.list((entries) => {
      if (this.#stopped) return;
      this.start();
      // What can't be looked at is as large as it was.
      if (isFault(entries)) return;
      const before = this.#bytes > bytesMax;
      this.#bytes = entries.reduce((sum, { name, bytes }) => sum + (parseBufferName(name)?.state === 'sealed' ? bytes : 0), 0);
      const over = this.#bytes > bytesMax;
      if (over !== before) onChange(over);
    });
  }
}
