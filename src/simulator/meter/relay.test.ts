import { describe, expect, it } from 'vitest';
import { CONTROL_MODE_MAX, type ControlState, type RelayTrigger, transition } from './relay.ts';

const TRIGGERS: readonly RelayTrigger[] = [
  'remote-disconnect',
  'remote-reconnect',
  'manual-disconnect',
  'manual-reconnect',
  'local-disconnect',
  'local-reconnect',
];

/**
 * The table of modes, written down once more by hand and the other way round: for each mode and trigger, in the order of
 * TRIGGERS, where state 0, 1 and 2 go to; `-` is nowhere.
 */
const EXPECTED: Readonly<Record<number, string>> = {
  0: '--- --- --- --- --- ---',
  1: '-00 2-- -2- --1 -2- ---',
  2: '-00 1-- -2- --1 -2- ---',
  3: '-00 2-- --- --1 -2- ---',
  4: '-00 1-- --- --1 -2- ---',
  5: '-00 2-- -2- --1 -2- --1',
  6: '-00 2-- --- --1 -2- --1',
};

describe('relay', () => {
  it.each([0, 1, 2, 3, 4, 5, 6])('goes where the table of mode %i says', (mode) => {
    const found = TRIGGERS.map((trigger) =>
      ([0, 1, 2] as const).map((state) => transition(state, mode, trigger)?.to ?? '-').join(''),
    ).join(' ');
    expect(found).toBe(EXPECTED[mode]);
  });

  it('logs what happened', () => {
    const event = (state: ControlState, mode: number, trigger: RelayTrigger): number | undefined =>
      transition(state, mode, trigger)?.event;
    expect(event(1, 4, 'remote-disconnect')).toBe(62);
    expect(event(2, 1, 'remote-disconnect')).toBe(62);
    expect(event(0, 4, 'remote-reconnect')).toBe(63);
    expect(event(0, 1, 'remote-reconnect')).toBe(59);
    expect(event(1, 1, 'manual-disconnect')).toBe(60);
    expect(event(2, 1, 'manual-reconnect')).toBe(61);
    expect(event(1, 1, 'local-disconnect')).toBe(64);
    expect(event(2, 6, 'local-reconnect')).toBe(69);
  });

  it('knows no mode beyond 6', () => {
    for (const trigger of TRIGGERS) {
      for (const state of [0, 1, 2] as const) expect(transition(state, CONTROL_MODE_MAX + 1, trigger)).toBeNull();
    }
  });
});
