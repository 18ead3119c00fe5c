/** All detectors that look at what a run left behind, in the order in which problems are told. */

import { acceptQueueFull, conntrackNearFull, reconnectStorm, refusedConnections, retransmissions } from './connections.ts';
import { eventDetectors, targetNotSeen } from './events.ts';
import { generatorSaturated } from './generator.ts';
import { descriptorsNearLimit, diskFullSoon, eventLoopDelay } from './limits.ts';
import { backlogGrowth, duplicates, lateFlood, quarterHourHerd } from './readings.ts';
import type { Detector, Finding, Signals } from './signals.ts';

export const DETECTORS: readonly Detector[] = [
  generatorSaturated,
  descriptorsNearLimit,
  diskFullSoon,
  backlogGrowth,
  eventLoopDelay,
  refusedConnections,
  reconnectStorm,
  acceptQueueFull,
  conntrackNearFull,
  retransmissions,
  duplicates,
  lateFlood,
  quarterHourHerd,
  ...eventDetectors,
  targetNotSeen,
];

export function detect(signals: Signals): readonly Finding[] {
  return DETECTORS.flatMap(({ id, find }) => {
    const found = find(signals);
    return found === null ? [] : [{ id, ...found }];
  });
}
