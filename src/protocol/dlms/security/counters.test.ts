import { describe, expect, it } from 'vitest';
import { COUNTER_USED_UP, INVOCATION_COUNTER_MAX, ReceiveCounter, SendCounter } from './counters.ts';

describe('SendCounter', () => {
  it('gives each number once', () => {
    const counter = new SendCounter();
    expect([counter.take(), counter.take(), counter.take()]).toEqual([0, 1, 2]);
    expect(counter.next).toBe(3);
    expect(new SendCounter(0x100).take()).toBe(0x100);
  });

  it('ends at FFFFFFFF and never begins again', () => {
    const counter = new SendCounter(INVOCATION_COUNTER_MAX - 1);
    expect(counter.left).toBe(2);
    expect([counter.take(), counter.take(), counter.take(), counter.take()]).toEqual([0xfffffffe, 0xffffffff, COUNTER_USED_UP, COUNTER_USED_UP]);
    expect(counter.left).toBe(0);
    expect(counter.next).toBe(2 ** 32);
    // As it would be read back from a file.
    expect(new SendCounter(counter.next).take()).toBe(COUNTER_USED_UP);
  });

  it('ranges do not overlap, and a restart begins after them', () => {
    const space = new SendCounter(10);
    const one = space.reserve(3);
    const other = space.reserve(2);
    const restarted = new SendCounter(space.next);
    const taken = [one.take(), other.take(), one.take(), other.take(), one.take()];
    expect(taken).toEqual([10, 13, 11, 14, 12]);
    expect([one.take(), other.take()]).toEqual([COUNTER_USED_UP, COUNTER_USED_UP]);
    expect([space.take(), restarted.take()]).toEqual([15, 15]);
  });

  it('a range is as long as there are numbers', () => {
    const space = new SendCounter(INVOCATION_COUNTER_MAX - 1);
    const range = space.reserve(100);
    expect(range.left).toBe(2);
    expect(space.reserve(1).take()).toBe(COUNTER_USED_UP);
    expect([range.take(), range.take(), range.take()]).toEqual([0xfffffffe, 0xffffffff, COUNTER_USED_UP]);
  });

  it('refuses what is no counter', () => {
    for (const first of [-1, 0.5, 2 ** 32 + 1, NaN]) expect(() => new SendCounter(first)).toThrow('u32');
    for (const next of [-1, 0.5, 2 ** 32 + 1, NaN]) expect(() => new ReceiveCounter(next)).toThrow('u32');
    expect(() => new SendCounter(5, 3)).toThrow('range');
    expect(() => new SendCounter().reserve(0)).toThrow('range');
  });
});

describe('ReceiveCounter', () => {
  it('accepts what is greater than the last, gaps and all', () => {
    const counter = new ReceiveCounter();
    expect(counter.last).toBe(-1);
    expect(counter.isNew(0)).toBe(true);
    expect([0, 0, 1, 7, 7, 6, 8].map((number) => counter.accept(number))).toEqual([true, false, true, true, false, false, true]);
    expect(counter.next).toBe(9);
    expect(counter.last).toBe(8);
    expect([8, 9].map((number) => counter.isNew(number))).toEqual([false, true]);
  });

  it('accepts FFFFFFFF, and then nothing more', () => {
    const counter = new ReceiveCounter(0xfffffff0);
    expect([0xffffffef, 0xffffffff, 0xffffffff, 0].map((number) => counter.accept(number))).toEqual([false, true, false, false]);
    expect(counter.next).toBe(2 ** 32);
    expect(new ReceiveCounter(counter.next).accept(0xffffffff)).toBe(false);
  });
});
