/**
 * A run that goes on, as a report so far: the same views show it, and say that nothing is audited yet. Series are bounded:
 * when they are full, every second sample is dropped and the distance doubles. When the run is over, the report takes over.
 */

import type { MachineFacts } from '../../monitor/machine-facts.ts';
import type { ProcessUse } from '../../monitor/process-use.ts';
import type { Percentiles } from '../../report/percentiles.ts';
import type { AuditFacts, RunFacts, RunReport } from '../../report/run-report.ts';
import { verdictOf } from '../../report/verdict.ts';
import { progressText } from './progress-text.ts';
import type { GridView, LiveProgress, MonitorView, RunState, RunView } from './run-view.ts';

/** What is known of a run before it begins. */
export type RunOutline = Pick<
  RunFacts,
  'scenario' | 'seed' | 'meters' | 'concentrators' | 'steps' | 'intervalSeconds' | 'startUnixSeconds' | 'offsetMinutes' | 'mode' | 'protocol' | 'speed' | 'headend'
>;

/** What the run says of itself whenever it is asked. */
export interface MeasuredSoFar {
  processes(): readonly ProcessUse[];
  restarts(): RunFacts['restarts'];
}

const SAMPLES_MAX = 1200;
/** A report so far is put together at most so often, however many ask. */
const FRESH_MS = 500;

export class LiveRun implements RunView {
  readonly id: string;
  readonly name: string;
  readonly #outline: RunOutline;
  readonly #machine: MachineFacts;
  readonly #version: string;
  #grid: GridView | null;
  #monitor: MonitorView | null = null;
  #measured: MeasuredSoFar | null = null;
  #progress: LiveProgress | null = null;
  #finished: RunReport | null = null;
  #soFar: { readonly report: RunReport; readonly atMs: number; readonly phase: string } | null = null;
  readonly #samples = { wallMs: [] as number[], sent: [] as number[], confirmed: [] as number[], stored: [] as number[], step: [] as number[], connected: [] as number[] };
  #every = 1;
  #tick = 0;

  constructor(options: {
    readonly id: string;
    readonly outline: RunOutline;
    readonly machine: MachineFacts;
    readonly version: string;
    readonly grid: GridView | null;
  }) {
    this.id = options.id;
    this.name = options.outline.scenario;
    this.#outline = options.outline;
    this.#machine = options.machine;
    this.#version = options.version;
    this.#grid = options.grid;
  }

  get grid(): GridView | null {
    return this.#grid;
  }

  get monitor(): MonitorView | null {
    return this.#monitor;
  }

  get state(): RunState {
    if (this.#finished !== null) return this.#finished.run.complete ? 'finished' : 'interrupted';
    return this.#progress?.phase ?? 'preparing';
  }

  get progress(): LiveProgress | null {
    return this.#finished === null ? (this.#progress ?? this.#nothingYet()) : null;
  }

  get report(): RunReport {
    if (this.#finished !== null) return this.#finished;
    const { elapsedMs = 0, phase = 'preparing' } = this.#progress ?? {};
    if (this.#soFar === null || elapsedMs - this.#soFar.atMs >= FRESH_MS || phase !== this.#soFar.phase) {
      this.#soFar = { report: this.#compose(), atMs: elapsedMs, phase };
    }
    return this.#soFar.report;
  }

  begin(measured: MeasuredSoFar): void {
    this.#measured = measured;
  }

  watchedBy(monitor: MonitorView): void {
    this.#monitor = monitor;
  }

  take(progress: LiveProgress): void {
    this.#progress = progress;
    if (progress.phase === 'preparing' || this.#tick++ % this.#every !== 0) return;
    const { wallMs, sent, confirmed, stored, step, connected } = this.#samples;
    wallMs.push(Math.round(progress.elapsedMs));
    sent.push(progress.sentReadings);
    confirmed.push(progress.confirmedReadings);
    stored.push(progress.storedReadings ?? 0);
    step.push(progress.step);
    connected.push(progress.connected);
    if (wallMs.length < SAMPLES_MAX) return;
    this.#every *= 2;
    for (const column of Object.values(this.#samples)) column.splice(0, column.length, ...column.filter((_, i) => i % 2 === 1));
  }

  /** The run is over: from now on this is shown, with the grid and the store that it left. */
  finish(report: RunReport, left: { readonly grid: GridView | null; readonly monitor: MonitorView | null }): void {
    this.#finished = report;
    this.close();
    this.#grid = left.grid;
    this.#monitor = left.monitor;
  }

  close(): void {
    this.#grid?.close();
    this.#monitor?.close();
  }

  #nothingYet(): LiveProgress {
    const { steps, startUnixSeconds } = this.#outline;
    const none = { connected: 0, sentReadings: 0, confirmedReadings: 0, storedReadings: null, readingsPerSecond: 0, backlogReadings: null, etaMs: null, restarts: 0 };
    return { phase: 'preparing', step: 0, steps, elapsedMs: 0, gridUnixSeconds: startUnixSeconds, ...none };
  }

  #compose(): RunReport {
    const progress = this.progress ?? this.#nothingYet();
    const processes = this.#measured?.processes() ?? [];
    const { elapsedMs, sentReadings, confirmedReadings, step } = progress;
    const wallSeconds = Math.max(0, elapsedMs) / 1000;
    const gridSeconds = step * this.#outline.intervalSeconds;
    const run: RunFacts = {
      ...this.#outline,
      wallSeconds,
      readingsPerSecond: wallSeconds > 0 ? Math.round(sentReadings / wallSeconds) : 0,
      realTimeFactor: wallSeconds > 0 ? gridSeconds / wallSeconds : 0,
      simulatorProcesses: processes.filter(({ group }) => group === 'simulator').length,
      intakeProcesses: processes.filter(({ name }) => /^(?:intake|poller) /.test(name)).length,
      peakRssBytes: processes.reduce((sum, { peakRssBytes }) => sum + peakRssBytes, 0),
      messages: 0,
      bytesSent: 0,
      reconnects: 0,
      // Nothing is confirmed in the first moments of a run; that is no finding.
      confirmedReadings: confirmedReadings === 0 ? null : confirmedReadings,
      resentMessages: 0,
      restarts: this.#measured?.restarts() ?? [],
      storeBytes: 0,
      complete: false,
      cutOffAfterSeconds: null,
    };
    const audit = { ...NO_AUDIT, sent: sentReadings };
    const delays = { measurementToSendingSeconds: NONE, sendingToConfirmationMs: NONE, arrivalToStoreMs: NONE, measurementToStorageSeconds: NONE };
    const verdict = verdictOf({ run, audit, delays, links: null, processes, malformed: 0, backpressure: 0 });
    return {
      meterstorm: this.#version,
      run,
      audit,
      verdict: { ...verdict, able: null, why: progressText(progress), resources: resourcesSoFar(verdict.resources, progress) },
      series: this.#series(),
      delays,
      kpi: null,
      thresholds: [],
      resources: null,
      links: null,
      processes,
      machine: this.#machine,
    };
  }

  #series(): RunReport['series'] {
    const { wallMs, sent, confirmed, stored, step, connected } = this.#samples;
    const none = { communicatingMeters: [], communicatingConcentrators: [], arrivedInTime: [], arrivedLate: [], energyWh: [] };
    const counts = { sentReadings: [...sent], confirmedReadings: [...confirmed], storedReadings: [...stored] };
    return { stepUnixSeconds: [], ...none, wallMs: [...wallMs], ...counts, settledSteps: [...step], connections: [...connected] };
  }
}

/** By what is stored so far, which no audit has looked at. */
function resourcesSoFar(resources: RunReport['verdict']['resources'], { storedReadings }: LiveProgress): RunReport['verdict']['resources'] {
  const { headendCpuSeconds } = resources;
  const known = headendCpuSeconds !== null && storedReadings !== null && storedReadings > 0;
  return { ...resources, cpuSecondsPerMillionReadings: known ? (headendCpuSeconds * 1e6) / storedReadings : null };
}

const NONE: Percentiles = { count: 0, mean: 0, p50: 0, p90: 0, p99: 0, p999: 0, max: 0 };

const NO_AUDIT: AuditFacts = {
  planned: 0,
  sent: 0,
  stored: 0,
  missing: 0,
  duplicate: 0,
  wrong: 0,
  unexpected: 0,
  unreadable: 0,
  late: 0,
  lostByPlan: 0,
  neverAvailable: 0,
  inFlight: 0,
  exact: false,
  wallSeconds: 0,
  duplicatesDropped: 0,
  attribution: { simulator: 0, network: 0, headend: 0 },
  examples: [],
};
