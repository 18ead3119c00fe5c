/** What a group of processes took so far and holds now: what every way of watching one answers. */

export interface GroupSample {
  /** Counted up from any origin. */
  readonly userSeconds: number;
  readonly systemSeconds: number;
  readonly diskReadBytes: number | null;
  readonly diskWrittenBytes: number | null;
  /** Sent and received; null: not told by process. */
  readonly networkBytes: number | null;
  /** Now. */
  readonly memoryBytes: number | null;
  readonly pssBytes: number | null;
  readonly descriptors: number | null;
  readonly connections: number | null;
  readonly processes: number;
  /** The process that is nearest to its limit of descriptors. */
  readonly fullest: Fullest | null;
}

export interface Fullest {
  readonly process: string;
  readonly descriptors: number;
  readonly descriptorsMax: number;
}

/** Null: there is nothing to be seen (any more). */
export interface GroupSampler {
  sample(): GroupSample | null;
}

export function fuller(a: Fullest | null, b: Fullest | null): Fullest | null {
  if (a === null || b === null) return a ?? b;
  return b.descriptors * a.descriptorsMax > a.descriptors * b.descriptorsMax ? b : a;
}

/** Null when nothing is known at all. */
export function addKnown(a: number | null, b: number | null): number | null {
  return a === null ? b : b === null ? a : a + b;
}
