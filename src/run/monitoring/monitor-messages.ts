/** What the runner and the monitoring process say to each other. */

import type { MonitorPlan } from '../../monitor/monitor-plan.ts';
import type { EventAnswer, EventQuery, MonitorEvent, SeriesIdentity, SeriesQuery } from '../../monitor/store/monitor-source.ts';

/** Samples of one series of the run's own. */
export interface OwnSamples extends SeriesIdentity {
  readonly timeMs: readonly number[];
  readonly value: readonly number[];
}

/** What the run saw of itself in a while. The runner keeps it until the process has written it. */
export interface OwnBatch {
  /** Rising by 1 from 1. */
  readonly number: number;
  readonly samples: readonly OwnSamples[];
  readonly events: readonly MonitorEvent[];
}

/** A question, as one of `MonitorSource`. */
export type Question =
  | { readonly kind: 'listSeries' }
  | { readonly kind: 'timeRange' }
  | { readonly kind: 'querySeries'; readonly query: SeriesQuery }
  | { readonly kind: 'queryEvents'; readonly query: EventQuery };

export type ToMonitor =
  /** `plan`: what is watched beside the run; null: nothing. */
  | { readonly type: 'start'; readonly database: string; readonly plan: MonitorPlan | null }
  | { readonly type: 'batch'; readonly batch: OwnBatch }
  | { readonly type: 'ask'; readonly id: number; readonly question: Question }
  /** Write what there is, answer with the events from `from` on, and end. */
  | { readonly type: 'stop'; readonly events: EventQuery }
  /** End at once, with what was not written gone. */
  | { readonly type: 'end' };

export type FromMonitor =
  /** All batches up to this one are in the file. */
  | { readonly type: 'written'; readonly number: number }
  | { readonly type: 'answer'; readonly id: number; readonly answer: unknown }
  | { readonly type: 'refused'; readonly id: number; readonly why: string; readonly outOfBounds: boolean }
  | { readonly type: 'stopped'; readonly events: EventAnswer }
  | { readonly type: 'failed'; readonly why: string };
