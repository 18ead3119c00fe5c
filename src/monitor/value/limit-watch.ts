/** Judges values by the bounds of their series, and says when one crosses them, in either direction. */

import type { Severity } from '../store/monitor-source.ts';
import type { Band, Limits } from './value-probe.ts';

type Level = 'within' | 'warning' | 'critical';

export interface Crossing {
  readonly rule: 'limit-warning' | 'limit-critical' | 'limit-within';
  readonly severity: Severity;
  /** What the value has crossed, or is within of again. */
  readonly band: Band;
}

/** Whether a value can be a measurement at all. */
export function isPossible(value: number, { min, max }: Limits): boolean {
  return (min === null || value >= min) && (max === null || value <= max);
}

export class LimitWatch {
  readonly #levels = new Map<string, Level>();

  /** null: nothing has changed. */
  judge(name: string, value: number, { warning, critical }: Limits): Crossing | null {
    if (warning === null && critical === null) return null;
    const level: Level = outside(value, critical) ? 'critical' : outside(value, warning) ? 'warning' : 'within';
    const before = this.#levels.get(name) ?? 'within';
    if (level === before) return null;
    this.#levels.set(name, level);
    if (level === 'critical') return { rule: 'limit-critical', severity: 'critical', band: critical ?? NO_BAND };
    if (level === 'warning') return { rule: 'limit-warning', severity: 'warning', band: warning ?? NO_BAND };
    return { rule: 'limit-within', severity: 'info', band: warning ?? critical ?? NO_BAND };
  }
}

const NO_BAND: Band = { min: null, max: null };

function outside(value: number, band: Band | null): boolean {
  if (band === null) return false;
  return (band.min !== null && value < band.min) || (band.max !== null && value > band.max);
}

/** `10 to 80`, `at most 80`, `at least 10`. */
export function bandText({ min, max }: Band): string {
  if (min === null) return max === null ? 'anything' : `at most ${max}`;
  return max === null ? `at least ${min}` : `${min} to ${max}`;
}
