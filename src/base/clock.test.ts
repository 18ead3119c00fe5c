import { describe, expect, it } from 'vitest';
import { systemClock, VirtualClock } from './clock.ts';
import { draw } from './random.ts';

describe('virtual clock', () => {
  it('runs events by time, those of one instant in the order in which they were asked for', () => {
    const clock = new VirtualClock(5000);
    const seen: string[] = [];
    const expected: { at: number; order: number }[] = [];
    for (let order = 0; order < 500; order++) {
      const at = draw(9, order) % 50;
      expected.push({ at, order });
      clock.schedule(at, () => seen.push(`${clock.nowMs()} ${order}`));
    }
    expect(clock.run(() => false)).toBe(false);
    expected.sort((a, b) => a.at - b.at || a.order - b.order);
    expect(seen).toEqual(expected.map(({ at, order }) => `${at} ${order}`));
    expect(clock.unixMs()).toBe(5049);
  });

  it('does not run what was cancelled, and stops when done or at the limit', () => {
    const clock = new VirtualClock();
    const seen: number[] = [];
    clock.schedule(1, () => seen.push(1)).cancel();
    clock.schedule(2, () => seen.push(2));
    clock.schedule(3, () => seen.push(3));
    expect(clock.run(() => seen.length === 1)).toBe(true);
    expect(clock.run(() => false, 2.5)).toBe(false);
    expect(seen).toEqual([2]);
    expect(clock.run(() => seen.length === 2)).toBe(true);
    expect(seen).toEqual([2, 3]);
  });
});

describe('system clock', () => {
  it('fires after the delay unless cancelled', async () => {
    const began = systemClock.nowMs();
    let cancelled = false;
    systemClock
      .schedule(5, () => {
        cancelled = true;
      })
      .cancel();
    await new Promise<void>((resolve) => {
      systemClock.schedule(20, resolve);
    });
    expect(systemClock.nowMs() - began).toBeGreaterThanOrEqual(19);
    expect(cancelled).toBe(false);
    await new Promise<void>((resolve) => {
      systemClock.schedule(0, resolve);
    });
  });
});
