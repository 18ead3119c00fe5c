/** What a value probe is: something that can be asked for the values of a target. */

import type { SeriesType } from '../store/monitor-source.ts';

export interface ReadValue {
  /** Unique within the target. */
  readonly name: string;
  /** Of the value as it is stored: of a counter, per second. */
  readonly unit: string;
  readonly type: SeriesType;
  /** A counter that begins at 0 again when it is lower than before; otherwise it went over its last bit. */
  readonly resets?: boolean;
  /** Unix ms; null: now. */
  readonly timeMs: number | null;
  /** As the target said it, a counter as a count. null: it is not known at this time (`U`). */
  readonly value: number | bigint | null;
  readonly limits?: Limits;
  /** What is done with the value, or the rate, before it is judged and stored. */
  readonly convert?: (value: number) => number;
}

/** Bounds as Munin knows them. Null: none. */
export interface Limits {
  /** A value, or a rate, outside of these is no measurement and dropped. Before `convert`. */
  readonly min: number | null;
  readonly max: number | null;
  /** A value outside of these is worth an event. After `convert`. */
  readonly warning: Band | null;
  readonly critical: Band | null;
}

export interface Band {
  readonly min: number | null;
  readonly max: number | null;
}

/** A part of a target that did not answer while others did: a plugin, a view. */
export interface PartFault {
  readonly part: string;
  readonly why: string;
}

export interface Readout {
  readonly values: readonly ReadValue[];
  readonly faults: readonly PartFault[];
}

export interface ValueProbe {
  /** Rejects when the target does not answer, or when the signal is aborted. Never called before the last call is over. */
  read(signal: AbortSignal): Promise<Readout>;
  close(): void;
}
