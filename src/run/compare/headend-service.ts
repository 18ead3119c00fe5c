/**
 * Starts and stops a head-end of somebody else by the user's commands. What they print goes to a file. The start command may
 * stay (then it is the head-end) or end with 0 (then it left the head-end running); it and all that it started are one process
 * group, which is gone after `stop`.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { connect } from 'node:net';
import type { Clock } from '../../base/clock.ts';
import type { ForeignHeadend } from './alternatives.ts';

/** It could not be started, in one line. */
export class StartError extends Error {
  override readonly name = 'StartError';
}

const POLL_MS = 100;
const CONNECT_MS = 1000;
/** After SIGKILL nothing takes long. */
const KILLED_MS = 2000;
const LINE_MAX = 300;
/** What is looked at of its output: between two looks it prints less than this; and for its last line. */
const LOOK_BYTES = 16 * 2 ** 20;
const LAST_BYTES = 8192;

export interface HeadendServiceOptions {
  readonly clock: Clock;
  readonly headend: ForeignHeadend;
  /** Where commands run. */
  readonly directory: string;
  /** Where its output goes, and that of the stop command. */
  readonly log: string;
  readonly interrupt: AbortSignal;
}

export class HeadendService {
  readonly #options: HeadendServiceOptions;
  #child: ChildProcess | null = null;

  constructor(options: HeadendServiceOptions) {
    this.#options = options;
  }

  /** Resolves when it is ready, at once if there is no start command. Throws StartError. */
  async start(): Promise<void> {
    const { clock, headend, interrupt } = this.#options;
    if (headend.start === null) return;
    const where = `${headend.address}:${headend.port}`;
    if (await answers(clock, headend)) throw new StartError(`something answers at ${where} before it was started`);
    const child = this.#run(headend.start);
    this.#child = child;
    const deadlineMs = clock.nowMs() + headend.startWithinMs;
    while (!interrupt.aborted) {
      // First the end, then the question: who ends right after being ready was ready.
      const end = endOf(child);
      if (await this.#isReady()) return;
      if (end !== null && end !== 'exit code 0') throw new StartError(`the start command ended with ${end}${this.#lastWords()}`);
      if (clock.nowMs() >= deadlineMs) {
        const what = headend.ready === null ? `nothing answers at ${where}` : `it printed nothing that matches /${headend.ready.source}/`;
        throw new StartError(`${what} ${headend.startWithinMs / 1000} s after it was started${this.#lastWords()}`);
      }
      await pause(clock, POLL_MS);
    }
    throw new StartError('interrupted while it was started');
  }

  /** The process of the start command; null: there is none, or it has ended. */
  get pid(): number | null {
    return this.#child === null || endOf(this.#child) !== null ? null : (this.#child.pid ?? null);
  }

  /** Never throws. What went wrong on the way, in one line, or null. */
  async stop(): Promise<string | null> {
    const { clock, headend } = this.#options;
    const fault = headend.stop === null ? null : await this.#runStop(headend.stop);
    const group = this.#child?.pid;
    if (group === undefined) return fault;
    const limitMs = headend.stopWithinMs;
    if (!signalGroup(group, 'SIGTERM')) return fault;
    if (await this.#isGone(group, clock.nowMs() + limitMs)) return fault;
    signalGroup(group, 'SIGKILL');
    await this.#isGone(group, clock.nowMs() + KILLED_MS);
    return fault ?? `it did not end within ${limitMs / 1000} s and was killed`;
  }

  /** At once, for when this process ends. */
  kill(): void {
    const group = this.#child?.pid;
    if (group !== undefined) signalGroup(group, 'SIGKILL');
  }

  async #isReady(): Promise<boolean> {
    const { clock, headend, log } = this.#options;
    return headend.ready === null ? answers(clock, headend) : headend.ready.test(endOfFile(log, LOOK_BYTES));
  }

  async #runStop(command: string): Promise<string | null> {
    const { clock, headend } = this.#options;
    const child = this.#run(command);
    const deadlineMs = clock.nowMs() + headend.stopWithinMs;
    while (endOf(child) === null) {
      if (clock.nowMs() >= deadlineMs) {
        signalGroup(child.pid ?? 0, 'SIGKILL');
        return `the stop command took more than ${headend.stopWithinMs / 1000} s and was killed`;
      }
      await pause(clock, POLL_MS);
    }
    const end = endOf(child);
    return end === 'exit code 0' ? null : `the stop command ended with ${end ?? 'nothing'}${this.#lastWords()}`;
  }

  #run(command: string): ChildProcess {
    const log = openSync(this.#options.log, 'a');
    const child = spawn('sh', ['-c', command], { cwd: this.#options.directory, detached: true, stdio: ['ignore', log, log] });
    // Without a shell there is no pid, and its end says so.
    child.on('error', () => {});
    closeSync(log);
    return child;
  }

  async #isGone(group: number, deadlineMs: number): Promise<boolean> {
    const { clock } = this.#options;
    while (signalGroup(group, 0)) {
      if (clock.nowMs() >= deadlineMs) return false;
      await pause(clock, POLL_MS);
    }
    return true;
  }

  /** The last line that was printed, for a message. */
  #lastWords(): string {
    const line = endOfFile(this.#options.log, LAST_BYTES).trimEnd().split('\n').at(-1)?.trim() ?? '';
    return line === '' ? '' : `: ${line.replaceAll(/\p{Cc}/gu, '?').slice(0, LINE_MAX)}`;
  }
}

/** Its last bytes: an output can be larger than a text can be. */
function endOfFile(file: string, bytesMax: number): string {
  const descriptor = openSync(file, 'r');
  try {
    const { size } = fstatSync(descriptor);
    const bytes = Buffer.alloc(Math.min(size, bytesMax));
    return bytes.toString('utf8', 0, readSync(descriptor, bytes, 0, bytes.length, size - bytes.length));
  } finally {
    closeSync(descriptor);
  }
}

/** `exit code 1`, `SIGKILL`; null: it runs. */
function endOf(child: ChildProcess): string | null {
  if (child.pid === undefined) return 'no shell';
  return child.signalCode ?? (child.exitCode === null ? null : `exit code ${child.exitCode}`);
}

/** False: nobody of the group is left. */
function signalGroup(group: number, signal: NodeJS.Signals | 0): boolean {
  if (group <= 1) return false;
  try {
    process.kill(-group, signal);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Whether somebody listens there. */
function answers(clock: Clock, { address, port }: ForeignHeadend): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port });
    const timer = clock.schedule(CONNECT_MS, () => end(false));
    const end = (answer: boolean): void => {
      timer.cancel();
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', () => end(true));
    socket.once('error', () => end(false));
  });
}

function pause(clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => {
    clock.schedule(ms, resolve);
  });
}
