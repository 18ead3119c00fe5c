/**
 * The one connection to a device, over which exchanges run one after the other: DLMS on the TCP wrapper. It opens with the
 * first exchange and stays open until it is closed, breaks, or an answer does not come in time.
 *
 * Invariant: at most one exchange runs, and its end is told exactly once. An answer that comes after its exchange was given
 * up can't be taken for another's, because the connection is closed then.
 */

import { assert, present } from '../../base/assert.ts';
import type { Clock } from '../../base/clock.ts';
import type { Connection, Endpoint, Wire } from '../../network/wire/wire.ts';
import type { Exchange } from '../../protocol/dlms/client/client-options.ts';
import { DlmsError } from '../../protocol/dlms/client/dlms-error.ts';
import { APDU_BYTES_MAX, putWrapperHeader, WRAPPER_HEADER_BYTES } from '../../protocol/wrapper/wpdu.ts';
import { WrapperReceiver, type WpduSink } from '../../protocol/wrapper/wrapper-receiver.ts';

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
  /** Memory that requests are put together in; may be shared by sessions. */
  readonly scratch: Uint8Array;
}

interface Running {
  readonly exchange: Exchange<unknown>;
  readonly clientSap: number;
  readonly serverSap: number;
  readonly done: (result: unknown) => void;
  readonly failed: (error: DlmsError) => void;
}

/** Bytes of a scratch memory. */
export const SESSION_SCRATCH_BYTES = WRAPPER_HEADER_BYTES + APDU_BYTES_MAX;

export class DeviceSession {
  readonly #options: DeviceSessionOptions;
  #connection: Connection | null = null;
  #receiver: WrapperReceiver | null = null;
  #open = false;
  #running: Running | null = null;
  /** Clock time by which something must come; Infinity: nothing is awaited. */
  #deadlineMs = Infinity;
  readonly #sink: WpduSink;

  constructor(options: DeviceSessionOptions) {
    this.#options = options;
    this.#sink = (bytes, offset, length, source, destination) => this.#take(bytes, offset, length, source, destination);
  }

  get busy(): boolean {
    return this.#running !== null;
  }

  /** Runs one exchange with the logical device `serverSap`; opens the connection when there is none. */
  run<T>(
    ports: { readonly clientSap: number; readonly serverSap: number },
    exchange: Exchange<T>,
    done: (result: T) => void,
    failed: (error: DlmsError) => void,
  ): void {
    assert(this.#running === null, 'one exchange at a time');
    this.#running = { ...ports, exchange, done: done as (result: unknown) => void, failed };
    if (this.#open) this.#resume(null);
    else this.#connect();
  }

  /** To be called now and then: gives up what waits too long. */
  sweep(nowMs: number): void {
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
        if (this.#running !== null) this.#resume(null);
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
    const received = receiver.receive(bytes, this.#sink);
    if (received === 'ok' || received === 'stopped') return;
    this.#abort(new DlmsError('link', `the device's framing broke: ${received}`));
  }

  /** False: the connection was closed meanwhile. */
  #take(bytes: Uint8Array, offset: number, length: number, source: number, destination: number): boolean {
    const running = this.#running;
    if (running === null || source !== running.serverSap || destination !== running.clientSap) {
      this.#options.counters.strays++;
      return true;
    }
    this.#options.counters.messages++;
    const connection = this.#connection;
    this.#resume(bytes.slice(offset, offset + length));
    return this.#connection === connection;
  }

  /** Hands the answer in (null: begins) and sends what the exchange wants to be sent, or tells its end. */
  #resume(answer: Uint8Array | null): void {
    const { exchange, done } = present(this.#running, 'an exchange runs');
    let step: IteratorResult<Uint8Array, unknown>;
    try {
      step = answer === null ? exchange.next() : exchange.next(answer);
    } catch (error) {
      this.#fail(asDlmsError(error));
      return;
    }
    if (step.done === true) {
      this.#running = null;
      this.#deadlineMs = Infinity;
      done(step.value);
      return;
    }
    this.#send(step.value);
  }

  #send(apdu: Uint8Array): void {
    const { clock, timeoutMs, counters, scratch } = this.#options;
    this.#deadlineMs = clock.nowMs() + timeoutMs;
    if (apdu.length === 0) return;
    const { clientSap, serverSap } = present(this.#running, 'an exchange runs');
    if (apdu.length > APDU_BYTES_MAX) {
      this.#fail(new DlmsError('too-long', `a request of ${apdu.length} bytes does not fit the wrapper`));
      return;
    }
    const at = putWrapperHeader(scratch, 0, { source: clientSap, destination: serverSap }, apdu.length);
    scratch.set(apdu, at);
    counters.requests++;
    counters.bytesSent += at + apdu.length;
    this.#connection?.write(scratch.subarray(0, at + apdu.length));
  }

  /** The exchange ends with an error; the connection stays, unless the error is one after which it can't be trusted. */
  #fail(error: DlmsError): void {
    if (breaksSession(error)) {
      this.#abort(error);
      return;
    }
    const { failed } = present(this.#running, 'an exchange runs');
    this.#running = null;
    this.#deadlineMs = Infinity;
    failed(error);
  }

  /** Everything ends: the connection, its associations, the exchange. */
  #abort(error: DlmsError): void {
    const { counters, onLost } = this.#options;
    const connection = this.#connection;
    const running = this.#running;
    this.#connection = null;
    this.#receiver = null;
    this.#running = null;
    this.#deadlineMs = Infinity;
    if (connection !== null) {
      if (this.#open) counters.connections--;
      if (error.code !== 'closed' || running !== null) counters.disconnects++;
      this.#open = false;
      connection.destroy();
      onLost();
    }
    running?.exchange.return(undefined);
    running?.failed(error);
  }
}

/** Whether an exchange that fails so costs the connection. */
export function breaksSession(error: DlmsError): boolean {
  return BREAKS.has(error.code);
}

/** After these nobody knows what the next answer belongs to. */
const BREAKS: ReadonlySet<string> = new Set(['malformed', 'unexpected-answer', 'security', 'block-transfer', 'link', 'timeout']);

function asDlmsError(error: unknown): DlmsError {
  if (error instanceof DlmsError) return error;
  throw error;
}
