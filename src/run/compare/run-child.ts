/**
 * One `meterstorm run` as a process of its own: what an earlier run left in memory or counted can't colour the next one, and one
 * that crashes is a result. All that it prints goes to a file.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';

export interface RunChildOptions {
  /** The built command line. */
  readonly main: string;
  readonly args: readonly string[];
  readonly log: string;
  /** Each line of its stderr: how it goes. */
  readonly onLine: (line: string) => void;
  readonly interrupt: AbortSignal;
}

export interface EndedRun {
  /** null: a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** The last line on stderr. */
  readonly lastLine: string;
}

export class RunChild {
  readonly #options: RunChildOptions;
  #child: ChildProcess | null = null;

  constructor(options: RunChildOptions) {
    this.#options = options;
  }

  run(): Promise<EndedRun> {
    const { main, args, interrupt } = this.#options;
    const child = spawn(process.execPath, [main, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child = child;
    const log = createWriteStream(this.#options.log);
    child.stdout.pipe(log, { end: false });
    child.stderr.pipe(log, { end: false });
    // A full disk ends the log, not the run, which must go on being read.
    log.on('error', () => {
      for (const stream of [child.stdout, child.stderr]) stream.resume();
    });
    const lines = new Lines(this.#options.onLine);
    child.stderr.setEncoding('utf8').on('data', (piece: string) => lines.add(piece));
    const pass = (): void => {
      child.kill('SIGINT');
    };
    if (interrupt.aborted) pass();
    else interrupt.addEventListener('abort', pass, { once: true });
    return new Promise((resolve) => {
      const end = (code: number | null, signal: NodeJS.Signals | null): void => {
        interrupt.removeEventListener('abort', pass);
        lines.end();
        const ended = (): void => resolve({ code, signal, lastLine: lines.last });
        if (log.closed) ended();
        else log.once('close', ended).end();
      };
      child.once('close', end);
      child.once('error', (error) => {
        if (child.pid !== undefined) return;
        child.removeListener('close', end);
        lines.add(error.message);
        end(null, null);
      });
    });
  }

  /** At once, for when this process ends. */
  kill(): void {
    this.#child?.kill('SIGKILL');
  }
}

/** Pieces of text to lines. */
class Lines {
  last = '';
  readonly #onLine: (line: string) => void;
  #rest = '';

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine;
  }

  add(piece: string): void {
    const lines = (this.#rest + piece).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) this.#line(line);
  }

  end(): void {
    if (this.#rest !== '') this.#line(this.#rest);
    this.#rest = '';
  }

  #line(line: string): void {
    if (line.trim() === '') return;
    this.last = line;
    this.#onLine(line);
  }
}
