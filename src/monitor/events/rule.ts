/** Rules that make events of lines: what they look for, how much it matters, how many events they may make. */

import type { ProblemId } from '../problem-kinds.ts';
import type { Severity } from '../store/monitor-source.ts';

export interface Rule {
  /** The `rule` of its events. */
  readonly name: string;
  /** Source of a regular expression (flag `u`); named groups become fields. */
  readonly pattern: string;
  readonly severity: Severity;
  /** So many events within the time; the rest are counted, and told of as one. */
  readonly most: number;
  readonly withinMs: number;
  /** What its events prove. */
  readonly problem?: ProblemId;
}

export const USUAL_MOST = 20;
export const USUAL_WITHIN_MS = 10_000;

/** Why it is no pattern; null: it is one. */
export function patternFault(pattern: string): string | null {
  try {
    return new RegExp(pattern, 'u').test('') ? 'it matches any line' : null;
  } catch (error) {
    return (error as Error).message.replace(/^Invalid regular expression: .*\/u: /s, '');
  }
}
