import { describe, expect, test } from 'vitest';
import { VirtualClock } from '../../base/clock.ts';
import type { MonitorEvent } from '../store/monitor-source.ts';
import { patternFault, type Rule } from './rule.ts';
import { RuleWatch } from './rule-watch.ts';

const NOW = Date.UTC(2026, 10, 28, 17, 30);

function watching(...rules: (Partial<Rule> & { readonly pattern: string })[]): { readonly clock: VirtualClock; readonly watch: RuleWatch; readonly events: MonitorEvent[] } {
  const clock = new VirtualClock(NOW);
  const events: MonitorEvent[] = [];
  const full = rules.map((rule) => Object.assign({ name: rule.pattern, severity: 'error', most: 3, withinMs: 10_000 } satisfies Partial<Rule>, rule));
  return { clock, events, watch: new RuleWatch({ clock, target: 'db', rules: full, collector: { event: (event) => events.push(event) } }) };
}

const line = (text: string, fields: Readonly<Record<string, string>> = {}) => ({ text, timeMs: null, fields });

function wait(clock: VirtualClock, ms: number): void {
  let reached = false;
  clock.schedule(ms, () => (reached = true));
  clock.run(() => reached);
}

describe('a line', () => {
  test('that matches is an event, with what the pattern took out of it and where it stood', () => {
    const { watch, events } = watching({ name: 'slow', severity: 'warning', pattern: String.raw`took (?<ms>\d+) ms(?: on (?<table>\w+))?` });
    watch.look(line('it took 51 ms', { file: 'a.log', offset: '7' }));
    watch.look(line('it took long'));
    expect(events).toEqual([
      { timeMs: NOW, target: 'db', rule: 'slow', severity: 'warning', text: 'it took 51 ms', fields: { file: 'a.log', offset: '7', ms: '51' } },
    ]);
  });

  test('is the event of the first rule alone', () => {
    const { watch, events } = watching({ pattern: 'deadlock' }, { pattern: 'lock' });
    for (const text of ['deadlock', 'lock']) watch.look(line(text));
    expect(events.map(({ rule }) => rule)).toEqual(['deadlock', 'lock']);
  });

  test('is cut when it is long', () => {
    const { watch, events } = watching({ pattern: '(?<all>.*)' });
    watch.look(line('x'.repeat(100_000)));
    expect(events[0]?.text).toHaveLength(2000);
    expect(events[0]?.fields['all']).toHaveLength(500);
  });

  test.each([
    ['2026-11-28 17:29:59.250 UTC [12] LOG: a', NOW - 750],
    ['2026-11-28T17:29:59Z a', NOW - 1000],
    ['2026-11-28 18:29:59,5+01:00 a', NOW - 500],
    ['2026-11-28 12:00:00 -0530 a', NOW],
    ['2026-11-28 18:29:59 CET a', NOW],
    ['2026-11-28 17:00:00 a', NOW],
    ['2013-01-15 00:00:00 UTC a', NOW],
    ['2026-11-28 17:28:00 UTC a', NOW],
    ['2026-13-45 00:00:00 UTC a', NOW],
    ['a 2026-11-28 17:29:59 UTC', NOW],
  ])('%s has its own time, if it is a plausible one', (text, timeMs) => {
    const { watch, events } = watching({ pattern: 'a' });
    watch.look(line(text));
    expect(events[0]?.timeMs).toBe(timeMs);
  });
});

describe('many lines', () => {
  test('make so many events, and one that counts the rest', () => {
    const { clock, watch, events } = watching({ pattern: 'x' }, { pattern: 'y' });
    for (let i = 0; i < 10; i++) watch.look(line('x'));
    watch.look(line('y'));
    expect(events).toHaveLength(4);
    wait(clock, 9999);
    watch.look(line('x'));
    expect(events).toHaveLength(4);
    wait(clock, 1);
    expect(events.slice(4)).toEqual([
      { timeMs: NOW + 10_000, target: 'db', rule: 'x', severity: 'error', text: 'suppressed 8 more of x within 10 s', fields: { suppressed: '8' } },
    ]);
    watch.look(line('x'));
    expect(events).toHaveLength(6);
    wait(clock, 60_000);
    expect(events).toHaveLength(6);
  });

  test('that were suppressed are told of at the end', () => {
    const { clock, watch, events } = watching({ pattern: 'x', most: 1 });
    for (let i = 0; i < 3; i++) watch.look(line('x'));
    watch.stop();
    expect(events.map(({ text }) => text)).toEqual(['x', 'suppressed 2 more of x within 10 s']);
    wait(clock, 60_000);
    expect(events).toHaveLength(2);
  });
});

test('a pattern is one that finds something', () => {
  expect(patternFault('a+')).toBeNull();
  expect(patternFault('(')).toMatch(/Unterminated group/);
  expect(patternFault('(?<a>x)|(?<a>y)')).toMatch(/Duplicate/);
  expect(patternFault('a*')).toBe('it matches any line');
});
