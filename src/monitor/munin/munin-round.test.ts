import { describe, expect, test } from 'vitest';
import type { Readout } from '../value/value-probe.ts';
import { muninRound, type MuninMemory } from './munin-round.ts';

/** Plays a node that knows these answers; returns what it was asked. */
function play(
  answers: Readonly<Record<string, string>>,
  options: { readonly plugins?: readonly string[]; readonly memory?: MuninMemory; readonly nowMs?: number } = {},
): Readout & { readonly asked: readonly string[] } {
  const { plugins = null, memory = { configs: new Map() }, nowMs = 0 } = options;
  const asked: string[] = [];
  const round = muninRound(memory, { plugins, nowMs });
  for (let next = round.next(); ; ) {
    if (next.done === true) return { ...next.value, asked: asked.slice(2) };
    asked.push(next.value.command);
    next = round.next((answers[next.value.command] ?? '# Unknown service').split('\n'));
  }
}

const NODE = {
  'cap multigraph dirtyconfig': 'cap multigraph dirtyconfig',
  'list': 'load disk',
  'config load': 'graph_vlabel load\nload.warning 10',
  'fetch load': 'load.value 0.5',
  'config disk': 'multigraph disk_a\na.type COUNTER\na.value 7\nmultigraph disk_b\nb.value 8',
};

describe('a round', () => {
  test('fetches what the config did not bring', () => {
    const { asked, values, faults } = play(NODE);
    expect(asked).toEqual(['config load', 'fetch load', 'config disk']);
    expect(faults).toEqual([]);
    expect(values.map(({ name, type, unit, value }) => [name, type, unit, value])).toEqual([
      ['load.load', 'gauge', 'load', 0.5],
      ['disk_a.a', 'counter', '', 7],
      ['disk_b.b', 'gauge', '', 8],
    ]);
    expect(values[0]?.limits?.warning).toEqual({ min: null, max: 10 });
  });

  test('asks for a config again after ten minutes, for a dirty one always', () => {
    const memory: MuninMemory = { configs: new Map() };
    play(NODE, { memory });
    expect(play(NODE, { memory, nowMs: 599_000 }).asked).toEqual(['fetch load', 'config disk']);
    expect(play(NODE, { memory, nowMs: 599_000 }).values[0]?.limits?.warning).toEqual({ min: null, max: 10 });
    expect(play(NODE, { memory, nowMs: 600_000 }).asked).toEqual(['config load', 'fetch load', 'config disk']);
  });

  test('says which plugins fail, and takes the others', () => {
    const { values, faults } = play({ ...NODE, 'config disk': '# Timed out', 'list': 'load disk' }, { plugins: ['disk', 'load', 'cpu'] });
    expect(values.map(({ name }) => name)).toEqual(['load.load']);
    expect(faults).toEqual([
      { part: 'disk', why: 'Timed out' },
      { part: 'cpu', why: 'the node has no such plugin' },
    ]);
    const memory: MuninMemory = { configs: new Map() };
    play(NODE, { memory });
    expect(play({ ...NODE, 'fetch load': '# Bad exit' }, { memory }).faults).toEqual([{ part: 'load', why: 'Bad exit' }]);
    expect(play(NODE, { memory }).asked[0]).toBe('config load');
  });

  test('converts what a simple cdef says, and takes the unit from what it can’t', () => {
    const cdef = (text: string): Readout => play({ ...NODE, 'list': 'load', 'config load': `graph_vlabel bits\nload.cdef ${text}` });
    expect(cdef('load,8,*').values[0]?.convert?.(0.5)).toBe(4);
    expect(cdef('load,8,*').values[0]?.unit).toBe('bits');
    expect(cdef('load,other,+').values[0]).toMatchObject({ value: 0.5, unit: '' });
    expect(cdef('load,other,+').values[0]?.convert).toBeUndefined();
  });

  test('goes on with an old node, and names no plugin that would be a command', () => {
    const asked = play({ ...NODE, 'cap multigraph dirtyconfig': '# Unknown command. Try list', 'list': 'load ../x a;b' }).asked;
    expect(asked).toEqual(['config load', 'fetch load']);
    expect(() => play({ ...NODE, list: '# Denied' })).toThrow(/Denied/);
  });
});
