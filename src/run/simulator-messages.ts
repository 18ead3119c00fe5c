/** What runner and simulator process tell each other. */

import type { Scenario } from '../grid/scenario/scenario.ts';
import type { Endpoint } from '../network/wire/wire.ts';
import type { LoopDelay } from '../monitor/loop-delay.ts';
import type { Ledger, SimulatorStats } from '../simulator/simulator-stats.ts';
import type { EncodedLinks } from './segment-links.ts';
import type { Segment } from './segment.ts';

export type ToSimulator =
  | {
      readonly type: 'prepare';
      readonly scenario: Scenario;
      readonly segment: Segment;
      readonly fromStep: number;
      /** Push: concentrator c sends to targets[c mod n]. */
      readonly targets: readonly Endpoint[];
      /** Pull: where this process listens for all its concentrators; null: it pushes. */
      readonly listen: Endpoint | null;
      /** Address of the first concentrator of the grid; null: on loopback. */
      readonly firstAddress: string | null;
      /** 32 bytes from which the keys of all devices are derived; null: an installation without security. */
      readonly masterKey: Uint8Array | null;
      /** Whether the head-end confirms what it made durable. */
      readonly confirmed: boolean;
    }
  /** `originUnixMs`: when step 0 is due; the same for all processes, also for one that is started again. */
  | { readonly type: 'go'; readonly originUnixMs: number }
  /** Send nothing more, wait a moment for confirmations, then report. */
  | { readonly type: 'hold' }
  /** The head-end is gone: report once more, then end. Only in pull; a process that pushes ends by itself. */
  | { readonly type: 'end' };

export interface SimulatorProgress {
  readonly type: 'progress' | 'finished';
  readonly stats: SimulatorStats;
  /** Since it plays. */
  readonly loopDelay: LoopDelay;
  /** Settled by all concentrators, and by the average one. */
  readonly settledStep: number;
  readonly meanSettledStep: number;
  /** Only with `finished`: it has two numbers for each concentrator. */
  readonly ledger: Ledger | null;
  /** hdr-histogram-js, compressed base64, units of 0.1 ms; only with `finished`. */
  readonly confirmation: string | null;
  readonly lateness: string | null;
  /** What the links did; only with `finished`, and where links are played. */
  readonly links: EncodedLinks | null;
}

/** `listening`: where, in pull. */
export type FromSimulator = { readonly type: 'ready'; readonly listening: Endpoint | null } | { readonly type: 'failed'; readonly why: string } | SimulatorProgress;
