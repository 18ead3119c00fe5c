/**
 * Lines that a command writes, to stdout or stderr. When it ends it is started again: soon at first, later every
 * RESTART_MAX_MS. Its end is an event, at the first time of several in a row. It ends with this process, however that ends.
 */

import { spawn, type ChildProcess } from 'node:child_process';
import type { Socket } from 'node:net';
import type { Clock, Timer } from '../../base/clock.ts';
import { LineSplitter } from '../lines/line-splitter.ts';
import type { LineSink, LineSource } from './line-source.ts';

export interface CommandLinesOptions {
  readonly clock: Clock;
  /** Program and arguments; asked at each start, with what was noted last. */
  readonly command: (noted: string | null) => readonly string[];
  /** Gives a line to the sink; the usual one gives it as it is. */
  readonly take?: (line: string, sink: LineSink) => string | null;
}

const RESTART_MIN_MS = 1000;
const RESTART_MAX_MS = 60_000;
/** Living this long it had started well. */
const GOOD_LIFE_MS = 10_000;

export class CommandLines implements LineSource {
  readonly #options: CommandLinesOptions;
  #sink: LineSink | null = null;
  #child: ChildProcess | null = null;
  #timer: Timer | null = null;
  #noted: string | null = null;
  #ends = 0;
  #stopped = false;
  /** What it wrote last. */
  #last = '';

  constructor(options: CommandLinesOptions) {
    this.#options = options;
  }

  start(sink: LineSink, noted: string | null): void {
    this.#sink = sink;
    this.#noted = noted;
    this.#run();
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
    const pid = this.#child?.pid;
    if (pid === undefined) return;
    try {
      // All of a pipeline.
      process.kill(-pid, 'SIGTERM');
    } catch {
      this.#child?.kill();
    }
  }

  #run(): void {
    const { clock, command } = this.#options;
    const [program = '', ...words] = command(this.#noted);
    const beganMs = clock.nowMs();
    this.#last = '';
    const child = spawn(program, words, { stdio: ['ignore', 'pipe', 'pipe'], detached: true });
    this.#child = child;
    const dismiss = child.pid === undefined ? (): void => {} : guard(child.pid);
    for (const stream of [child.stdout, child.stderr]) {
      const splitter = new LineSplitter();
      stream.on('data', (bytes: Buffer) => {
        for (const { text } of splitter.push(bytes)) this.#take(text);
      });
      stream.on('end', () => {
        const rest = splitter.rest();
        if (rest !== null) this.#take(rest.text);
      });
    }
    let failure: string | null = null;
    child.on('error', (error) => (failure = error.message));
    child.on('close', (code, signal) => {
      dismiss();
      this.#ended(program, failure ?? (signal === null ? `exit code ${code ?? 0}` : signal), clock.nowMs() - beganMs);
    });
  }

  #take(line: string): void {
    const sink = this.#sink;
    if (sink === null || this.#stopped || line === '') return;
    this.#last = line;
    const { take } = this.#options;
    if (take === undefined) {
      sink.line({ text: line, timeMs: null, fields: {} });
      return;
    }
    const noted = take(line, sink);
    if (noted === null) return;
    this.#noted = noted;
    sink.note(noted);
  }

  #ended(program: string, why: string, livedMs: number): void {
    this.#child = null;
    if (this.#stopped) return;
    if (livedMs >= GOOD_LIFE_MS) this.#ends = 0;
    if (this.#ends++ === 0) {
      const said = this.#last === '' ? '' : `; it said last: ${this.#last.slice(0, 200)}`;
      this.#sink?.event({ rule: 'source-failed', severity: 'error', text: `${program} ended with ${why}${said}`, fields: { why } });
    }
    const pauseMs = Math.min(RESTART_MAX_MS, RESTART_MIN_MS * 2 ** Math.min(10, this.#ends - 1));
    this.#timer = this.#options.clock.schedule(pauseMs, () => this.#run());
  }
}

/** A shell waits for the end of this process, kill -9 included, and ends the group, also one that does not listen. Answers what sends it away. */
function guard(group: number): () => void {
  const work = 'read -r _ && exit; kill -s TERM -- "-$1"; sleep 1; kill -s KILL -- "-$1"';
  const shell = spawn('sh', ['-c', work, 'guard', String(group)], { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
  // Without it the group ends when it listens.
  shell.on('error', () => {});
  const { stdin } = shell;
  stdin.on('error', () => {});
  shell.unref();
  (stdin as Socket).unref();
  return () => stdin.end('go\n');
}
