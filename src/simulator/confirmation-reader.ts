/** What the head-end says on a push connection: confirmations. Anything else that is well-formed is passed over. */

import { ConfirmationDecoder } from '../protocol/dlms/push/push-confirmation.ts';
import { WrapperReceiver } from '../protocol/wrapper/wrapper-receiver.ts';

/** The head-end has nothing longer to say on a push connection. */
const APDU_BYTES_MAX = 2048;

export class ConfirmationReader {
  readonly #receiver = new WrapperReceiver({ apduBytesMax: APDU_BYTES_MAX });
  readonly #decoder: ConfirmationDecoder;

  /** All connections of a process may share one decoder. */
  constructor(decoder: ConfirmationDecoder) {
    this.#decoder = decoder;
  }

  /**
   * Calls `onConfirmed` with the Unix time in hundredths of a second that each confirmation reaches to. Answers null, or
   * why the connection must be closed.
   */
  receive(bytes: Uint8Array, onConfirmed: (hundredths: number) => void): string | null {
    let problem: string | null = null;
    const received = this.#receiver.receive(bytes, (from, offset, length) => {
      const decoded = this.#decoder.decode(from, offset, length);
      if (decoded.status === 'malformed') problem = decoded.reason;
      if (decoded.status === 'confirmation') {
        onConfirmed(decoded.sentUnixSeconds * 100 + decoded.sentHundredths);
      }
      return problem === null;
    });
    return received === 'ok' ? null : (problem ?? received);
  }
}
