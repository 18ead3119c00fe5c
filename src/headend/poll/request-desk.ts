/**
 * Reads on demand and commands: one operation with one logical device, in between the mass reading and over its connection.
 *
 * Invariants: a request that was taken is answered exactly once, unless the poller crashes. Nothing of it stays: no job, no
 * timer, no association, and nothing else waits longer than its tries take. A device has at most `pendingMax` requests waiting
 * or under way; more are refused.
 *
 * A try that fails for the network's sake is done again after a rest. What the device answers is the answer, also a refusal: it
 * is not asked again and does not rest. An answer that came stands even when the connection breaks in the release after it,
 * so a command is not carried out twice for that.
 */

import { assert } from '../../base/assert.ts';
import type { Clock, Timer } from '../../base/clock.ts';
import { ClientAssociation } from '../../protocol/dlms/client/client-association.ts';
import type { ClientOptions, Exchange } from '../../protocol/dlms/client/client-options.ts';
import { DlmsError } from '../../protocol/dlms/client/dlms-error.ts';
import { withinAssociation } from './associated-exchange.ts';
import { CONCENTRATOR_SAP, type ConcentratorPoll } from './concentrator-poll.ts';
import type { DeviceName } from './credentials.ts';
import { breaksSession, type DeviceSession } from './device-session.ts';
import type { JobOutcome, PollJob, PollScheduler, Priority } from './poll-scheduler.ts';
import type { PollStats } from './poll-stats.ts';
import { RequestError, type RequestErrorCode } from './request-error.ts';

export interface RequestTarget extends DeviceName {
  readonly priority: Extract<Priority, 'command' | 'on-demand'>;
  /**
   * Tries, default 3. When a connection breaks, nobody knows whether the device has carried out what it was asked: 1 for what
   * must not be done twice.
   */
  readonly attemptsMax?: number;
  /** No try begins later than that; default two minutes. */
  readonly limitMs?: number;
}

/** What a request brought. */
export type PollAnswer<T> = { readonly value: T } | { readonly error: RequestError };

/** A device that is polled. */
export interface PolledDevice {
  /** Its number in the scheduler. */
  readonly place: number;
  readonly session: DeviceSession;
  readonly poll: ConcentratorPoll;
}

export interface RequestDeskOptions {
  readonly clock: Clock;
  readonly scheduler: PollScheduler;
  readonly stats: PollStats;
  readonly pendingMax: number;
  /** Null: there is no such concentrator. */
  readonly deviceOf: (concentrator: number) => PolledDevice | null;
  readonly association: (device: DeviceName, serverSap: number) => ClientOptions;
  /** A try failed. */
  readonly onFailure: (device: DeviceName, error: DlmsError) => void;
}

const ATTEMPTS_MAX = 3;
const LIMIT_MS = 120_000;
/** The concentrator's when its list of meters is read, and the meter's. */
const COUNTERS_MAX = 2;

interface Request {
  readonly target: RequestTarget;
  readonly device: PolledDevice;
  readonly job: PollJob;
  readonly operation: (association: ClientAssociation) => Exchange<unknown>;
  readonly done: (answer: PollAnswer<unknown>) => void;
  timer: Timer | null;
  attempts: number;
  /** Error of the last try. */
  last: DlmsError | null;
  /** What the device answered, before the association is released. */
  answer: PollAnswer<unknown> | null;
  /** How often devices said which invocation counter they want, in this try. */
  countersTold: number;
  overdue: boolean;
}

export class RequestDesk {
  readonly #options: RequestDeskOptions;
  /** By place of the device. */
  readonly #pending = new Map<number, Set<Request>>();
  #stopped = false;

  constructor(options: RequestDeskOptions) {
    this.#options = options;
  }

  /** Requests that wait or are under way. */
  get pending(): number {
    let sum = 0;
    for (const requests of this.#pending.values()) sum += requests.size;
    return sum;
  }

  /** `done` may be called before this returns, when the request is refused. */
  request<T>(target: RequestTarget, operation: (association: ClientAssociation) => Exchange<T>, done: (answer: PollAnswer<T>) => void): void {
    const { clock, scheduler, pendingMax, deviceOf } = this.#options;
    const refuse = (code: RequestErrorCode, why: string): void => {
      this.#options.stats.demandsFailed++;
      done({ error: new RequestError(code, { device: target, why, cause: null }) });
    };
    if (this.#stopped) return refuse('stopped', 'the poller stops');
    const device = deviceOf(target.concentrator);
    if (device === null) return refuse('device-unknown', 'is not polled here');
    if (target.meter !== null && device.poll.knowsMeters && device.poll.sapOf(target.meter) === null) return refuse('device-unknown', NOT_LISTED);
    const pending = this.#pending.get(device.place) ?? new Set();
    if (pending.size >= pendingMax) return refuse('queue-full', `${pendingMax} requests wait already`);
    const job: PollJob = {
      priority: target.priority,
      attemptsMax: target.attemptsMax ?? ATTEMPTS_MAX,
      run: (ended) => this.#try(request, ended),
      onGivenUp: () => this.#giveUp(request),
    };
    const request: Request = {
      target,
      device,
      job,
      operation,
      done: done as (answer: PollAnswer<unknown>) => void,
      timer: clock.schedule(target.limitMs ?? LIMIT_MS, () => this.#late(request)),
      attempts: 0,
      last: null,
      answer: null,
      countersTold: 0,
      overdue: false,
    };
    this.#pending.set(device.place, pending.add(request));
    assert(scheduler.submit(device.place, job), 'a device has room for its requests');
  }

  /** Takes no further request. */
  stop(): void {
    this.#stopped = true;
  }

  /** Answers all that is pending: it will not be done any more. */
  end(): void {
    this.#stopped = true;
    for (const request of this.#all()) {
      this.#options.scheduler.withdraw(request.device.place, request.job);
      this.#answer(request, this.#error(request, 'stopped', 'the poller stopped'));
    }
  }

  /** Forgets all that is pending, as a crash would. */
  crash(): void {
    this.#stopped = true;
    for (const request of this.#all()) request.timer?.cancel();
    this.#pending.clear();
  }

  #all(): readonly Request[] {
    return [...this.#pending.values()].flatMap((requests) => Array.from(requests));
  }

  #try(request: Request, ended: (outcome: JobOutcome) => void): void {
    request.attempts++;
    request.countersTold = 0;
    this.#ask(request, ended);
  }

  /** Who is behind the concentrator is read first when nobody knows it yet. */
  #ask(request: Request, ended: (outcome: JobOutcome) => void): void {
    const { meter } = request.target;
    const { poll } = request.device;
    if (meter === null || poll.knowsMeters) {
      this.#operate(request, ended);
      return;
    }
    poll.learnMeters((error) => {
      if (error === null) this.#operate(request, ended);
      else this.#failed(request, error, ended);
    });
  }

  #operate(request: Request, ended: (outcome: JobOutcome) => void): void {
    const { target, device } = request;
    const sap = target.meter === null ? CONCENTRATOR_SAP : device.poll.sapOf(target.meter);
    if (sap === null) {
      ended('done');
      this.#answer(request, this.#error(request, 'device-unknown', NOT_LISTED));
      return;
    }
    // A client has one association with a logical device: this one takes the place of the mass reading's.
    if (target.meter === null) device.poll.displaced();
    const association = new ClientAssociation(this.#options.association(target, sap));
    device.session.run(
      { clientSap: association.options.clientSap, serverSap: sap },
      withinAssociation(association, () => this.#noted(request, association)),
      (value) => {
        ended('done');
        this.#answer(request, { value });
      },
      (error) => {
        if (request.answer === null && !isRefusal(error)) this.#options.onFailure(target, error);
        this.#failed(request, error, ended);
      },
    );
  }

  /** The operation; what the device answered is noted before anything else can go wrong. */
  *#noted(request: Request, association: ClientAssociation): Exchange<unknown> {
    try {
      const value = yield* request.operation(association);
      request.answer = { value };
      return value;
    } catch (error) {
      if (error instanceof DlmsError && isRefusal(error)) request.answer = this.#refusal(request, error);
      throw error;
    }
  }

  #failed(request: Request, error: DlmsError, ended: (outcome: JobOutcome) => void): void {
    const answer = request.answer ?? (isRefusal(error) ? this.#refusal(request, error) : null);
    if (answer !== null) {
      ended('done');
      this.#answer(request, answer);
      return;
    }
    request.last = error;
    if (isCounterTold(error) && request.countersTold < COUNTERS_MAX) {
      // It carried out nothing, and the right counter is known now.
      request.countersTold++;
      this.#ask(request, ended);
      return;
    }
    ended('failed');
    if (request.overdue && this.#options.scheduler.withdraw(request.device.place, request.job)) this.#giveUp(request);
  }

  #late(request: Request): void {
    request.overdue = true;
    if (this.#options.scheduler.withdraw(request.device.place, request.job)) this.#giveUp(request);
  }

  #giveUp(request: Request): void {
    const { last, attempts, target } = request;
    const error =
      last === null
        ? this.#error(request, 'late', `was not asked within ${target.limitMs ?? LIMIT_MS} ms`)
        : this.#error(request, last.code, `${last.message}; given up after ${attempts} ${attempts === 1 ? 'try' : 'tries'}`);
    this.#answer(request, error);
  }

  #refusal({ target }: Request, error: DlmsError): PollAnswer<never> {
    return { error: new RequestError(error.code, { device: target, why: error.message, cause: error }) };
  }

  #error({ target, last }: Request, code: RequestErrorCode, why: string): PollAnswer<never> {
    return { error: new RequestError(code, { device: target, why, cause: last }) };
  }

  #answer(request: Request, answer: PollAnswer<unknown>): void {
    const { stats } = this.#options;
    const { place } = request.device;
    const pending = this.#pending.get(place);
    // It was answered when the poller ended, or forgotten in a crash.
    if (pending?.delete(request) !== true) return;
    if (pending.size === 0) this.#pending.delete(place);
    request.timer?.cancel();
    if ('value' in answer) stats.demands++;
    else stats.demandsFailed++;
    request.done(answer);
  }
}

const NOT_LISTED = 'the SAP assignment of the concentrator does not name it';

function isCounterTold(error: DlmsError): boolean {
  return (error.details.exception?.counter ?? null) !== null;
}

/** The device answered, and its answer is no. */
function isRefusal(error: DlmsError): boolean {
  return !breaksSession(error) && !LOST.has(error.code) && !isCounterTold(error);
}

const LOST: ReadonlySet<string> = new Set(['closed', 'unreachable']);
