/**
 * Watches an open-loop trial and says whether the head-end keeps up, by the slope of its backlog and not by a time-out:
 *
 *   intended --(unsent)--> sent --(unconfirmed)--> confirmed --(unstored)--> stored
 *
 * Each backlog is counted in seconds of the offered load, so that its slope is the share of the load that is not served: 0.1 is a tenth. What
 * is intended follows from the schedule alone, so a generator that is late can't hide behind its own lateness. A trial ends early
 * when it clearly diverges, goes on for up to twice its window while the band of the slope leaves it open or little has gathered, and is
 * then judged by the slope itself and by what has gathered.
 */

import { type Growth, growthOf } from './growth.ts';

export interface TrialPlan {
  readonly stations: number;
  /** A step in time of the machine. */
  readonly stepMs: number;
  /** Each step, pushes are spread over so much of it. */
  readonly spreadMs: number;
  readonly windowMs: number;
  /** Where the way of a reading ends, as far as it can be seen from here. */
  readonly seen: Stage;
}

export type Stage = 'sent' | 'confirmed' | 'stored';

/** Counts since the begin of the trial. */
export interface TrialSample {
  readonly atMs: number;
  readonly connected: number;
  readonly playedSteps: number;
  readonly sentReadings: number;
  readonly confirmedReadings: number;
  /** null: the head-end is not ours. */
  readonly storedReadings: number | null;
}

export type Judgement = 'measuring' | 'holds' | 'fails' | 'diverges';

export interface TrialMeasure {
  readonly window: { readonly fromMs: number; readonly toMs: number };
  readonly offeredReadingsPerSecond: number;
  readonly servedReadingsPerSecond: number;
  /** Of the whole backlog, as a share of the load; null: there was too little to see. */
  readonly growth: Growth;
  /** Parts of it. Those that can't be seen are 0. */
  readonly growthOf: Backlogs;
  /** At the end, seconds of the load. */
  readonly lag: Backlogs;
  readonly lagSeconds: number;
  /** Least of all samples. */
  readonly connectedShare: number;
  /** Connections were still being made, and none had ended. */
  readonly connecting: boolean;
}

export interface Backlogs {
  readonly unsent: number;
  readonly unconfirmed: number;
  readonly unstored: number;
}

/** A backlog that grows by less than this share of the load counts as none: what measuring itself makes of it. */
export const GROWTH_TOLERATED = 0.03;
/** What grew by less than so many seconds of the load may be a batch that the head-end has at hand. */
const GROWN_SECONDS = 0.5;
const DIVERGES = { share: 0.12, afterMs: 2400 } as const;
const SAMPLES_MIN = 8;
/** Connections are made, the first steps caught up. */
const WARM_UP = { leastMs: 1000, steps: 3, connectMs: 6000 } as const;
const WINDOW_STEPS_MIN = 10;

export class TrialJudge {
  readonly #plan: TrialPlan;
  readonly #windowMs: number;
  readonly #samples: TrialSample[] = [];
  #connectedMs: number | null = null;

  constructor(plan: TrialPlan) {
    this.#plan = plan;
    this.#windowMs = Math.max(plan.windowMs, WINDOW_STEPS_MIN * plan.stepMs);
  }

  /** How long a trial may take, from its first step. */
  static limitMs({ windowMs, stepMs }: Pick<TrialPlan, 'windowMs' | 'stepMs'>): number {
    return WARM_UP.connectMs + warmUpMs(stepMs) + 2 * Math.max(windowMs, WINDOW_STEPS_MIN * stepMs);
  }

  /** How long a trial takes that is played to its end, whatever it shows. */
  static usualMs({ windowMs, stepMs }: Pick<TrialPlan, 'windowMs' | 'stepMs'>): number {
    return 1000 + warmUpMs(stepMs) + Math.max(windowMs, WINDOW_STEPS_MIN * stepMs);
  }

  add(sample: TrialSample): Judgement {
    if (this.#connectedMs === null && (sample.connected >= this.#plan.stations || sample.atMs >= WARM_UP.connectMs)) this.#connectedMs = sample.atMs;
    if (this.#connectedMs === null || sample.atMs < this.#connectedMs + warmUpMs(this.#plan.stepMs)) return 'measuring';
    this.#samples.push(sample);
    return this.#judge();
  }

  /** What was seen since the warm-up; null: too little. */
  get measure(): TrialMeasure | null {
    const samples = this.#samples;
    const [first, last] = [samples[0], samples.at(-1)];
    if (first === undefined || last === undefined || samples.length < SAMPLES_MIN || last.sentReadings === 0) return null;
    const lags = samples.map((sample) => this.#lag(sample, last));
    const seconds = samples.map(({ atMs }) => atMs / 1000);
    const slope = (part: keyof Backlogs): number => growthOf(seconds, lags.map((lag) => lag[part])).slope;
    const lag = lags.at(-1) ?? NONE;
    const window = { fromMs: first.atMs, toMs: last.atMs };
    return {
      window,
      offeredReadingsPerSecond: this.#offered(last),
      servedReadingsPerSecond: (this.#end(last) - this.#end(first)) / spanSeconds(window),
      growth: growthOf(seconds, lags.map(total)),
      growthOf: { unsent: slope('unsent'), unconfirmed: slope('unconfirmed'), unstored: slope('unstored') },
      lag,
      lagSeconds: mean(lags.slice(-LAST_SAMPLES).map(total)),
      connectedShare: Math.min(...samples.map(({ connected }) => connected)) / this.#plan.stations,
      connecting: last.connected > first.connected && samples.every(({ connected }, i) => connected >= (samples[i - 1]?.connected ?? 0)),
    };
  }

  /** By what the backlog grew by, however wide the band of its slope is; null: too little was seen. */
  get leaning(): 'holds' | 'fails' | null {
    const { measure } = this;
    return measure === null ? null : leaningOf(measure);
  }

  #judge(): Judgement {
    const { measure } = this;
    if (measure === null) return 'measuring';
    const { growth, window } = measure;
    const spanMs = window.toMs - window.fromMs;
    const grown = growth.slope * spanSeconds(window);
    if (spanMs >= DIVERGES.afterMs && growth.low > DIVERGES.share && grown > GROWN_SECONDS) return 'diverges';
    if (spanMs < this.#windowMs) return 'measuring';
    if (growth.high < GROWTH_TOLERATED) return 'holds';
    if (growth.low > GROWTH_TOLERATED && grown > GROWN_SECONDS) return 'fails';
    if (spanMs < 2 * this.#windowMs) return 'measuring';
    return leaningOf(measure);
  }

  /** Backlogs in seconds of the load; readings of a step as of `last`, when most are known. */
  #lag(sample: TrialSample, last: TrialSample): Backlogs {
    const { seen } = this.#plan;
    const perStep = last.sentReadings / last.playedSteps;
    const offered = this.#offered(last);
    const unsent = (this.#due(sample.atMs) - sample.playedSteps) * perStep;
    const unconfirmed = seen === 'sent' ? 0 : sample.sentReadings - sample.confirmedReadings;
    const unstored = sample.storedReadings === null ? 0 : sample.confirmedReadings - sample.storedReadings;
    return { unsent: unsent / offered, unconfirmed: unconfirmed / offered, unstored: unstored / offered };
  }

  #end({ sentReadings, confirmedReadings, storedReadings }: TrialSample): number {
    const { seen } = this.#plan;
    return seen === 'stored' ? (storedReadings ?? 0) : seen === 'confirmed' ? confirmedReadings : sentReadings;
  }

  #offered({ sentReadings, playedSteps }: TrialSample): number {
    const { stations, stepMs } = this.#plan;
    return ((sentReadings / playedSteps) * stations * 1000) / stepMs;
  }

  /** Steps that concentrators should have played by then, added up over all. */
  #due(atMs: number): number {
    const { stations, stepMs, spreadMs } = this.#plan;
    const step = Math.floor(atMs / stepMs);
    const within = atMs - step * stepMs;
    return stations * (step + (spreadMs === 0 ? 1 : Math.min(1, within / spreadMs)));
  }
}

const NONE: Backlogs = { unsent: 0, unconfirmed: 0, unstored: 0 };
const LAST_SAMPLES = 5;

function leaningOf({ growth, window }: TrialMeasure): 'holds' | 'fails' {
  return growth.slope > GROWTH_TOLERATED && growth.slope * spanSeconds(window) > GROWN_SECONDS ? 'fails' : 'holds';
}

function spanSeconds({ fromMs, toMs }: TrialMeasure['window']): number {
  return (toMs - fromMs) / 1000;
}

function warmUpMs(stepMs: number): number {
  return Math.max(WARM_UP.leastMs, WARM_UP.steps * stepMs);
}

function total({ unsent, unconfirmed, unstored }: Backlogs): number {
  return unsent + unconfirmed + unstored;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}
