/**
 * Which load to try next, and what the trials so far say of the capacity. Doubles (or more, where a trial shows that there is
 * room) until a trial fails, then halves the interval; near the edge, where a machine answers now so and now so, it tries again.
 *
 * The chance that load L holds is a logistic curve in ln L around the capacity C, of a width that is not known either, and now
 * and then a trial goes wrong for reasons of its own:
 *
 *   P(holds | L) = LAPSE / 2 + (1 - LAPSE) / (1 + exp((ln L - ln C) / width))
 *
 * All C on a grid and a few widths are weighed by Bayes' rule, all C alike beforehand (H. Watson and D. Pelli's QUEST, 1983).
 * The answer is the median of C, its interval the middle 95 %.
 */

import { assert } from '../../base/assert.ts';

export interface Outcome {
  readonly load: number;
  readonly held: boolean;
  /** What the trial suggests that the system could hold, a guess; null: nothing. */
  readonly hint: number | null;
}

export interface Estimate {
  readonly value: number;
  /** Interval of 95 %. */
  readonly low: number;
  readonly high: number;
}

const LAPSE = 0.02;
/** Of the edge, in ln L. */
const WIDTHS = [0.005, 0.015, 0.03, 0.06] as const;
const GRID_STEP = 0.01;
/** The grid goes so much beyond the lowest load that failed and the highest one that held. */
const GRID_BEYOND = Math.log(4);
const RAMP_UP = { least: 2, most: 8 } as const;
const RAMP_DOWN = { least: 1.5, most: 8 } as const;
/** A bracket wider than this is cut where a trial suggests, a narrower one in the middle of what is likely. */
const WIDE = 1.4;

export class CapacitySearch {
  readonly #first: number;
  readonly #precision: number;
  readonly #outcomes: Outcome[] = [];
  /** Of all outcomes so far; null: not computed. */
  #known: Estimate | null = null;

  /** `first`: load of the first trial. `precision`: half width of the interval to reach, relative: 0.05. */
  constructor(options: { readonly first: number; readonly precision: number }) {
    assert(options.first > 0 && options.precision > 0, 'loads and precision are positive');
    this.#first = options.first;
    this.#precision = options.precision;
  }

  add(outcome: Outcome): void {
    this.#outcomes.push(outcome);
    this.#known = null;
  }

  /** Load of the next trial. */
  get next(): number {
    const held = this.#highestHeld;
    const failed = this.#lowestFailed;
    if (held === null && failed === null) return this.#first;
    if (failed === null) return this.#highest(held);
    if (held === null) return failed.load / clamp(failed.load / (failed.hint ?? failed.load / 2), RAMP_DOWN);
    const { hint } = failed;
    if (hint !== null && failed.load / held.load > WIDE && hint > held.load && hint < failed.load) {
      return Math.min(Math.max(hint, held.load * 1.1), failed.load / 1.1);
    }
    return this.#posterior().value;
  }

  /** null: all held, or none did. */
  get estimate(): Estimate | null {
    return this.#highestHeld === null || this.#lowestFailed === null ? null : this.#posterior();
  }

  /** The interval is as narrow as was asked. */
  get precise(): boolean {
    const { estimate } = this;
    return estimate !== null && Math.sqrt(estimate.high / estimate.low) <= 1 + this.#precision;
  }

  #highest(held: Outcome | null): number {
    if (held === null) return this.#first;
    return held.load * clamp((held.hint ?? held.load) / held.load, RAMP_UP);
  }

  get #highestHeld(): Outcome | null {
    return this.#outcomes.filter(({ held }) => held).reduce<Outcome | null>((best, each) => (best === null || each.load > best.load ? each : best), null);
  }

  get #lowestFailed(): Outcome | null {
    return this.#outcomes.filter(({ held }) => !held).reduce<Outcome | null>((best, each) => (best === null || each.load < best.load ? each : best), null);
  }

  #posterior(): Estimate {
    this.#known ??= this.#weighed();
    return this.#known;
  }

  #weighed(): Estimate {
    const loads = this.#outcomes.map(({ load }) => Math.log(load));
    const edges = [this.#highestHeld, this.#lowestFailed].flatMap((outcome) => (outcome === null ? [] : [Math.log(outcome.load)]));
    const from = Math.min(...edges) - GRID_BEYOND;
    const count = Math.ceil((Math.max(...edges) + GRID_BEYOND - from) / GRID_STEP);
    const weights = Array.from({ length: count }, (_, i) => {
      const capacity = from + i * GRID_STEP;
      return WIDTHS.reduce((sum, width) => sum + this.#likelihood(loads, capacity, width), 0);
    });
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    const at = (share: number): number => Math.exp(from + GRID_STEP * quantile(weights, share * total));
    return { value: at(0.5), low: at(0.025), high: at(0.975) };
  }

  #likelihood(loads: readonly number[], capacity: number, width: number): number {
    let product = 1;
    this.#outcomes.forEach(({ held }, i) => {
      const curve = 1 / (1 + Math.exp(((loads[i] ?? 0) - capacity) / width));
      const holds = LAPSE / 2 + (1 - LAPSE) * curve;
      product *= held ? holds : 1 - holds;
    });
    return product;
  }
}

/** Place in the list, with a fraction, below which weights add up to `sum`. */
function quantile(weights: readonly number[], sum: number): number {
  let below = 0;
  for (let i = 0; i < weights.length; i++) {
    const weight = weights[i] ?? 0;
    if (below + weight >= sum && weight > 0) return i - 0.5 + (sum - below) / weight;
    below += weight;
  }
  return weights.length;
}

function clamp(value: number, limits: { readonly least: number; readonly most: number }): number {
  return Math.min(Math.max(value, limits.least), limits.most);
}
