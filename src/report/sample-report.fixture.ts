/**
 * A made-up report that looks like one of a real run: for tests, and for looking at the page without waiting for a run.
 * A winter day's load curve, one short outage of a region, the processes of a small machine.
 */

import type { Threshold } from '../base/threshold.ts';
import { entityKey, streamKey, uniform } from '../base/random.ts';
import type { ProcessUse } from '../monitor/process-use.ts';
import type { Percentiles } from './percentiles.ts';
import type { AuditExample, AuditFacts, Delays, Kpi, RunFacts, RunReport, Series } from './run-report.ts';
import { sampleLinks } from './sample-links.fixture.ts';
import { sampleResources } from './sample-resources.fixture.ts';
import { withThresholds } from './thresholds.ts';
import { verdictOf } from './verdict.ts';

export interface SampleOptions {
  readonly steps?: number;
  readonly meters?: number;
  readonly processes?: number;
  readonly scenario?: string;
  /** Lost, wrong and doubled readings, a restart. */
  readonly faulty?: boolean;
  readonly thresholds?: readonly Threshold[];
  /** A database was watched beside the run's own processes. */
  readonly watched?: boolean;
  /** Default `stamped`. `carried`: at a speed, with an outage in common, which some connections don't survive when it is faulty. */
  readonly links?: 'ignored' | 'stamped' | 'carried';
}

const INTERVAL_SECONDS = 900;
const START = Date.UTC(2013, 0, 14, 23) / 1000;
const WALL_SAMPLES = 48;
const WALL_SECONDS = 9.62;
/** A run in which links carry takes its time. */
const CARRIED_SPEED = 720;
const CARRIED_PACE = 37.5;

/** kW of the grid's 100,000 meters, hour by hour. */
const CURVE = [31, 27, 25, 24, 25, 29, 38, 46, 45, 42, 41, 42, 45, 44, 41, 40, 43, 52, 61, 64, 60, 54, 46, 38] as const;

export function sampleReport(options: SampleOptions = {}): RunReport {
  const { steps = 288, meters = 100_000, faulty = false } = options;
  const pace = options.links === 'carried' ? CARRIED_PACE : 1;
  const series = seriesOf(steps, meters, pace);
  const stored = total(series.arrivedInTime) + total(series.arrivedLate);
  const run = runOf({ ...options, steps, meters }, { stored, wallSeconds: WALL_SECONDS * pace });
  const audit = auditOf(stored, { late: total(series.arrivedLate), faulty });
  const delays = DELAYS;
  const processes = processesOf(options.processes ?? 4, pace);
  const malformed = faulty ? 2 : 0;
  const mode = options.links ?? 'stamped';
  const links = mode === 'ignored' ? null : sampleLinks({ mode, links: run.concentrators, steps, faulty });
  const report: RunReport = {
    meterstorm: '0.1.0',
    run,
    audit,
    verdict: verdictOf({ run, audit, delays, links, processes, malformed, backpressure: 0 }),
    series,
    delays,
    kpi: kpiOf(faulty ? 0.0005 : 0),
    thresholds: [],
    links,
    processes,
    resources: sampleResources({ processes, run, readings: audit.stored, watched: options.watched === true }),
    machine: {
      cpu: 'AMD EPYC 7B13',
      cores: 2,
      memoryBytes: 8_300_000_000,
      loadAverage1: 1.32,
      node: 'v20.20.2',
      os: 'Debian GNU/Linux 12 (bookworm) (Linux 6.1.0)',
    },
    store: {
      kind: 'postgres',
      place: 'postgres://10.0.0.7:5432/readings',
      schema: 'meterstorm_small_grid_20260115',
      dropped: false,
      intake: 'direct',
      transactions: run.messages,
      readingsPerTransaction: audit.stored / run.messages,
      transactionMs: { count: run.messages, mean: 2.4, p50: 1.9, p90: 4.2, p99: 9.8, p999: 24.1, max: 61.5 },
      queueReadingsPeak: 65_604,
      pausedMs: faulty ? 1870 : 0,
      faults: 0,
      lastFault: null,
    },
  };
  return withThresholds(report, options.thresholds ?? []);
}

function runOf(options: SampleOptions & { readonly steps: number; readonly meters: number }, of: { readonly stored: number; readonly wallSeconds: number }): RunFacts {
  const { stored, wallSeconds } = of;
  return {
    scenario: options.scenario ?? 'small-grid',
    seed: 2013,
    meters: options.meters,
    concentrators: Math.ceil(options.meters / 70),
    steps: options.steps,
    intervalSeconds: INTERVAL_SECONDS,
    startUnixSeconds: START,
    offsetMinutes: 60,
    mode: 'push',
    protocol: 'dlms',
    speed: options.links === 'carried' ? CARRIED_SPEED : 'max',
    headend: 'builtin',
    wallSeconds,
    readingsPerSecond: Math.round(stored / wallSeconds),
    realTimeFactor: (options.steps * INTERVAL_SECONDS) / wallSeconds,
    simulatorProcesses: 1,
    intakeProcesses: 1,
    peakRssBytes: 684_000_000,
    messages: Math.ceil(options.meters / 70) * options.steps,
    bytesSent: Math.round(stored * 12.8),
    reconnects: options.faulty === true ? 1430 : 0,
    resentMessages: options.faulty === true ? 3127 : 0,
    restarts: options.faulty === true ? [{ process: 'intake 1', atMs: 4210, why: 'SIGKILL' }] : [],
    confirmedReadings: stored,
    storeBytes: Math.round(stored * 2.61),
    complete: true,
    cutOffAfterSeconds: null,
  };
}

function auditOf(stored: number, state: { readonly late: number; readonly faulty: boolean }): AuditFacts {
  const missing = state.faulty ? Math.min(12, stored) : 0;
  return {
    planned: stored + missing,
    sent: stored + missing,
    stored,
    missing,
    duplicate: state.faulty ? 1 : 0,
    wrong: state.faulty ? 3 : 0,
    wrongBy: { status: 0, none: 0, rounded: 0, scaled: 0, shifted: 0, swapped: 0, other: state.faulty ? 3 : 0 },
    unexpected: 0,
    unreadable: 0,
    late: state.late,
    lostByPlan: Math.round(stored * 0.000_01),
    neverAvailable: Math.round(stored * 0.002),
    inFlight: 0,
    exact: !state.faulty,
    wallSeconds: 6.4,
    duplicatesDropped: state.faulty ? 218_890 : 0,
    attribution: { simulator: 0, network: 0, headend: state.faulty ? 16 : 0 },
    examples: state.faulty ? EXAMPLES : [],
  };
}

const EXAMPLES: readonly AuditExample[] = [
  {
    kind: 'missing',
    meter: 4711,
    concentrator: 68,
    channel: '1-0:1.8.0',
    timeUnixSeconds: START + 43_200,
    expectedWh: 18_233_410,
    expectedStatus: 0,
    foundWh: null,
    foundStatus: null,
    cause: 'headend',
    text: 'missing: meter 4711, 1-0:1.8.0, 2013-01-15T11:00:00Z: it was confirmed and is not stored',
  },
  {
    kind: 'wrong',
    meter: 815,
    concentrator: 11,
    channel: '1-0:1.8.0',
    timeUnixSeconds: START + 90_000,
    expectedWh: 9_120_007,
    expectedStatus: 0,
    foundWh: 9_120_008,
    foundStatus: 0,
    cause: 'headend',
    text: 'wrong: meter 815, 1-0:1.8.0, 2013-01-16T00:00:00Z: the value differs from the truth',
  },
];

function seriesOf(steps: number, meters: number, pace: number): Series {
  const key = streamKey(2013, 'sample-report');
  const noise = (stream: number, step: number): number => uniform(entityKey(key, stream), step) - 0.5;
  const everyStep = <T>(of: (step: number) => T): T[] => Array.from({ length: steps }, (_, step) => of(step));
  const accessible = everyStep((step) => 0.968 + 0.004 * noise(0, step) - (step % 288 > 130 && step % 288 < 142 ? 0.05 : 0));
  const late = everyStep((step) => Math.round(meters * (0.021 + 0.006 * noise(1, step) + (step % 288 === 142 ? 0.6 : 0))));
  const wallMs = Array.from({ length: WALL_SAMPLES }, (_, i) => (i + 1) * 200 * pace);
  const arrivedInTime = accessible.map((share) => Math.round(meters * share));
  const stored = total(arrivedInTime) + total(late);
  const progress = (lagMs: number): number[] =>
    wallMs.map((ms, i) => Math.round(stored * Math.min(1, Math.max(0, (ms / pace - lagMs) / 9000 + 0.01 * noise(2, i)))));
  return {
    stepUnixSeconds: everyStep((step) => START + step * INTERVAL_SECONDS),
    communicatingMeters: arrivedInTime.map((count, step) => Math.min(meters, count + Math.round((late[step] ?? 0) * 0.3))),
    communicatingConcentrators: arrivedInTime.map((count) => Math.ceil(count / 70)),
    arrivedInTime,
    arrivedLate: late,
    energyWh: everyStep((step) => Math.round(curveAt(step) * (1 + 0.02 * noise(3, step)) * meters * 2.5)),
    wallMs,
    sentReadings: rising(progress(0)),
    confirmedReadings: rising(progress(180)),
    storedReadings: rising(progress(560)),
    settledSteps: wallMs.map((ms) => Math.floor(steps * Math.min(1, ms / pace / 9000))),
    connections: wallMs.map(() => Math.ceil(meters / 70)),
  };
}

/** Linear between the hours. */
function curveAt(step: number): number {
  const hour = (step / 4) % 24;
  const from = CURVE[Math.floor(hour)] ?? 0;
  const to = CURVE[(Math.floor(hour) + 1) % 24] ?? 0;
  return from + (to - from) * (hour % 1);
}

function processesOf(count: number, pace: number): readonly ProcessUse[] {
  const names = ['store', 'runner', ...Array.from({ length: count }, (_, i) => `${i % 2 === 0 ? 'simulator' : 'intake'} ${(i >> 1) + 1}`)];
  return names.slice(0, count).map((name, process) => {
    const key = entityKey(streamKey(7, 'sample-process'), process);
    const load = [0.55, 0.03, 0.72, 0.5][process % 4] ?? 0.5;
    const wallMs = Array.from({ length: WALL_SAMPLES }, (_, i) => (i + 1) * 200 * pace);
    const cpuCores = wallMs.map((_, i) => load * (0.9 + 0.2 * uniform(key, i)));
    const rssBytes = wallMs.map((_, i) => Math.round(60e6 + load * 2.2e8 * Math.min(1, i / 20) + 4e6 * uniform(key, 1000 + i)));
    return {
      name,
      group: name === 'runner' ? 'runner' : name.startsWith('simulator') ? 'simulator' : 'headend',
      pid: 4000 + process,
      cpuSeconds: total(cpuCores) * 0.2,
      peakRssBytes: rssBytes.reduce((a, b) => Math.max(a, b)),
      wallMs,
      cpuCores,
      rssBytes,
    };
  });
}

function kpiOf(lost: number): Kpi {
  const possible = { storedSameInterval: 0.9763, storedWithin1h: 0.9871, storedWithin24h: 0.9994, storedBy06: 0.9987 };
  const { storedSameInterval, storedWithin1h, storedWithin24h, storedBy06 } = possible;
  return {
    storedSameInterval: storedSameInterval - lost,
    storedWithin1h: storedWithin1h - lost,
    storedWithin24h: storedWithin24h - lost,
    storedBy06: storedBy06 - lost,
    possible,
    onDemandReadP95Seconds: null,
    onDemandReads: null,
    onDemandFailed: null,
  };
}

const percentiles = (count: number, values: readonly [number, number, number, number, number, number]): Percentiles => {
  const [mean, p50, p90, p99, p999, max] = values;
  return { count, mean, p50, p90, p99, p999, max };
};

const DELAYS: Delays = {
  measurementToSendingSeconds: percentiles(28_480_311, [212, 0, 0, 7200, 28_800, 84_600]),
  sendingToConfirmationMs: percentiles(411_840, [141, 118, 260, 480, 690, 911]),
  arrivalToStoreMs: percentiles(28_480_311, [520, 505, 840, 1130, 1290, 1340]),
  measurementToStorageSeconds: percentiles(28_480_311, [212, 0, 0, 7200, 28_800, 84_600]),
};

function total(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}

function rising(values: readonly number[]): number[] {
  let highest = 0;
  return values.map((value) => (highest = Math.max(highest, value)));
}
