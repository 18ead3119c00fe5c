/**
 * What `meterstorm capacity` found: the type behind `capacity.json`. Loads are given in equivalent meters: so many meters, read
 * in real time, make as many readings a second. Names end in their unit; null: not known.
 */

import type { MachineFacts } from '../../monitor/machine-facts.ts';

export interface CapacityReport {
  readonly meterstorm: string;
  readonly scenario: string;
  readonly headend: string;
  /** Of the head-end in the box: what takes messages, and where they go; null: somebody else's. */
  readonly alternative: { readonly intake: string; readonly store: string } | null;
  readonly intervalSeconds: number;
  readonly readingsPerMeterAndInterval: number;
  readonly stationsMax: number;
  readonly windowSeconds: number;
  readonly budgetSeconds: number;
  readonly wallSeconds: number;
  /** False: somebody ended it before its time. */
  readonly complete: boolean;
  readonly answer: CapacityAnswer;
  /** What was full first; null: nothing was. */
  readonly saturation: (SaturationFacts & { readonly counts: Readonly<Record<string, number>> }) | null;
  readonly trials: readonly TrialFacts[];
  /** A run at the low end of the interval, to its end and audited; null: there was none. */
  readonly proof: ProofFacts | null;
  readonly sizing: Sizing;
  readonly machine: MachineFacts;
}

export interface CapacityAnswer {
  /** `value`: the interval has the capacity in it. `at-least`: what could be tried held, or the head-end was not what was full. `at-most`: nothing held. */
  readonly kind: 'value' | 'at-least' | 'at-most' | 'unknown';
  /** One sentence on what the kind means here. */
  readonly why: string;
  readonly meters: number;
  /** Interval of 95 % and its median, which is `meters` of a `value`; all the same as `meters` where there is none. */
  readonly metersLow: number;
  readonly metersMiddle: number;
  readonly metersHigh: number;
  readonly readingsPerSecond: number;
  /** The interval is as narrow as was asked. */
  readonly precise: boolean;
}

export interface SaturationFacts {
  readonly what: string;
  readonly evidence: string;
}

export interface TrialFacts {
  readonly number: number;
  readonly meters: number;
  /** Intended. */
  readonly readingsPerSecond: number;
  /** What came to the end of its way. */
  readonly servedReadingsPerSecond: number;
  readonly stations: number;
  readonly speed: number;
  readonly stepMs: number;
  readonly wallSeconds: number;
  readonly judgement: 'holds' | 'fails' | 'diverges';
  /** Slope of the backlog as a share of the load, with its band of 95 %; null: too little was seen. */
  readonly growth: { readonly share: number; readonly low: number; readonly high: number } | null;
  /** Backlog at the end, in seconds of the load. */
  readonly lagSeconds: number | null;
  /** Of a trial that failed. */
  readonly saturation: SaturationFacts | null;
  /** Means over the window; null: not told, as of a head-end elsewhere. */
  readonly headendCores: number | null;
  readonly simulatorCores: number | null;
  readonly busyCores: number | null;
  /** Sum of the peaks of its processes. */
  readonly headendRssBytes: number | null;
  /** Of what was sent. */
  readonly bytesPerReading: number;
}

export interface ProofFacts {
  readonly meters: number;
  readonly readings: number;
  /** null: nobody could look at what is stored. */
  readonly exact: boolean | null;
  /** Why the audit of our own store could not be done; null: it was, or nobody can look at the store. */
  readonly auditFailure: string | null;
  /** Delays that 99 % stay within, on the clock of the machine: of readings from arrival to store, of pushes from sending to confirmation. */
  readonly storedWithinP99Ms: number | null;
  readonly confirmedWithinP99Ms: number | null;
  readonly storeBytesPerReading: number | null;
  /** Where its own report is, from the directory of this one. */
  readonly directory: string;
}

/** How a figure came about. */
export type Basis =
  /** A trial was at this load. */
  | 'measured'
  /** From a line through trials, between the lowest and the highest of them. */
  | 'interpolated'
  /** From the same line, beyond them; or from one trial. */
  | 'extrapolated'
  | 'unknown';

export interface Sizing {
  readonly forMeters: number;
  readonly figures: readonly SizingFigure[];
  /** cores = fixed + perReading * readings a second; null: too few trials, or not told. */
  readonly cpu: CostLine | null;
  readonly memory: CostLine | null;
  /** Sentences on what the figures leave out. */
  readonly caveats: readonly string[];
}

export interface CostLine {
  readonly fixed: number;
  /** For each reading a second. */
  readonly perReading: number;
  /** Intended readings a second of the trials that it goes through. */
  readonly from: number;
  readonly to: number;
  readonly trials: number;
  /** Largest distance of a trial from the line, as a share of the trial. */
  readonly worstFit: number;
}

export interface SizingFigure {
  readonly name: string;
  readonly unit: 'cores' | 'bytes' | 'bytes-per-day' | 'bits-per-second' | 'readings-per-second' | 'seconds' | 'connections' | 'head-ends';
  /** null: not known. */
  readonly perMillion: number | null;
  readonly value: number | null;
  readonly basis: Basis;
  readonly note: string;
}
