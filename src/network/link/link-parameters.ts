/** What a link does to what goes over it. Times in ms or seconds of the grid; the names are those of scenarios. */

export interface LinkParameters {
  readonly name: string;
  /** One way. */
  readonly latencyMs: number;
  /** Standard deviation. */
  readonly jitterMs: number;
  /** Of successive delays, as netem has it. */
  readonly correlation: number;
  /** 0 .. 1; where there are bursts, between them. */
  readonly loss: number;
  readonly lossBursts: { readonly enter: number; readonly leave: number; readonly loss: number } | null;
  readonly ratePacketsPerSecond: number;
  readonly burstPackets: number;
  readonly excess: 'shape' | 'police';
  readonly session: LineSession | null;
}

export interface LineSession {
  readonly upSeconds: number | null;
  readonly reattachSecondsMin: number;
  readonly reattachSecondsMax: number;
  readonly silent: number;
  readonly idleSeconds: number | null;
  readonly daily: number;
  readonly newAddress: boolean;
}

/** Whose TCP. Facts: include/net/tcp.h of Linux; 2013 is Debian 6 with Linux 2.6.32. */
export interface TcpAge {
  /** Segments that may leave before the first acknowledgement. */
  readonly initialWindow: number;
  /** Before a round trip was measured. */
  readonly initialRtoMs: number;
}

export const TCP_AGES: Readonly<Record<'today' | 'in-2013', TcpAge>> = {
  'today': { initialWindow: 10, initialRtoMs: 1000 },
  'in-2013': { initialWindow: 3, initialRtoMs: 3000 },
};

/** From the concentrator to the head-end, and back. */
export type Direction = 0 | 1;
export const UP = 0;
export const DOWN = 1;
