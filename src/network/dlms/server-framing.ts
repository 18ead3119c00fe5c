/**
 * One connection of a server. The first byte says how APDUs lie in it: 00 wrapper, 7E HDLC. Each APDU goes to the handler;
 * what it answers goes back to whoever asked, and the answers of one turn are written together.
 *
 * On the wrapper path an answer is written once: behind eight reserved bytes of a writer that all sessions of a server share,
 * which then become its header. Between two turns a session holds its receiver and nothing else.
 */

import { assert } from '../../base/assert.ts';
import type { ByteWriter } from '../../protocol/dlms/data/byte-writer.ts';
import { APDU_BYTES_MAX, WRAPPER_HEADER_BYTES, WRAPPER_VERSION } from '../../protocol/wrapper/wpdu.ts';
import { type WpduSink, WrapperReceiver } from '../../protocol/wrapper/wrapper-receiver.ts';
import { apduOfDatagram, portAt } from './wrapper-framing.ts';

/** Who answers the APDUs of one connection; the server core's `ServerConnection` is one. */
export interface ApduHandler {
  /** Appends the answer to `out`, and nothing else; answers how many bytes that was, 0: no answer. */
  receive(apdu: Uint8Array, clientSap: number, serverSap: number, out: ByteWriter): number;
  /**
   * A further APDU of the same answer (the next of a burst of general blocks), appended as in `receive`; 0: there is none.
   * Asked for after each answer until then, except over HDLC, where one APDU answers one.
   */
  more?(clientSap: number, serverSap: number, out: ByteWriter): number;
  /** The data link between these two is gone, and their association with it; the connection lives on. */
  leave?(clientSap: number, serverSap: number): void;
  /** The connection is gone. */
  close(): void;
}

/** What carries the bytes of one connection. Null: go on; a text: the stream can't be followed. */
export interface ServerFraming {
  /** Answers are appended to `out`. */
  receive(bytes: Uint8Array, out: ByteWriter): string | null;
  /** Appends what carries an unasked APDU, a notification. */
  push(apdu: Uint8Array, clientSap: number, serverSap: number, out: ByteWriter): void;
}

/** Answers to what came in one piece. Nobody may send more than one request at a time, let alone ones with such answers. */
const TURN_BYTES_MAX = 4 * 1024 * 1024;

export class WrapperServerFraming implements ServerFraming {
  readonly #handler: ApduHandler;
  readonly #receiver: WrapperReceiver;
  #out: ByteWriter | null = null;

  constructor(handler: ApduHandler, options: { readonly apduBytesMax: number }) {
    this.#handler = handler;
    this.#receiver = new WrapperReceiver(options);
  }

  receive(bytes: Uint8Array, out: ByteWriter): string | null {
    this.#out = out;
    const received = this.#receiver.receive(bytes, this.#sink);
    this.#out = null;
    if (received === 'ok') return null;
    return received === 'stopped' ? 'overrun' : received;
  }

  push(apdu: Uint8Array, clientSap: number, serverSap: number, out: ByteWriter): void {
    pushWrapped(apdu, clientSap, serverSap, out);
  }

  readonly #sink: WpduSink = (bytes, offset, length, source, destination) => {
    assert(this.#out !== null, 'a WPDU comes only while bytes are received');
    // Not subarray: of a Buffer that makes another, which is slower and whose slice() shares memory.
    const apdu = new Uint8Array(bytes.buffer, bytes.byteOffset + offset, length);
    answerWrapped(this.#handler, apdu, { source, destination, out: this.#out });
    return this.#out.at < TURN_BYTES_MAX;
  };
}

/** Each piece that is received is one datagram, and so is each answer. What is no WPDU is dropped. */
export class DatagramServerFraming implements ServerFraming {
  readonly #handler: ApduHandler;
  readonly #apduBytesMax: number;
  readonly #onDropped: () => void;

  constructor(handler: ApduHandler, options: { readonly apduBytesMax: number; readonly onDropped: () => void }) {
    this.#handler = handler;
    this.#apduBytesMax = options.apduBytesMax;
    this.#onDropped = options.onDropped;
  }

  receive(bytes: Uint8Array, out: ByteWriter): null {
    const apdu = apduOfDatagram(bytes);
    if (apdu === null || apdu.length > this.#apduBytesMax) {
      this.#onDropped();
      return null;
    }
    answerWrapped(this.#handler, apdu, { source: portAt(bytes, 2), destination: portAt(bytes, 4), out });
    return null;
  }

  push(apdu: Uint8Array, clientSap: number, serverSap: number, out: ByteWriter): void {
    pushWrapped(apdu, clientSap, serverSap, out);
  }
}

interface Request {
  readonly source: number;
  readonly destination: number;
  readonly out: ByteWriter;
}

function answerWrapped(handler: ApduHandler, apdu: Uint8Array, { source, destination, out }: Request): void {
  let at = skipHeader(out);
  let answerBytes = handler.receive(apdu, source, destination, out);
  while (answerBytes > 0) {
    assert(out.at === at + WRAPPER_HEADER_BYTES + answerBytes, 'a handler appends its answer and nothing else');
    putHeader(out.bytes, at, destination, source, answerBytes);
    if (handler.more === undefined) return;
    at = skipHeader(out);
    answerBytes = handler.more(source, destination, out);
  }
  out.at = at;
}

/** Reserves a header; answers where it is. */
function skipHeader(out: ByteWriter): number {
  const at = out.at;
  out.reserve(WRAPPER_HEADER_BYTES);
  out.at = at + WRAPPER_HEADER_BYTES;
  return at;
}

function pushWrapped(apdu: Uint8Array, clientSap: number, serverSap: number, out: ByteWriter): void {
  const at = skipHeader(out);
  out.put(apdu);
  putHeader(out.bytes, at, serverSap, clientSap, apdu.length);
}

/** The header of wpdu.ts without an object for its ports: it is written for each answer. */
function putHeader(bytes: Uint8Array, at: number, source: number, destination: number, apduBytes: number): void {
  assert(apduBytes >= 1 && apduBytes <= APDU_BYTES_MAX, 'a wrapper carries 1 to 65535 bytes');
  bytes[at] = 0;
  bytes[at + 1] = WRAPPER_VERSION;
  bytes[at + 2] = source >>> 8;
  bytes[at + 3] = source;
  bytes[at + 4] = destination >>> 8;
  bytes[at + 5] = destination;
  bytes[at + 6] = apduBytes >>> 8;
  bytes[at + 7] = apduBytes;
}
