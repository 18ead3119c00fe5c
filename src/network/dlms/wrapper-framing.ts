/** The wrapper of IEC 62056-47, client's side: no data link, eight bytes in front of each APDU. */

import { DlmsError } from '../../protocol/dlms/client/dlms-error.ts';
import { APDU_BYTES_MAX, putWrapperHeader, WRAPPER_HEADER_BYTES, WRAPPER_VERSION } from '../../protocol/wrapper/wpdu.ts';
import { WrapperReceiver } from '../../protocol/wrapper/wrapper-receiver.ts';
import { DATAGRAM_BYTES_MAX } from '../wire/udp-wire.ts';
import type { ClientFraming, FramingSink, Station } from './framing.ts';

export class WrapperFraming implements ClientFraming {
  readonly #sink: FramingSink;
  readonly #receiver: WrapperReceiver | null;
  #scratch = new Uint8Array(512);

  /** `datagrams`: each piece that is received is one WPDU, as on UDP; what is none is dropped. */
  constructor(sink: FramingSink, options: { readonly datagrams: boolean }) {
    this.#sink = sink;
    this.#receiver = options.datagrams ? null : new WrapperReceiver({ apduBytesMax: APDU_BYTES_MAX });
  }

  receive(bytes: Uint8Array): string | null {
    if (this.#receiver === null) {
      const apdu = apduOfDatagram(bytes);
      if (apdu !== null) this.#sink.apdu(apdu, portAt(bytes, 4), portAt(bytes, 2));
      return null;
    }
    const received = this.#receiver.receive(bytes, this.#deliver);
    return received === 'ok' || received === 'stopped' ? null : received;
  }

  readonly busy = false;

  join(): void {
    this.#sink.joined();
  }

  send(apdu: Uint8Array, { clientSap, serverSap }: Station, answered: boolean): true {
    const bytes = WRAPPER_HEADER_BYTES + apdu.length;
    const bytesMax = this.#receiver === null ? DATAGRAM_BYTES_MAX : WRAPPER_HEADER_BYTES + APDU_BYTES_MAX;
    if (bytes > bytesMax) throw new DlmsError('too-long', `an APDU of ${apdu.length} bytes does not fit a wrapper`);
    if (this.#scratch.length < bytes) this.#scratch = new Uint8Array(2 * bytes);
    const at = putWrapperHeader(this.#scratch, 0, { source: clientSap, destination: serverSap }, apdu.length);
    this.#scratch.set(apdu, at);
    this.#sink.write(this.#scratch.subarray(0, bytes));
    if (!answered) this.#sink.delivered();
    return true;
  }

  leave(): void {
    this.#sink.left(null);
  }

  retry(): boolean {
    return false;
  }

  readonly #deliver = (bytes: Uint8Array, offset: number, length: number, source: number, destination: number): boolean => {
    this.#sink.apdu(bytes.subarray(offset, offset + length), destination, source);
    return true;
  };
}

/** The APDU of a datagram that is exactly one WPDU, as a view; null: it is none. */
export function apduOfDatagram(bytes: Uint8Array): Uint8Array | null {
  if (bytes.length <= WRAPPER_HEADER_BYTES || bytes[0] !== 0 || bytes[1] !== WRAPPER_VERSION) return null;
  return portAt(bytes, 6) === bytes.length - WRAPPER_HEADER_BYTES ? bytes.subarray(WRAPPER_HEADER_BYTES) : null;
}

/** The big-endian u16 at `at`: source 2, destination 4, length 6. */
export function portAt(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
}
