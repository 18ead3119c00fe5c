/**
 * A scenario, parsed and checked: what every other room works from. All quantities are numbers in the unit that the name
 * ends with. Frozen; nothing is optional here, because the parser has filled in the defaults.
 */

export interface Scenario {
  readonly name: string;
  /** Integer 0 .. 2^53-1. Same seed, same grid, plan and truth, byte for byte. */
  readonly seed: number;
  readonly grid: GridParameters;
  readonly behaviour: Behaviour;
  readonly protocol: 'dlms';
  /** Security suite of the installation: keys of its own for each device, HLS 5, ciphered services. Null: none. */
  readonly security: 0 | 1 | 2 | null;
  /** How many times faster than real time, or as fast as the head-end absorbs. */
  readonly speed: number | 'max';
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
  /** 0 .. 1 */
  readonly loss: number;
  readonly ratePacketsPerSecond: number;
  readonly burstPackets: number;
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
