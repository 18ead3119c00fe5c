/**
 * The addresses of concentrators, one each, in a block: station s has the s-th address. A concentrator speaks from its
 * address and, when a head-end pulls, is asked there; so one listening socket serves thousands and tells them apart by the
 * address that was called. On loopback the block begins at 127.64.0.1. Elsewhere it is whatever prefix is routed here.
 */

import { assert } from '../base/assert.ts';

export class AddressBlock {
  readonly #first: number;

  /** `first`: IPv4 in dotted form. */
  constructor(first: string) {
    const number = numberOf(first);
    assert(number >= 0, 'a block begins at an IPv4 address');
    this.#first = number;
  }

  get isLoopback(): boolean {
    return this.#first >>> 24 === 127;
  }

  addressOf(station: number): string {
    const address = this.#first + station;
    assert(station >= 0 && address < 2 ** 32, 'an address for each concentrator');
    return `${(address >>> 24) & 255}.${(address >>> 16) & 255}.${(address >>> 8) & 255}.${address & 255}`;
  }

  /** The station at an address (IPv4, also in IPv6 form); negative or beyond all stations when it is nobody's. */
  stationAt(address: string): number {
    const number = numberOf(address.startsWith('::ffff:') ? address.slice(7) : address);
    return number < 0 ? -1 : number - this.#first;
  }
}

export const LOOPBACK_FIRST = '127.64.0.1';
const LOOPBACK = new AddressBlock(LOOPBACK_FIRST);

/** Another address of a concentrator is so many further on; the block on loopback has room for four of each of a million. */
const ADDRESS_STEP = 2 ** 20;
const ADDRESSES = 4;

/**
 * Address that a concentrator pushes from; undefined: towards other than loopback the system chooses. `address`: 0, and one more whenever
 * its line has got another.
 */
export function concentratorAddress(station: number, targetAddress: string, address = 0): string | undefined {
  return targetAddress.startsWith('127.') ? LOOPBACK.addressOf(station + (address % ADDRESSES) * ADDRESS_STEP) : undefined;
}

/** u32, or -1: no IPv4 address in dotted form. */
function numberOf(address: string): number {
  const parts = address.split('.');
  if (parts.length !== 4) return -1;
  let number = 0;
  for (const part of parts) {
    if (!/^\d{1,3}$/.test(part) || Number(part) > 255) return -1;
    number = number * 256 + Number(part);
  }
  return number;
}
