/**
 * A child process that talks over IPC, is started again when it dies, and goes down with its parent. Typed arrays travel as
 * they are (`advanced` serialisation).
 */

import { fork, type ChildProcess } from 'node:child_process';
import { setPriority } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { Clock } from '../base/clock.ts';

export interface ManagedProcessOptions<Up> {
  readonly clock: Clock;
  /** For people: `simulator 1`. */
  readonly name: string;
  readonly module: URL;
  /** Further options of Node. */
  readonly execArgv?: readonly string[];
  /** 0 .. 19, as in nice(1): how far it stands back when processors are short. 0 if not given. */
  readonly niceness?: number;
  /** Called for every start, the first one included: sends what the process needs. */
  readonly onStart: () => void;
  readonly onMessage: (message: Up) => void;
  /** The process ended though nobody asked it to. It is started again unless this answers false. */
  readonly onDied: (why: string) => boolean;
}

/** Pause before a dead process is started again. */
const RESTART_DELAY_MS = 100;
/** A process that lived this long had started well. */
const GOOD_LIFE_MS = 60_000;

export class ManagedProcess<Down extends object, Up> {
  readonly name: string;
  readonly #options: ManagedProcessOptions<Up>;
  #child: ChildProcess | null = null;
  /** Since it last lived for a while. */
  #restarts = 0;
  #startedMs = 0;
  #ending = false;
  #onEnded: (() => void) | null = null;

  constructor(options: ManagedProcessOptions<Up>) {
    this.name = options.name;
    this.#options = options;
  }

  get pid(): number | null {
    return this.#child?.pid ?? null;
  }

  /** Restarts in a row, none of which held for GOOD_LIFE_MS. */
  get restarts(): number {
    return this.#restarts;
  }

  start(): void {
    const { module, onStart, onMessage, execArgv = [], niceness = 0 } = this.#options;
    const child = fork(fileURLToPath(module), [], {
      serialization: 'advanced',
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      execArgv: [...process.execArgv, ...execArgv],
    });
    if (child.pid !== undefined && niceness > 0) setPriority(child.pid, niceness);
    this.#child = child;
    this.#startedMs = this.#options.clock.nowMs();
    child.on('message', (message) => {
      if (this.#child === child) onMessage(message as Up);
    });
    child.on('error', (error) => {
      // Without a pid it never ran, and no exit will be told.
      if (child.pid === undefined) this.#exited(child, error.message);
    });
    child.once('exit', (code, signal) => this.#exited(child, signal ?? `exit code ${code ?? 'unknown'}`));
    onStart();
  }

  /** False when there is nobody to send to; a restarted process is told everything by `onStart`. */
  send(message: Down): boolean {
    const child = this.#child;
    if (child === null || !child.connected) return false;
    return child.send(message, (error) => {
      if (error !== null && child.connected) child.disconnect();
    });
  }

  /** From now on the end of the process is expected; `onEnded` is called when it is gone. */
  expectEnd(onEnded: () => void): void {
    this.#ending = true;
    this.#onEnded = onEnded;
    if (this.#child === null) this.#ended();
  }

  /** `onEnded`: it is gone, or was not there. */
  kill(onEnded?: () => void): void {
    if (onEnded !== undefined) this.expectEnd(onEnded);
    this.#ending = true;
    this.#child?.kill('SIGKILL');
  }

  #exited(child: ChildProcess, why: string): void {
    if (this.#child !== child) return;
    this.#child = null;
    if (this.#ending) {
      this.#ended();
      return;
    }
    if (this.#options.clock.nowMs() - this.#startedMs > GOOD_LIFE_MS) this.#restarts = 0;
    if (!this.#options.onDied(why)) return;
    this.#options.clock.schedule(RESTART_DELAY_MS, () => {
      if (this.#ending) {
        this.#ended();
        return;
      }
      this.#restarts++;
      this.start();
    });
  }

  #ended(): void {
    const onEnded = this.#onEnded;
    this.#onEnded = null;
    onEnded?.();
  }
}
