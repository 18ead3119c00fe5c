/**
 * The reference data centre as processes: intakes or pollers, and one store, unless the intakes are direct and store by themselves. Restarts those
 * that die; an intake comes back at the port that it had. Ends in order: those that take readings first, so that the store finds all they took.
 */

import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { build, decodeFromCompressedBase64, type Histogram } from 'hdr-histogram-js';
import type { Clock } from '../base/clock.ts';
import { emptyOnDemandDelays } from '../headend/poll/on-demand-reads.ts';
import { addPollStats, type PollStats } from '../headend/poll/poll-stats.ts';
import { NodeBufferFiles } from '../headend/buffer/node-buffer-files.ts';
import { parseBufferName } from '../headend/buffer/buffer-name.ts';
import { sealOpenFiles } from '../headend/buffer/seal-open-files.ts';
import type { NamedLoopDelay } from '../monitor/loop-delay.ts';
import type { Endpoint } from '../network/wire/wire.ts';
import { Deferred } from './deferred.ts';
import type { HeadendKind, StorePlace } from './headend-kind.ts';
import type { FromStore, FromTaker, PollPlan, StoringTimes, TakerStats, ToStore, ToTaker } from './headend-messages.ts';
import { DirectoryLock } from './directory-lock.ts';
import { makeDirectory } from './make-directory.ts';
import { ManagedProcess } from './managed-process.ts';
import { UnreachableError, UserError } from './errors.ts';

export interface HeadendProcessesOptions {
  readonly clock: Clock;
  /** Of the buffer. Started again on a directory it goes on with what is there. */
  readonly directory: string;
  /** One process each. */
  readonly takers: readonly TakerPlan[];
  readonly kind: HeadendKind;
  readonly intervalSeconds: number;
  /** A process was started, for the first time or again. */
  readonly onProcess: (name: string, pid: number) => void;
  readonly onRestart: (name: string, why: string) => void;
  /** A store that fails for so long is given up before it was open once. Default 30 s. */
  readonly startWithinMs?: number;
}

/** What a process does that takes readings: wait for pushes, or ask devices. */
export type TakerPlan = { readonly kind: 'intake'; readonly listen: Endpoint } | { readonly kind: 'poller'; readonly plan: PollPlan };

/** `count` intakes, the i-th on port + i; port 0: on any free ones. */
export function intakePlans(listen: Endpoint, count: number): readonly TakerPlan[] {
  return Array.from({ length: count }, (_, i) => {
    return { kind: 'intake', listen: { address: listen.address, port: listen.port === 0 ? 0 : listen.port + i } };
  });
}

export interface HeadendStats {
  readonly connections: number;
  readonly messages: number;
  readonly receivedReadings: number;
  readonly receivedBytes: number;
  readonly malformedMessages: number;
  /** The same by reason; reasons that did not occur are left out. */
  readonly malformed: Readonly<Record<string, number>>;
  /** What disk or database said last when they failed; the head-end tries again. */
  readonly lastFault: string | null;
  /** The same, as long as the store takes nothing. */
  readonly failing: string | null;
  /** Of the store. */
  readonly storeFaults: number;
  readonly storedReadings: number;
  readonly duplicatesDropped: number;
  /** Committed. */
  readonly transactions: number;
  /** What they took, in units of 0.1 ms; complete after `stop`. */
  readonly transactionTimes: Histogram;
  /** Of direct intakes; null: readings are buffered. */
  readonly queue: QueueStats | null;
  /** ms, one value a reading; complete after `stop`. */
  readonly arrivalToStore: Histogram;
  /** Sums of all pollers; null: nothing is polled. */
  readonly poll: PollStats | null;
  /** Reads on demand of all pollers, in their last lives; null: there were none. */
  readonly onDemand: OnDemandStats | null;
}

export interface OnDemandStats {
  readonly answered: number;
  readonly failed: number;
  /** ms, one value for each that was answered. */
  readonly delays: Histogram;
}

/** What waits in direct intakes for the database. */
export interface QueueStats {
  readonly readings: number;
  /** Sum of each one's longest queue. */
  readonly readingsPeak: number;
  /** In which they read nothing, because their queues were full: mean of them, ms. */
  readonly pausedMs: number;
}

/** Counters of a process's earlier lives. */
interface TakerPast {
  messages: number;
  readings: number;
  bytes: number;
  stored: number;
  duplicates: number;
  transactions: number;
  queuePeak: number;
  pausedMs: number;
  faults: number;
  readonly malformed: Record<string, number>;
}

/** Deaths of one process after which the head-end is given up. */
const RESTARTS_MAX = 50;
const START_WITHIN_MS = 30_000;
const START_LOOK_MS = 1000;

interface Taker {
  readonly process: ManagedProcess<ToTaker, FromTaker>;
  /** Of an intake. */
  endpoint: Endpoint | null;
  ready: boolean;
  stopped: boolean;
  last: TakerStats | null;
  readonly past: TakerPast;
}

/**
 * Who takes stands back behind the store: what isn't stored goes to disk and is read again. Without this, three takers and three
 * simulators on two cores leave the store a seventh of them.
 */
const TAKER_NICENESS = 5;
/** A poller makes thousands of associations a second, and forgets them: with room for that they are collected while they are young. */
const POLLER_FLAGS = ['--max-semi-space-size=64'];

export class HeadendProcesses {
  readonly #options: HeadendProcessesOptions;
  readonly #takers: Taker[] = [];
  readonly #store: ManagedProcess<ToStore, FromStore> | null;
  readonly #lock: DirectoryLock;
  readonly #started = new Deferred<void>();
  readonly #takersStopped = new Deferred<void>();
  readonly #storeStopped = new Deferred<void>();
  readonly #failed = new Deferred<never>();
  readonly #arrivalToStore: Histogram = build(HISTOGRAM);
  readonly #transactionTimes: Histogram = build(HISTOGRAM);
  #storeReady = false;
  #stopping = false;
  #storeStopping = false;
  #storeLast: Extract<FromStore, { type: 'progress' | 'stopped' }>['stats'] | null = null;
  #storePast = { stored: 0, duplicates: 0, transactions: 0, faults: 0 };

  constructor(options: HeadendProcessesOptions) {
    this.#options = options;
    this.#lock = new DirectoryLock(options.directory);
    options.takers.forEach((plan, index) => this.#takers.push(this.#taker(plan, index)));
    this.#store = options.kind.intake === 'direct' ? null : this.#storeProcess(options.kind.store);
    this.#storeReady = this.#store === null;
  }

  /** Rejects when the head-end can't go on. */
  get failed(): Promise<never> {
    return this.#failed.promise;
  }

  get endpoints(): readonly Endpoint[] {
    return this.#takers.flatMap((member) => (member.endpoint === null ? [] : [member.endpoint]));
  }

  async start(): Promise<void> {
    const buffer = join(this.#options.directory, 'buffer');
    makeDirectory(buffer, '--out');
    this.#lock.take();
    await sealLeftovers(buffer);
    if (this.#store === null) refuseLeftovers(buffer);
    this.#store?.start();
    for (const member of this.#takers) member.process.start();
    const { clock, startWithinMs = START_WITHIN_MS } = this.#options;
    let timer = clock.schedule(startWithinMs, () => look());
    const look = (): void => {
      const { lastFault } = this.stats();
      // One that takes its time, as after a crash, may take it.
      if (lastFault === null) timer = clock.schedule(START_LOOK_MS, look);
      else this.#failed.reject(new UnreachableError(`the store of the head-end does not open: ${lastFault}`));
    };
    try {
      await Promise.race([this.#started.promise, this.failed]);
    } catch (error) {
      this.kill();
      throw error;
    } finally {
      timer.cancel();
    }
  }

  /** Takes what has arrived, stores all of it, ends the processes. */
  async stop(): Promise<void> {
    this.#stopping = true;
    for (const member of this.#takers) member.process.send({ type: 'stop' });
    await Promise.race([this.#takersStopped.promise, this.failed]);
    this.#storeStopping = true;
    if (this.#store !== null) {
      this.#store.send({ type: 'stop' });
      await Promise.race([this.#storeStopped.promise, this.failed]);
    }
    this.#lock.release();
  }

  kill(): void {
    this.#failed.reject(new Error('the head-end was ended'));
    this.#lock.release();
    for (const member of this.#takers) member.process.kill();
    this.#store?.kill();
  }

  /** Ends all processes as they are, and resolves when they are gone: what is not stored by now stays where it is. */
  async cutOff(): Promise<void> {
    const processes = [...this.#takers.map((member) => member.process), ...(this.#store === null ? [] : [this.#store])];
    for (const process of processes) process.send({ type: 'last-words' });
    await new Promise<void>((resolve) => {
      this.#options.clock.schedule(LAST_WORDS_MS, resolve);
    });
    await Promise.all(processes.map((process) => new Promise<void>((resolve) => process.kill(resolve))));
    this.#lock.release();
  }

  stats(): HeadendStats {
    const all = this.#sums();
    return {
      ...all,
      malformedMessages: Object.values(all.malformed).reduce((sum, count) => sum + count, 0),
      arrivalToStore: this.#arrivalToStore,
      transactionTimes: this.#transactionTimes,
      queue: this.#queueStats(),
      poll: this.#pollStats(),
      onDemand: this.#onDemandStats(),
    };
  }

  /** Of all processes and their earlier lives. */
  #sums(): Omit<HeadendStats, 'malformedMessages' | 'arrivalToStore' | 'transactionTimes' | 'queue' | 'poll' | 'onDemand'> {
    let [connections, messages, receivedReadings, receivedBytes] = [0, 0, 0, 0];
    let storedReadings = this.#storePast.stored + (this.#storeLast?.storedReadings ?? 0);
    let duplicatesDropped = this.#storePast.duplicates + (this.#storeLast?.duplicatesDropped ?? 0);
    let transactions = this.#storePast.transactions + (this.#storeLast?.commits ?? 0);
    const malformed: Record<string, number> = {};
    let lastFault = this.#storeLast?.lastFault ?? null;
    let failing = this.#storeLast?.failing === true;
    let storeFaults = this.#storePast.faults + (this.#storeLast?.faults ?? 0);
    for (const { last, past } of this.#takers) {
      connections += last?.connections ?? 0;
      messages += past.messages + (last?.messages ?? 0);
      receivedReadings += past.readings + (last?.readings ?? 0);
      receivedBytes += past.bytes + (last?.bytes ?? 0);
      storedReadings += past.stored + (last?.direct?.storedReadings ?? 0);
      duplicatesDropped += past.duplicates + (last?.direct?.duplicatesDropped ?? 0);
      transactions += past.transactions + (last?.direct?.transactions ?? 0);
      addCounts(malformed, past.malformed);
      if (last !== null) addCounts(malformed, last.malformed);
      lastFault ??= last?.lastBufferFault ?? null;
      failing ||= last?.direct?.failing === true;
      storeFaults += past.faults + (last?.direct?.faults ?? 0);
    }
    return { failing: failing ? lastFault : null, storeFaults, connections, messages, receivedReadings, receivedBytes, malformed, lastFault, storedReadings, duplicatesDropped, transactions };
  }

  #onDemandStats(): OnDemandStats | null {
    const counts = this.#takers.flatMap(({ last }) => last?.onDemand ?? []);
    if (counts.length === 0) return null;
    const delays = emptyOnDemandDelays();
    for (const each of counts) delays.add(decodeFromCompressedBase64(each.delays));
    const sum = (of: 'answered' | 'failed'): number => counts.reduce((all, each) => all + each[of], 0);
    return { answered: sum('answered'), failed: sum('failed'), delays };
  }

  #queueStats(): QueueStats | null {
    if (this.#options.kind.intake === 'buffered') return null;
    const sum = (of: (taker: Taker) => number): number => this.#takers.reduce((total, taker) => total + of(taker), 0);
    return {
      readings: sum(({ last }) => last?.direct?.backlogReadings ?? 0),
      readingsPeak: sum(({ last, past }) => Math.max(past.queuePeak, last?.direct?.backlogReadingsPeak ?? 0)),
      pausedMs: sum(({ last, past }) => past.pausedMs + (last?.direct?.pausedMs ?? 0)) / this.#takers.length,
    };
  }

  /** How long each taker kept what was due waiting, of its present life. */
  get loopDelays(): readonly NamedLoopDelay[] {
    return this.#takers.flatMap(({ process, last }) => (last === null ? [] : [{ process: process.name, ...last.loopDelay }]));
  }

  /** Of the present lives of all pollers. */
  #pollStats(): PollStats | null {
    const all = this.#takers.flatMap(({ last }) => (last === null || last.poll === null ? [] : [last.poll]));
    return all.length === 0 ? null : all.reduce(addPollStats);
  }

  #taker(plan: TakerPlan, index: number): Taker {
    const { clock, directory, kind, intervalSeconds, onProcess } = this.#options;
    const polls = plan.kind === 'poller';
    const process = new ManagedProcess<ToTaker, FromTaker>({
      clock,
      name: `${plan.kind} ${index + 1}`,
      module: new URL(polls ? './poll-process.js' : './intake-process.js', import.meta.url),
      execArgv: polls ? POLLER_FLAGS : [],
      niceness: TAKER_NICENESS,
      onStart: () => {
        if (member.process.pid !== null) onProcess(member.process.name, member.process.pid);
        const common = { directory: join(directory, 'buffer'), number: index };
        if (polls) member.process.send({ type: 'poll', ...common, plan: plan.plan });
        else if (kind.intake === 'direct') member.process.send({ type: 'direct', endpoint: member.endpoint ?? plan.listen, headend: kind, intervalSeconds });
        else member.process.send({ type: 'start', ...common, endpoint: member.endpoint ?? plan.listen });
        if (this.#stopping) member.process.send({ type: 'stop' });
      },
      onMessage: (message) => this.#fromTaker(member, message),
      onDied: (why) => this.#takerDied(member, why),
    });
    const member: Taker = {
      process,
      endpoint: polls ? null : plan.listen,
      ready: false,
      stopped: false,
      last: null,
      past: { messages: 0, readings: 0, bytes: 0, stored: 0, duplicates: 0, transactions: 0, queuePeak: 0, pausedMs: 0, faults: 0, malformed: {} },
    };
    return member;
  }

  #fromTaker(member: Taker, message: FromTaker): void {
    if (message.type === 'failed') {
      this.#failed.reject(new UserError(`meterstorm: ${member.process.name} can't ${member.endpoint === null ? 'start' : 'listen'}: ${message.why}`));
      return;
    }
    if (message.type === 'ready') {
      // A restarted intake must come back where the concentrators know it.
      member.endpoint = message.endpoint;
      member.ready = true;
      this.#checkStarted();
      return;
    }
    member.last = message.stats;
    this.#addTimes(message.times);
    if (message.type !== 'stopped') return;
    member.stopped = true;
    member.process.expectEnd(() => {
      if (this.#takers.every((m) => m.stopped)) this.#takersStopped.resolve();
    });
  }

  #takerDied(member: Taker, why: string): boolean {
    const { last, past } = member;
    if (last !== null) {
      past.messages += last.messages;
      past.readings += last.readings;
      past.bytes += last.bytes;
      past.stored += last.direct?.storedReadings ?? 0;
      past.duplicates += last.direct?.duplicatesDropped ?? 0;
      past.transactions += last.direct?.transactions ?? 0;
      past.queuePeak = Math.max(past.queuePeak, last.direct?.backlogReadingsPeak ?? 0);
      past.pausedMs += last.direct?.pausedMs ?? 0;
      past.faults += last.direct?.faults ?? 0;
      addCounts(past.malformed, last.malformed);
      member.last = null;
    }
    return this.#mayRestart(member.process, why);
  }

  #storeProcess(place: StorePlace): ManagedProcess<ToStore, FromStore> {
    const { clock, directory, intervalSeconds, onProcess } = this.#options;
    const store: ManagedProcess<ToStore, FromStore> = new ManagedProcess<ToStore, FromStore>({
      clock,
      name: 'store',
      module: new URL('./store-process.js', import.meta.url),
      onStart: () => {
        if (store.pid !== null) onProcess(store.name, store.pid);
        store.send({ type: 'start', directory: join(directory, 'buffer'), store: place, intervalSeconds });
        if (this.#storeStopping) store.send({ type: 'stop' });
      },
      onMessage: (message) => this.#fromStore(store, message),
      onDied: (why) => {
        this.#storePast.stored += this.#storeLast?.storedReadings ?? 0;
        this.#storePast.duplicates += this.#storeLast?.duplicatesDropped ?? 0;
        this.#storePast.transactions += this.#storeLast?.commits ?? 0;
        this.#storePast.faults += this.#storeLast?.faults ?? 0;
        this.#storeLast = null;
        return this.#mayRestart(store, why);
      },
    });
    return store;
  }

  #fromStore(store: ManagedProcess<ToStore, FromStore>, message: FromStore): void {
    if (message.type === 'ready') {
      this.#storeReady = true;
      this.#checkStarted();
      return;
    }
    this.#storeLast = message.stats;
    this.#addTimes(message.times);
    if (message.type !== 'stopped') return;
    store.expectEnd(() => this.#storeStopped.resolve());
  }

  #addTimes(times: StoringTimes | null): void {
    if (times === null) return;
    this.#arrivalToStore.add(decodeFromCompressedBase64(times.arrivalToStore));
    this.#transactionTimes.add(decodeFromCompressedBase64(times.transactions));
  }

  #mayRestart(process: { readonly name: string; readonly restarts: number }, why: string): boolean {
    if (process.restarts >= RESTARTS_MAX) {
      this.#failed.reject(new Error(`${process.name} died ${RESTARTS_MAX} times, last with ${why}`));
      return false;
    }
    this.#options.onRestart(process.name, why);
    return true;
  }

  #checkStarted(): void {
    if (this.#storeReady && this.#takers.every((member) => member.ready)) this.#started.resolve();
  }
}

/** Time for a busy process to say what it took for what it did. */
const LAST_WORDS_MS = 1000;

const HISTOGRAM = {
  lowestDiscernibleValue: 1,
  highestTrackableValue: 2 ** 32,
  numberOfSignificantValueDigits: 3,
} as const;

function addCounts(sum: Record<string, number>, part: Readonly<Record<string, number>>): void {
  for (const [name, count] of Object.entries(part)) if (count > 0) sum[name] = (sum[name] ?? 0) + count;
}

/** A direct intake loads no buffer: readings that wait in one would never be stored. */
function refuseLeftovers(directory: string): void {
  const left = readdirSync(directory).filter((name) => parseBufferName(name)?.state === 'sealed' && statSync(join(directory, name)).size > 0);
  if (left.length > 0) throw new UserError(`meterstorm: ${directory} has readings that are not stored; start the head-end with --intake buffered once`);
}

/** Hands over what intakes of an earlier life left open, also those that are not started again. */
function sealLeftovers(directory: string): Promise<void> {
  return new Promise((resolve, reject) => {
    sealOpenFiles(new NodeBufferFiles(directory), (fault) => {
      if (fault === null) resolve();
      else reject(new UserError(`meterstorm: ${directory} can't be used: ${fault.error}`));
    });
  });
}
