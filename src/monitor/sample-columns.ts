/**
 * Samples of several quantities at the same moments, as columns. When there are too many, neighbours are merged, each column in its own way, so
 * that memory is bounded and no peak and no sum gets lost.
 */

/** What two neighbours become. `mean`: of the time that they cover. */
export type Merge = 'mean' | 'highest' | 'sum' | 'last';

export class SampleColumns<Name extends string> {
  readonly #merge: Readonly<Record<Name, Merge>>;
  readonly #names: readonly Name[];
  readonly #columns: Record<Name, number[]>;
  readonly #known = new Set<Name>();
  #wallMs: number[] = [];
  #coveredMs: number[] = [];

  constructor(merge: Readonly<Record<Name, Merge>>) {
    this.#merge = merge;
    this.#names = Object.keys(merge) as Name[];
    this.#columns = Object.fromEntries(this.#names.map((name) => [name, []])) as unknown as Record<Name, number[]>;
  }

  get length(): number {
    return this.#wallMs.length;
  }

  /** Ends of the samples, ms; each covers the time since the one before. */
  get wallMs(): readonly number[] {
    return this.#wallMs.map((ms) => Math.round(ms));
  }

  /** `values`: null where nothing is known of a quantity now. */
  add(nowMs: number, coveredMs: number, values: Readonly<Record<Name, number | null>>): void {
    this.#wallMs.push(nowMs);
    this.#coveredMs.push(coveredMs);
    for (const name of this.#names) {
      const value = values[name];
      if (value !== null) this.#known.add(name);
      this.#columns[name].push(value ?? 0);
    }
  }

  /** One value a sample, rounded to 1/`per`; none when nothing was ever known of it. */
  column(name: Name, per = 1): readonly number[] {
    return this.#known.has(name) ? this.#columns[name].map((value) => Math.round(value * per) / per) : [];
  }

  /** Null: nothing was ever known of it. */
  highest(name: Name): number | null {
    return this.#known.has(name) ? this.#columns[name].reduce((most, value) => Math.max(most, value), 0) : null;
  }

  /** Makes one sample of every two. */
  halve(): void {
    const covered = this.#coveredMs;
    const pairs = Array.from({ length: Math.ceil(this.length / 2) }, (_, i) => [2 * i, Math.min(2 * i + 1, this.length - 1)] as const);
    for (const name of this.#names) {
      const values = this.#columns[name];
      const merge = this.#merge[name];
      this.#columns[name] = pairs.map(([i, j]) => {
        if (i === j) return values[i]!;
        if (merge === 'highest') return Math.max(values[i]!, values[j]!);
        if (merge === 'sum') return values[i]! + values[j]!;
        if (merge === 'last') return values[j]!;
        return (values[i]! * covered[i]! + values[j]! * covered[j]!) / (covered[i]! + covered[j]!);
      });
    }
    this.#wallMs = pairs.map(([, j]) => this.#wallMs[j]!);
    this.#coveredMs = pairs.map(([i, j]) => (i === j ? covered[i]! : covered[i]! + covered[j]!));
  }
}
