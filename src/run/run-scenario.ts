/**
 * One run, from a parsed scenario to the facts that a report is made of: starts the head-end (unless it is somebody else's)
 * and the simulators, watches them, ends them, audits what is stored.
 */

import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { SentLedger } from '../audit/auditor.ts';
import { isExact } from '../audit/merge.ts';
import type { Clock } from '../base/clock.ts';
import type { Scenario } from '../grid/scenario/scenario.ts';
import { generateStations } from '../grid/topology/stations.ts';
import { ProcessProbe } from '../monitor/process-probe.ts';
import type { Endpoint } from '../network/wire/wire.ts';
import type { RunReport } from '../report/run-report.ts';
import { auditStore, type TimedAudit } from './audit-processes.ts';
import { Deferred } from './deferred.ts';
import { UnreachableError } from './errors.ts';
import { HeadendProcesses } from './headend-processes.ts';
import { RateWindow, type Progress } from './progress.ts';
import { composeReport } from './compose-report.ts';
import type { Restart, WallSeries } from './run-facts.ts';
import { writeRunRecord } from './run-record.ts';
import { SimulatorProcesses } from './simulator-processes.ts';
import { cores, descriptorLimit, processCounts } from './sizing.ts';

export interface RunOptions {
  readonly clock: Clock;
  readonly scenario: Scenario;
  /** Empty directory for the report, the store and the buffer. */
  readonly directory: string;
  /** null: the reference head-end in the box; otherwise where a third party's listens. */
  readonly target: Endpoint | null;
  /** Whether that head-end writes last_confirmation_date_time. Ours does. */
  readonly confirmed: boolean;
  readonly simulators: number | null;
  readonly intakes: number | null;
  readonly onProgress: (progress: Progress) => void;
  /** Aborted: end early, with a report of what happened until then. */
  readonly interrupt: AbortSignal;
}

const SAMPLE_MS = 200;
const SAMPLES_MAX = 1500;
const RATE_WINDOW_MS = 1500;
/** A head-end on which nobody could open a connection for this long is not reachable. */
const UNREACHABLE_MS = 15_000;

export interface RunResult {
  readonly report: RunReport;
  /** Why the store could not be audited; null: it was, or it is not ours. */
  readonly auditFailure: string | null;
}

export async function runScenario(options: RunOptions): Promise<RunResult> {
  return new ScenarioRun(options).play();
}

class ScenarioRun {
  readonly #options: RunOptions;
  readonly #probe: ProcessProbe;
  readonly #restarts: Restart[] = [];
  readonly #wall: WallSeries = { wallMs: [], sentReadings: [], confirmedReadings: [], storedReadings: [] };
  readonly #rates = new RateWindow(RATE_WINDOW_MS);
  #headend: HeadendProcesses | null = null;
  #simulators: SimulatorProcesses | null = null;
  /** Nothing is sampled any more. */
  #over = false;
  #beganMs = 0;
  #phase: Progress['phase'] = 'preparing';

  constructor(options: RunOptions) {
    this.#options = options;
    this.#probe = new ProcessProbe({ clock: options.clock });
  }

  async play(): Promise<RunResult> {
    try {
      return await this.#play();
    } catch (error) {
      this.#simulators?.kill();
      this.#headend?.kill();
      throw error;
    } finally {
      this.#over = true;
      this.#probe.stop();
    }
  }

  async #play(): Promise<RunResult> {
    const { scenario, directory, target, confirmed } = this.#options;
    const stations = generateStations(scenario);
    const counts = processCounts({
      stations: stations.count,
      limit: descriptorLimit(),
      cores: cores(),
      simulators: this.#options.simulators,
      intakes: this.#options.intakes,
    });
    this.#probe.watch({ name: 'runner', group: 'runner', pid: process.pid });
    const headend = target === null ? await this.#startHeadend(counts.intakes) : null;
    const targets = target === null ? (headend?.endpoints ?? []) : [target];
    const { simulators, complete } = await this.#simulate({ headend, targets, counts, stations: stations.count });
    this.#phase = 'storing';
    await headend?.stop();
    const wallMs = this.#options.clock.nowMs() - this.#beganMs;
    this.#sample(simulators, headend);
    this.#over = true;
    this.#probe.stop();
    this.#phase = 'auditing';
    this.#tellProgress(simulators, headend);
    const ledger = { ...simulators.ledger, complete, confirms: confirmed };
    writeRunRecord(directory, { scenario, ledger });
    const { audit, failure } = await this.#audit(ledger, headend === null ? null : join(directory, 'readings.duckdb'));
    const report = composeReport({
      scenario,
      stations: stations.count,
      meters: stations.meters,
      counts,
      target,
      wallMs,
      complete,
      confirmed,
      audited: headend !== null && audit !== null,
      simulator: simulators.stats(),
      histograms: simulators.histograms,
      headend: headend?.stats() ?? null,
      audit,
      restarts: this.#restarts,
      wall: this.#wall,
      processes: this.#probe.uses(),
      storeBytes: headend === null ? 0 : sizeOf(join(directory, 'readings.duckdb')),
    });
    return { report, auditFailure: failure };
  }

  async #startHeadend(intakes: number): Promise<HeadendProcesses> {
    const { clock, directory, scenario } = this.#options;
    const headend = new HeadendProcesses({
      clock,
      directory,
      listen: { address: '127.0.0.1', port: 0 },
      intakes,
      intervalSeconds: scenario.behaviour.intervalSeconds,
      onRestart: (name, why) => this.#restarted(name, why),
      onProcess: (name, pid) => this.#probe.watch({ name, group: 'headend', pid }),
    });
    this.#headend = headend;
    await headend.start();
    return headend;
  }

  async #simulate(setup: {
    readonly headend: HeadendProcesses | null;
    readonly targets: readonly Endpoint[];
    readonly counts: { readonly simulators: number };
    readonly stations: number;
  }): Promise<{ readonly simulators: SimulatorProcesses; readonly complete: boolean }> {
    const { clock, scenario, confirmed, interrupt } = this.#options;
    const { headend, targets, counts } = setup;
    const finished = new Deferred<void>();
    const ready = new Deferred<void>();
    const simulators: SimulatorProcesses = new SimulatorProcesses({
      clock,
      scenario,
      stations: setup.stations,
      segments: { from: 0, to: counts.simulators, of: counts.simulators },
      targets,
      confirmed,
      onReady: () => ready.resolve(),
      onFinished: () => finished.resolve(),
      onProcess: (name, pid) => this.#probe.watch({ name, group: 'simulator', pid }),
      onRestart: (name, why) => this.#restarted(name, why),
      onFailed: (why) => finished.reject(new Error(why)),
    });
    headend?.failed.catch((error: unknown) => finished.reject(error as Error));
    this.#simulators = simulators;
    simulators.start();
    await Promise.race([ready.promise, finished.promise, aborted(interrupt)]);
    this.#phase = 'playing';
    this.#beganMs = clock.nowMs();
    this.#probe.start();
    simulators.go();
    this.#sampleRegularly(simulators, headend);
    const reach = this.#watchReach(simulators, finished);
    const hold = (): void => simulators.hold();
    if (interrupt.aborted) hold();
    else interrupt.addEventListener('abort', hold, { once: true });
    try {
      await finished.promise;
    } finally {
      interrupt.removeEventListener('abort', hold);
      reach.cancel();
    }
    // Who gave up without being interrupted has failed: then all of the plan is expected.
    return { simulators, complete: !interrupt.aborted || simulators.settledStep === scenario.behaviour.steps };
  }

  #watchReach(simulators: SimulatorProcesses, finished: Deferred<void>): { cancel(): void } {
    return this.#options.clock.schedule(UNREACHABLE_MS, () => {
      if (simulators.stats().connects > 0) return;
      const { target } = this.#options;
      const where = target === null ? 'the built-in head-end' : `${target.address}:${target.port}`;
      const seconds = UNREACHABLE_MS / 1000;
      finished.reject(new UnreachableError(`no concentrator could connect to ${where} within ${seconds} s`));
    });
  }

  #restarted(name: string, why: string): void {
    this.#restarts.push({ process: name, atMs: Math.round(this.#options.clock.nowMs() - this.#beganMs), why });
  }

  /** Samples until the run is over; less often the longer it takes, so that the series stay short. */
  #sampleRegularly(simulators: SimulatorProcesses, headend: HeadendProcesses | null): void {
    let [tick, every] = [0, 1];
    const next = (): void => {
      if (this.#over) return;
      if (tick++ % every === 0) this.#sample(simulators, headend);
      if (this.#wall.wallMs.length >= SAMPLES_MAX) {
        every *= 2;
        for (const series of Object.values(this.#wall)) halve(series);
      }
      this.#tellProgress(simulators, headend);
      this.#options.clock.schedule(SAMPLE_MS, next);
    };
    next();
  }

  #sample(simulators: SimulatorProcesses, headend: HeadendProcesses | null): void {
    const stats = simulators.stats();
    const atMs = Math.round(this.#options.clock.nowMs() - this.#beganMs);
    this.#wall.wallMs.push(atMs);
    this.#wall.sentReadings.push(stats.readings);
    this.#wall.confirmedReadings.push(stats.confirmedReadings);
    this.#wall.storedReadings.push(headend?.stats().storedReadings ?? 0);
    const readings = this.#phase === 'storing' ? (headend?.stats().storedReadings ?? 0) : stats.readings;
    this.#rates.add({ atMs, step: simulators.meanSettledStep, readings });
  }

  #tellProgress(simulators: SimulatorProcesses, headend: HeadendProcesses | null): void {
    const { scenario, clock, onProgress } = this.#options;
    const { behaviour } = scenario;
    const stats = simulators.stats();
    const step = simulators.meanSettledStep;
    const stored = headend?.stats().storedReadings ?? null;
    onProgress({
      phase: this.#phase,
      step,
      steps: behaviour.steps,
      elapsedMs: clock.nowMs() - this.#beganMs,
      gridUnixSeconds: behaviour.start.unixSeconds + step * behaviour.intervalSeconds,
      connected: stats.connected,
      sentReadings: stats.readings,
      confirmedReadings: stats.confirmedReadings,
      storedReadings: stored,
      readingsPerSecond: this.#rates.readingsPerSecond,
      backlogReadings: stored === null ? null : Math.max(0, stats.confirmedReadings - stored),
      etaMs: this.#rates.etaMs(behaviour.steps),
      restarts: this.#restarts.length,
    });
  }

  async #audit(
    ledger: SentLedger,
    database: string | null,
  ): Promise<{ readonly audit: TimedAudit | null; readonly failure: string | null }> {
    const { clock, scenario } = this.#options;
    const began = clock.nowMs();
    try {
      const audit = await auditStore({ scenario, ledger, database, processes: cores() });
      const wallMs = clock.nowMs() - began;
      return { audit: { ...audit, wallMs, exact: isExact(audit.result.findings) }, failure: null };
    } catch (error) {
      return { audit: null, failure: (error as Error).message };
    }
  }
}

/** Keeps every second value, the last one included. */
function halve(series: number[]): void {
  const kept = series.filter((_, i) => (series.length - 1 - i) % 2 === 0);
  series.splice(0, series.length, ...kept);
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}
