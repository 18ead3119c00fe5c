import { describe, expect, test } from 'vitest';
import { VirtualClock } from './clock.ts';
import { below } from './random.ts';
import { TimerWheel } from './timer-wheel.ts';

function stage(keys: number, grainMs = 5) {
  const clock = new VirtualClock();
  const due: { readonly key: number; readonly atMs: number }[] = [];
  const wheel: TimerWheel = new TimerWheel({ clock, keys, grainMs, onDue: (key) => due.push({ key, atMs: clock.nowMs() }) });
  return { clock, wheel, due, rest: () => clock.run(() => wheel.waiting === 0) };
}

describe('a timer wheel', () => {
  test('calls each key once, never early and at most a grain late, whatever the order', () => {
    const { wheel, due, rest } = stage(500);
    const at = Array.from({ length: 500 }, (_, key) => below(7, key, 60_000));
    at.forEach((ms, key) => wheel.schedule(key, ms));
    rest();
    expect(due.map(({ key }) => key).toSorted((a, b) => a - b)).toEqual(at.map((_, key) => key));
    for (const { key, atMs } of due) {
      expect(atMs).toBeGreaterThanOrEqual(at[key]!);
      expect(atMs).toBeLessThanOrEqual(at[key]! + 2 * 5);
    }
  });

  test('moves a key to another time, earlier or later, and forgets one that is cancelled', () => {
    const { wheel, due, rest } = stage(3);
    wheel.schedule(0, 100);
    wheel.schedule(0, 40);
    wheel.schedule(1, 40);
    wheel.schedule(1, 100);
    wheel.schedule(2, 50);
    wheel.cancel(2);
    wheel.cancel(2);
    expect(wheel.isScheduled(2)).toBe(false);
    rest();
    expect(due).toEqual([
      { key: 0, atMs: 40 },
      { key: 1, atMs: 100 },
    ]);
  });

  test('waits for many turns, and asks the clock for nothing when nobody waits', () => {
    const { clock, wheel, due, rest } = stage(1, 1);
    wheel.schedule(0, 10 * 1024 + 17);
    rest();
    expect(due).toEqual([{ key: 0, atMs: 10_257 }]);
    expect(clock.run(() => false)).toBe(false);
    expect(clock.nowMs()).toBe(10_257);
    clock.schedule(90_000, () => wheel.schedule(0, 100_258));
    clock.run(() => due.length === 2);
    expect(due[1]).toEqual({ key: 0, atMs: 100_258 });
  });

  test('lets those that it calls schedule, cancel and move others, in the same slot too', () => {
    const clock = new VirtualClock();
    const seen: number[] = [];
    const wheel: TimerWheel = new TimerWheel({
      clock,
      keys: 40,
      grainMs: 1,
      onDue: (key) => {
        seen.push(key);
        if (key % 4 === 0) wheel.cancel(key + 1);
        if (key % 4 === 2) wheel.schedule(key + 1, 500);
        if (key < 40 && clock.nowMs() < 100) wheel.schedule(key, clock.nowMs() + 1024);
      },
    });
    for (let key = 0; key < 40; key++) wheel.schedule(key, 50);
    clock.run(() => wheel.waiting === 0);
    const count = (key: number): number => seen.filter((one) => one === key).length;
    // Whoever came before the one that would cancel or move it was called as well, and once more a turn later.
    for (let key = 0; key < 40; key++) expect(count(key)).toBeLessThanOrEqual(3);
    for (let key = 0; key < 40; key += 2) expect(count(key)).toBe(2);
    expect(clock.nowMs()).toBeLessThan(1200);
  });

  test('catches up after a sleep longer than a turn', () => {
    let nowMs = 0;
    let wake: () => void = () => {};
    const clock = {
      nowMs: () => nowMs,
      unixMs: () => nowMs,
      schedule: (_: number, fn: () => void) => {
        wake = fn;
        return { cancel: () => {} };
      },
    };
    const due: number[] = [];
    const wheel: TimerWheel = new TimerWheel({ clock, keys: 3, grainMs: 1, onDue: (key) => due.push(key) });
    [10, 2000, 9000].forEach((ms, key) => wheel.schedule(key, ms));
    nowMs = 5000;
    wake();
    expect(due.toSorted()).toEqual([0, 1]);
    nowMs = 9000;
    wake();
    expect(due).toHaveLength(3);
  });
});
