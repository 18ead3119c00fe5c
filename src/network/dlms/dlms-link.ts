/**
 * One connection of a client: drives exchanges over it, one at a time, and holds their time limits. Requests that come
 * meanwhile wait in a queue of `queueMax`; beyond that they are refused. Several associations may share a link.
 *
 * A request that is not answered in time closes the link, because a late answer could be taken for that of another; before
 * that, whatever can be sent again is sent again: HDLC frames, lost general blocks.
 */

import type { Clock, Timer } from '../../base/clock.ts';
import type { Exchange } from '../../protocol/dlms/client/client-options.ts';
import { DlmsError } from '../../protocol/dlms/client/dlms-error.ts';
import type { CloseReason, Connection, Endpoint, Wire } from '../wire/wire.ts';
import type { ClientFraming, FramingSink, Station } from './framing.ts';
import { exchangeJob, joinJob, type LinkJob, leaveJob, postJob, type Settle } from './link-jobs.ts';

export interface LinkOptions {
  readonly wire: Wire;
  readonly clock: Clock;
  readonly to: Endpoint;
  /** Own address to connect from. */
  readonly from?: string;
  readonly framing: (sink: FramingSink) => ClientFraming;
  /** For a connection to be made; default 10 s. */
  readonly connectMs?: number;
  /** For each APDU that is awaited; default 10 s. With HDLC for each frame. */
  readonly answerMs?: number;
  /** Requests that may wait; default 64. */
  readonly queueMax?: number;
  /** An APDU that nobody awaits: a notification, an answer that came twice. Valid during the call. */
  readonly onUnasked?: (apdu: Uint8Array, station: Station) => void;
  /** Once, when the link is gone after it was open, whatever the reason. */
  readonly onClose?: (error: DlmsError) => void;
}

const CONNECT_MS = 10_000;
const ANSWER_MS = 10_000;
/** When a server says that it is busy, it is asked again so soon. */
const BUSY_MS = 250;
const QUEUE_MAX = 64;

export class DlmsLink {
  readonly #options: LinkOptions;
  readonly #framing: ClientFraming;
  readonly #connection: Connection;
  readonly #queue: LinkJob[] = [];
  #job: LinkJob | null = null;
  #timer: Timer | null = null;
  #opened: ((error: DlmsError | null) => void) | null;
  /** Why nothing is sent any more; the connection may still be closing. */
  #failure: DlmsError | null = null;
  #closed = false;
  readonly #closing: (() => void)[] = [];

  /** Resolves when the connection is made. Errors: unreachable, timeout. */
  static open(options: LinkOptions): Promise<DlmsLink> {
    return new Promise((resolve, reject) => {
      const link: DlmsLink = new DlmsLink(options, (error) => (error === null ? resolve(link) : reject(error)));
    });
  }

  private constructor(options: LinkOptions, opened: (error: DlmsError | null) => void) {
    const { wire, to, from, clock, connectMs = CONNECT_MS } = options;
    this.#options = options;
    this.#opened = opened;
    this.#framing = options.framing(this.#sink());
    this.#timer = clock.schedule(connectMs, () => this.#end(new DlmsError('timeout', `no connection to ${to.address}:${to.port} within ${connectMs} ms`)));
    this.#connection = wire.connect(from === undefined ? { to } : { to, from }, {
      onOpen: () => this.#onOpen(),
      onData: (bytes) => this.#onData(bytes),
      onClose: (reason) => this.#onClose(reason),
    });
  }

  /** Nothing can be sent any more. */
  get closed(): boolean {
    return this.#failure !== null;
  }

  /** Requests that run or wait. */
  get pending(): number {
    return this.#queue.length + (this.#job === null ? 0 : 1);
  }

  get local(): Endpoint {
    return this.#connection.local;
  }

  /**
   * Drives an exchange, which is made when its turn comes, to its end. Errors: those of the exchange; timeout, closed, link,
   * queue-full. The answers that it sees are copies, so its result lives as long as it likes.
   */
  run<T>(station: Station, begin: () => Exchange<T>): Promise<T> {
    return this.#enqueue((settle: Settle<T>) => exchangeJob(this.#framing, { station, begin, settle }));
  }

  /** Makes the data link of a station; with the wrapper there is none. Errors: link, timeout, closed, queue-full. */
  join(station: Station): Promise<void> {
    return this.#enqueue((settle: Settle<void>) => joinJob(this.#framing, { station, settle }));
  }

  /** Ends the data link. */
  leave(station: Station): Promise<void> {
    return this.#enqueue((settle: Settle<void>) => leaveJob(this.#framing, { station, settle }));
  }

  /** Sends, in its turn, an APDU that gets no answer. */
  post(station: Station, begin: () => Uint8Array): Promise<void> {
    return this.#enqueue((settle: Settle<void>) => postJob(this.#framing, { station, begin, settle }));
  }

  /** Closes the connection behind what was written; whatever waits fails with `closed`. Resolves when it is closed. */
  close(): Promise<void> {
    if (this.#closed) return Promise.resolve();
    const done = new Promise<void>((resolve) => this.#closing.push(resolve));
    if (this.#failure === null) {
      this.#failure = new DlmsError('closed', 'the link was closed by this side');
      this.#failJobs(this.#failure);
      this.#connection.end();
      // A peer that does not close its half is not waited for.
      this.#timer = this.#options.clock.schedule(this.#answerMs, () => this.#connection.destroy());
    }
    return done;
  }

  get #answerMs(): number {
    return this.#options.answerMs ?? ANSWER_MS;
  }

  #sink(): FramingSink {
    return {
      write: (bytes) => {
        this.#connection.write(bytes);
        // Each frame of a data link has a time limit of its own.
        if (this.#job !== null && this.#failure === null) this.#await(this.#answerMs);
      },
      apdu: (apdu, clientSap, serverSap) => this.#onApdu(apdu, clientSap, serverSap),
      joined: () => this.#tell((job) => job.onJoined()),
      delivered: () => this.#tell((job) => job.onDelivered()),
      left: (error) => this.#onLeft(error),
    };
  }

  #enqueue<T>(make: (settle: Settle<T>) => LinkJob): Promise<T> {
    return new Promise((resolve, reject) => {
      const { queueMax = QUEUE_MAX } = this.#options;
      if (this.#failure !== null) reject(new DlmsError('closed', 'the link is closed', { cause: this.#failure }));
      else if (this.#job !== null && this.#queue.length >= queueMax) reject(new DlmsError('queue-full', `${queueMax} requests wait already`));
      else {
        this.#queue.push(make({ resolve, reject }));
        this.#startNext();
      }
    });
  }

  #startNext(): void {
    while (this.#job === null && this.#failure === null) {
      const job = this.#queue.shift();
      if (job === undefined) return;
      this.#job = job;
      // A link without answer may be done within the call, and this job then be the past.
      this.#after(job, job.start());
    }
  }

  #await(ms: number): void {
    this.#timer?.cancel();
    this.#timer = this.#options.clock.schedule(ms, () => this.#onTimeout());
  }

  #after(job: LinkJob, done: boolean): void {
    if (this.#job !== job) return;
    if (!done) {
      this.#await(this.#answerMs);
      return;
    }
    this.#timer?.cancel();
    this.#timer = null;
    this.#job = null;
    this.#startNext();
  }

  #tell(what: (job: LinkJob) => boolean): void {
    const job = this.#job;
    if (job !== null) this.#after(job, what(job));
  }

  #onOpen(): void {
    if (this.#failure !== null) return;
    this.#timer?.cancel();
    this.#timer = null;
    this.#settle(null);
  }

  #onData(bytes: Uint8Array): void {
    if (this.#failure !== null) return;
    const broken = this.#framing.receive(bytes);
    if (broken !== null) this.#end(new DlmsError('link', `what came is no DLMS link: ${broken}`));
    else if (this.#framing.busy && this.#job !== null) this.#await(Math.min(BUSY_MS, this.#answerMs));
  }

  #onApdu(apdu: Uint8Array, clientSap: number, serverSap: number): void {
    if (this.#failure !== null) return;
    const job = this.#job;
    const own = job !== null && job.station.clientSap === clientSap && job.station.serverSap === serverSap;
    const done = own ? job.onApdu(apdu) : null;
    if (job === null || done === null) this.#options.onUnasked?.(apdu, { clientSap, serverSap });
    else this.#after(job, done);
  }

  #onLeft(error: DlmsError | null): void {
    if (error === null) this.#tell((job) => job.onLeft());
    else this.#end(error);
  }

  #onTimeout(): void {
    const job = this.#job;
    if (job === null || this.#framing.retry()) {
      if (job !== null && job === this.#job && this.#failure === null) this.#await(this.#answerMs);
      return;
    }
    const error = new DlmsError('timeout', `no answer within ${this.#answerMs} ms`);
    if (job.onTimeout(error)) this.#end(error);
    else this.#await(this.#answerMs);
  }

  /** The link is of no use any more. */
  #end(error: DlmsError): void {
    if (this.#failure !== null) return;
    this.#failure = error;
    this.#failJobs(error);
    this.#connection.destroy();
  }

  #onClose(reason: CloseReason): void {
    const wasOpen = this.#opened === null;
    this.#failure ??= this.#closeError(reason);
    this.#closed = true;
    this.#failJobs(this.#failure);
    this.#settle(this.#failure);
    for (const resolve of this.#closing.splice(0)) resolve();
    if (wasOpen) this.#options.onClose?.(this.#failure);
  }

  #closeError(reason: CloseReason): DlmsError {
    const { address, port } = this.#options.to;
    if (this.#opened !== null) return new DlmsError('unreachable', `no connection to ${address}:${port}: ${reason}`);
    return new DlmsError('closed', `${address}:${port} closed the link: ${reason}`);
  }

  #settle(error: DlmsError | null): void {
    const opened = this.#opened;
    this.#opened = null;
    opened?.(error);
  }

  #failJobs(error: DlmsError): void {
    this.#timer?.cancel();
    this.#timer = null;
    const jobs = this.#job === null ? this.#queue.splice(0) : [this.#job, ...this.#queue.splice(0)];
    this.#job = null;
    for (const job of jobs) job.fail(error);
  }
}
