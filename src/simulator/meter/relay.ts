/**
 * The state machine of a disconnect control (class 70, Blue Book 4.5.8): which trigger moves which state in which mode. Pure;
 * who keeps the state is said elsewhere.
 *
 *                 a remote_reconnect                       d remote_reconnect
 *   connected  <-----------------------  disconnected  -------------------------> ready for reconnection
 *       |      ----------------------->                <-------------------------          |
 *       |         b remote_disconnect                      c remote_disconnect             |
 *       |                                                                                  |
 *       |----- f manual disconnection, g local disconnection ----------------------------->|
 *       |<---- e manual reconnection, h local reconnection --------------------------------|
 *
 * A trigger that the mode does not know in the state changes nothing, and is no error.
 */

export const CONTROL_STATES = ['disconnected', 'connected', 'ready'] as const;
/** As attribute 3 has it: 0 disconnected, 1 connected, 2 ready for reconnection. */
export const DISCONNECTED = 0;
export const CONNECTED = 1;
export const READY = 2;
export type ControlState = typeof DISCONNECTED | typeof CONNECTED | typeof READY;

/** Modes 0 .. 6; 0 is "always connected". */
export const CONTROL_MODE_MAX = 6;

export type RelayTrigger =
  | 'remote-disconnect'
  | 'remote-reconnect'
  | 'manual-disconnect'
  | 'manual-reconnect'
  | 'local-disconnect'
  | 'local-reconnect';

export interface Transition {
  readonly to: ControlState;
  /** Code for the log of the disconnector. */
  readonly event: number;
}

/** What `trigger` does in `state` under `mode` (0 .. 6); null: nothing. */
export function transition(state: ControlState, mode: number, trigger: RelayTrigger): Transition | null {
  const letters = MODES[mode] ?? '';
  for (const { letter, from, to, on, event } of TRANSITIONS) {
    if (from === state && on === trigger && letters.includes(letter)) return { to, event };
  }
  return null;
}

/** By mode: the transitions that it has. Mode 0 has none. */
const MODES = ['', 'bcdefg', 'abcefg', 'bcdeg', 'abceg', 'bcdefgh', 'bcdegh'] as const;

const TRANSITIONS: readonly (Transition & {
  readonly letter: string;
  readonly from: ControlState;
  readonly on: RelayTrigger;
})[] = [
  { letter: 'a', on: 'remote-reconnect', from: DISCONNECTED, to: CONNECTED, event: 63 },
  { letter: 'b', on: 'remote-disconnect', from: CONNECTED, to: DISCONNECTED, event: 62 },
  { letter: 'c', on: 'remote-disconnect', from: READY, to: DISCONNECTED, event: 62 },
  { letter: 'd', on: 'remote-reconnect', from: DISCONNECTED, to: READY, event: 59 },
  { letter: 'e', on: 'manual-reconnect', from: READY, to: CONNECTED, event: 61 },
  { letter: 'f', on: 'manual-disconnect', from: CONNECTED, to: READY, event: 60 },
  { letter: 'g', on: 'local-disconnect', from: CONNECTED, to: READY, event: 64 },
  { letter: 'h', on: 'local-reconnect', from: READY, to: CONNECTED, event: 69 },
];
