/**
 * Which load to try next, and what the trials so far say of the capacity. Doubles (or more, where a trial shows that there is
 * room) until a trial fails, then halves the interval; near the edge, where a machine answers now so and now so, it tries again.
 *
 * The chance that load L holds is a logistic curve in ln L around the capacity C, of a width that is not known either, and now
 * and then a trial goes wrong for reasons of its own:
 *
 *   P(holds | L) = LAPSE / 2 + (1 - LAPSE) / (1 + exp((ln L - ln C) / width))
 *
 * All C on a grid and a few widths are weighed by Bayes' rule, all C alike beforehand. The answer is the median of C, its interval the
 * middle 95 %; the next load is the one after which least doubt is to be expected (as QUEST+ does, A. Watson, 2017).
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
/** When a load held a little above all that failed: one of those trials went wrong by itself, or this is the edge. */
const RAMP_AGAIN = { least: 1.4, most: 8 } as const;
/** How far a guess is trusted, in ln; and how much of it is left to what lies elsewhere. */
const GUESS = { width: 0.15, floor: 0.1 } as const;
/** Shares of what is likely at which the next trial may be. */
const CANDIDATES = [0.5, 0.4, 0.6, 0.3, 0.7, 0.2, 0.8, 0.1, 0.9] as const;
/** A bracket wider than this is cut where a trial suggests, a narrower one where a trial says most. */
const WIDE = 1.4;

export class CapacitySearch {
  readonly #first: number;
  readonly #precision: number;
  readonly #outcomes: Outcome[] = [];
  /** Of all outcomes so far; null: not computed. */
  #known: (Estimate & { readonly next: number }) | null = null;

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
    if (held === null) return failed === null ? this.#first : failed.load / clamp(failed.load / (failed.hint ?? failed.load / 2), RAMP_DOWN);
    const above = this.#lowestFailedAbove(held.load);
    if (above === null) return held.load * clamp((held.hint ?? held.load) / held.load, failed === null || held.load > WIDE * failed.load ? RAMP_UP : RAMP_AGAIN);
    const { hint } = above;
    if (hint !== null && above.load / held.load > WIDE && hint > held.load && hint < above.load) {
      return Math.min(Math.max(hint, held.load * 1.1), above.load / 1.1);
    }
    return this.#posterior().next;
  }

  /** null: there is no load that held, or none above it that failed. */
  get estimate(): Estimate | null {
    const held = this.#highestHeld;
    if (held === null || this.#lowestFailedAbove(held.load) === null) return null;
    const { value, low, high } = this.#posterior();
    return { value, low, high };
  }

  /** The interval is as narrow as was asked. */
  get precise(): boolean {
    const { estimate } = this;
    return estimate !== null && Math.sqrt(estimate.high / estimate.low) <= 1 + this.#precision;
  }

  get #highestHeld(): Outcome | null {
    return this.#outcomes.filter(({ held }) => held).reduce<Outcome | null>((best, each) => (best === null || each.load > best.load ? each : best), null);
  }

  get #lowestFailed(): Outcome | null {
    return this.#lowestFailedAbove(0);
  }

  /** Of a load that was tried more than once, the same load counts too. */
  #lowestFailedAbove(load: number): Outcome | null {
    return this.#outcomes.filter((each) => !each.held && each.load >= load).reduce<Outcome | null>((best, each) => (best === null || each.load < best.load ? each : best), null);
  }

  #posterior(): Estimate & { readonly next: number } {
    this.#known ??= this.#weighed();
    return this.#known;
  }

  #weighed(): Estimate & { readonly next: number } {
    const edges = [this.#highestHeld, this.#lowestFailed].flatMap((outcome) => (outcome === null ? [] : [Math.log(outcome.load)]));
    const from = Math.min(...edges) - GRID_BEYOND;
    const count = Math.ceil((Math.max(...edges) + GRID_BEYOND - from) / GRID_STEP);
    const capacities = Array.from({ length: count }, (_, i) => from + i * GRID_STEP);
    const byWidth = WIDTHS.map((width) => capacities.map((capacity) => this.#likelihood(capacity, width)));
    const weights = capacities.map((_, i) => byWidth.reduce((sum, column) => sum + (column[i] ?? 0), 0));
    const at = (share: number): number => from + GRID_STEP * quantile(weights, share);
    const guess = this.#lowestFailed?.hint ?? null;
    const liking = capacities.map((capacity) => likingOf(capacity, guess));
    const liked = weights.map((weight, i) => weight * (liking[i] ?? 1));
    const likedByWidth = byWidth.map((column) => column.map((weight, i) => weight * (liking[i] ?? 1)));
    const candidates = CANDIDATES.map((share) => from + GRID_STEP * quantile(liked, share));
    const next = candidates.reduce<{ readonly load: number; readonly left: number } | null>((best, load) => {
      const left = doubtAfter(load, { capacities, byWidth: likedByWidth });
      return best === null || left < best.left ? { load, left } : best;
    }, null);
    return { value: Math.exp(at(0.5)), low: Math.exp(at(0.025)), high: Math.exp(at(0.975)), next: Math.exp(next?.load ?? at(0.5)) };
  }

  #likelihood(capacity: number, width: number): number {
    return this.#outcomes.reduce((product, { held, load }) => {
      const holds = chanceToHold(Math.log(load), capacity, width);
      return product * (held ? holds : 1 - holds);
    }, 1);
  }
}

/** All in ln of loads. */
function chanceToHold(load: number, capacity: number, width: number): number {
  return LAPSE / 2 + (1 - LAPSE) / (1 + Math.exp((load - capacity) / width));
}

/** Entropy of the capacity that is to be expected after a trial at this load. */
function doubtAfter(load: number, of: { readonly capacities: readonly number[]; readonly byWidth: readonly (readonly number[])[] }): number {
  const { capacities, byWidth } = of;
  const held = capacities.map(() => 0);
  const failed = capacities.map(() => 0);
  WIDTHS.forEach((width, w) => {
    capacities.forEach((capacity, i) => {
      const weight = byWidth[w]?.[i] ?? 0;
      const holds = weight * chanceToHold(load, capacity, width);
      held[i]! += holds;
      failed[i]! += weight - holds;
    });
  });
  const [sumHeld, sumFailed] = [held, failed].map((column) => column.reduce((sum, value) => sum + value, 0)) as [number, number];
  return (sumHeld * entropy(held, sumHeld) + sumFailed * entropy(failed, sumFailed)) / (sumHeld + sumFailed);
}

function entropy(weights: readonly number[], sum: number): number {
  return weights.reduce((all, weight) => (weight > 0 ? all - (weight / sum) * Math.log(weight / sum) : all), 0);
}

/**
 * What a failed trial served is about what can be held. It is no proof, since an overload may cost more or less than that: so it
 * only leads to where to look, and has no part in the answer.
 */
function likingOf(capacity: number, guess: number | null): number {
  return guess === null ? 1 : GUESS.floor + Math.exp(-0.5 * ((capacity - Math.log(guess)) / GUESS.width) ** 2);
}

/** Place in the list, with a fraction, below which so much of all weights lies. */
function quantile(weights: readonly number[], share: number): number {
  const sum = share * weights.reduce((all, weight) => all + weight, 0);
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
