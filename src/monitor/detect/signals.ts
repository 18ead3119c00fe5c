/** What detectors look at, of a run that is over: counters and series. Plain data; times are milliseconds since the run began. */

import type { GroupUse } from '../group-use.ts';
import type { HostUse } from '../host-use.ts';
import type { NamedLoopDelay } from '../loop-delay.ts';
import type { ProblemId, Severity } from '../problem-kinds.ts';
import type { ProcessUse } from '../process-use.ts';
import type { MonitorEvent } from '../store/monitor-source.ts';
import type { TrafficSeries } from '../traffic-log.ts';

export interface Signals {
  readonly mode: 'push' | 'pull';
  readonly speed: number | 'max';
  readonly wallMs: number;
  readonly intervalSeconds: number;
  readonly stations: number;
  readonly progress: ProgressSeries;
  readonly traffic: TrafficSeries;
  readonly counts: Counts;
  /** How much later than intended messages left, ms on the machine's clock; of a run without times, or that is pulled, count 0. */
  readonly lateness: { readonly count: number; readonly p50: number; readonly p99: number };
  readonly simulatorLoops: readonly NamedLoopDelay[];
  readonly takerLoops: readonly NamedLoopDelay[];
  readonly groups: readonly GroupUse[];
  readonly processes: readonly ProcessUse[];
  /** Null where the system does not tell. */
  readonly host: HostUse | null;
  readonly events: SeenEvents;
}

/** Events of monitoring. */
export interface SeenEvents {
  /** A bounded number, the most severe ones. */
  readonly seen: readonly SeenEvent[];
  readonly total: number;
}

export interface SeenEvent extends Omit<MonitorEvent, 'timeMs'> {
  /** Negative: before the run began. */
  readonly atMs: number;
}

/** Readings since the begin. */
export interface ProgressSeries {
  readonly wallMs: readonly number[];
  readonly sent: readonly number[];
  /** Null: this head-end does not confirm, or not before it has stored. */
  readonly confirmed: readonly number[] | null;
  /** Null: nobody could see it. */
  readonly stored: readonly number[] | null;
}

export interface Counts {
  readonly messages: number;
  /** Sent, those that left again among them; and those that left within a minute of the grid since their step began. */
  readonly readings: number;
  readonly firstMinuteReadings: number;
  /** Writes after which a connection took no more for a while. */
  readonly backpressure: number;
  /** Second copies that the head-end dropped, of so many that it stored. */
  readonly duplicatesDropped: number;
  readonly storedReadings: number;
  /** Stored readings that were more than an hour old when they were sent, in time of the grid. */
  readonly lateReadings: number;
}

/** A problem that was seen. */
export interface Finding {
  readonly id: ProblemId;
  readonly title: string;
  readonly from: number;
  readonly to: number;
  readonly evidence: string;
  /** When it is not that of its kind. */
  readonly severity?: Severity;
}

export interface Detector {
  readonly id: ProblemId;
  /** Null: it is not there, or can't be seen. */
  readonly find: (signals: Signals) => Omit<Finding, 'id'> | null;
}

export function throughout({ wallMs }: Signals): { readonly from: number; readonly to: number } {
  return { from: 0, to: Math.round(wallMs) };
}

/** From the begin of the first sample with something in it to the end of the last one; null: there is none. */
export function spanOf(wallMs: readonly number[], counts: readonly number[]): { readonly from: number; readonly to: number; readonly samples: number } | null {
  const some = [...counts.keys()].filter((i) => counts[i]! > 0);
  const [first, last] = [some[0], some.at(-1)];
  if (first === undefined || last === undefined) return null;
  return { from: wallMs[first - 1] ?? 0, to: wallMs[last] ?? 0, samples: some.length };
}

export function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

export function highest(values: readonly number[]): number {
  return values.reduce((most, value) => Math.max(most, value), 0);
}
