/**
 * A scenario, parsed and checked: what every other room works from. All quantities are numbers in the unit that the name
 * ends with. Frozen; nothing is optional here, because the parser has filled in the defaults.
 */

import type { Threshold } from '../../base/threshold.ts';

export interface Scenario {
  readonly name: string;
  /** Integer 0 .. 2^53-1. Same seed, same grid, plan and truth, byte for byte. */
  readonly seed: number;
  readonly grid: GridParameters;
  readonly behaviour: Behaviour;
  readonly network: NetworkParameters;
  readonly protocol: 'dlms';
  /** Security suite of the installation: keys of its own for each device, HLS 5, ciphered services. Null: none. */
  readonly security: 0 | 1 | 2 | null;
  /** How many times faster than real time, or as fast as the head-end absorbs. */
  readonly speed: number | 'max';
  /** What must hold of a run, each of them; none: the audit alone judges. */
  readonly thresholds: readonly Threshold[];
}

export interface GridParameters {
  readonly stations: number;
  /** Exact total; null: what the size categories give. */
  readonly meters: number | null;
  readonly stationSizes: readonly StationSize[];
  /** Name of a bundled area (`cez`) or the absolute path of a GeoJSON file. */
  readonly area: string;
  readonly consumption: readonly Consumption[];
  readonly tariffs: readonly Tariff[];
  readonly links: readonly LinkCategory[];
}

/** Shares are 0 .. 1 and add up to 1 within each list. */
export interface StationSize {
  readonly name: string;
  readonly share: number;
  readonly metersMin: number;
  readonly metersMax: number;
}

export interface Consumption {
  /** Name of a bundled pattern (`vdew-h0`, `bdew-h25`, `boiler`, ...) or the absolute path of a CSV file. */
  readonly pattern: string;
  readonly share: number;
  readonly annualWh: number;
}

export interface Tariff {
  readonly name: string;
  readonly share: number;
  /** Low-tariff windows of each day, minutes after local midnight, 0 <= from < to <= 1440, sorted, apart. Empty: one rate. */
  readonly low: readonly { readonly fromMinute: number; readonly toMinute: number }[];
}

export interface LinkCategory {
  readonly name: string;
  readonly share: number;
  readonly latencyMs: number;
  /** Standard deviation of the latency. */
  readonly jitterMs: number;
  /** Of successive delays, as netem has it: 0 .. 1. */
  readonly correlation: number;
  /** 0 .. 1; where there are bursts, between them. */
  readonly loss: number;
  /** Gilbert-Elliott: chance for each packet that a bad time begins, that it ends, and of loss within it. Null: none. */
  readonly lossBursts: { readonly enter: number; readonly leave: number; readonly loss: number } | null;
  readonly ratePacketsPerSecond: number;
  readonly burstPackets: number;
  /** What is over the rate waits, or is lost. */
  readonly excess: 'shape' | 'police';
  /** How long connections live. Null: until somebody closes them. */
  readonly session: LinkSession | null;
}

/** Times in seconds of the grid. */
export interface LinkSession {
  /** Mean time until the line drops, exponential; null: it does not by itself. */
  readonly upSeconds: number | null;
  /** From a drop until the line is there again, uniform between these. */
  readonly reattachSecondsMin: number;
  readonly reattachSecondsMax: number;
  /** Share of drops of which neither side is told. */
  readonly silent: number;
  /** The network forgets a connection on which nothing went for so long; null: never. */
  readonly idleSeconds: number | null;
  /** Share of the lines that the operator disconnects once a day. */
  readonly daily: number;
  /** Another address after each drop. */
  readonly newAddress: boolean;
}

/** What all lines have in common. */
export interface NetworkParameters {
  /** `ignored`: lines have no delay, loss, rate and sessions; outages are played all the same. */
  readonly links: 'played' | 'ignored';
  /** `each`: delays hold in each direction. `split`: they are those of a round trip. */
  readonly direction: 'each' | 'split';
  /** Whose TCP runs over the lines: initial window and time-outs of then or of now. */
  readonly tcp: 'today' | 'in-2013';
  /** Outages that neighbours have in common; null: none. */
  readonly cells: SharedOutages | null;
  readonly regions: SharedOutages | null;
  readonly blackouts: readonly Blackout[];
}

export interface SharedOutages {
  /** Neighbouring stations that have them together. */
  readonly stations: number;
  readonly accessible: number;
  readonly outageSeconds: number;
}

/** Lines that are down together, at a given time; `blackoutSteps` has the steps. */
export interface Blackout {
  /** Since the start of the scenario. */
  readonly fromSeconds: number;
  readonly seconds: number;
  /** Share of the stations, neighbours of each other. */
  readonly share: number;
}

export interface Behaviour {
  readonly communication: 'push' | 'pull';
  readonly steps: number;
  readonly intervalSeconds: number;
  /** The first timestamp that is read. Meters keep this offset as their civil time throughout (no daylight saving). */
  readonly start: { readonly unixSeconds: number; readonly offsetMinutes: number };
  /** Concentrators spread their pushes over this much of each step (randomisation_start_interval); 0: all at once. */
  readonly spreadSeconds: number;
  /** `total`: channel 0 alone; `per-tariff`: channels 0, 1 and 2. */
  readonly registers: 'total' | 'per-tariff';
  /** Rows that a meter, and rows for each of its meters that a concentrator, keep before the oldest are lost. */
  readonly meterMemoryRows: number;
  readonly concentratorMemoryRows: number;
  /** Pull: single meters that the head-end reads in an hour of the grid, beside the mass reading; null: none. */
  readonly onDemandPerHour: number | null;
  readonly concentratorAccessibility: readonly Accessibility[];
  readonly meterAccessibility: readonly Accessibility[];
}

export interface Accessibility {
  readonly name: string;
  readonly share: number;
  /** Share of time in which it can be reached, 0 .. 1. */
  readonly accessible: number;
  /** Mean length of an outage. */
  readonly outageSeconds: number;
}

/** Channels that a scenario reads, as channel numbers of `reading/batch.ts`. */
export function channelCount(registers: Behaviour['registers']): number {
  return registers === 'total' ? 1 : 3;
}

/** Steps that lie in a blackout, from `firstStep` to below `endStep`: outages are seen at steps alone. None when they are equal. */
export function blackoutSteps(
  blackout: Pick<Blackout, 'fromSeconds' | 'seconds'>,
  intervalSeconds: number,
): { readonly firstStep: number; readonly endStep: number } {
  // Fourteen digits drop the residue of binary fractions.
  const from = (seconds: number): number => Math.ceil(Number((seconds / intervalSeconds).toPrecision(14)));
  return { firstStep: from(blackout.fromSeconds), endStep: from(blackout.fromSeconds + blackout.seconds) };
}
