/**
 * What a finished run says of itself: the type behind `report.json`. Names end in their unit; SI units; times that belong
 * to the grid are Unix seconds, times of the machine are milliseconds since the run began.
 */

import type { Example, FindingCounts } from '../audit/findings.ts';
import type { WrongCounts } from '../audit/wrong-value.ts';
import type { IndicatorUnit, Threshold } from '../base/threshold.ts';
import type { MachineFacts } from '../monitor/machine-facts.ts';
import type { ProblemId, Severity } from '../monitor/problem-kinds.ts';
import type { ProcessUse } from '../monitor/process-use.ts';
import type { MonitorEvent } from '../monitor/store/monitor-source.ts';
import type { LinkFacts } from './link-facts.ts';
import type { Percentiles } from './percentiles.ts';
import type { ResourceFacts } from './resource-facts.ts';
import type { StoreFacts } from './store-facts.ts';

export interface RunReport {
  readonly meterstorm: string;
  readonly run: RunFacts;
  readonly audit: AuditFacts;
  readonly verdict: Verdict;
  readonly series: Series;
  readonly delays: Delays;
  /** Null: nobody could look at what is stored, or when. */
  readonly kpi: Kpi | null;
  /** What the scenario says must hold of a run; empty: nothing. */
  readonly thresholds: readonly ThresholdResult[];
  /** Null: the scenario ignores its links. */
  readonly links: LinkFacts | null;
  readonly processes: readonly ProcessUse[];
  /** Null: a report of an earlier version. */
  readonly resources: ResourceFacts | null;
  readonly machine: MachineFacts;
  /** Left out: the head-end is not ours. */
  readonly store?: StoreFacts;
  /** Left out when nothing was monitored, and by earlier versions. */
  readonly events?: RunEvents;
}

/** What happened: to the run itself (target `run`), and to what it watched. */
export interface RunEvents {
  /** Also of those that are not shown; all are in `monitor.duckdb`. */
  readonly total: number;
  /** A bounded number, the most severe ones first. */
  readonly shown: readonly RunEvent[];
}

export interface RunEvent extends Omit<MonitorEvent, 'timeMs'> {
  /** Since the run began; negative: before that. */
  readonly atMs: number;
}

/** What a head-end is given, apart from how it takes it. */
export type RunLoad = Pick<
  RunFacts,
  'scenario' | 'seed' | 'meters' | 'concentrators' | 'steps' | 'intervalSeconds' | 'startUnixSeconds' | 'offsetMinutes' | 'mode' | 'protocol' | 'speed'
>;

export interface RunFacts {
  readonly scenario: string;
  readonly seed: number;
  readonly meters: number;
  readonly concentrators: number;
  readonly steps: number;
  readonly intervalSeconds: number;
  readonly startUnixSeconds: number;
  readonly offsetMinutes: number;
  readonly mode: 'push' | 'pull';
  readonly protocol: string;
  readonly speed: number | 'max';
  readonly headend: string;
  readonly wallSeconds: number;
  readonly readingsPerSecond: number;
  readonly realTimeFactor: number;
  readonly simulatorProcesses: number;
  readonly intakeProcesses: number;
  /** Sum over all processes of each one's peak resident set. */
  readonly peakRssBytes: number;
  readonly messages: number;
  readonly bytesSent: number;
  readonly reconnects: number;
  /** Readings in steps that the head-end confirmed; null: it was not asked to. */
  readonly confirmedReadings: number | null;
  /** Messages that left again because they were not confirmed before a connection ended. */
  readonly resentMessages: number;
  readonly restarts: readonly { readonly process: string; readonly atMs: number; readonly why: string }[];
  readonly storeBytes: number;
  /** False: interrupted, the report covers what happened until then. */
  readonly complete: boolean;
  /** At a speed: time after the last step at which the run ended though not all was confirmed or stored; null: all was. */
  readonly cutOffAfterSeconds: number | null;
}

/** The counts of the audit; all but `sent` are 0 when nobody could look into the store. */
export interface AuditFacts extends Omit<FindingCounts, 'wrongBy'> {
  /** The wrong readings by what was done to them. Absent: nobody looked, or the report is of an earlier version. */
  readonly wrongBy?: WrongCounts;
  readonly exact: boolean;
  readonly wallSeconds: number;
  /** Second copies that the head-end received and dropped. */
  readonly duplicatesDropped: number;
  readonly examples: readonly AuditExample[];
  /** How somebody else's store was looked at. Absent: it is ours, or nobody looked. */
  readonly source?: AuditedSource;
}

export interface AuditedSource {
  /** For people: the database or the file. */
  readonly name: string;
  /** False: it keeps no status, so that none was compared. */
  readonly comparesStatus: boolean;
  /** How long its rows were watched after the last message before the audit began; 0: not at all. */
  readonly waitedSeconds: number;
  /** From the last message until the last row could be queried; null: not watched, or fewer rows than readings that were sent. */
  readonly queryableSeconds: number | null;
}

export type AuditExample = Example;

export interface Verdict {
  /** null: could not be known. */
  readonly able: boolean | null;
  readonly why: string;
  readonly resources: Resources;
  readonly problems: readonly Problem[];
}

/** What the head-end took; null: it does not run here, or this system does not tell. */
export interface Resources {
  /** Processor time of the head-end for a million stored readings. */
  readonly cpuSecondsPerMillionReadings: number | null;
  /** Mean over the run. */
  readonly coresUsed: number | null;
  /** Sum of the peaks of its processes. */
  readonly peakRssBytes: number | null;
  readonly storeBytesPerReading: number | null;
  readonly headendCpuSeconds: number | null;
  readonly simulatorCpuSeconds: number | null;
}

export interface Problem {
  readonly id: ProblemId;
  readonly title: string;
  /** When it was seen: milliseconds since the run began. */
  readonly from: number;
  readonly to: number;
  readonly evidence: string;
  /** Reports of earlier versions lack these two. */
  readonly severity?: Severity;
  /** What to do about it. */
  readonly remedy?: string;
}

/** One value for each step of the scenario. */
export interface Series {
  readonly stepUnixSeconds: readonly number[];
  /** Meters with at least one stored reading that was sent in the step: the paper's "communicating meters". */
  readonly communicatingMeters: readonly number[];
  readonly communicatingConcentrators: readonly number[];
  /** Readings by the step in which they were sent, those of the step itself and older ones apart. */
  readonly arrivedInTime: readonly number[];
  readonly arrivedLate: readonly number[];
  /** Energy of the grid in the step, Wh. */
  readonly energyWh: readonly number[];
  /** Over the wall time of the run, sampled. */
  readonly wallMs: readonly number[];
  readonly sentReadings: readonly number[];
  readonly confirmedReadings: readonly number[];
  readonly storedReadings: readonly number[];
  /** Steps that the average concentrator had settled then: what puts the time of the grid beside that of the machine. */
  readonly settledSteps: readonly number[];
  /** Concentrators that were connected then. */
  readonly connections: readonly number[];
}

export interface Delays {
  /** From measurement to sending, in time of the grid, seconds: what accessibility alone costs. */
  readonly measurementToSendingSeconds: Percentiles;
  /** From sending to the confirmation that the message is durable, on the machine's clock, ms. One value a message. */
  readonly sendingToConfirmationMs: Percentiles;
  /** How much later than its own schedule asked a message left, on the machine's clock, ms. Left out where there is no schedule, and by earlier versions. */
  readonly intendedToSendingMs?: Percentiles;
  /** From arrival at the head-end to being queryable in the store, on the machine's clock, ms. One value a reading. */
  readonly arrivalToStoreMs: Percentiles;
  /** From measurement to storage, in time of the grid, seconds (plan delay plus machine delay times speed). */
  readonly measurementToStorageSeconds: Percentiles;
}

/** Shares (0 .. 1) of the planned readings that were stored in time, counted from their measurement in time of the grid. */
export interface KpiShares {
  /** Before the next value was due: the same quarter hour, where the interval is one. */
  readonly storedSameInterval: number;
  readonly storedWithin1h: number;
  readonly storedWithin24h: number;
  /** By 06:00 of the civil day after the one that was measured; the value of midnight belongs to the day that it ends. */
  readonly storedBy06: number;
}

export interface Kpi extends KpiShares {
  /** What the plan's outages leave possible: the shares of a head-end that takes no time and loses nothing. */
  readonly possible: KpiShares;
  /** Within which 95 % of the reads on demand that were answered had their answer, in time of the grid; null: there were none. */
  readonly onDemandReadP95Seconds: number | null;
  /** Reads on demand that ended, and those of them that brought no value; null: the scenario has none. */
  readonly onDemandReads: number | null;
  readonly onDemandFailed: number | null;
}

export interface ThresholdResult extends Threshold {
  /** Of limit and value; shares are 0 .. 1. */
  readonly unit: IndicatorUnit;
  /** null: the run does not tell. */
  readonly value: number | null;
  /** null: the value is not known, which fails the run as a broken threshold does. */
  readonly held: boolean | null;
}
