/**
 * A DLMS server on a wire: thousands of connections, wrapper or HDLC by their first byte, one handler each.
 *
 * Limits, each counted when it is met: connections in all and of one address (further ones are closed at once), idle time,
 * bytes of answers that a peer does not fetch (it is not read from until it does; one that sends many requests at a time
 * and fetches nothing is cut off). A stream that can't be followed is closed; of datagrams only the bad one is dropped.
 */

import type { Clock, Timer } from '../../base/clock.ts';
import { ByteWriter } from '../../protocol/dlms/data/byte-writer.ts';
import { APDU_BYTES_MAX, WRAPPER_HEADER_BYTES } from '../../protocol/wrapper/wpdu.ts';
import { DATAGRAM_BYTES_MAX } from '../wire/udp-wire.ts';
import type { Connection, ConnectionHandlers, Endpoint, Listener, Wire } from '../wire/wire.ts';
import { HdlcServerFraming, type HdlcServerOptions } from './hdlc-server-framing.ts';
import { portAt } from './wrapper-framing.ts';
import { type ApduHandler, DatagramServerFraming, type ServerFraming, WrapperServerFraming } from './server-framing.ts';

export interface DlmsServerOptions {
  readonly wire: Wire;
  readonly clock: Clock;
  /** Port 0: any free one. */
  readonly at: Endpoint;
  /** Who answers on a new connection; by `connection.local` one listener tells many devices apart. Null: closed at once. */
  readonly serve: (connection: Connection) => ApduHandler | null;
  /** `any`: the first byte decides. Default any. */
  readonly framing?: 'any' | 'wrapper' | 'hdlc';
  /** The wire carries datagrams (UDP): one WPDU each. Default false. */
  readonly datagrams?: boolean;
  readonly hdlc?: HdlcServerOptions;
  /** Longest request; a longer one ends the stream. Default 65535. */
  readonly apduBytesMax?: number;
  /** A connection on which nothing came for so long is closed; 0: never. Default 180 s. */
  readonly idleMs?: number;
  readonly connectionsMax?: number;
  /** Of one remote address. Default: no limit of its own. */
  readonly connectionsOfAddressMax?: number;
}

export interface DlmsServerStats {
  readonly open: number;
  readonly accepted: number;
  /** Closed at once: over a limit, or nobody serves there. */
  readonly refused: number;
  readonly closedIdle: number;
  /** Streams that could not be followed, by reason. */
  readonly brokenStreams: Readonly<Record<string, number>>;
  /** Cut off because they fetched no answers. */
  readonly overrun: number;
  /** Datagrams that were no WPDU, and answers that no datagram carries. */
  readonly droppedDatagrams: number;
  readonly bytesReceived: number;
  readonly bytesSent: number;
}

const CONNECTIONS_MAX = 20_000;
const IDLE_MS = 180_000;
/** Answers of one connection that wait for its peer. */
const QUEUED_BYTES_MAX = 4 * 1024 * 1024;

interface Counts {
  accepted: number;
  refused: number;
  closedIdle: number;
  overrun: number;
  droppedDatagrams: number;
  bytesReceived: number;
  bytesSent: number;
  readonly brokenStreams: Record<string, number>;
}

export class DlmsServer {
  readonly #options: DlmsServerOptions;
  readonly #sessions = new Set<ServerSession>();
  readonly #ofAddress = new Map<string, number>();
  readonly #out = new ByteWriter(4096);
  readonly #counts: Counts = { accepted: 0, refused: 0, closedIdle: 0, overrun: 0, droppedDatagrams: 0, bytesReceived: 0, bytesSent: 0, brokenStreams: {} };
  #listener: Listener | null = null;
  #sweep: Timer | null = null;
  #closing = false;

  /** Resolves when it listens; rejects with an Error whose message says why it can't. */
  static listen(options: DlmsServerOptions): Promise<DlmsServer> {
    return new Promise((resolve, reject) => {
      const server = DlmsServer.open(options, (error) => {
        if (error === null) resolve(server);
        else reject(new Error(error));
      });
    });
  }

  /** The same without a promise: `ready` gets null when it listens, or why it can't. */
  static open(options: DlmsServerOptions, ready: (error: string | null) => void): DlmsServer {
    const server = new DlmsServer(options);
    options.wire.listen(
      options.at,
      (connection) => server.#accept(connection),
      (result) => {
        if ('error' in result) {
          ready(result.error);
          return;
        }
        server.#listener = result;
        if (server.#closing) result.close();
        ready(null);
      },
    );
    return server;
  }

  private constructor(options: DlmsServerOptions) {
    this.#options = options;
  }

  get endpoint(): Endpoint {
    return this.#listener?.endpoint ?? this.#options.at;
  }

  get stats(): DlmsServerStats {
    return { ...this.#counts, brokenStreams: { ...this.#counts.brokenStreams }, open: this.#sessions.size };
  }

  /** Sends an unasked APDU, a notification, on a connection that `serve` was asked for. False: it is not open. */
  push(connection: Connection, apdu: Uint8Array, station: { readonly clientSap: number; readonly serverSap: number }): boolean {
    for (const session of this.#sessions) {
      if (session.connection === connection) return session.push(apdu, station.clientSap, station.serverSap);
    }
    return false;
  }

  /** Stops listening and closes all connections. */
  close(): void {
    this.#closing = true;
    this.#listener?.close();
    this.#sweep?.cancel();
    this.#sweep = null;
    for (const session of this.#sessions) session.connection.destroy();
  }

  #accept(connection: Connection): ConnectionHandlers {
    const { serve, connectionsMax = CONNECTIONS_MAX, connectionsOfAddressMax = Infinity } = this.#options;
    const { address } = connection.remote;
    const ofAddress = this.#ofAddress.get(address) ?? 0;
    const full = this.#closing || this.#sessions.size >= connectionsMax || ofAddress >= connectionsOfAddressMax;
    const handler = full ? null : serve(connection);
    if (handler === null) {
      this.#counts.refused++;
      connection.end();
      return { onData: () => {}, onClose: () => {} };
    }
    this.#counts.accepted++;
    this.#ofAddress.set(address, ofAddress + 1);
    const session = new ServerSession({ connection, handler, server: this.#options, counts: this.#counts, out: this.#out });
    this.#sessions.add(session);
    this.#watchIdle();
    return {
      onData: (bytes) => session.onData(bytes),
      onDrain: () => connection.resume(),
      onClose: () => {
        this.#sessions.delete(session);
        const left = (this.#ofAddress.get(address) ?? 1) - 1;
        if (left > 0) this.#ofAddress.set(address, left);
        else this.#ofAddress.delete(address);
        handler.close();
      },
    };
  }

  /** One coarse timer for all: a connection is closed between one and one and a quarter of its idle time. */
  #watchIdle(): void {
    const { clock, idleMs = IDLE_MS } = this.#options;
    if (this.#sweep !== null || idleMs <= 0 || this.#closing) return;
    this.#sweep = clock.schedule(idleMs / 4, () => {
      this.#sweep = null;
      const before = clock.nowMs() - idleMs;
      for (const session of this.#sessions) {
        if (session.heardMs > before) continue;
        this.#counts.closedIdle++;
        session.connection.destroy();
      }
      if (this.#sessions.size > 0) this.#watchIdle();
    });
  }
}

class ServerSession {
  readonly connection: Connection;
  /** When something came last. */
  heardMs: number;
  readonly #handler: ApduHandler;
  readonly #server: DlmsServerOptions;
  readonly #counts: Counts;
  readonly #out: ByteWriter;
  #framing: ServerFraming | null = null;
  #ended = false;

  constructor(options: {
    readonly connection: Connection;
    readonly handler: ApduHandler;
    readonly server: DlmsServerOptions;
    readonly counts: Counts;
    readonly out: ByteWriter;
  }) {
    this.connection = options.connection;
    this.#handler = options.handler;
    this.#server = options.server;
    this.#counts = options.counts;
    this.#out = options.out;
    this.heardMs = options.server.clock.nowMs();
  }

  onData(bytes: Uint8Array): void {
    if (this.#ended || bytes.length === 0) return;
    this.heardMs = this.#server.clock.nowMs();
    this.#counts.bytesReceived += bytes.length;
    this.#framing ??= this.#framingFor(bytes[0] ?? 0);
    this.#out.reset();
    const broken = this.#framing.receive(bytes, this.#out);
    this.#flush();
    if (broken === null || this.#ended) return;
    if (broken === 'overrun') {
      this.#overrun();
      return;
    }
    this.#counts.brokenStreams[broken] = (this.#counts.brokenStreams[broken] ?? 0) + 1;
    this.#ended = true;
    this.connection.end();
  }

  push(apdu: Uint8Array, clientSap: number, serverSap: number): boolean {
    if (this.#ended) return false;
    this.#framing ??= this.#framingFor(this.#server.framing === 'hdlc' ? FLAG : 0);
    this.#out.reset();
    this.#framing.push(apdu, clientSap, serverSap, this.#out);
    this.#flush();
    return !this.#ended;
  }

  #flush(): void {
    if (this.#out.at === 0) return;
    this.#counts.bytesSent += this.#out.at;
    const below = this.#server.datagrams === true ? this.#writeDatagrams() : this.connection.write(this.#out.view());
    if (below) return;
    if (this.connection.queuedBytes > QUEUED_BYTES_MAX) this.#overrun();
    else this.connection.pause();
  }

  #overrun(): void {
    this.#counts.overrun++;
    this.#ended = true;
    this.connection.destroy();
  }

  /** Each WPDU by itself. */
  #writeDatagrams(): boolean {
    const bytes = this.#out.view();
    let below = true;
    for (let at = 0; at < bytes.length; ) {
      const end = at + WRAPPER_HEADER_BYTES + portAt(bytes, at + 6);
      if (end - at > DATAGRAM_BYTES_MAX) this.#counts.droppedDatagrams++;
      else below = this.connection.write(bytes.subarray(at, end));
      at = end;
    }
    return below;
  }

  #framingFor(first: number): ServerFraming {
    const { framing = 'any', datagrams = false, apduBytesMax = APDU_BYTES_MAX, hdlc } = this.#server;
    if (datagrams) return new DatagramServerFraming(this.#handler, { apduBytesMax, onDropped: () => this.#counts.droppedDatagrams++ });
    const isHdlc = framing === 'hdlc' || (framing === 'any' && first === FLAG);
    return isHdlc ? new HdlcServerFraming(this.#handler, { ...hdlc, apduBytesMax }) : new WrapperServerFraming(this.#handler, { apduBytesMax });
  }
}

const FLAG = 0x7e;
