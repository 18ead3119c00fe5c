/**
 * Runs each alternative of a data centre on the same load, one after another, as often as wanted. The order is rotated from
 * round to round, so that a machine that grows warmer or fuller favours nobody. What an alternative can't do is a result.
 */

import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../../base/clock.ts';
import type { ComparedRun } from '../../report/comparison/comparison.ts';
import { UserError } from '../errors.ts';
import { type Alternative, watchFlags } from './alternatives.ts';
import { HeadendService, StartError } from './headend-service.ts';
import { RunChild } from './run-child.ts';
import { sentLoad } from './sent-load.ts';

export interface CompareOptions {
  readonly clock: Clock;
  readonly alternatives: readonly Alternative[];
  /** Runs of each. */
  readonly repeat: number;
  /** Each run has a directory of its own in it. */
  readonly directory: string;
  /** The built command line. */
  readonly main: string;
  /** Scenario and flags of `meterstorm run` that all have in common. */
  readonly load: readonly string[];
  readonly onLine: (at: ComparisonProgress, line: string) => void;
  /** Aborted: the present run ends early, the others are left out. */
  readonly interrupt: AbortSignal;
}

export interface ComparisonProgress {
  /** From 1. */
  readonly run: number;
  readonly runs: number;
  readonly name: string;
}

/** What can go on while this process is about to end. */
interface Running {
  kill(): void;
}

export class Comparing {
  readonly #options: CompareOptions;
  readonly #running = new Set<Running>();

  constructor(options: CompareOptions) {
    this.#options = options;
  }

  /** The runs of each alternative. */
  async run(): Promise<readonly (readonly ComparedRun[])[]> {
    const { alternatives, repeat, interrupt } = this.#options;
    const results: ComparedRun[][] = alternatives.map(() => []);
    const count = alternatives.length;
    for (let round = 0; round < repeat; round++) {
      for (let place = 0; place < count; place++) {
        const index = (place + round) % count;
        const alternative = alternatives[index];
        if (alternative === undefined) continue;
        const folder = runFolder(alternative, repeat, round);
        const progress = { run: round * count + place + 1, runs: repeat * count, name: alternative.name };
        results[index]?.push(interrupt.aborted ? leftOut(folder) : await this.#one(alternative, folder, progress));
      }
    }
    return results;
  }

  /** At once, for when this process ends. */
  kill(): void {
    for (const running of this.#running) running.kill();
  }

  async #one(alternative: Alternative, folder: string, progress: ComparisonProgress): Promise<ComparedRun> {
    const { clock, directory, interrupt, onLine } = this.#options;
    mkdirSync(join(directory, folder), { recursive: true });
    if (alternative.foreign === null) return this.#play(alternative, { folder, progress, service: null });
    const service = new HeadendService({ clock, headend: alternative.foreign, directory: alternative.directory, log: join(directory, folder, 'head-end.log'), interrupt });
    this.#running.add(service);
    try {
      if (alternative.foreign.start !== null) onLine(progress, 'starting');
      await service.start();
      const ended = await this.#play(alternative, { folder, progress, service });
      const fault = await service.stop();
      return fault === null ? ended : { ...ended, note: fault };
    } catch (error) {
      if (!(error instanceof StartError)) throw error;
      await service.stop();
      return { folder, state: interrupt.aborted ? 'interrupted' : 'failed', why: error.message, note: '', load: null };
    } finally {
      this.#running.delete(service);
    }
  }

  async #play(
    alternative: Alternative,
    { folder, progress, service }: { readonly folder: string; readonly progress: ComparisonProgress; readonly service: HeadendService | null },
  ): Promise<ComparedRun> {
    const { main, load, directory, interrupt, onLine } = this.#options;
    const watch = watched(alternative, service?.pid ?? null);
    if ('error' in watch) return { folder, state: 'failed', why: watch.error, note: '', load: null };
    const out = join(directory, folder);
    const child = new RunChild({
      main,
      args: ['run', ...load, '--out', out, ...alternative.flags, ...watch.flags],
      log: join(out, 'run.log'),
      onLine: (line) => onLine(progress, line),
      interrupt,
    });
    this.#running.add(child);
    const { code, signal, lastLine } = await child.run();
    this.#running.delete(child);
    if (existsSync(join(out, 'report.json'))) {
      return { folder, state: code === EXIT_INTERRUPTED ? 'interrupted' : 'ran', why: '', note: '', load: sentLoad(out) };
    }
    const end = signal ?? `exit code ${code ?? 'unknown'}`;
    const words = lastLine.replace(/^meterstorm: /, '');
    // Wrong input and a head-end that can't be reached are said in a line; anything else is a crash.
    const said = words !== '' && (code === EXIT_WRONG_INPUT || code === EXIT_UNREACHABLE);
    const why = said ? words : `the run ended with ${end}${words === '' ? '' : `: ${words}`}`;
    return { folder, state: interrupt.aborted ? 'interrupted' : 'failed', why, note: '', load: null };
  }
}

/** What the user named, and a head-end that we started and that stays. */
function watched(alternative: Alternative, pid: number | null): { readonly flags: readonly string[] } | { readonly error: string } {
  try {
    const flags = watchFlags(alternative);
    return { flags: pid === null || flags.length > 0 ? flags : ['--watch', `${STARTED_GROUP}=pid:${pid}`] };
  } catch (error) {
    if (error instanceof UserError) return { error: error.message };
    throw error;
  }
}

/** Of `meterstorm run`. */
const EXIT_WRONG_INPUT = 2;
const EXIT_UNREACHABLE = 3;
const EXIT_INTERRUPTED = 130;

/** Of the resources. */
const STARTED_GROUP = 'head-end';

function leftOut(folder: string): ComparedRun {
  return { folder, state: 'left-out', why: '', note: '', load: null };
}

/** Within the directory of the comparison; each run has its own. */
export function runFolder({ folder }: Alternative, repeat: number, round: number): string {
  return repeat === 1 ? folder : join(folder, String(round + 1));
}
