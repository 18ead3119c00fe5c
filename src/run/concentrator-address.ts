/**
 * The address that a concentrator speaks from. Towards a head-end on loopback each has one of its own, 127.64.0.1 and up,
 * so that a listener tells concentrators apart by address and no address runs out of ports. Towards any other head-end the
 * system chooses.
 */

import { assert } from '../base/assert.ts';

const FIRST = (127 << 24) | (64 << 16) | 1;
const COUNT = 0x00bfff00;

export function concentratorAddress(station: number, targetAddress: string): string | undefined {
  if (!targetAddress.startsWith('127.')) return undefined;
  assert(station >= 0 && station < COUNT, 'a loopback address for each concentrator');
  const address = FIRST + station;
  return `${(address >>> 24) & 255}.${(address >>> 16) & 255}.${(address >>> 8) & 255}.${address & 255}`;
}
