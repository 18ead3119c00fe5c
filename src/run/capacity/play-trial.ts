/** Plays one trial with real processes, watches it, and ends it as soon as it is judged. */

import { mkdirSync, rmSync } from 'node:fs';
import type { Clock } from '../../base/clock.ts';
import type { SaturationFacts, TrialFacts } from '../../report/capacity/capacity-report.ts';
import type { GroupFacts } from '../../report/resource-facts.ts';
import type { RunReport } from '../../report/run-report.ts';
import { chooseHeadend, type HeadendFlags, schemaOfRun } from '../choose-headend.ts';
import { UnreachableError } from '../errors.ts';
import type { HeadendKind } from '../headend-kind.ts';
import { dropStore, prepareStore } from '../prepare-store.ts';
import { withDatabase } from '../run-probe.ts';
import { runScenario, type RunOptions } from '../run-scenario.ts';
import { saturationOf, type Saturation, type TrialMachine } from './saturation.ts';
import { TrialJudge, type Judgement, type TrialMeasure, type TrialPlan } from './trial-judge.ts';
import type { TrialScenario } from './trial-scenario.ts';

/** What stays the same from trial to trial. */
export interface TrialSetup extends Required<Pick<RunOptions, 'target' | 'confirmed' | 'simulators' | 'intakes' | 'watch'>> {
  readonly clock: Clock;
  /** Of the head-end in the box, where there is no `target`. Each trial has a store of its own. */
  readonly headend: HeadendFlags;
  readonly windowMs: number;
  readonly interrupt: AbortSignal;
}

export interface TrialRequest {
  readonly number: number;
  /** Equivalent meters. */
  readonly meters: number;
  readonly readingsPerSecond: number;
  readonly play: TrialScenario;
  readonly directory: string;
  /** Plays it to its end, stores and audits all, and keeps the directory; unless it diverges. */
  readonly toTheEnd: boolean;
}

export interface Trial {
  readonly facts: TrialFacts;
  readonly saturation: Saturation | null;
  /** For the next load: what the trial suggests that could be held, equivalent meters. */
  readonly hint: number | null;
  readonly report: RunReport | null;
  readonly auditFailure: string | null;
}

/** A component that is busy at this share of what it has is where the next load goes. */
const BUSY_AIM = 0.75;
/** So much more is tried next of a head-end of which only this is known: that it held. */
const UNSEEN_GROWTH = 3;
const DRAIN_SECONDS = 60;
/** Before the first step all concentrators have time to connect: the load is what they send, not that they come. */
const LEAD_MS = { least: 300, station: 0.3 } as const;

/** null: it was interrupted. */
export async function playTrial(setup: TrialSetup, request: TrialRequest): Promise<Trial | null> {
  return new TrialPlay(setup, request).play();
}

class TrialPlay {
  readonly #setup: TrialSetup;
  readonly #request: TrialRequest;
  readonly #judge: TrialJudge;
  readonly #abandon = new AbortController();
  readonly #kind: HeadendKind;
  #judgement: Judgement = 'measuring';
  #beganMs = 0;
  #backpressure = 0;

  constructor(setup: TrialSetup, request: TrialRequest) {
    this.#setup = setup;
    this.#request = request;
    const { directory, number, play } = request;
    const schema = `${schemaOfRun(play.scenario.name, setup.clock.unixMs())}_${number}`;
    this.#kind = chooseHeadend(setup.headend, { directory, schema });
    this.#judge = new TrialJudge(planOf(setup, request.play));
  }

  async play(): Promise<Trial | null> {
    const { clock, interrupt } = this.#setup;
    const { directory, toTheEnd } = this.#request;
    this.#beganMs = clock.nowMs();
    mkdirSync(directory, { recursive: true });
    const stop = (): void => this.#abandon.abort();
    if (interrupt.aborted) stop();
    interrupt.addEventListener('abort', stop);
    let prepared = false;
    try {
      if (this.#setup.target === null) {
        await prepareStore(this.#kind, { fresh: true });
        prepared = true;
      }
      const { report, auditFailure } = await this.#run();
      if (interrupt.aborted) return null;
      return this.#trial(report, auditFailure);
    } catch (error) {
      // The first trial tells whether there is anybody; later ones may have been too much for it.
      if (!(error instanceof UnreachableError) || this.#request.number === 1) throw error;
      return this.#unreachable(error.message);
    } finally {
      interrupt.removeEventListener('abort', stop);
      if (!toTheEnd || this.#judgement === 'diverges') remove(directory);
      if (prepared) await dropStore(this.#kind.store);
    }
  }

  async #run(): ReturnType<typeof runScenario> {
    const { clock, target, confirmed, simulators, intakes, watch } = this.#setup;
    const { play, directory } = this.#request;
    return runScenario({
      clock,
      scenario: play.scenario,
      directory,
      target,
      confirmed,
      simulators,
      intakes,
      watch: target === null ? await withDatabase(watch, this.#kind.store) : watch,
      headend: this.#kind,
      dropStore: true,
      drainSeconds: DRAIN_SECONDS,
      leadMs: LEAD_MS.least + LEAD_MS.station * play.stations,
      // A trial is broken off or played to its end, never cut short in between.
      interrupt: new AbortController().signal,
      abandon: this.#abandon.signal,
      onProgress: (progress) => {
        if (progress.phase !== 'playing' || this.#abandon.signal.aborted) return;
        this.#backpressure = progress.backpressure;
        this.#judged(this.#judge.add({ ...progress, atMs: progress.elapsedMs }));
      },
    });
  }

  #judged(judgement: Judgement): void {
    // To the end is to the end: only what can't come to one is broken off.
    if (judgement === 'measuring' || (this.#request.toTheEnd && judgement !== 'diverges')) return;
    this.#judgement = judgement;
    this.#abandon.abort();
  }

  #trial(report: RunReport, auditFailure: string | null): Trial {
    const measure = this.#judge.measure;
    const crashes = report.run.restarts.map(({ process, why }) => `${process} (${why})`);
    const judgement = crashes.length > 0 ? 'fails' : this.#verdict(measure);
    const machine = this.#machine(report, measure);
    const saturation = judgement === 'holds' || measure === null ? null : this.#saturation(measure, machine, { report, crashes });
    const facts = this.#facts({ measure, judgement, machine, report, saturation: saturation ?? (judgement === 'holds' ? null : NOTHING_SEEN) });
    return { facts, saturation, hint: measure === null ? null : this.#hint(measure, machine, judgement), report, auditFailure };
  }

  /** Of a trial that came to its end before it was judged. */
  #verdict(measure: TrialMeasure | null): TrialFacts['judgement'] {
    if (this.#judgement !== 'measuring') return this.#judgement;
    return measure !== null && this.#judge.leaning === 'holds' ? 'holds' : 'fails';
  }

  #saturation(measure: TrialMeasure, machine: TrialMachine, of: { readonly report: RunReport; readonly crashes: readonly string[] }): Saturation {
    const { report, crashes } = of;
    const { target } = this.#setup;
    const { play } = this.#request;
    return saturationOf({
      measure,
      machine,
      intake: target === null ? this.#kind.intake : null,
      store: target === null ? this.#kind.store.kind : null,
      here: target === null || target.address.startsWith('127.'),
      stations: play.stations,
      stepSeconds: play.stepMs / 1000,
      crashes,
      backpressure: this.#backpressure,
      retransmittedShare: retransmittedShare(report),
    });
  }

  #machine(report: RunReport, measure: TrialMeasure | null): TrialMachine {
    const { processes, resources, machine } = report;
    const window = measure?.window ?? { fromMs: 0, toMs: Infinity };
    const host = resources?.host?.series ?? null;
    const busy = (host?.cpuCores ?? []).map((cores, i) => cores + (host?.stolenCores[i] ?? 0));
    return {
      cores: machine.cores,
      busyCores: host === null || busy.length === 0 ? null : meanWithin(host.wallMs, busy, window),
      processes: processes.map(({ name, group, wallMs, cpuCores, waiting }) => {
        return { name, group, cores: meanWithin(wallMs, cpuCores, window), waiting: waiting === undefined ? null : meanWithin(wallMs, waiting, window) };
      }),
      watched: watchedGroups(report).map(({ name, series }) => ({ name, cores: meanWithin(series.wallMs, series.cpuCores, window) })),
    };
  }

  #hint(measure: TrialMeasure, machine: TrialMachine, judgement: TrialFacts['judgement']): number | null {
    const { meters } = this.#request;
    if (judgement !== 'holds') return (meters * measure.servedReadingsPerSecond) / measure.offeredReadingsPerSecond;
    // Nothing is known of a head-end that isn't watched.
    if (this.#setup.target !== null && machine.watched.length === 0) return meters * UNSEEN_GROWTH;
    const all = [...machine.processes, ...machine.watched].map(({ cores }) => cores);
    const fullest = Math.max(all.reduce((sum, cores) => sum + cores, 0) / machine.cores, ...all);
    return fullest > 0 ? (meters * BUSY_AIM) / fullest : null;
  }

  #facts(of: {
    readonly measure: TrialMeasure | null;
    readonly judgement: TrialFacts['judgement'];
    readonly machine: TrialMachine;
    readonly report: RunReport;
    readonly saturation: SaturationFacts | null;
  }): TrialFacts {
    const { measure, judgement, machine, report, saturation } = of;
    const cores = (group: string): number => machine.processes.reduce((sum, each) => sum + (each.group === group ? each.cores : 0), 0);
    const watched = watchedGroups(report);
    const seen = this.#setup.target === null || watched.length > 0;
    const memory = report.processes.reduce((sum, each) => sum + (each.group === 'headend' ? each.peakRssBytes : 0), 0);
    return {
      ...this.#common(judgement, saturation),
      servedReadingsPerSecond: measure?.servedReadingsPerSecond ?? 0,
      growth: measure === null ? null : { share: measure.growth.slope, low: measure.growth.low, high: measure.growth.high },
      lagSeconds: measure?.lagSeconds ?? null,
      headendCores: seen ? machine.watched.reduce((sum, each) => sum + each.cores, cores('headend')) : null,
      simulatorCores: cores('simulator'),
      busyCores: machine.busyCores,
      headendRssBytes: seen ? watched.reduce((sum, each) => sum + (each.peakMemoryBytes ?? 0), memory) : null,
      bytesPerReading: report.run.bytesSent / Math.max(1, report.audit.sent),
    };
  }

  #common(judgement: TrialFacts['judgement'], saturation: SaturationFacts | null): Pick<TrialFacts, 'number' | 'meters' | 'readingsPerSecond' | 'stations' | 'speed' | 'stepMs' | 'wallSeconds' | 'judgement' | 'saturation'> {
    const { number, meters, readingsPerSecond, play } = this.#request;
    const { stations, speed, stepMs } = play;
    const wallSeconds = (this.#setup.clock.nowMs() - this.#beganMs) / 1000;
    return { number, meters, readingsPerSecond, stations, speed, stepMs, wallSeconds, judgement, saturation };
  }

  #unreachable(why: string): Trial {
    const saturation: Saturation = { what: 'connections', evidence: why };
    const facts: TrialFacts = { ...this.#common('fails', saturation), ...UNSEEN };
    return { facts, saturation, hint: null, report: null, auditFailure: null };
  }
}

const NOTHING_SEEN: SaturationFacts = { what: 'connections', evidence: 'nothing was sent: no connection was open long enough' };

const UNSEEN = {
  servedReadingsPerSecond: 0,
  growth: null,
  lagSeconds: null,
  headendCores: null,
  simulatorCores: null,
  busyCores: null,
  headendRssBytes: null,
  bytesPerReading: 0,
} as const;

function planOf({ windowMs, target, confirmed }: TrialSetup, play: TrialScenario): TrialPlan {
  const { stations, stepMs, spreadMs } = play;
  return { stations, stepMs, spreadMs, windowMs, seen: target === null ? 'stored' : confirmed ? 'confirmed' : 'sent' };
}

/** What the user named with `--watch`: the head-end or its database. */
function watchedGroups({ resources }: RunReport): readonly GroupFacts[] {
  return (resources?.groups ?? []).filter(({ kind }) => kind === 'pid' || kind === 'cgroup');
}

function retransmittedShare({ resources }: RunReport): number | null {
  const tcp = resources?.host?.tcp;
  return tcp === undefined || tcp.segments === 0 ? null : tcp.retransmissions / tcp.segments;
}

/** Mean of samples that each cover the time since the one before. */
function meanWithin(wallMs: readonly number[], values: readonly number[], { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number }): number {
  let [sum, covered] = [0, 0];
  wallMs.forEach((at, i) => {
    const since = wallMs[i - 1] ?? 0;
    const part = Math.min(at, toMs) - Math.max(since, fromMs);
    if (part <= 0) return;
    sum += (values[i] ?? 0) * part;
    covered += part;
  });
  return covered === 0 ? 0 : sum / covered;
}

/** Its processes were told to end a moment ago and may still be writing. */
function remove(directory: string): void {
  rmSync(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
}
