import { expect, it } from 'vitest';
import { VirtualClock } from '../base/clock.ts';
import { scheduleAt } from './schedule-at.ts';

/** What a timer of the system does with more: it fires at once. */
const TIMER_MS_MAX = 2 ** 31 - 1;

it.each([0, 50, 86_400_000, 86_400_001, 300 * 86_400_000])('fires %i ms from now, with no timer that is too long', (delayMs) => {
  const virtual = new VirtualClock();
  const delays: number[] = [];
  const clock = {
    nowMs: () => virtual.nowMs(),
    unixMs: () => virtual.unixMs(),
    schedule: (ms: number, fn: () => void) => {
      delays.push(ms);
      return virtual.schedule(ms, fn);
    },
  };
  let firedMs = -1;
  scheduleAt(clock, delayMs, () => {
    firedMs = virtual.nowMs();
  });
  virtual.run(() => firedMs >= 0);
  expect(firedMs).toBe(delayMs);
  expect(Math.max(...delays)).toBeLessThanOrEqual(TIMER_MS_MAX);
});

it('can be cancelled in every stretch', () => {
  const clock = new VirtualClock();
  let fired = false;
  const timer = scheduleAt(clock, 10 * 86_400_000, () => {
    fired = true;
  });
  clock.schedule(5.5 * 86_400_000, () => timer.cancel());
  clock.run(() => fired);
  expect(fired).toBe(false);
});
