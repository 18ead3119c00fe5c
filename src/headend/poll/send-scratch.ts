/**
 * Memory in which requests are put together, shared by all sessions of a process. A session gathers in it what goes out in one write; one that
 * begins meanwhile gathers behind that, and ends first, as calls do. Who is not the last one to have begun sends at once.
 */

import { APDU_BYTES_MAX, putWrapperHeader, type WPorts, WRAPPER_HEADER_BYTES } from '../../protocol/wrapper/wpdu.ts';

const GATHERED_BYTES_MAX = WRAPPER_HEADER_BYTES + APDU_BYTES_MAX;

interface Gathering {
  readonly owner: object;
  readonly from: number;
}

export class SendScratch {
  #bytes = new Uint8Array(2 * GATHERED_BYTES_MAX);
  #used = 0;
  readonly #gatherings: Gathering[] = [];

  begin(owner: object): void {
    this.#gatherings.push({ owner, from: this.#used });
  }

  /** What was gathered last; valid until the next call. */
  end(): Uint8Array {
    const bytes = this.take();
    this.#gatherings.pop();
    return bytes;
  }

  isGathering(owner: object): boolean {
    return this.#gatherings.at(-1)?.owner === owner;
  }

  /** Adds a message to what is gathered. False: that is enough for a write, and has to go out first. */
  gather(ports: WPorts, apdu: Uint8Array): boolean {
    const from = this.#gatherings.at(-1)?.from ?? 0;
    if (this.#used > from && this.#used - from + WRAPPER_HEADER_BYTES + apdu.length > GATHERED_BYTES_MAX) return false;
    this.#used = this.#put(this.#used, ports, apdu);
    return true;
  }

  /** What is gathered so far, and no more; valid until the next call. */
  take(): Uint8Array {
    const from = this.#gatherings.at(-1)?.from ?? 0;
    const bytes = this.#bytes.subarray(from, this.#used);
    this.#used = from;
    return bytes;
  }

  /** One message of somebody who does not gather; valid until the next call. */
  single(ports: WPorts, apdu: Uint8Array): Uint8Array {
    return this.#bytes.subarray(this.#used, this.#put(this.#used, ports, apdu));
  }

  #put(at: number, ports: WPorts, apdu: Uint8Array): number {
    const end = at + WRAPPER_HEADER_BYTES + apdu.length;
    if (end > this.#bytes.length) {
      const larger = new Uint8Array(2 * end);
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    this.#bytes.set(apdu, putWrapperHeader(this.#bytes, at, ports, apdu.length));
    return end;
  }
}
