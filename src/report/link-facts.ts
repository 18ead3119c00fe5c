/** What the links between concentrators and head-end did, for the report. Times of the grid. */

import type { Percentiles } from './percentiles.ts';

export interface LinkFacts {
  /**
   * `carried`: bytes waited as long as their link took. `stamped`: as fast as possible, nothing waited; what each link would have taken was
   * computed for every message.
   */
  readonly mode: 'carried' | 'stamped';
  readonly direction: 'each' | 'split';
  readonly tcp: 'today' | 'in-2013';
  readonly categories: readonly LinkCategoryFacts[];
  /** By step: connections that ended because their line did, and connections that were made. Empty when stamped. */
  readonly connectionsLost: readonly number[];
  readonly connectionsMade: readonly number[];
  /** Most connections that were made within a second of the machine's clock, of one simulator process. */
  readonly peakConnectsPerSecond: number;
}

export interface LinkCategoryFacts {
  readonly name: string;
  readonly links: number;
  /** As the scenario says it: one way, ms; 0 .. 1; packets. */
  readonly latencyMs: number;
  readonly jitterMs: number;
  readonly loss: number;
  readonly ratePacketsPerSecond: number;
  /** From the concentrator to the head-end, and back. */
  readonly up: LinkDirectionFacts;
  readonly down: LinkDirectionFacts;
  readonly connects: number;
  readonly connectsFailed: number;
  /** From the first packet of a connection until data may go, ms. */
  readonly handshakeMs: Percentiles;
  /** Lines that dropped by themselves; those of which neither side was told among them; the operator's disconnects. */
  readonly drops: number;
  readonly silentDrops: number;
  readonly daily: number;
  /** Connections that the network had forgotten; that ended in an outage of the plan. */
  readonly forgotten: number;
  readonly outages: number;
  /** Sum over all lines of the time in which they had dropped and were not there again. */
  readonly detachedSeconds: number;
}

export interface LinkDirectionFacts {
  readonly messages: number;
  readonly bytes: number;
  readonly segments: number;
  /** Packets that never arrived, those over the rate of a policed link among them. */
  readonly lost: number;
  readonly policed: number;
  readonly fastRetransmissions: number;
  readonly timeouts: number;
  /** From handing over to whole arrival, ms. */
  readonly delayMs: Percentiles;
  /** While something was under way; null: nothing was. */
  readonly bytesPerBusySecond: number | null;
}
