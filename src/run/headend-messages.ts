/** What the head-end's parent tells its processes and hears from them. */

import type { IntakeStats } from '../headend/intake/intake.ts';
import type { StoreLoaderStats } from '../headend/store/store-loader.ts';
import type { Endpoint } from '../network/wire/wire.ts';

export type ToIntake =
  | {
      readonly type: 'start';
      /** Where buffer files go. */
      readonly directory: string;
      /** Number of this intake, in the names of its files. */
      readonly number: number;
      readonly endpoint: Endpoint;
    }
  /** Take what has arrived, make it durable, confirm, end. */
  | { readonly type: 'stop' };

export type FromIntake =
  | { readonly type: 'listening'; readonly endpoint: Endpoint }
  | { readonly type: 'failed'; readonly why: string }
  | { readonly type: 'progress' | 'stopped'; readonly stats: IntakeStats };

export type ToStore =
  | {
      readonly type: 'start';
      readonly directory: string;
      readonly database: string;
      /** Capture period of the meters. */
      readonly intervalSeconds: number;
    }
  /** Load all that is sealed, then end. */
  | { readonly type: 'stop' };

export type FromStore =
  | { readonly type: 'ready' }
  | {
      readonly type: 'progress' | 'stopped';
      readonly stats: StoreLoaderStats;
      /** From arrival to being queryable, ms, weighted by readings: hdr-histogram-js, compressed base64; only with `stopped`. */
      readonly arrivalToStore: string | null;
    };
