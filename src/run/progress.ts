/** What can be said of a run while it goes on. */

export interface Progress {
  readonly phase: 'preparing' | 'playing' | 'storing' | 'auditing';
  /** Steps that the average concentrator has settled, of `steps`. */
  readonly step: number;
  readonly steps: number;
  readonly elapsedMs: number;
  /** Grid time at `step`. */
  readonly gridUnixSeconds: number;
  readonly connected: number;
  /** Pushing: steps that a concentrator has played, added up over all concentrators. */
  readonly playedSteps: number;
  /** Pushing: writes after which a connection took no more for a while. */
  readonly backpressure: number;
  readonly sentReadings: number;
  readonly confirmedReadings: number;
  /** null: the head-end is not ours. */
  readonly storedReadings: number | null;
  /** Over about the last second. */
  readonly readingsPerSecond: number;
  /** Readings that are confirmed and not yet in the store; null: not known. */
  readonly backlogReadings: number | null;
  /** Till all is sent, as far as it can be told. */
  readonly etaMs: number | null;
  readonly restarts: number;
  /** What the store of our head-end says, as long as it takes nothing. */
  readonly failing?: string | null;
}

interface Sample {
  readonly atMs: number;
  readonly step: number;
  readonly readings: number;
}

/** Rates over a short window of samples. */
export class RateWindow {
  readonly #samples: Sample[] = [];
  readonly #windowMs: number;

  constructor(windowMs: number) {
    this.#windowMs = windowMs;
  }

  add(sample: Sample): void {
    this.#samples.push(sample);
    while (this.#samples.length > 2 && sample.atMs - (this.#samples[1]?.atMs ?? 0) >= this.#windowMs) this.#samples.shift();
  }

  get readingsPerSecond(): number {
    const { spanMs, first, last } = this.#span();
    return spanMs <= 0 ? 0 : Math.max(0, ((last.readings - first.readings) * 1000) / spanMs);
  }

  /** Time to get from the newest sample's step to `steps` at the present pace; null when there is no pace. */
  etaMs(steps: number): number | null {
    const { spanMs, first, last } = this.#span();
    const stepsPerMs = spanMs <= 0 ? 0 : (last.step - first.step) / spanMs;
    return stepsPerMs <= 0 ? null : (steps - last.step) / stepsPerMs;
  }

  #span(): { readonly spanMs: number; readonly first: Sample; readonly last: Sample } {
    const none = { atMs: 0, step: 0, readings: 0 };
    const first = this.#samples[0] ?? none;
    const last = this.#samples.at(-1) ?? none;
    return { spanMs: last.atMs - first.atMs, first, last };
  }
}
