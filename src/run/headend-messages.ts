/** What the head-end's parent tells its processes and hears from them. */

import type { DirectIntakeStats } from '../headend/direct/direct-stats.ts';
import type { PollSecurity } from '../headend/poll/credentials.ts';
import type { BackOffTimes } from '../headend/poll/poll-scheduler.ts';
import type { OnDemandPlan } from '../headend/poll/on-demand-reads.ts';
import type { PollStats } from '../headend/poll/poll-stats.ts';
import type { PollDevice } from '../headend/poll/poller.ts';
import type { StoreLoaderStats } from '../headend/store/store-loader.ts';
import type { LoopDelay } from '../monitor/loop-delay.ts';
import type { Endpoint } from '../network/wire/wire.ts';
import type { HeadendKind, StorePlace } from './headend-kind.ts';

/** What a poller is told of the devices and of time. */
export interface PollPlan {
  readonly devices: readonly PollDevice[];
  readonly sinceUnixSeconds: number;
  readonly periodSeconds: number;
  readonly offsetMinutes: number;
  /** 0: round after round without a pause. */
  readonly roundMs: number;
  readonly firstRoundUnixMs: number;
  readonly timeoutMs: number;
  readonly backOff: BackOffTimes;
  readonly security: PollSecurity | null;
  /** Null: nothing is read on demand. */
  readonly onDemand: OnDemandPlan | null;
}

export type ToTaker =
  | {
      readonly type: 'start';
      /** Where buffer files go. */
      readonly directory: string;
      /** Number of this intake, in the names of its files. */
      readonly number: number;
      readonly endpoint: Endpoint;
    }
  | {
      readonly type: 'direct';
      readonly endpoint: Endpoint;
      readonly headend: HeadendKind;
      /** Capture period of the meters. */
      readonly intervalSeconds: number;
    }
  | { readonly type: 'poll'; readonly directory: string; readonly number: number; readonly plan: PollPlan }
  /** Take what has arrived or is under way, make it durable, end. */
  | { readonly type: 'stop' }
  /** It is about to be ended as it is: progress once more, with times. */
  | { readonly type: 'last-words' };

/** What all that take readings count alike. */
export interface TakerStats {
  readonly connections: number;
  readonly messages: number;
  readonly readings: number;
  /** Received. */
  readonly bytes: number;
  readonly loopDelay: LoopDelay;
  readonly malformed: Readonly<Record<string, number>>;
  readonly lastBufferFault: string | null;
  /** Of a poller. */
  readonly poll: PollStats | null;
  /** Of a poller that reads on demand. */
  readonly onDemand: OnDemandCounts | null;
  /** Of an intake without a buffer. */
  readonly direct: Pick<DirectIntakeStats, 'storedReadings' | 'duplicatesDropped' | 'transactions' | 'backlogReadings' | 'backlogReadingsPeak' | 'pausedMs' | 'faults' | 'failing'> | null;
}

export interface OnDemandCounts {
  /** With a value; without one. */
  readonly answered: number;
  readonly failed: number;
  /** Until the answer was there, ms; hdr-histogram-js, compressed base64. */
  readonly delays: string;
}

/** hdr-histogram-js, compressed base64. */
export interface StoringTimes {
  /** From arrival to being queryable, ms, weighted by readings. */
  readonly arrivalToStore: string;
  /** What transactions took, in units of 0.1 ms. */
  readonly transactions: string;
}

export type FromTaker =
  /** `endpoint`: of an intake. */
  | { readonly type: 'ready'; readonly endpoint: Endpoint | null }
  | { readonly type: 'failed'; readonly why: string }
  /** `times`: of an intake without a buffer that has stopped or says its last words. */
  | { readonly type: 'progress' | 'stopped'; readonly stats: TakerStats; readonly times: StoringTimes | null };

export type ToStore =
  | {
      readonly type: 'start';
      readonly directory: string;
      readonly store: StorePlace;
      /** Capture period of the meters. */
      readonly intervalSeconds: number;
    }
  /** Load all that is sealed, then end. */
  | { readonly type: 'stop' }
  /** It is about to be ended as it is: progress once more, with times. */
  | { readonly type: 'last-words' };

export type FromStore =
  | { readonly type: 'ready' }
  | {
      readonly type: 'progress' | 'stopped';
      readonly stats: StoreLoaderStats;
      /** Only with `stopped` and last words. */
      readonly times: StoringTimes | null;
    };
