/**
 * Shares of the planned readings that were stored in time. What a reading waited, in time of the grid, is the sum of
 *
 *   the plan      whole steps until its concentrator could send it         counted by the audit, exactly
 *   the way       where in its step the message leaves, and the link       `way`
 *   the machine   lateness and storing, times the speed                    `whole`, with the way
 *
 * taken as independent of each other. In time means before the limit: what is sent an hour late is not there within the hour.
 * At `speed: max` the machine's time has no length in time of the grid, so that only plan, way and missing readings count.
 */

import { decodeFromCompressedBase64, build, type Histogram } from 'hdr-histogram-js';
import { DueTimes } from '../audit/due-times.ts';
import type { StepCounts } from '../audit/step-series.ts';
import type { Behaviour, Scenario } from '../grid/scenario/scenario.ts';
import { LINK_DELAY_RANGE } from '../network/link/link-stats.ts';
import type { Kpi, KpiShares } from '../report/run-report.ts';
import { UNITS_PER_MS } from '../simulator/delay-log.ts';
import { condensed, Distribution } from './distribution.ts';
import type { OnDemandStats } from './headend-processes.ts';
import type { EncodedLinks } from './segment-links.ts';

/** Seconds of the grid. */
export interface StorageDelays {
  readonly way: Distribution;
  /** The way and the machine. Null: nobody knows when readings were stored. */
  readonly whole: Distribution | null;
}

const HOUR_SECONDS = 3600;
const DAY_SECONDS = 86_400;
const MS_PER_SECOND = 1000;
const UNITS_PER_SECOND = UNITS_PER_MS * MS_PER_SECOND;

export function storageDelays(facts: {
  readonly scenario: Scenario;
  /** The head-end confirms what it made durable. */
  readonly confirmed: boolean;
  /** Of the simulators, units of 0.1 ms. */
  readonly histograms: { readonly confirmation: Histogram; readonly lateness: Histogram };
  /** From arrival to being queryable, ms; null: not known, or the intake is direct. Then what is confirmed counts as stored. */
  readonly arrivalToStore: Histogram | null;
  readonly links: readonly EncodedLinks[];
}): StorageDelays {
  const { scenario, confirmed, histograms, arrivalToStore, links } = facts;
  const { behaviour, speed } = scenario;
  const leaving = spread(behaviour);
  const way = leaving.plus(condensed(upDelays(links), MS_PER_SECOND), 1);
  if (speed === 'max') return { way, whole: way };
  const late = condensed(histograms.lateness, UNITS_PER_SECOND);
  if (arrivalToStore !== null) return { way, whole: way.plus(late, speed).plus(condensed(arrivalToStore, MS_PER_SECOND), speed) };
  // A confirmation has gone over the link itself.
  return { way, whole: confirmed ? leaving.plus(late, speed).plus(condensed(histograms.confirmation, UNITS_PER_SECOND), speed) : null };
}

/** null: nothing was planned, or nobody knows when readings were stored. */
export function kpiOf(behaviour: Behaviour, series: StepCounts, { way, whole }: StorageDelays, onDemand: OnDemandKpi = NO_READS): Kpi | null {
  const planned = total(series.readingsByDelaySteps) + total(series.missingByDelaySteps);
  if (planned === 0 || whole === null) return null;
  const stored = shares({ behaviour, planned, delays: whole, bySteps: series.readingsByDelaySteps, byStepsLeft: series.readingsByStepsLeft });
  const possible = shares({
    behaviour,
    planned,
    delays: way,
    bySteps: sum(series.readingsByDelaySteps, series.missingByDelaySteps),
    byStepsLeft: sum(series.readingsByStepsLeft, series.missingByStepsLeft),
  });
  const { onDemandReadP95Seconds, onDemandReads, onDemandFailed } = onDemand;
  return { ...stored, possible, onDemandReadP95Seconds, onDemandReads, onDemandFailed };
}

export type OnDemandKpi = Pick<Kpi, 'onDemandReadP95Seconds' | 'onDemandReads' | 'onDemandFailed'>;

const NO_READS: OnDemandKpi = { onDemandReadP95Seconds: null, onDemandReads: null, onDemandFailed: null };

/** In time of the grid, as the machine's time times the speed. */
export function onDemandKpi(stats: OnDemandStats | null, speed: Scenario['speed']): OnDemandKpi {
  if (stats === null || speed === 'max') return NO_READS;
  const { answered, failed, delays } = stats;
  const p95 = answered === 0 ? null : (delays.getValueAtPercentile(95) * speed) / MS_PER_SECOND;
  return { onDemandReadP95Seconds: p95, onDemandReads: answered + failed, onDemandFailed: failed };
}

function shares(of: {
  readonly behaviour: Behaviour;
  readonly planned: number;
  readonly delays: Distribution;
  readonly bySteps: Float64Array;
  readonly byStepsLeft: Float64Array;
}): KpiShares {
  const { behaviour, planned, delays, bySteps, byStepsLeft } = of;
  const { intervalSeconds } = behaviour;
  const within = (limitSeconds: number): number => {
    const steps = Math.min(bySteps.length, Math.ceil(limitSeconds / intervalSeconds));
    let inTime = 0;
    for (let step = 0; step < steps; step++) inTime += bySteps[step]! * delays.shareBelow(limitSeconds - step * intervalSeconds);
    return inTime / planned;
  };
  const { restSeconds } = new DueTimes(behaviour);
  let due = 0;
  for (let left = 0; left < byStepsLeft.length; left++) due += byStepsLeft[left]! * delays.shareBelow(left * intervalSeconds + restSeconds);
  return {
    storedSameInterval: within(intervalSeconds),
    storedWithin1h: within(HOUR_SECONDS),
    storedWithin24h: within(DAY_SECONDS),
    storedBy06: due / planned,
  };
}

const SPREAD_VALUES = 100;

/** Where in its step a message leaves: pushes are spread evenly, answers to a pull are as late as they are. */
function spread({ communication, spreadSeconds }: Behaviour): Distribution {
  if (communication === 'pull' || spreadSeconds === 0) return new Distribution([0], [1]);
  const values = Array.from({ length: SPREAD_VALUES }, (_, i) => ((i + 0.5) / SPREAD_VALUES) * spreadSeconds);
  return new Distribution(values, values.map(() => 1));
}

/** Of all messages from concentrators to the head-end, ms. */
function upDelays(links: readonly EncodedLinks[]): Histogram {
  const all = build(LINK_DELAY_RANGE);
  for (const { categories } of links) for (const { up } of categories) all.add(decodeFromCompressedBase64(up.delay));
  return all;
}

function sum(a: Float64Array, b: Float64Array): Float64Array {
  return a.map((value, i) => value + b[i]!);
}

function total(values: Float64Array): number {
  return values.reduce((all, value) => all + value, 0);
}
