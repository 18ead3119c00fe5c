/** HDLC, a client's side: one data link at a time on a connection, made with SNRM and ended with DISC. */

import { assert } from '../../base/assert.ts';
import { DlmsError } from '../../protocol/dlms/client/dlms-error.ts';
import { hdlcAddress, type HdlcAddressBytes } from '../../protocol/hdlc/hdlc-address.ts';
import { HdlcClientLink, type HdlcFailure } from '../../protocol/hdlc/hdlc-client-link.ts';
import { HdlcCounts } from '../../protocol/hdlc/hdlc-counts.ts';
import { DEFAULT_LIMITS, type HdlcLimits } from '../../protocol/hdlc/link-parameters.ts';
import { APDU_BYTES_MAX } from '../../protocol/wrapper/wpdu.ts';
import type { ClientFraming, FramingSink, Station } from './framing.ts';

export interface HdlcClientFramingOptions {
  /** Address of the physical device, the lower part of the server's address; null: it has none. Default null. */
  readonly physicalAddress?: number | null;
  /** Bytes of the server's address, for devices that want more than it needs. */
  readonly addressBytes?: HdlcAddressBytes;
  /** Information field and window, in each direction; default 128 bytes and 1. */
  readonly limits?: Partial<HdlcLimits>;
  /** How often a frame is sent again when there is no answer; default 2. */
  readonly repeatsMax?: number;
  /** How often in a row a server may say that it is busy; default 100. */
  readonly busyMax?: number;
  readonly counts?: HdlcCounts;
}

export class HdlcClientFraming implements ClientFraming {
  readonly #sink: FramingSink;
  readonly #options: HdlcClientFramingOptions;
  readonly #counts: HdlcCounts;
  #link: HdlcClientLink | null = null;
  #station: Station | null = null;

  constructor(sink: FramingSink, options: HdlcClientFramingOptions) {
    this.#sink = sink;
    this.#options = options;
    this.#counts = options.counts ?? new HdlcCounts();
  }

  receive(bytes: Uint8Array): null {
    this.#link?.receive(bytes);
    return null;
  }

  join(station: Station): void {
    assert(this.#link === null, 'HDLC has one data link at a time');
    const { physicalAddress = null, addressBytes = null, limits, repeatsMax = 2, busyMax = 100 } = this.#options;
    const { clientSap, serverSap } = station;
    this.#station = station;
    this.#link = new HdlcClientLink(
      {
        clientSap,
        server: hdlcAddress(serverSap, physicalAddress, addressBytes),
        limits: { ...DEFAULT_LIMITS, ...limits },
        apduBytesMax: APDU_BYTES_MAX,
        repeatsMax,
        busyMax,
        counts: this.#counts,
      },
      {
        onSend: (bytes) => this.#sink.write(bytes),
        onConnected: () => this.#sink.joined(),
        onApdu: (apdu) => this.#sink.apdu(apdu, clientSap, serverSap),
        onDelivered: () => this.#sink.delivered(),
        onUnnumbered: (apdu) => this.#sink.apdu(apdu, clientSap, serverSap),
        onDisconnected: () => this.#left(null),
        onFailed: (failure) => this.#left(linkError(failure)),
      },
    );
    this.#link.connect();
  }

  send(apdu: Uint8Array, station: Station, answered: boolean): boolean {
    const link = this.#link;
    if (link === null || !link.idle || station.clientSap !== this.#station?.clientSap || station.serverSap !== this.#station.serverSap) return false;
    link.sendApdu(apdu, answered);
    return true;
  }

  leave(): void {
    if (this.#link?.state === 'connected') this.#link.disconnect();
    else this.#left(null);
  }

  retry(): boolean {
    const link = this.#link;
    if (link === null || !link.waiting) return false;
    link.timedOut();
    return true;
  }

  get busy(): boolean {
    return this.#link?.busy === true;
  }

  #left(error: DlmsError | null): void {
    this.#link = null;
    this.#station = null;
    this.#sink.left(error);
  }
}

function linkError(failure: HdlcFailure): DlmsError {
  if (failure === 'hdlc-no-answer') return new DlmsError('timeout', 'the data link is silent');
  return new DlmsError('link', `the data link is gone: ${WORDS[failure]} (${failure})`);
}

const WORDS: Readonly<Record<HdlcFailure, string>> = {
  'hdlc-no-answer': 'no answer',
  'hdlc-busy': 'the server says that it is busy, and nothing else',
  'hdlc-refused': 'the server refuses it',
  'hdlc-disconnected': 'the server ended it',
  'hdlc-rejected': 'the server rejects a frame',
  'hdlc-parameters': 'the server answers with parameters that can not be',
  'hdlc-llc': 'an answer without LLC header',
  'hdlc-apdu-too-long': 'an answer is too long',
};
