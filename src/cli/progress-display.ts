/**
 * Shows how a run goes, on stderr: one line that is rewritten on a terminal, and a plain line every few seconds elsewhere.
 */

import type { Progress } from '../run/progress.ts';

const PLAIN_EVERY_MS = 2000;
const BAR_CELLS = 24;

export interface TextOutput {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): boolean;
}

export class ProgressDisplay {
  readonly #out: TextOutput;
  readonly #offsetMinutes: number;
  #lastPlainMs = -Infinity;
  #lastPhase = '';
  #drawn = false;

  constructor(out: TextOutput, options: { readonly offsetMinutes: number }) {
    this.#out = out;
    this.#offsetMinutes = options.offsetMinutes;
  }

  show(progress: Progress): void {
    if (this.#out.isTTY === true) {
      const width = Math.max(20, (this.#out.columns ?? 100) - 1);
      this.#out.write(`\r\u001b[2K${terminalLine(progress, this.#offsetMinutes).slice(0, width)}`);
      this.#drawn = true;
      return;
    }
    const due = progress.elapsedMs - this.#lastPlainMs >= PLAIN_EVERY_MS || progress.phase !== this.#lastPhase;
    if (!due) return;
    this.#lastPlainMs = progress.elapsedMs;
    this.#lastPhase = progress.phase;
    this.#out.write(`${plainLine(progress, this.#offsetMinutes)}\n`);
  }

  /** Leaves the terminal as it was. */
  end(): void {
    if (this.#drawn) this.#out.write('\r\u001b[2K');
    this.#drawn = false;
  }
}

/** For a terminal: a bar, and what an engineer looks at while waiting. */
export function terminalLine(progress: Progress, offsetMinutes: number): string {
  if (progress.phase === 'auditing') return 'auditing: every stored reading against plan and truth ...';
  const share = progress.steps === 0 ? 1 : progress.step / progress.steps;
  const filled = Math.round(share * BAR_CELLS);
  const bar = '█'.repeat(filled) + '░'.repeat(BAR_CELLS - filled);
  return `${bar} ${facts(progress, offsetMinutes).join('  ')}`;
}

/** For a log. */
export function plainLine(progress: Progress, offsetMinutes: number): string {
  const seconds = (Math.max(0, progress.elapsedMs) / 1000).toFixed(1);
  if (progress.phase === 'preparing') return 'preparing';
  if (progress.phase === 'auditing') return `${seconds} s  auditing`;
  return `${seconds} s  ${facts(progress, offsetMinutes).join('  ')}`;
}

function facts(progress: Progress, offsetMinutes: number): string[] {
  const list = [
    `step ${progress.step}/${progress.steps}`,
    localTime(progress.gridUnixSeconds, offsetMinutes),
    `${compact(progress.readingsPerSecond)} readings/s`,
  ];
  if (progress.phase === 'storing') list.push('storing the rest');
  if (progress.backlogReadings !== null) list.push(`backlog ${compact(progress.backlogReadings)}`);
  list.push(`${progress.connected} connected`);
  if (isUnheard(progress)) list.push('nothing confirmed so far: is --unconfirmed missing?');
  if (progress.restarts > 0) list.push(`${progress.restarts} restarts`);
  if (typeof progress.failing === 'string') list.push(`the store fails, and is tried again: ${progress.failing.replaceAll(/\s+/g, ' ').slice(0, FAULT_MAX)}`);
  if (progress.phase === 'playing' && progress.etaMs !== null) list.push(`ETA ${duration(progress.etaMs)}`);
  return list;
}

const FAULT_MAX = 200;
const UNHEARD_MS = 10_000;

/** A head-end of somebody else takes readings and confirms none. */
function isUnheard(progress: Progress): boolean {
  const { storedReadings, elapsedMs, sentReadings, confirmedReadings } = progress;
  return storedReadings === null && elapsedMs > UNHEARD_MS && sentReadings > 0 && confirmedReadings === 0;
}

/** Day and time of the grid, e.g. `01-17 06:15`. */
function localTime(unixSeconds: number, offsetMinutes: number): string {
  return new Date((unixSeconds + offsetMinutes * 60) * 1000).toISOString().slice(5, 16).replace('T', ' ');
}

export function compact(value: number): string {
  if (value >= 9.995e6) return `${(value / 1e6).toFixed(1)} M`;
  if (value >= 1e6) return `${(value / 1e6).toFixed(2)} M`;
  if (value >= 1e4) return `${(value / 1e3).toFixed(0)} k`;
  if (value >= 1e3) return `${(value / 1e3).toFixed(1)} k`;
  return `${Math.round(value)}`;
}

export function duration(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
