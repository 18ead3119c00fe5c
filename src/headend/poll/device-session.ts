/**
 * The one connection to a device, over which exchanges run: DLMS on the TCP wrapper, one at a time with each logical device, and
 * what goes to several of them at once goes in one write. It opens with the first exchange and stays open until it is closed, breaks, or an
 * answer does not come in time.
 *
 * Invariant: the end of each exchange is told exactly once. An answer that comes after its exchange was given up can't be taken
 * for another's, because the connection is closed then.
 */

import { assert, present } from '../../base/assert.ts';
import type { Clock } from '../../base/clock.ts';
import type { Connection, Endpoint, Wire } from '../../network/wire/wire.ts';
import type { Exchange } from '../../protocol/dlms/client/client-options.ts';
import { DlmsError } from '../../protocol/dlms/client/dlms-error.ts';
import { APDU_BYTES_MAX } from '../../protocol/wrapper/wpdu.ts';
import { WrapperReceiver, type WpduSink } from '../../protocol/wrapper/wrapper-receiver.ts';
import type { SendScratch } from './send-scratch.ts';

export interface SessionCounters {
  connects: number;
  /** Connections that could not be made, or ended without being asked to. */
  disconnects: number;
  connections: number;
  requests: number;
  messages: number;
  bytesSent: number;
  bytesReceived: number;
  timeouts: number;
  /** Answers that nobody asked for: they are dropped. */
  strays: number;
}

export interface DeviceSessionOptions {
  readonly clock: Clock;
  readonly wire: Wire;
  readonly endpoint: Endpoint;
  /** For one answer, and for the connection to open. */
  readonly timeoutMs: number;
  readonly counters: SessionCounters;
  /** The connection is gone, and all associations with it. */
  readonly onLost: () => void;
  /** May be shared by sessions. */
  readonly scratch: SendScratch;
}

export interface Ports {
  readonly clientSap: number;
  readonly serverSap: number;
}

/** An exchange, and who is told its end. */
export interface Running extends Ports {
  readonly exchange: Exchange<unknown>;
  readonly done: (result: unknown) => void;
  readonly failed: (error: DlmsError) => void;
  /** Nobody waits for its end. */
  readonly lazy: boolean;
}

/** What ends an association goes out with the next request, or after this time. */
const LAZY_MS = 200;

export class DeviceSession {
  readonly #options: DeviceSessionOptions;
  #connection: Connection | null = null;
  #receiver: WrapperReceiver | null = null;
  #open = false;
  /** By logical device. */
  readonly #running = new Map<number, Running>();
  /** Not begun yet: they go out with whatever goes out next. */
  #lazy: Running[] = [];
  #lazySinceMs = 0;
  /** They wait for the end of a lazy one with the same logical device. */
  #queued: Running[] = [];
  /** Clock time by which something must come; Infinity: nothing is awaited. */
  #deadlineMs = Infinity;
  readonly #sink: WpduSink;

  constructor(options: DeviceSessionOptions) {
    this.#options = options;
    this.#sink = (bytes, offset, length, source, destination) => this.#take(bytes, offset, length, source, destination);
  }

  /** Runs one exchange with the logical device `serverSap`; opens the connection when there is none. */
  run<T>(ports: Ports, exchange: Exchange<T>, done: (result: T) => void, failed: (error: DlmsError) => void): void {
    const { clientSap, serverSap } = ports;
    this.runAll([{ clientSap, serverSap, exchange, done: done as (result: unknown) => void, failed, lazy: false }]);
  }

  /** Runs exchanges with several logical devices, each with another one, at once. */
  runAll(exchanges: readonly Running[]): void {
    this.#gathering(() => {
      for (const running of this.#lazy.splice(0)) this.#start(running);
      for (const running of exchanges) this.#start(running);
    });
  }

  /** Runs an exchange of which nobody waits for the end, with whatever is sent next. Nothing comes of it when the connection is lost. */
  runLazily(ports: Ports, exchange: Exchange<void>): void {
    if (this.#lazy.length === 0) this.#lazySinceMs = this.#options.clock.nowMs();
    const { clientSap, serverSap } = ports;
    this.#lazy.push({ clientSap, serverSap, exchange, done: nobody, failed: nobody, lazy: true });
  }

  #start(running: Running): void {
    const before = this.#running.get(running.serverSap);
    if (before !== undefined) {
      assert(before.lazy, 'one exchange at a time with a logical device');
      this.#queued.push(running);
      return;
    }
    this.#running.set(running.serverSap, running);
    if (this.#open) this.#resume(running, null);
    else if (this.#connection === null) this.#connect();
  }

  /** To be called now and then: gives up what waits too long. */
  sweep(nowMs: number): void {
    if (this.#lazy.length > 0 && this.#open && nowMs >= this.#lazySinceMs + LAZY_MS) this.runAll([]);
    if (nowMs < this.#deadlineMs) return;
    this.#options.counters.timeouts++;
    this.#abort(new DlmsError('timeout', `no answer in ${this.#options.timeoutMs} ms`));
  }

  /** Closes the connection; an exchange that runs fails. */
  close(): void {
    this.#abort(new DlmsError('closed', 'the session was closed'));
  }

  #connect(): void {
    const { wire, endpoint, clock, timeoutMs, counters } = this.#options;
    this.#deadlineMs = clock.nowMs() + timeoutMs;
    let mine: Connection | null = null;
    const connection = wire.connect({ to: endpoint }, {
      onOpen: () => {
        if (this.#connection !== mine) return;
        this.#open = true;
        counters.connects++;
        counters.connections++;
        this.#receiver = new WrapperReceiver({ apduBytesMax: APDU_BYTES_MAX });
        this.#gathering(() => {
          for (const running of Array.from(this.#running.values())) this.#resume(running, null);
        });
      },
      onData: (bytes) => {
        if (this.#connection === mine) this.#receive(bytes);
      },
      onClose: (reason) => {
        if (this.#connection !== mine) return;
        const code = this.#open ? 'closed' : 'unreachable';
        this.#abort(new DlmsError(code, `connection ${reason}`));
      },
    });
    mine = connection;
    this.#connection = connection;
  }

  #receive(bytes: Uint8Array): void {
    this.#options.counters.bytesReceived += bytes.length;
    const receiver = present(this.#receiver, 'bytes come over an open connection');
    this.#gathering(() => {
      const received = receiver.receive(bytes, this.#sink);
      if (received === 'ok' || received === 'stopped') return;
      this.#abort(new DlmsError('link', `the device's framing broke: ${received}`));
    });
  }

  /** False: the connection was closed meanwhile. */
  #take(bytes: Uint8Array, offset: number, length: number, source: number, destination: number): boolean {
    const running = this.#running.get(source);
    if (running === undefined || destination !== running.clientSap) {
      this.#options.counters.strays++;
      return true;
    }
    this.#options.counters.messages++;
    const connection = this.#connection;
    this.#resume(running, bytes.slice(offset, offset + length));
    return this.#connection === connection;
  }

  /** What is sent within goes out in one write. */
  #gathering(work: () => void): void {
    const { scratch } = this.#options;
    scratch.begin(this);
    work();
    this.#write(scratch.end());
  }

  /** Hands the answer in (null: begins) and sends what the exchange wants to be sent, or tells its end. */
  #resume(running: Running, answer: Uint8Array | null): void {
    const { exchange, done, serverSap } = running;
    let step: IteratorResult<Uint8Array, unknown>;
    try {
      step = answer === null ? exchange.next() : exchange.next(answer);
    } catch (error) {
      this.#fail(running, asDlmsError(error));
      return;
    }
    if (step.done !== true) {
      this.#send(running, step.value);
      return;
    }
    this.#ended(serverSap);
    done(step.value);
  }

  #send(running: Running, apdu: Uint8Array): void {
    const { clock, timeoutMs, counters, scratch } = this.#options;
    this.#deadlineMs = clock.nowMs() + timeoutMs;
    if (apdu.length === 0) return;
    if (apdu.length > APDU_BYTES_MAX) {
      this.#fail(running, new DlmsError('too-long', `a request of ${apdu.length} bytes does not fit the wrapper`));
      return;
    }
    const ports = { source: running.clientSap, destination: running.serverSap };
    counters.requests++;
    if (!scratch.isGathering(this)) {
      this.#write(scratch.single(ports, apdu));
    } else if (!scratch.gather(ports, apdu)) {
      this.#write(scratch.take());
      scratch.gather(ports, apdu);
    }
  }

  #write(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#options.counters.bytesSent += bytes.length;
    // What was gathered for a connection that is gone is not for the next one.
    if (this.#open) this.#connection?.write(bytes);
  }

  /** The exchange ends with an error; the connection stays, unless the error is one after which it can't be trusted. */
  #fail(running: Running, error: DlmsError): void {
    if (breaksSession(error)) {
      this.#abort(error);
      return;
    }
    this.#ended(running.serverSap);
    running.failed(error);
  }

  #ended(serverSap: number): void {
    this.#running.delete(serverSap);
    const at = this.#queued.findIndex((waiting) => waiting.serverSap === serverSap);
    if (at >= 0) for (const next of this.#queued.splice(at, 1)) this.#start(next);
    if (this.#running.size === 0) this.#deadlineMs = Infinity;
  }

  /** Everything ends: the connection, its associations, all exchanges. */
  #abort(error: DlmsError): void {
    const { counters, onLost } = this.#options;
    const connection = this.#connection;
    const running = [...this.#running.values(), ...this.#queued];
    this.#connection = null;
    this.#receiver = null;
    this.#running.clear();
    this.#lazy = [];
    this.#queued = [];
    this.#deadlineMs = Infinity;
    if (connection !== null) {
      if (this.#open) counters.connections--;
      if (error.code !== 'closed' || running.length > 0) counters.disconnects++;
      this.#open = false;
      connection.destroy();
      onLost();
    }
    for (const { exchange, failed } of running) {
      exchange.return(undefined);
      failed(error);
    }
  }
}

/** Whether an exchange that fails so costs the connection. */
export function breaksSession(error: DlmsError): boolean {
  return BREAKS.has(error.code);
}

function nobody(): void {}

/** After these nobody knows what the next answer belongs to. */
const BREAKS: ReadonlySet<string> = new Set(['malformed', 'unexpected-answer', 'security', 'block-transfer', 'link', 'timeout']);

function asDlmsError(error: unknown): DlmsError {
  if (error instanceof DlmsError) return error;
  throw error;
}
