/** Ctrl-C, SIGTERM, and a terminal that closes: the first one asks for a clean end, the second one ends at once. */

import { isatty } from 'node:tty';
import { systemClock } from '../base/clock.ts';

const EXIT_INTERRUPTED = 130;
/** A signal to a process and its group arrives twice. */
const SAME_SIGNAL_MS = 500;

/** Resolves at the first of them. */
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
  readonly #onHangUp: () => void;

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
    // One that has closed is none any more.
    const atTerminal = hasTerminal();
    this.#onHangUp = () => {
      if (atTerminal) this.#handler();
    };
    process.on('SIGINT', this.#handler);
    process.on('SIGTERM', this.#handler);
    process.on('SIGHUP', this.#onHangUp);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  release(): void {
    process.off('SIGINT', this.#handler);
    process.off('SIGTERM', this.#handler);
    process.off('SIGHUP', this.#onHangUp);
  }
}

const STANDARD_STREAMS = [0, 1, 2];

/** Away from a terminal, as under `nohup`, none that closes is of interest. (Node forgets at its start that a signal was ignored.) */
function hasTerminal(): boolean {
  return STANDARD_STREAMS.some((descriptor) => isatty(descriptor));
}
