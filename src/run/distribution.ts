/** Weighted values and their percentiles, for delays that are known as counts. */

import type { Histogram } from 'hdr-histogram-js';
import type { Percentiles } from '../report/percentiles.ts';

const CONDENSED_VALUES = 1000;

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

  get count(): number {
    return this.#weights.reduce((sum, weight) => sum + weight, 0);
  }

  percentiles(): Percentiles {
    const { count } = this;
    if (count === 0) return NONE;
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
    this.#values.forEach((value, i) => {
      other.#values.forEach((added, k) => {
        values.push(value + added * scale);
        weights.push(((this.#weights[i] ?? 0) * (other.#weights[k] ?? 0)) / total);
      });
    });
    return new Distribution(values, weights).#condensed();
  }

  /** The same in at most a thousand values of equal weight, the largest one kept. */
  #condensed(): Distribution {
    if (this.#values.length <= CONDENSED_VALUES) return this;
    const { count } = this;
    const share = count / CONDENSED_VALUES;
    const values = Array.from({ length: CONDENSED_VALUES }, () => this.#values.at(-1) ?? 0);
    let [next, below] = [0, 0];
    this.#values.forEach((value, i) => {
      below += this.#weights[i] ?? 0;
      while (next < CONDENSED_VALUES - 1 && below >= (next + 0.5) * share) values[next++] = value;
    });
    return new Distribution(values, values.map(() => share));
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

const NONE: Percentiles = { count: 0, mean: 0, p50: 0, p90: 0, p99: 0, p999: 0, max: 0 };

/** Percentiles of an HDR histogram, each value divided by `unitsPer`. */
export function histogramPercentiles(histogram: Histogram, unitsPer: number): Percentiles {
  if (histogram.totalCount === 0) return NONE;
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

/** A hundred evenly spaced quantiles of an HDR histogram, each value divided by `unitsPer`. */
export function quantilesOf(histogram: Histogram, unitsPer: number): Distribution {
  if (histogram.totalCount === 0) return new Distribution([], []);
  const shares = Array.from({ length: 100 }, (_, i) => i + 0.5);
  return new Distribution(
    shares.map((percent) => histogram.getValueAtPercentile(percent) / unitsPer),
    shares.map(() => histogram.totalCount / 100),
  );
}
