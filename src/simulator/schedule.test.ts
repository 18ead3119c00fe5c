import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../base/clock.ts';
import { PushTimes } from '../grid/plan/push-time.ts';
import type { Scenario } from '../grid/scenario/scenario.ts';
import { LockStep, OpenLoop, TURN_STEPS as T } from './schedule.ts';

function lockStep(stations: number, steps: number): { schedule: LockStep; due: number[] } {
  const due: number[] = [];
  const schedule = new LockStep({
    fromStation: 10,
    toStation: 10 + stations,
    fromStep: 0,
    steps,
    onDue: (station) => due.push(station),
  });
  schedule.start();
  return { schedule, due };
}

describe('lock step', () => {
  it('opens a turn of steps when all have played the one before, and ends with the last step', () => {
    const { schedule, due } = lockStep(2, T + 2);
    expect(due).toEqual([10, 11]);
    expect(schedule.allowed()).toBe(T);
    schedule.played(10, T - 1);
    schedule.played(11, T - 2);
    expect(schedule.allowed()).toBe(T);
    schedule.played(11, T - 1);
    expect(schedule.allowed()).toBe(T + 2);
    expect(due).toEqual([10, 11, 10, 11]);
    schedule.played(10, T + 1);
    schedule.played(11, T + 1);
    expect(schedule.allowed()).toBe(T + 2);
    expect(due.length).toBe(4);
  });

  it('counts a turn that is played again only once', () => {
    const { schedule } = lockStep(2, 10 * T);
    schedule.played(10, T - 1);
    schedule.played(10, 1);
    schedule.played(10, T - 1);
    expect(schedule.allowed()).toBe(T);
    schedule.played(11, T - 1);
    schedule.played(10, T - 2);
    schedule.played(10, T - 1);
    schedule.played(10, 2 * T - 1);
    schedule.played(10, 2 * T - 1);
    expect(schedule.allowed()).toBe(2 * T);
  });

  it('does not wait for who is absent, and waits again when it is back', () => {
    const { schedule } = lockStep(3, 10 * T);
    schedule.played(10, T - 1);
    schedule.played(11, T - 1);
    schedule.setAbsent(12, true);
    expect(schedule.allowed()).toBe(2 * T);
    schedule.setAbsent(12, true);
    schedule.played(10, 2 * T - 1);
    schedule.setAbsent(12, false);
    schedule.played(11, 2 * T - 1);
    expect(schedule.allowed()).toBe(2 * T);
    schedule.played(12, T);
    expect(schedule.allowed()).toBe(2 * T);
    schedule.played(12, 2 * T - 1);
    expect(schedule.allowed()).toBe(3 * T);
  });

  it('goes on with the first that comes back, also when that one has played the turn already', () => {
    const { schedule } = lockStep(2, 10 * T);
    schedule.played(10, T - 1);
    schedule.setAbsent(10, true);
    schedule.setAbsent(11, true);
    expect(schedule.allowed()).toBe(T);
    schedule.setAbsent(10, false);
    expect(schedule.allowed()).toBe(2 * T);
  });

  it('tells those first whose messages would arrive first', () => {
    const due: number[] = [];
    const arrivalMs = (station: number, step: number): number => (step === 0 ? 100 - station : station);
    const schedule = new LockStep({ fromStation: 0, toStation: 4, fromStep: 0, steps: 2 * T, onDue: (station) => due.push(station), arrivalMs });
    schedule.start();
    expect(due).toEqual([3, 2, 1, 0]);
    for (let station = 0; station < 4; station++) schedule.played(station, T - 1);
    expect(due.slice(4)).toEqual([0, 1, 2, 3]);
  });

  it('stands still while everybody is absent', () => {
    const { schedule } = lockStep(1, 10 * T);
    schedule.setAbsent(10, true);
    expect(schedule.allowed()).toBe(T);
    schedule.setAbsent(10, false);
    schedule.played(10, T - 1);
    expect(schedule.allowed()).toBe(2 * T);
  });
});

describe('open loop', () => {
  const scenario = {
    seed: 3,
    behaviour: { spreadSeconds: 300, intervalSeconds: 900, start: { unixSeconds: 1_000_000, offsetMinutes: 0 } },
  } as unknown as Scenario;

  it('makes each station due at its intended time, whatever was played, and says how late it is', () => {
    const clock = new VirtualClock();
    const times = new PushTimes(scenario);
    const due: { station: number; atMs: number; allowed: number }[] = [];
    const schedule: OpenLoop = new OpenLoop({
      fromStation: 0,
      toStation: 50,
      fromStep: 0,
      steps: 3,
      clock,
      times,
      speed: 90,
      originMs: 100,
      onDue: (station) => due.push({ station, atMs: clock.nowMs(), allowed: schedule.allowed(station) }),
    });
    schedule.start();
    clock.run(() => false);
    expect(due.length).toBe(150);
    for (const { station, atMs, allowed } of due) {
      const intended = 100 + times.sinceStartHundredths(station, allowed - 1) / 9;
      expect(schedule.intendedMs(station, allowed - 1)).toBeCloseTo(intended, 6);
      expect(atMs - intended).toBeGreaterThanOrEqual(0);
      expect(atMs - intended).toBeLessThanOrEqual(5.001);
    }
    expect(schedule.lateMs(0, 0)).toBeCloseTo(clock.nowMs() - schedule.intendedMs(0, 0), 6);
    // Step 2 began 1800 s of the grid after step 0, which was 20 s of the clock.
    expect(schedule.sinceStepSeconds(7, 2)).toBeCloseTo((clock.nowMs() - 100) * 0.09 - 1800, 3);
  });
});
