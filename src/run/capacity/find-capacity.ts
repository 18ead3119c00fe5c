/**
 * The largest grid that a head-end holds: trials, one after the other, until the interval is as narrow as was asked or the time is
 * up; then a run at its low end, played to the end and audited, which counts as a trial too.
 */

import { join } from 'node:path';
import { channelCount, type Scenario } from '../../grid/scenario/scenario.ts';
import { generateStations } from '../../grid/topology/stations.ts';
import { machineFacts } from '../../monitor/machine-facts.ts';
import type { CapacityAnswer, CapacityReport, ProofFacts, TrialFacts } from '../../report/capacity/capacity-report.ts';
import type { RunReport } from '../../report/run-report.ts';
import { wasAudited } from '../../report/verdict.ts';
import { aborted } from '../abort.ts';
import { version } from '../compose-report.ts';
import { cores, DESCRIPTORS_SPARE, descriptorLimit } from '../sizing.ts';
import { CapacitySearch } from './capacity-search.ts';
import { playTrial, type Trial, type TrialSetup } from './play-trial.ts';
import type { Bottleneck } from './saturation.ts';
import { sizingOf } from './sizing.ts';
import { TrialJudge } from './trial-judge.ts';
import { TrialScenarios } from './trial-scenario.ts';

export interface CapacityOptions extends TrialSetup {
  readonly scenario: Scenario;
  /** Empty directory, for trials and the run that proves. */
  readonly directory: string;
  readonly budgetMs: number;
  /** Half width of the interval to reach: 0.05. */
  readonly precision: number;
  /** Sizing is for so many meters; the first trial is at their load. */
  readonly forMeters: number;
  readonly onBegin: (trial: { readonly number: number; readonly meters: number; readonly readingsPerSecond: number; readonly toTheEnd: boolean }) => void;
  readonly onTrial: (trial: TrialFacts) => void;
  /** The run that proves has come to its end. */
  readonly onProof: (directory: string, report: RunReport) => void;
}

/** So many times the stations of the scenario. */
const GROWTH_MAX = 16;
/** When the run that is to prove the answer does not hold, the next is at a lower load; so many are tried though the time is up. */
const PROOFS_MAX = 4;
const PROOFS_ALWAYS = 2;
/** Somebody else's head-end still works on what a failed trial left. That takes so much longer than by what it served; at most so long. */
const REST = { longer: 1.25, mostMs: 30_000, servedLeast: 0.05 } as const;

export async function findCapacity(options: CapacityOptions): Promise<CapacityReport> {
  return new CapacityHunt(options).run();
}

class CapacityHunt {
  readonly #options: CapacityOptions;
  readonly #scenarios: TrialScenarios;
  readonly #search: CapacitySearch;
  readonly #trials: Trial[] = [];
  readonly #beganMs: number;
  readonly #interrupted: Promise<void>;
  #proof: ProofFacts | null = null;
  /** The highest load that the scenario can make has held. */
  #atMaximum = false;

  constructor(options: CapacityOptions) {
    this.#options = options;
    // Somebody else's head-end may know the meters of the scenario and no others.
    const stationsMax = options.target === null ? Math.min(GROWTH_MAX * options.scenario.grid.stations, descriptorLimit() - DESCRIPTORS_SPARE) : undefined;
    this.#scenarios = new TrialScenarios(options.scenario, stationsMax);
    this.#search = new CapacitySearch({ first: Math.min(options.forMeters, this.#scenarios.maximum), precision: options.precision });
    this.#beganMs = options.clock.nowMs();
    this.#interrupted = aborted(options.interrupt);
  }

  async run(): Promise<CapacityReport> {
    while (!this.#search.precise && !this.#atMaximum && !this.#over && this.#leftMs > this.#trialMs + this.#proofMs) {
      await this.#play(Math.min(this.#search.next, this.#scenarios.maximum), false);
    }
    for (let i = 0; i < PROOFS_MAX && this.#proof === null && !this.#over && (i < PROOFS_ALWAYS || this.#leftMs > this.#proofMs); i++) {
      const meters = this.#toProve;
      if (meters === null) break;
      await this.#play(meters, true);
    }
    return this.#report();
  }

  get #over(): boolean {
    return this.#options.interrupt.aborted;
  }

  get #leftMs(): number {
    return this.#beganMs + this.#options.budgetMs - this.#options.clock.nowMs();
  }

  /** What trials took so far, on average. */
  get #trialMs(): number {
    const all = this.#trials.map(({ facts }) => facts.wallSeconds * 1000);
    return all.length === 0 ? 0 : all.reduce((sum, ms) => sum + ms, 0) / all.length;
  }

  get #proofMs(): number {
    return 1.5 * this.#trialMs + 5000;
  }

  get #toProve(): number | null {
    const { estimate } = this.#search;
    if (estimate !== null) return estimate.low;
    const held = this.#held;
    return held.length === 0 ? null : Math.max(...held.map(({ meters }) => meters));
  }

  get #held(): readonly TrialFacts[] {
    return this.#trials.map(({ facts }) => facts).filter(({ judgement }) => judgement === 'holds');
  }

  async #play(meters: number, toTheEnd: boolean): Promise<void> {
    const { windowMs, directory, onBegin, onTrial } = this.#options;
    const number = this.#trials.length + 1;
    const readingsPerSecond = this.#scenarios.readingsPerSecond(meters);
    onBegin({ number, meters, readingsPerSecond, toTheEnd });
    const place = toTheEnd ? `proof-${number}` : `trial-${number}`;
    const play = this.#scenarios.next(meters, (stepMs) => (toTheEnd ? TrialJudge.usualMs({ windowMs, stepMs }) : TrialJudge.limitMs({ windowMs, stepMs })));
    const trial = await playTrial(this.#options, { number, meters, readingsPerSecond, play, directory: join(directory, place), toTheEnd });
    if (trial === null) return;
    const { facts } = trial;
    this.#trials.push(trial);
    this.#search.add({ load: meters, held: facts.judgement === 'holds', hint: trial.hint });
    this.#atMaximum ||= facts.judgement === 'holds' && meters >= this.#scenarios.maximum;
    onTrial(facts);
    if (toTheEnd) this.#proved(trial, place);
    if (facts.judgement !== 'holds') await this.#rest(facts);
  }

  #proved({ facts, report, auditFailure }: Trial, place: string): void {
    if (facts.judgement !== 'holds' || report === null) return;
    const { audit, delays, run } = report;
    const ours = this.#options.target === null;
    this.#options.onProof(join(this.#options.directory, place), report);
    this.#proof = {
      meters: facts.meters,
      readings: audit.sent,
      auditFailure: ours ? auditFailure : null,
      exact: auditFailure === null && wasAudited(audit) ? audit.exact : null,
      storedWithinP99Ms: ours ? delays.arrivalToStoreMs.p99 : null,
      confirmedWithinP99Ms: this.#options.confirmed ? delays.sendingToConfirmationMs.p99 : null,
      storeBytesPerReading: run.storeBytes > 0 && audit.stored > 0 ? run.storeBytes / audit.stored : null,
      directory: place,
    };
  }

  /** A head-end in the box starts anew; somebody else's has to get through what it took. */
  async #rest({ lagSeconds, readingsPerSecond, servedReadingsPerSecond }: TrialFacts): Promise<void> {
    const { clock, target } = this.#options;
    if (target === null || lagSeconds === null || this.#over) return;
    const served = Math.max(servedReadingsPerSecond / readingsPerSecond, REST.servedLeast);
    const ms = Math.min(REST.mostMs, Math.max(0, (lagSeconds * 1000 * REST.longer) / served));
    await Promise.race([new Promise<void>((resolve) => clock.schedule(ms, resolve)), this.#interrupted]);
  }

  #report(): CapacityReport {
    const { options, answer, saturation } = { options: this.#options, ...this.#answered() };
    const { scenario, target, clock, headend } = options;
    const stations = generateStations(scenario);
    const trials = this.#trials.map(({ facts }) => facts);
    return {
      meterstorm: version(),
      scenario: scenario.name,
      headend: target === null ? 'builtin' : `${target.address}:${target.port}`,
      alternative: target === null ? { intake: headend.intake, store: headend.store === 'duckdb' ? 'duckdb' : 'postgres' } : null,
      intervalSeconds: scenario.behaviour.intervalSeconds,
      readingsPerMeterAndInterval: channelCount(scenario.behaviour.registers),
      stationsMax: stations.count,
      windowSeconds: options.windowMs / 1000,
      budgetSeconds: options.budgetMs / 1000,
      wallSeconds: (clock.nowMs() - this.#beganMs) / 1000,
      complete: !this.#over,
      answer,
      saturation,
      trials,
      proof: this.#proof,
      sizing: sizingOf({
        forMeters: options.forMeters,
        trials,
        proof: this.#proof,
        answer,
        readingsPerSecond: (meters) => this.#scenarios.readingsPerSecond(meters),
        intervalSeconds: scenario.behaviour.intervalSeconds,
        metersPerStation: stations.meters / stations.count,
        cores: cores(),
        seen: target === null || options.watch.length > 0,
      }),
      machine: machineFacts(),
    };
  }

  #answered(): Pick<CapacityReport, 'answer' | 'saturation'> {
    const failed = this.#trials.filter(({ facts, saturation }) => facts.judgement !== 'holds' && saturation !== null);
    const { estimate, precise } = this.#search;
    const held = this.#held.map(({ meters }) => meters);
    const lowest = Math.min(...this.#trials.filter(({ facts }) => facts.judgement !== 'holds').map(({ facts }) => facts.meters));
    const first = firstFull(failed, estimate?.value ?? lowest);
    const saturation = first === null ? null : { what: first.what, evidence: first.evidence, counts: first.counts };
    const plain = (kind: CapacityAnswer['kind'], meters: number, why: string): CapacityAnswer => {
      return { kind, why, meters, metersLow: meters, metersMiddle: meters, metersHigh: meters, readingsPerSecond: this.#scenarios.readingsPerSecond(meters), precise: false };
    };
    if (estimate === null) {
      if (held.length > 0) return { answer: plain('at-least', Math.max(...held), this.#atMaximum ? GRID_TOO_SMALL : this.#over ? INTERRUPTED : TIME_UP), saturation: null };
      if (failed.length > 0) return { answer: plain('at-most', lowest, NOTHING_HELD), saturation };
      return { answer: plain('unknown', 0, 'no trial came to an end'), saturation: null };
    }
    const { value, low, high } = estimate;
    const limit = first === null ? null : limitOf(first);
    const meters = limit === null ? value : low;
    const answer: CapacityAnswer = {
      kind: limit === null ? 'value' : 'at-least',
      why: limit === null ? `with 95 % confidence it lies in the interval${precise ? '' : `, which is wider than asked: ${this.#over ? 'it was interrupted' : 'the time was up'}`}` : LIMITED[limit],
      meters,
      metersLow: low,
      metersMiddle: value,
      metersHigh: high,
      readingsPerSecond: this.#scenarios.readingsPerSecond(meters),
      precise,
    };
    return { answer, saturation };
  }
}

const GRID_TOO_SMALL = 'the scenario’s grid has no higher load in it, and the head-end held it; a larger scenario has';
const TIME_UP = 'all trials held, and the time was up; a longer --budget goes on';
const INTERRUPTED = 'all trials held until it was interrupted';
const NOTHING_HELD = 'not even the lowest load that was tried held';
const LIMITED = {
  generator: 'the simulator is the limit: it can’t make more here, and the head-end may hold more',
  beside: 'the simulator takes its share of the processors of this machine, and all were busy: with the simulator elsewhere the head-end may hold more',
  others: 'others took their share of the processors of this machine, and all were busy: on a quiet machine the head-end may hold more',
} as const;
/** Share of all processors that a head-end can do without. */
const TAKEN_TOLERATED = 0.1;

/** Why the head-end may hold more than was found; null: it was full itself. */
function limitOf({ what, trial }: FirstFull): keyof typeof LIMITED | null {
  if (what === 'generator') return 'generator';
  const { busyCores, headendCores, simulatorCores } = trial;
  if (what !== 'machine') return null;
  const simulator = simulatorCores ?? 0;
  const others = (busyCores ?? 0) - (headendCores ?? 0) - simulator;
  if (simulator + others < TAKEN_TOLERATED * cores()) return null;
  return others > simulator ? 'others' : 'beside';
}

interface FirstFull {
  readonly what: Bottleneck;
  readonly evidence: string;
  readonly trial: TrialFacts;
  readonly counts: Readonly<Record<string, number>>;
}

/** Trials so far above the answer say what fills up at much higher loads. */
const NEAR = 2;

/** What most of the failed trials near the answer had; among equals, the one nearest to it. */
function firstFull(failed: readonly Trial[], meters: number): FirstFull | null {
  const near = failed.filter(({ facts }) => facts.meters <= meters * NEAR).toSorted((a, b) => a.facts.meters - b.facts.meters);
  const counts: Record<string, number> = {};
  for (const { saturation } of near) if (saturation !== null) counts[saturation.what] = (counts[saturation.what] ?? 0) + 1;
  const most = Math.max(0, ...Object.values(counts));
  const first = near.find(({ saturation }) => saturation !== null && counts[saturation.what] === most);
  return first === undefined || first.saturation === null ? null : { ...first.saturation, trial: first.facts, counts };
}
