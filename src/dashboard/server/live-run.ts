/**
 * A run that goes on, as a report so far: the same views show it, and say that nothing is audited yet. Series are bounded:
 * when they are full, every second sample is dropped and the distance doubles. When the run is over, the report takes over.
 */

import type { MachineFacts } from '../../monitor/machine-facts.ts';
import type { ProcessUse } from '../../monitor/process-use.ts';
import { NOT_AUDITED } from '../../report/not-audited.ts';
import { NO_PERCENTILES } from '../../report/percentiles.ts';
import type { RunFacts, RunLoad, RunReport } from '../../report/run-report.ts';
import { verdictOf } from '../../report/verdict.ts';
import { WallSamples } from '../../report/wall-samples.ts';
import { progressText } from './progress-text.ts';
import type { GridView, LiveProgress, MonitorView, RunState, RunView } from './run-view.ts';

/** What is known of a run before it begins. */
export type RunOutline = RunLoad & Pick<RunFacts, 'headend'>;

/** What the run says of itself whenever it is asked. */
export interface MeasuredSoFar {
  processes(): readonly ProcessUse[];
  restarts(): RunFacts['restarts'];
}

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
  readonly #wall = new WallSamples();

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
    if (progress.phase === 'preparing' || !this.#wall.due) return;
    const { elapsedMs, sentReadings, confirmedReadings, storedReadings, step, connected } = progress;
    this.#wall.add({ atMs: Math.round(elapsedMs), sent: sentReadings, confirmed: confirmedReadings, stored: storedReadings ?? 0, step, connections: connected });
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
    const audit = { ...NOT_AUDITED, sent: sentReadings };
    const none = NO_PERCENTILES;
    const delays = { measurementToSendingSeconds: none, sendingToConfirmationMs: none, arrivalToStoreMs: none, measurementToStorageSeconds: none };
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
    const { wallMs, sentReadings, confirmedReadings, storedReadings, settledSteps, connections } = this.#wall.series;
    const none = { stepUnixSeconds: [], communicatingMeters: [], communicatingConcentrators: [], arrivedInTime: [], arrivedLate: [], energyWh: [] };
    const counts = { sentReadings: [...sentReadings], confirmedReadings: [...confirmedReadings], storedReadings: [...storedReadings] };
    return { ...none, wallMs: [...wallMs], ...counts, settledSteps: [...settledSteps], connections: [...connections] };
  }
}

/** By what is stored so far, which no audit has looked at. */
function resourcesSoFar(resources: RunReport['verdict']['resources'], { storedReadings }: LiveProgress): RunReport['verdict']['resources'] {
  const { headendCpuSeconds } = resources;
  const known = headendCpuSeconds !== null && storedReadings !== null && storedReadings > 0;
  return { ...resources, cpuSecondsPerMillionReadings: known ? (headendCpuSeconds * 1e6) / storedReadings : null };
}
