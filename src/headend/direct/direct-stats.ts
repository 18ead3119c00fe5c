/** Counters of an intake without a buffer since it was started; plain data, so that it can be sent to whoever watches. */

import { emptyIntakeStats, type IntakeStats } from '../intake/intake-stats.ts';

type Common = 'connections' | 'refused' | 'messages' | 'readings' | 'bytes' | 'malformedMessages' | 'malformed';

export interface DirectIntakeStats extends Pick<IntakeStats, Common> {
  storedReadings: number;
  /** Readings that were stored before: sent again by a concentrator, or stored although the answer was lost. */
  duplicatesDropped: number;
  /** Messages committed. */
  transactions: number;
  /** Readings that have arrived and are not committed: those with the database, and those that wait for it. */
  backlogReadings: number;
  backlogReadingsPeak: number;
  /** Time in which nothing was read from connections because the queue was full. */
  pausedMs: number;
  pauses: number;
  faults: number;
  lastFault: string | null;
  /** No message was stored since. */
  failing: boolean;
}

export function emptyDirectStats(): DirectIntakeStats {
  return {
    connections: 0,
    refused: 0,
    messages: 0,
    readings: 0,
    bytes: 0,
    malformedMessages: 0,
    malformed: emptyIntakeStats().malformed,
    storedReadings: 0,
    duplicatesDropped: 0,
    transactions: 0,
    backlogReadings: 0,
    backlogReadingsPeak: 0,
    pausedMs: 0,
    pauses: 0,
    faults: 0,
    lastFault: null,
    failing: false,
  };
}
