/**
 * Names of buffer files: `intake-<n>-<number>.<state>`. Intake n writes its files in the order of their numbers, and a number
 * is never used twice, even when the directory was emptied in between: the store knows what it loaded by `key`.
 *
 *   open     being written by intake n, or left behind by one that died
 *   sealed   complete; the store may load it, and removes it afterwards
 *   damaged  loaded as far as it could be read; kept for a human, see `block-reader.ts`
 */

export type BufferState = 'open' | 'sealed' | 'damaged';

export interface BufferName {
  readonly intake: number;
  readonly number: number;
  readonly state: BufferState;
  /** The name without the state. */
  readonly key: string;
}

export function bufferFileName(intake: number, number: number, state: BufferState): string {
  return `intake-${intake}-${number}.${state}`;
}

/** Null: not a buffer file. */
export function parseBufferName(name: string): BufferName | null {
  const match = /^(intake-(\d{1,5})-(\d{1,15}))\.(open|sealed|damaged)$/.exec(name);
  if (match === null) return null;
  const [, key = '', intake, number, state] = match;
  return { intake: Number(intake), number: Number(number), state: state as BufferState, key };
}
