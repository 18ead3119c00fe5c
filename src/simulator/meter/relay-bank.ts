/**
 * The relays of a meter: the supply disconnector and a load relay. Delivered connected, in mode 4. What was switched is in
 * the changes, packed: two bits of state and three bits of mode for each. Every transition is logged.
 */

import type { Device } from './device.ts';
import { Log } from './event-log.ts';
import { CONNECTED, CONTROL_MODE_MAX, type ControlState, type RelayTrigger, transition } from './relay.ts';

export const SUPPLY = 0;
export const LOAD = 1;
export const RELAYS = 2;

/** Remote disconnection and reconnection, no button, local disconnection. */
const DELIVERED_MODE = 4;
const RELAY_BITS = 5;
const DELIVERED = CONNECTED | (DELIVERED_MODE << 2);

export interface RelayState {
  readonly state: ControlState;
  readonly mode: number;
}

export function relayOf(device: Device, relay: number): RelayState {
  const packed = packedOf(device) >>> (RELAY_BITS * relay);
  return { state: (packed & 3) as ControlState, mode: (packed >>> 2) & 7 };
}

/** Pulls a trigger at `at` (Unix seconds of the grid). False: nothing changed. */
export function operateRelay(device: Device, relay: number, trigger: RelayTrigger, at = device.now): boolean {
  const { state, mode } = relayOf(device, relay);
  const found = transition(state, mode, trigger);
  if (found === null) return false;
  put(device, relay, { state: found.to, mode });
  device.log(Log.disconnector, found.event, at);
  return true;
}

/** `mode`: 0 .. 6. Mode 0 knows no other state than connected. False: there is no such mode. */
export function setRelayMode(device: Device, relay: number, mode: number): boolean {
  if (mode > CONTROL_MODE_MAX) return false;
  put(device, relay, { state: mode === 0 ? CONNECTED : relayOf(device, relay).state, mode });
  return true;
}

function packedOf(device: Device): number {
  const packed = device.change?.relays ?? -1;
  return packed >= 0 ? packed : DELIVERED | (DELIVERED << RELAY_BITS);
}

function put(device: Device, relay: number, { state, mode }: RelayState): void {
  const shift = RELAY_BITS * relay;
  const others = packedOf(device) & ~(((1 << RELAY_BITS) - 1) << shift);
  device.touch().relays = others | ((state | (mode << 2)) << shift);
}
