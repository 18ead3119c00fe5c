/** Counters of a poller since it was started; plain data, so that it can be sent to whoever watches. */

export interface PollStats {
  /** Open now; opened; those that could not be opened or broke. */
  connections: number;
  connects: number;
  disconnects: number;
  requests: number;
  /** Answers that were understood as far as the APDU goes. */
  messages: number;
  bytesSent: number;
  bytesReceived: number;
  timeouts: number;
  strays: number;
  readings: number;
  /** Rounds of concentrators that ended with everything durable, and those that brought something. */
  rounds: number;
  fullRounds: number;
  /** Rounds that were due while the one before still went on. */
  lateRounds: number;
  /** Gaps found, repaired, and given up. */
  gaps: number;
  repairs: number;
  gapsGivenUp: number;
  /** Reads on demand and commands: with a value; failed, refused by the device, or not taken. */
  demands: number;
  demandsFailed: number;
  /** Meters in a profile that the SAP assignment does not name. */
  strangers: number;
  /** Jobs that failed, and exchanges that failed by code of the error. */
  failures: number;
  malformedMessages: number;
  malformed: Record<string, number>;
  /** Jobs under way now, and the most at once. */
  active: number;
  activePeak: number;
  durableReadings: number;
  lastBufferFault: string | null;
  backlogBytes: number;
}

export function emptyPollStats(): PollStats {
  return {
    connections: 0,
    connects: 0,
    disconnects: 0,
    requests: 0,
    messages: 0,
    bytesSent: 0,
    bytesReceived: 0,
    timeouts: 0,
    strays: 0,
    readings: 0,
    rounds: 0,
    fullRounds: 0,
    lateRounds: 0,
    gaps: 0,
    repairs: 0,
    gapsGivenUp: 0,
    demands: 0,
    demandsFailed: 0,
    strangers: 0,
    failures: 0,
    malformedMessages: 0,
    malformed: {},
    active: 0,
    activePeak: 0,
    durableReadings: 0,
    lastBufferFault: null,
    backlogBytes: 0,
  };
}

/** The counters of two pollers together. */
export function addPollStats(a: PollStats, b: PollStats): PollStats {
  const sum = { ...a, malformed: { ...a.malformed }, lastBufferFault: a.lastBufferFault ?? b.lastBufferFault };
  for (const name of Object.keys(a) as (keyof PollStats)[]) {
    const [one, other] = [a[name], b[name]];
    if (typeof one === 'number' && typeof other === 'number') (sum[name] as number) = one + other;
  }
  for (const [reason, count] of Object.entries(b.malformed)) sum.malformed[reason] = (sum.malformed[reason] ?? 0) + count;
  // All pollers see the same buffer.
  return { ...sum, backlogBytes: Math.max(a.backlogBytes, b.backlogBytes) };
}
