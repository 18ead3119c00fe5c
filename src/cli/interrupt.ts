/** Ctrl-C and SIGTERM: the first one asks for a clean end, the second one ends at once. */

const EXIT_INTERRUPTED = 130;

export class Interrupt {
  readonly #controller = new AbortController();
  readonly #handler: () => void;

  constructor(onFirst: () => void) {
    this.#handler = () => {
      if (this.#controller.signal.aborted) process.exit(EXIT_INTERRUPTED);
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
