/** What a simulator counts, and how far its concentrators came. Plain data, so that it can be sent to whoever watches. */

/** Counters of one segment. Times on the machine's clock. */
export interface SimulatorStats {
  connected: number;
  connects: number;
  /** Connections that ended without being asked to, and tries that failed. */
  disconnects: number;
  refused: number;
  /** Tries for which this process had no descriptor left. */
  withoutDescriptor: number;
  messages: number;
  readings: number;
  /** Those that left within a minute of the grid since their step began; of a run without times none. */
  firstMinuteReadings: number;
  /** Pushing: steps that a concentrator has played, each once, added up over all concentrators. */
  playedSteps: number;
  bytes: number;
  /** Messages of steps that had been sent before on a connection that ended. */
  resentMessages: number;
  /** Readings in steps that the head-end confirmed. */
  confirmedReadings: number;
  confirmations: number;
  /** Answers of the head-end that could not be understood. */
  malformed: number;
  /** Writes after which a connection took no more for a while. */
  backpressure: number;
}

export function emptySimulatorStats(): SimulatorStats {
  return {
    connected: 0,
    connects: 0,
    disconnects: 0,
    refused: 0,
    withoutDescriptor: 0,
    messages: 0,
    readings: 0,
    firstMinuteReadings: 0,
    playedSteps: 0,
    bytes: 0,
    resentMessages: 0,
    confirmedReadings: 0,
    confirmations: 0,
    malformed: 0,
    backpressure: 0,
  };
}

/** How far each concentrator of the segment came: all steps below were sent; were confirmed. */
export interface Ledger {
  readonly fromStation: number;
  readonly sent: Uint32Array;
  readonly confirmed: Uint32Array;
}
