import { describe, expect, test } from 'vitest';
import { VirtualClock } from '../../base/clock.ts';
import type { MonitorEvent, SeriesIdentity } from '../store/monitor-source.ts';
import { ProbeRunner } from './probe-runner.ts';
import type { Limits, PartFault, ReadValue, Readout } from './value-probe.ts';

const T0 = 1_700_000_000_000;

/** A target that answers as it is told; what it was asked and what became of it, in seconds since the begin. */
class Target {
  readonly clock = new VirtualClock(T0);
  readonly asked: number[] = [];
  readonly samples: (readonly [name: string, at: number, value: number])[] = [];
  readonly events: MonitorEvent[] = [];
  answer: (signal: AbortSignal) => Promise<Readout> = async () => ({ values: [], faults: [] });
  closed = false;
  readonly runner = new ProbeRunner({
    clock: this.clock,
    target: 'db',
    periodMs: 10_000,
    timeoutMs: 3000,
    probe: {
      read: async (signal) => {
        this.asked.push(this.seconds);
        return this.answer(signal);
      },
      close: () => (this.closed = true),
    },
    collector: {
      sample: ({ name }: SeriesIdentity, timeMs, value) => this.samples.push([name, (timeMs - T0) / 1000, value]),
      event: (event) => this.events.push(event),
    },
  });

  get seconds(): number {
    return this.clock.nowMs() / 1000;
  }

  says(...values: (Partial<ReadValue> & { readonly name: string })[]): void {
    const full = values.map((value) => Object.assign({ unit: '', type: 'gauge', timeMs: null, value: null } satisfies Partial<ReadValue>, value));
    this.answer = async () => ({ values: full, faults: [] });
  }

  /** Everything due until then has run, promises included. */
  async runTo(seconds: number): Promise<void> {
    for (let at = Math.ceil(this.seconds); at <= seconds; at++) {
      let reached = false;
      this.clock.schedule(at * 1000 - this.clock.nowMs(), () => (reached = true));
      this.clock.run(() => reached);
      for (let turn = 0; turn < 20; turn++) await Promise.resolve();
    }
  }

  of(name: string): readonly (readonly [number, number])[] {
    return this.samples.filter(([each]) => each === name).map(([, at, value]) => [at, value]);
  }
}

const none: Limits = { min: null, max: null, warning: null, critical: null };

describe('a target that answers', () => {
  test('is asked at its period', async () => {
    const target = new Target();
    target.says({ name: 'a', value: 5 });
    target.runner.start();
    await target.runTo(35);
    expect(target.asked).toEqual([0, 10, 20, 30]);
    expect(target.of('a')).toEqual([[0, 5], [10, 5], [20, 5], [30, 5]]);
    expect(target.of('probe.up').map(([, up]) => up)).toEqual([1, 1, 1, 1]);
    expect(target.events).toEqual([]);
    target.runner.stop();
    await target.runTo(60);
    expect(target.asked).toHaveLength(4);
    expect(target.closed).toBe(true);
  });

  test('may take longer than its period: what fell due meanwhile is left out', async () => {
    const target = new Target();
    const runner = new ProbeRunner({
      clock: target.clock,
      target: 'slow',
      periodMs: 1000,
      timeoutMs: 60_000,
      probe: {
        read: () => {
          target.asked.push(target.seconds);
          return new Promise((resolve) => target.clock.schedule(2500, () => resolve({ values: [], faults: [] })));
        },
        close: () => {},
      },
      collector: { sample: () => {}, event: () => {} },
    });
    runner.start();
    await target.runTo(10);
    expect(target.asked).toEqual([0, 3, 6, 9]);
    runner.stop();
  });

  test('has its counters made rates and its values converted, with their own times', async () => {
    const target = new Target();
    const convert = (value: number): number => value * 8;
    let count = 1000;
    target.answer = async () => ({ values: [{ name: 'a', unit: '', type: 'derive', timeMs: T0 + (count - 1000) * 100, value: count, convert }], faults: [] });
    target.runner.start();
    await target.runTo(5);
    count = 1050;
    await target.runTo(15);
    expect(target.of('a')).toEqual([[5, 80]]);
  });

  test.each([0, T0 / 1000, T0 + 3_600_000, Infinity, -Infinity, Number.NaN])('a value with the time %s is of now', async (timeMs) => {
    const target = new Target();
    target.says({ name: 'a', value: 5, timeMs });
    target.runner.start();
    await target.runTo(15);
    expect(target.of('a')).toEqual([[0, 5], [10, 5]]);
    target.runner.stop();
  });

  test('says impossible values: they are dropped', async () => {
    const target = new Target();
    target.says({ name: 'a', value: 101, limits: { ...none, min: 0, max: 100 } }, { name: 'b', value: 100, limits: { ...none, min: 0, max: 100 } }, { name: 'c', value: null });
    target.runner.start();
    await target.runTo(5);
    expect(target.of('a')).toEqual([]);
    expect(target.of('b')).toEqual([[0, 100]]);
    expect(target.of('c')).toEqual([]);
  });

  test('crosses a limit: an event each time, and none while it stays', async () => {
    const target = new Target();
    const limits = { ...none, warning: { min: null, max: 80 }, critical: { min: 5, max: 90 } };
    const seen: (readonly [number, string])[] = [];
    target.runner.start();
    for (const value of [50, 81, 85, 91, 95, 85, 80, 4, 50, 50]) {
      target.says({ name: 'used', unit: '%', value, limits });
      const before = target.events.length;
      await target.runTo(target.asked.length * 10 + 5);
      for (const event of target.events.slice(before)) seen.push([value, `${event.rule} ${event.severity}`]);
    }
    expect(seen).toEqual([
      [81, 'limit-warning warning'],
      [91, 'limit-critical critical'],
      [85, 'limit-warning warning'],
      [80, 'limit-within info'],
      [4, 'limit-critical critical'],
      [50, 'limit-within info'],
    ]);
    expect(target.events[1]).toMatchObject({ target: 'db', text: 'used is 91 %, and should be 5 to 90', fields: { series: 'used', value: '91' } });
  });
});

describe('a target that does not answer', () => {
  test('is an event once, is asked less often, and is one again when it is back', async () => {
    const target = new Target();
    target.answer = async () => {
      throw new Error('refused\nand more');
    };
    target.runner.start();
    await target.runTo(199);
    // Periods of 10, 20, 40, then 60 s.
    expect(target.asked).toEqual([0, 10, 30, 70, 130, 190]);
    expect(target.events).toEqual([
      { timeMs: T0, target: 'db', rule: 'probe-failed', severity: 'error', text: 'db does not answer: refused', fields: { why: 'refused' } },
    ]);
    target.says({ name: 'a', value: 1 });
    await target.runTo(275);
    expect(target.asked.slice(6)).toEqual([250, 260, 270]);
    expect(target.events[1]).toMatchObject({ rule: 'probe-recovered', severity: 'info', text: 'db answers again, after 250 s', fields: { seconds: '250' } });
    expect(target.of('probe.up').map(([, up]) => up)).toEqual([0, 0, 0, 0, 0, 0, 1, 1, 1]);
  });

  test('in time is told so by its signal', async () => {
    const target = new Target();
    target.answer = (signal) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('aborted'))));
    target.runner.start();
    await target.runTo(5);
    expect(target.events[0]?.fields).toEqual({ why: 'no answer within 3000 ms' });
    target.runner.stop();
  });

  test('in parts has an event for each part', async () => {
    const target = new Target();
    const faults = (...parts: readonly PartFault[]): void => {
      target.answer = async () => ({ values: [], faults: parts });
    };
    target.runner.start();
    faults({ part: 'cpu', why: 'Bad exit' }, { part: 'disk', why: 'Timed out' });
    await target.runTo(25);
    faults({ part: 'disk', why: 'Bad exit' });
    await target.runTo(35);
    expect(target.events.map(({ rule, severity, text }) => [rule, severity, text])).toEqual([
      ['part-failed', 'warning', 'cpu of db does not answer: Bad exit'],
      ['part-failed', 'warning', 'disk of db does not answer: Timed out'],
      ['part-recovered', 'info', 'cpu of db answers again'],
    ]);
  });
});
