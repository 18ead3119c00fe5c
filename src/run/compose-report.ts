/** Puts the facts of a run together as a RunReport. No measuring here, only arithmetic. */

import { readFileSync } from 'node:fs';
import type { Histogram } from 'hdr-histogram-js';
import { packageFile } from '../base/package-root.ts';
import type { Scenario } from '../grid/scenario/scenario.ts';
import { detect } from '../monitor/detect/detectors.ts';
import { machineFacts } from '../monitor/machine-facts.ts';
import type { ResourceUse } from '../monitor/process-probe.ts';
import type { ProcessUse } from '../monitor/process-use.ts';
import type { Endpoint } from '../network/wire/wire.ts';
import type { AuditedSource, AuditFacts, Delays, Kpi, RunEvents, RunFacts, RunReport, Series } from '../report/run-report.ts';
import { NOT_AUDITED } from '../report/not-audited.ts';
import { NO_PERCENTILES } from '../report/percentiles.ts';
import { resourceFacts } from '../report/resource-facts.ts';
import { withThresholds } from '../report/thresholds.ts';
import { verdictOf } from '../report/verdict.ts';
import type { WallSeries } from '../report/wall-samples.ts';
import { UNITS_PER_MS } from '../simulator/delay-log.ts';
import type { SimulatorStats } from '../simulator/simulator-stats.ts';
import type { GridAudit, TimedAudit } from './audit-processes.ts';
import { storeFacts } from './compose-store.ts';
import type { HeadendKind } from './headend-kind.ts';
import { signalsOf } from './compose-signals.ts';
import type { HeadendStats } from './headend-processes.ts';
import type { EncodedLinks } from './segment-links.ts';
import type { RunSeen } from './run-probe.ts';
import { loadOf, type Restart } from './run-facts.ts';
import { linkFacts } from './compose-links.ts';
import { reportedEvents } from './monitoring/run-events.ts';
import { condensed, Distribution, histogramPercentiles } from './distribution.ts';

export interface RunOutcome {
  readonly scenario: Scenario;
  readonly stations: number;
  readonly meters: number;
  readonly counts: { readonly simulators: number; readonly intakes: number };
  readonly target: Endpoint | null;
  readonly wallMs: number;
  readonly complete: boolean;
  /** Time after the last step at which the run was ended though the head-end was not done; null: it was done. */
  readonly cutOffAfterSeconds: number | null;
  readonly simulator: SimulatorStats;
  /** Units of 0.1 ms. */
  readonly histograms: { readonly confirmation: Histogram; readonly lateness: Histogram };
  /** What the links did, of each simulator process; and how many there are of each category. */
  readonly links: readonly EncodedLinks[];
  readonly linkCounts: readonly number[];
  readonly headend: HeadendStats | null;
  /** What ours is made of; null: none is ours. */
  readonly headendKind: HeadendKind | null;
  /** Its store is removed after the audit. */
  readonly dropStore: boolean;
  /** False: what the head-end stored could not be looked at; the audit then knows only what was planned and sent. */
  readonly audited: boolean;
  readonly confirmed: boolean;
  /** How somebody else's store was looked at; null: it was not, or it is ours. */
  readonly source: AuditedSource | null;
  /** null: it failed. */
  readonly audit: TimedAudit | null;
  readonly kpi: Kpi | null;
  readonly restarts: readonly Restart[];
  readonly wall: WallSeries;
  readonly processes: readonly ProcessUse[];
  readonly resources: ResourceUse;
  readonly seen: RunSeen;
  /** All that were read; null: nothing was monitored, or that failed. */
  readonly events: RunEvents | null;
  readonly storeBytes: number;
}

export function composeReport(outcome: RunOutcome): RunReport {
  const run = runFacts(outcome);
  const audit = auditFacts(outcome);
  const delays = delaysOf(outcome);
  const links = linkFacts(outcome.scenario, outcome.linkCounts, outcome.links);
  const { processes, headend, simulator } = outcome;
  const machine = machineFacts();
  const store = headend === null || outcome.headendKind === null ? {} : { store: storeFacts(outcome.headendKind, headend, outcome.dropStore) };
  const resources = resourceFacts(outcome.resources, {
    meters: run.meters,
    readings: audit.stored > 0 ? audit.stored : audit.sent,
    gridSeconds: run.complete ? run.steps * run.intervalSeconds : 0,
  });
  const report: RunReport = {
    meterstorm: version(),
    run,
    audit,
    verdict: verdictOf({
      run,
      audit,
      delays,
      links,
      processes,
      resources,
      ...store,
      malformed: simulator.malformed + (headend?.malformedMessages ?? 0),
      backpressure: simulator.backpressure,
      findings: detect(signalsOf(outcome, audit)),
    }),
    series: seriesOf(outcome),
    delays,
    kpi: outcome.kpi,
    thresholds: [],
    links,
    processes,
    resources,
    machine,
    ...store,
    ...(outcome.events === null ? {} : { events: reportedEvents(outcome.events) }),
  };
  return withThresholds(report, outcome.scenario.thresholds);
}

export function version(): string {
  const manifest: unknown = JSON.parse(readFileSync(packageFile('package.json'), 'utf8'));
  return String((manifest as { version?: unknown }).version ?? 'unknown');
}

function runFacts(outcome: RunOutcome): RunFacts {
  const { scenario, simulator, counts, wallMs, restarts } = outcome;
  const { behaviour } = scenario;
  const wallSeconds = wallMs / 1000;
  const gridSeconds = behaviour.steps * behaviour.intervalSeconds;
  const findings = outcome.audit?.result.findings;
  const readings = (outcome.audited ? findings?.stored : findings?.sent) ?? simulator.readings;
  return {
    ...loadOf(scenario, outcome),
    headend: outcome.target === null ? 'builtin' : `${outcome.target.address}:${outcome.target.port}`,
    wallSeconds,
    readingsPerSecond: wallSeconds > 0 ? Math.round(readings / wallSeconds) : 0,
    realTimeFactor: wallSeconds > 0 && outcome.complete && readings > 0 ? gridSeconds / wallSeconds : 0,
    simulatorProcesses: counts.simulators,
    intakeProcesses: outcome.target === null ? counts.intakes : 0,
    peakRssBytes: outcome.processes.reduce((sum, process) => sum + process.peakRssBytes, 0),
    messages: simulator.messages,
    bytesSent: simulator.bytes,
    reconnects: Math.max(0, simulator.connects - outcome.stations),
    confirmedReadings: outcome.confirmed ? simulator.confirmedReadings : null,
    resentMessages: simulator.resentMessages,
    restarts,
    storeBytes: outcome.storeBytes,
    complete: outcome.complete,
    cutOffAfterSeconds: outcome.cutOffAfterSeconds,
  };
}

function auditFacts(outcome: RunOutcome): AuditFacts {
  const { audit, headend } = outcome;
  const duplicatesDropped = headend?.duplicatesDropped ?? 0;
  if (!outcome.audited) {
    return { ...NOT_AUDITED, sent: audit?.result.findings.sent ?? outcome.simulator.readings, duplicatesDropped };
  }
  if (audit === null) return { ...NOT_AUDITED, duplicatesDropped };
  const { findings, examples } = audit.result;
  const facts = { ...findings, exact: audit.exact, wallSeconds: audit.wallMs / 1000, duplicatesDropped, examples };
  return outcome.source === null ? facts : { ...facts, source: outcome.source };
}

/** From measurement to sending, s of the grid, of the readings that are stored. */
export function sendingDelays(audit: GridAudit | null, intervalSeconds: number): Distribution {
  const bySteps = Array.from(audit?.result.series.readingsByDelaySteps ?? []);
  return new Distribution(
    bySteps.map((_, steps) => steps * intervalSeconds),
    bySteps,
  );
}

/**
 * Delays in time of the grid are the plan's, to which a run with a speed adds what the machine took, times the speed (the
 * two taken as independent). At `max` the machine's time has no length in time of the grid.
 */
function delaysOf(outcome: RunOutcome): Delays {
  const { scenario, audit, headend, histograms } = outcome;
  const { intervalSeconds } = scenario.behaviour;
  const plan = sendingDelays(audit, intervalSeconds);
  const speed = scenario.speed === 'max' ? 0 : scenario.speed;
  const storing = (): Distribution => {
    if (headend === null) return new Distribution([], []);
    // What waits because a direct intake reads no further has not arrived; it is confirmed when it is stored.
    return headend.queue === null ? condensed(headend.arrivalToStore, MS_PER_SECOND) : condensed(histograms.confirmation, UNITS_PER_SECOND);
  };
  const total = speed === 0 ? plan : plan.plus(condensed(histograms.lateness, UNITS_PER_SECOND), speed).plus(storing(), speed);
  return {
    ...(speed === 0 || scenario.behaviour.communication === 'pull' ? {} : { intendedToSendingMs: histogramPercentiles(histograms.lateness, UNITS_PER_MS) }),
    measurementToSendingSeconds: plan.percentiles(),
    sendingToConfirmationMs: outcome.confirmed
      ? histogramPercentiles(histograms.confirmation, UNITS_PER_MS)
      : NO_PERCENTILES,
    arrivalToStoreMs: headend === null ? NO_PERCENTILES : histogramPercentiles(headend.arrivalToStore, 1),
    // Nobody saw it stored.
    measurementToStorageSeconds: outcome.audited && headend !== null ? total.percentiles() : NO_PERCENTILES,
  };
}

const UNITS_PER_SECOND = 10_000;
const MS_PER_SECOND = 1000;

function seriesOf(outcome: RunOutcome): Series {
  const audit = outcome.audited ? outcome.audit : null;
  return { ...stepSeries(outcome.scenario, audit), ...outcome.wall };
}

type StepSeriesPart = Omit<Series, keyof WallSeries>;

/** What the report shows by step; without an audit nothing is known but the times. */
export function stepSeries(scenario: Scenario, audit: GridAudit | null): StepSeriesPart {
  const { steps, intervalSeconds, start } = scenario.behaviour;
  const series = audit?.result.series;
  return {
    stepUnixSeconds: Array.from({ length: steps }, (_, step) => start.unixSeconds + step * intervalSeconds),
    communicatingMeters: Array.from(series?.meters ?? []),
    communicatingConcentrators: Array.from(series?.concentrators ?? []),
    arrivedInTime: Array.from(series?.inTime ?? []),
    arrivedLate: Array.from(series?.late ?? []),
    energyWh: Array.from(audit?.energyWh ?? []),
  };
}
