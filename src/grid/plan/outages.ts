/**
 * Two-state outages of concentrators and meters, seen at the steps of a scenario.
 *
 * In continuous time a device is up for exponential times of mean U and down for exponential times of mean D (`outage`), with
 * U / (U + D) = `accessible`. Looked at every tau seconds this is again a two-state Markov chain, exactly:
 *
 *   e = exp(-tau (1/U + 1/D))    P(down -> up) = a (1 - e)    P(up -> down) = (1 - a) (1 - e)
 *
 * so the stays are geometric numbers of steps, and the share of up steps is `a` at every step, the first one included.
 * The stay that begins at step k is drawn with counter k, so a chain is a pure function of (seed, device) and its state is
 * one integer: the step of the next change, and whether the device is down until then.
 */

import { draw, entityKey, naturalLog, streamKey, UNIT } from '../../base/random.ts';
import type { Accessibility } from '../scenario/scenario.ts';

/** The step of a change that never comes. Steps are below it. */
export const NEVER = 2 ** 30;
const INITIAL = 0xffffffff;

export class Outages {
  readonly #stream: number;
  /** Share of time up, and 1 / -ln(P(stay)), by category. */
  readonly #up: Float64Array;
  readonly #stepsScaleUp: Float64Array;
  readonly #stepsScaleDown: Float64Array;

  constructor(options: {
    readonly seed: number;
    readonly stream: string;
    readonly categories: readonly Pick<Accessibility, 'accessible' | 'outageSeconds'>[];
    readonly intervalSeconds: number;
  }) {
    const { categories } = options;
    this.#stream = streamKey(options.seed, options.stream);
    this.#up = Float64Array.from(categories, (c) => c.accessible);
    this.#stepsScaleUp = new Float64Array(categories.length);
    this.#stepsScaleDown = new Float64Array(categories.length);
    categories.forEach((category, i) => {
      const a = category.accessible;
      // 1/U + 1/D = (1/D) (1 + (1 - a) / a) = 1 / (D a)
      const change = a === 0 ? 1 : 1 - decay(options.intervalSeconds / (category.outageSeconds * a));
      this.#stepsScaleUp[i] = stayScale((1 - a) * change);
      this.#stepsScaleDown[i] = stayScale(a * change);
    });
  }

  /** State before step 0. Twice the step of the next change, plus 1 when the device is down until then. */
  initial(device: number, category: number): number {
    const key = entityKey(this.#stream, device);
    const down = draw(key, INITIAL) * UNIT >= this.#up[category]! ? 1 : 0;
    return this.#stay(key, category, { from: 0, down });
  }

  /** The state that holds at `step`, from the state of an earlier step. */
  advance(state: number, device: number, category: number, step: number): number {
    let now = state;
    while (now >>> 1 <= step) {
      const key = entityKey(this.#stream, device);
      now = this.#stay(key, category, { from: now >>> 1, down: (now & 1) ^ 1 });
    }
    return now;
  }

  #stay(key: number, category: number, stay: { readonly from: number; readonly down: number }): number {
    const scale = stay.down === 1 ? this.#stepsScaleDown[category]! : this.#stepsScaleUp[category]!;
    if (scale === NEVER) return NEVER * 2 + stay.down;
    const steps = 1 + Math.floor(-naturalLog((draw(key, stay.from) + 1) * UNIT) * scale);
    return Math.min(stay.from + steps, NEVER) * 2 + stay.down;
  }
}

/** 1 / -ln(1 - p): a geometric stay is 1 + floor(E * this) with E exponential of mean 1. */
function stayScale(p: number): number {
  if (p <= 0) return NEVER;
  if (p >= 1) return 0;
  return Math.min(NEVER, -1 / naturalLog(1 - p));
}

/** exp(-x) for x >= 0 from basic operations alone: a Taylor polynomial at x / 1024, squared ten times. */
export function decay(x: number): number {
  if (x > 700) return 0;
  const r = -x / 1024;
  let y = 1 + r * (1 + (r / 2) * (1 + (r / 3) * (1 + (r / 4) * (1 + (r / 5) * (1 + (r / 6) * (1 + r / 7))))));
  for (let i = 0; i < 10; i++) y *= y;
  return y;
}
