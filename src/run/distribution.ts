/** Weighted values and their percentiles, for delays that are known as counts. */

import type { Histogram } from 'hdr-histogram-js';
import { NO_PERCENTILES, type Percentiles } from '../report/percentiles.ts';

/** A condensed distribution has so many slices up to each share: the tail stays sharp, where thresholds lie. */
const PARTS = [
  { to: 0.99, slices: 400 },
  { to: 0.9999, slices: 100 },
  { to: 1, slices: 50 },
] as const;

const SLICES = slices();

export class Distribution {
  readonly #values: readonly number[];
  readonly #weights: readonly number[];

  /** Parallel lists; weights are counts. */
  constructor(values: readonly number[], weights: readonly number[]) {
    const order = values.map((_, i) => i).filter((i) => (weights[i] ?? 0) > 0);
    order.sort((a, b) => (values[a] ?? 0) - (values[b] ?? 0));
    this.#values = order.map((i) => values[i] ?? 0);
    this.#weights = order.map((i) => weights[i] ?? 0);
  }

  /** As the constructor takes them. */
  get values(): readonly number[] {
    return this.#values;
  }

  get weights(): readonly number[] {
    return this.#weights;
  }

  get count(): number {
    return this.#weights.reduce((sum, weight) => sum + weight, 0);
  }

  percentiles(): Percentiles {
    const { count } = this;
    if (count === 0) return NO_PERCENTILES;
    const mean = this.#values.reduce((sum, value, i) => sum + value * (this.#weights[i] ?? 0), 0) / count;
    const at = (share: number): number => this.#at(share * count);
    return { count: Math.round(count), mean, p50: at(0.5), p90: at(0.9), p99: at(0.99), p999: at(0.999), max: this.#values.at(-1) ?? 0 };
  }

  /** The distribution of this plus an independent `other`, whose values are multiplied by `scale`. */
  plus(other: Distribution, scale: number): Distribution {
    const values: number[] = [];
    const weights: number[] = [];
    const total = other.count;
    if (total === 0) return this;
    const [a, b] = [this.#condensed(), other.#condensed()];
    a.#values.forEach((value, i) => {
      b.#values.forEach((added, k) => {
        values.push(value + added * scale);
        weights.push(((a.#weights[i] ?? 0) * (b.#weights[k] ?? 0)) / total);
      });
    });
    return new Distribution(values, weights).#condensed();
  }

  /** Share of the values that are less than `limit`; 0 .. 1. Of nothing: 1. */
  shareBelow(limit: number): number {
    const { count } = this;
    if (count === 0) return 1;
    let below = 0;
    for (let i = 0; i < this.#values.length && (this.#values[i] ?? 0) < limit; i++) below += this.#weights[i] ?? 0;
    // Weights of a whole are added in another order.
    return Math.min(1, below / count);
  }

  /** The same in as many values as there are slices, the largest one kept. */
  #condensed(): Distribution {
    if (this.#values.length <= SLICES.length) return this;
    const { count } = this;
    const values = SLICES.map(() => this.#values.at(-1) ?? 0);
    let [next, below] = [0, 0];
    this.#values.forEach((value, i) => {
      below += this.#weights[i] ?? 0;
      while (next < SLICES.length - 1 && below >= (SLICES[next]?.middle ?? 1) * count) values[next++] = value;
    });
    return new Distribution(values, SLICES.map(({ weight }) => weight * count));
  }

  #at(rank: number): number {
    let below = 0;
    for (let i = 0; i < this.#values.length; i++) {
      below += this.#weights[i] ?? 0;
      if (below >= rank) return this.#values[i] ?? 0;
    }
    return this.#values.at(-1) ?? 0;
  }
}

/** Percentiles of an HDR histogram, each value divided by `unitsPer`. */
export function histogramPercentiles(histogram: Histogram, unitsPer: number): Percentiles {
  if (histogram.totalCount === 0) return NO_PERCENTILES;
  const at = (percent: number): number => histogram.getValueAtPercentile(percent) / unitsPer;
  return {
    count: histogram.totalCount,
    mean: histogram.mean / unitsPer,
    p50: at(50),
    p90: at(90),
    p99: at(99),
    p999: at(99.9),
    max: histogram.maxValue / unitsPer,
  };
}

/** An HDR histogram, condensed, each value divided by `unitsPer`. */
export function condensed(histogram: Histogram, unitsPer: number): Distribution {
  const { totalCount } = histogram;
  if (totalCount === 0) return new Distribution([], []);
  return new Distribution(
    SLICES.map(({ middle }) => histogram.getValueAtPercentile(middle * 100) / unitsPer),
    SLICES.map(({ weight }) => weight * totalCount),
  );
}

interface Slice {
  /** Rank of its middle, and its part of the whole; 0 .. 1. */
  readonly middle: number;
  readonly weight: number;
}

function slices(): readonly Slice[] {
  let from = 0;
  return PARTS.flatMap(({ to, slices: count }) => {
    const [start, weight] = [from, (to - from) / count];
    from = to;
    return Array.from({ length: count }, (_, i) => ({ middle: start + (i + 0.5) * weight, weight }));
  });
}
