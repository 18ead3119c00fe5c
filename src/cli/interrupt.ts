/** Ctrl-C and SIGTERM: the first one asks for a clean end, the second one ends at once. */

import { systemClock } from '../base/clock.ts';

const EXIT_INTERRUPTED = 130;
/** A signal to a process and its group arrives twice. */
const SAME_SIGNAL_MS = 500;

/** Resolves at the first Ctrl-C or SIGTERM. */
export function untilInterrupted(): Promise<void> {
  return new Promise((resolve) => {
    const interrupt = new Interrupt(() => {
      interrupt.release();
      resolve();
    });
  });
}

export class Interrupt {
  readonly #controller = new AbortController();
  readonly #handler: () => void;

  constructor(onFirst: () => void) {
    let firstMs = 0;
    this.#handler = () => {
      if (this.#controller.signal.aborted) {
        if (systemClock.nowMs() - firstMs > SAME_SIGNAL_MS) process.exit(EXIT_INTERRUPTED);
        return;
      }
      firstMs = systemClock.nowMs();
      onFirst();
      this.#controller.abort();
    };
    process.on('SIGINT', this.#handler);
    process.on('SIGTERM', this.#handler);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  release(): void {
    process.off('SIGINT', this.#handler);
    process.off('SIGTERM', this.#handler);
  }
}
