/** HDLC, a server's side: any number of data links on a connection, each from its SNRM to its DISC. */

import { ByteWriter } from '../../protocol/dlms/data/byte-writer.ts';
import { type HdlcAddress, hdlcAddress } from '../../protocol/hdlc/hdlc-address.ts';
import { HdlcCounts } from '../../protocol/hdlc/hdlc-counts.ts';
import { HdlcServerLink } from '../../protocol/hdlc/hdlc-server-link.ts';
import { DEFAULT_LIMITS, type HdlcLimits } from '../../protocol/hdlc/link-parameters.ts';
import type { ApduHandler, ServerFraming } from './server-framing.ts';

export interface HdlcServerOptions {
  /** The most that this server agrees to, in each direction; default 2030 bytes and a window of 7. */
  readonly limits?: Partial<HdlcLimits>;
  /** Data links on one connection; default 16. */
  readonly linksMax?: number;
  /** Whether a device is at this address; where none is, nobody answers. Default: everywhere. */
  readonly isHere?: (server: HdlcAddress) => boolean;
  readonly counts?: HdlcCounts;
}

const LINKS_MAX = 16;
/** Bytes that are no frame, in the life of a connection: a peer that speaks something else. */
const NOISE_BYTES_MAX = 64 * 1024;

export class HdlcServerFraming implements ServerFraming {
  readonly #link: HdlcServerLink;
  readonly #counts: HdlcCounts;
  #noiseBytes = 0;
  readonly #answer = new ByteWriter(256);
  #out: ByteWriter | null = null;

  constructor(handler: ApduHandler, options: HdlcServerOptions & { readonly apduBytesMax: number }) {
    const { limits, linksMax = LINKS_MAX, isHere, apduBytesMax } = options;
    this.#counts = options.counts ?? new HdlcCounts();
    this.#link = new HdlcServerLink(
      {
        limits: { ...MOST, ...limits },
        apduBytesMax,
        linksMax,
        counts: this.#counts,
        ...(isHere === undefined ? {} : { isHere }),
      },
      {
        onSend: (bytes) => this.#out?.put(bytes),
        onApdu: (apdu, peer) => {
          this.#answer.reset();
          const answerBytes = handler.receive(apdu, peer.clientSap, peer.serverSap, this.#answer);
          return answerBytes > 0 && this.#link.sendApdu(peer, this.#answer.view());
        },
        // The associations over a data link end with it.
        onDisconnected: (peer) => handler.leave?.(peer.clientSap, peer.serverSap),
        onUnnumbered: (apdu, { client, server }) => {
          this.#answer.reset();
          handler.receive(apdu, client.upper, server.upper, this.#answer);
        },
      },
    );
  }

  receive(bytes: Uint8Array, out: ByteWriter): string | null {
    // The counts may be those of all connections.
    const before = this.#counts.noiseBytes;
    this.#out = out;
    this.#link.receive(bytes);
    this.#out = null;
    this.#noiseBytes += this.#counts.noiseBytes - before;
    return this.#noiseBytes > NOISE_BYTES_MAX ? 'hdlc-noise' : null;
  }

  push(apdu: Uint8Array, clientSap: number, serverSap: number, out: ByteWriter): void {
    this.#out = out;
    this.#link.sendNotification(apdu, hdlcAddress(serverSap), hdlcAddress(clientSap));
    this.#out = null;
  }
}

const MOST: HdlcLimits = Object.freeze({ ...DEFAULT_LIMITS, transmitBytes: 2030, receiveBytes: 2030, transmitWindow: 7, receiveWindow: 7 });
