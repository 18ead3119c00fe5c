/**
 * How APDUs lie in the bytes of a connection, a client's side: in wrappers or in HDLC frames. Sans-IO.
 *
 * A station is an address pair: which client talks to which logical device. With the wrapper any pair may talk at once; with
 * HDLC a pair makes a data link of its own first, and there is one at a time.
 */

import type { DlmsError } from '../../protocol/dlms/client/dlms-error.ts';

export interface Station {
  /** Wrapper port or HDLC address of the client. */
  readonly clientSap: number;
  /** Of the logical device. */
  readonly serverSap: number;
}

/** Where a framing puts what it has, during its calls. */
export interface FramingSink {
  /** Bytes for the connection, valid during the call. */
  write(bytes: Uint8Array): void;
  /** An APDU that came; valid during the call. */
  apdu(apdu: Uint8Array, clientSap: number, serverSap: number): void;
  /** The data link is made. */
  joined(): void;
  /** An APDU that gets no answer is on its way, as sure as the link can tell. */
  delivered(): void;
  /** The data link is no more. Null: as asked. An error: it was refused or lost, and the connection is of no use. */
  left(error: DlmsError | null): void;
}

export interface ClientFraming {
  /** Takes what the connection brought. Null: go on. A text: the stream can't be followed; nothing is called after that. */
  receive(bytes: Uint8Array): string | null;
  /** Makes the data link; `joined` or `left` follows, maybe within the call. */
  join(station: Station): void;
  /** Sends one APDU. Not answered: `delivered` follows, maybe within the call. False: the link can't take it now. */
  send(apdu: Uint8Array, station: Station, answered: boolean): boolean;
  /** Ends the data link; `left` follows, maybe within the call. */
  leave(station: Station): void;
  /** Nothing came in time: sends again what the data link may send again. False: there is nothing. */
  retry(): boolean;
  /** The server is there but not ready: `retry` soon. */
  readonly busy: boolean;
}
