/**
 * What the run knows of itself and of what it watches, as series and events: the runner's side. The process that writes them
 * is started when it is needed: with targets to watch, with a reader, after a while, at the latest at the end. So a short
 * run pays for it only when its own time is over.
 *
 * A batch is kept until the process says that it is in the file, and given again to the next one when a process dies.
 * Monitoring never ends a run: when its process can't go on, `failure` says why, and what was gathered is gone.
 */

import { join } from 'node:path';
import type { Clock, Timer } from '../../base/clock.ts';
import type { MonitorPlan } from '../../monitor/monitor-plan.ts';
import { MONITOR_FILE } from '../../monitor/store/monitor-file.ts';
import type {
  EventAnswer,
  EventQuery,
  MonitorEvent,
  MonitorSource,
  SeriesIdentity,
  SeriesInfo,
  SeriesPoints,
  SeriesQuery,
} from '../../monitor/store/monitor-source.ts';
import { Deferred } from '../deferred.ts';
import { ManagedProcess } from '../managed-process.ts';
import type { FromMonitor, OwnBatch, OwnSamples, Question, ToMonitor } from './monitor-messages.ts';

export interface RunMonitorOptions {
  readonly clock: Clock;
  /** For `monitor.duckdb`. */
  readonly directory: string;
  /** What is watched beside the run; null: nothing. */
  readonly plan: MonitorPlan | null;
  readonly onProcess: (name: string, pid: number) => void;
}

/** The name under which the run's own series and events are kept. */
export const RUN_TARGET = 'run';

const BATCH_MS = 1000;
/** A run that takes longer does not notice the process. */
const START_AFTER_MS = 30_000;
/** Batches of a second each that wait for a process that has died. */
const BATCHES_MAX = 600;
const RESTARTS_MAX = 5;
/** A report does not wait longer for what monitoring has to say. */
const STOP_WITHIN_MS = 60_000;
const NICENESS = 5;

interface Columns {
  readonly identity: SeriesIdentity;
  timeMs: number[];
  value: number[];
}

export class RunMonitor implements MonitorSource {
  readonly #options: RunMonitorOptions;
  readonly #process: ManagedProcess<ToMonitor, FromMonitor>;
  readonly #series = new Map<string, Columns>();
  readonly #questions = new Map<number, { readonly question: Question; readonly answer: Deferred<unknown> }>();
  readonly #stopped = new Deferred<EventAnswer>();
  #events: MonitorEvent[] = [];
  /** Not known to be in the file. */
  #batches: OwnBatch[] = [];
  #lastBatch = 0;
  #lastQuestion = 0;
  #began = false;
  #stopQuery: EventQuery | null = null;
  #failure: string | null = null;
  #sendTimer: Timer | null = null;
  readonly #startTimer: Timer;

  constructor(options: RunMonitorOptions) {
    this.#options = options;
    this.#process = this.#makeProcess();
    this.#waitAndSend();
    this.#startTimer = options.clock.schedule(options.plan === null ? START_AFTER_MS : 0, () => this.start());
  }

  /** Why nothing is written any more; null: all is well. */
  get failure(): string | null {
    return this.#failure;
  }

  /** A value of the run's own, now. */
  sample(name: string, unit: string, value: number): void {
    if (this.#failure !== null) return;
    let columns = this.#series.get(name);
    if (columns === undefined) {
      columns = { identity: { target: RUN_TARGET, name, unit, type: 'gauge' }, timeMs: [], value: [] };
      this.#series.set(name, columns);
    }
    columns.timeMs.push(this.#options.clock.unixMs());
    columns.value.push(value);
  }

  /** An event of the run's own, now. */
  event(event: Pick<MonitorEvent, 'rule' | 'severity' | 'text' | 'fields'>): void {
    if (this.#failure === null) this.#events.push({ timeMs: this.#options.clock.unixMs(), target: RUN_TARGET, ...event });
  }

  /** Starts the process unless it runs already, or monitoring has ended. */
  start(): void {
    if (this.#began || this.#failure !== null || this.#stopQuery !== null) return;
    this.#began = true;
    this.#process.start();
  }

  /** Writes all and ends. Resolves to the events of `query`; null: monitoring has failed. */
  async stop(query: EventQuery): Promise<EventAnswer | null> {
    this.start();
    this.#cancelTimers();
    this.#closeBatch();
    this.#stopQuery = query;
    this.#process.send({ type: 'stop', events: query });
    const patience = this.#options.clock.schedule(STOP_WITHIN_MS, () => {
      this.#give(`its process did not end within ${STOP_WITHIN_MS / 1000} s`);
      this.#process.kill();
    });
    const answer = await this.#stopped.promise.catch(() => null);
    patience.cancel();
    return answer;
  }

  kill(): void {
    this.#cancelTimers();
    this.#give('the run has ended');
    if (!this.#began) return;
    this.#process.expectEnd(() => {});
    if (!this.#process.send({ type: 'end' })) this.#process.kill();
  }

  async listSeries(): Promise<readonly SeriesInfo[]> {
    return (await this.#ask({ kind: 'listSeries' })) as readonly SeriesInfo[];
  }

  async timeRange(): Promise<{ readonly from: number; readonly to: number } | null> {
    return (await this.#ask({ kind: 'timeRange' })) as { readonly from: number; readonly to: number } | null;
  }

  async querySeries(query: SeriesQuery): Promise<readonly SeriesPoints[]> {
    return (await this.#ask({ kind: 'querySeries', query })) as readonly SeriesPoints[];
  }

  async queryEvents(query: EventQuery): Promise<EventAnswer> {
    return (await this.#ask({ kind: 'queryEvents', query })) as EventAnswer;
  }

  #ask(question: Question): Promise<unknown> {
    const answer = new Deferred<unknown>();
    if (this.#failure !== null || this.#stopQuery !== null) {
      answer.reject(new Error(this.#failure ?? 'the run has ended'));
      return answer.promise;
    }
    this.start();
    this.#closeBatch();
    const id = ++this.#lastQuestion;
    this.#questions.set(id, { question, answer });
    this.#process.send({ type: 'ask', id, question });
    return answer.promise;
  }

  #makeProcess(): ManagedProcess<ToMonitor, FromMonitor> {
    const { clock, directory, plan, onProcess } = this.#options;
    const process: ManagedProcess<ToMonitor, FromMonitor> = new ManagedProcess<ToMonitor, FromMonitor>({
      clock,
      name: 'monitor',
      module: new URL('./monitor-process.js', import.meta.url),
      niceness: NICENESS,
      onStart: () => {
        if (process.pid !== null) onProcess(process.name, process.pid);
        process.send({ type: 'start', database: join(directory, MONITOR_FILE), plan });
        for (const batch of this.#batches) process.send({ type: 'batch', batch });
        for (const [id, { question }] of this.#questions) process.send({ type: 'ask', id, question });
        if (this.#stopQuery !== null) process.send({ type: 'stop', events: this.#stopQuery });
      },
      onMessage: (message) => this.#receive(message),
      onDied: (why) => {
        if (this.#failure !== null) return false;
        if (process.restarts < RESTARTS_MAX) return true;
        this.#give(`its process died ${RESTARTS_MAX + 1} times, last with ${why}`);
        return false;
      },
    });
    return process;
  }

  #receive(message: FromMonitor): void {
    if (message.type === 'written') {
      this.#batches = this.#batches.filter(({ number }) => number > message.number);
      return;
    }
    if (message.type === 'failed') {
      this.#give(message.why);
      return;
    }
    if (message.type === 'stopped') {
      this.#process.expectEnd(() => this.#stopped.resolve(message.events));
      return;
    }
    const asked = this.#questions.get(message.id);
    this.#questions.delete(message.id);
    if (message.type === 'answer') asked?.answer.resolve(message.answer);
    else asked?.answer.reject(message.outOfBounds ? new RangeError(message.why) : new Error(message.why));
  }

  /** Gives monitoring up. */
  #give(why: string): void {
    if (this.#failure !== null) return;
    this.#failure = why;
    this.#batches = [];
    this.#stopped.reject(new Error(why));
    for (const { answer } of this.#questions.values()) answer.reject(new Error(why));
    this.#questions.clear();
  }

  #waitAndSend(): void {
    this.#sendTimer = this.#options.clock.schedule(BATCH_MS, () => {
      this.#closeBatch();
      if (this.#failure === null) this.#waitAndSend();
    });
  }

  #cancelTimers(): void {
    this.#sendTimer?.cancel();
    this.#startTimer.cancel();
  }

  #closeBatch(): void {
    const samples: OwnSamples[] = [];
    for (const columns of this.#series.values()) {
      const { identity, timeMs, value } = columns;
      if (timeMs.length === 0) continue;
      samples.push({ ...identity, timeMs, value });
      columns.timeMs = [];
      columns.value = [];
    }
    if (samples.length === 0 && this.#events.length === 0) return;
    const batch: OwnBatch = { number: ++this.#lastBatch, samples, events: this.#events };
    this.#events = [];
    this.#batches.push(batch);
    if (this.#batches.length > BATCHES_MAX) this.#batches.shift();
    if (this.#began) this.#process.send({ type: 'batch', batch });
  }
}
