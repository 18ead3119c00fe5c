/** What the links of each category did, in ms of the grid. */

import { build, type Histogram } from 'hdr-histogram-js';
import { DOWN, UP } from './link-parameters.ts';

/** Of all histograms of links, in ms, so that they can be added up. They grow as they need to: most stay small. */
export const LINK_DELAY_RANGE = {
  lowestDiscernibleValue: 1,
  highestTrackableValue: 2,
  autoResize: true,
  numberOfSignificantValueDigits: 3,
} as const;

/** Counters of one direction. */
export interface DirectionCounts {
  messages: number;
  bytes: number;
  /** Segments, each counted once. */
  segments: number;
  /** Packets that never arrived; those over the rate of a policed link among them. */
  lost: number;
  policed: number;
  /** Segments sent again: after later ones had arrived; after a time-out. */
  fastRetransmissions: number;
  timeouts: number;
  /** Sum of the times in which something was under way. */
  busyMs: number;
  /** Sum of the times from handing over to whole arrival, of messages. */
  delaySumMs: number;
}

export interface DirectionStats extends DirectionCounts {
  /** From handing over to whole arrival. */
  readonly delay: Histogram;
}

/** How lines and connections ended. */
export interface LineCounts {
  /** Connections that were made. */
  connects: number;
  /** Tries of which the first packets were lost too often. */
  connectsFailed: number;
  /** Lines that dropped by themselves; those of which neither side was told among them. */
  drops: number;
  silentDrops: number;
  /** The operator's disconnects once a day. */
  daily: number;
  /** Connections that the network had forgotten. */
  forgotten: number;
  /** Connections that ended because their line was down by plan. */
  outages: number;
  /** Sum of the times in which lines had dropped and were not there again. */
  detachedMs: number;
}

export interface LinkCategoryStats {
  readonly up: DirectionStats;
  readonly down: DirectionStats;
  readonly lines: LineCounts;
  /** From the first packet of a connection until data may go. */
  readonly handshake: Histogram;
}

export function emptyLinkStats(): LinkCategoryStats {
  return { up: emptyDirection(), down: emptyDirection(), lines: emptyLines(), handshake: build(LINK_DELAY_RANGE) };
}

export function directionOf(stats: LinkCategoryStats, direction: typeof UP | typeof DOWN): DirectionStats {
  return direction === UP ? stats.up : stats.down;
}

export function emptyCounts(): DirectionCounts {
  return {
    messages: 0,
    bytes: 0,
    segments: 0,
    lost: 0,
    policed: 0,
    fastRetransmissions: 0,
    timeouts: 0,
    busyMs: 0,
    delaySumMs: 0,
  };
}

export function emptyLines(): LineCounts {
  return { connects: 0, connectsFailed: 0, drops: 0, silentDrops: 0, daily: 0, forgotten: 0, outages: 0, detachedMs: 0 };
}

function emptyDirection(): DirectionStats {
  return { ...emptyCounts(), delay: build(LINK_DELAY_RANGE) };
}
