import { expect, test } from 'vitest';
import { VirtualClock } from '../base/clock.ts';
import { awaitStored, type StorageWait } from './await-stored.ts';

/** Waits on a virtual clock for a store that has `rowsAt(ms)` rows and takes `countMs` to say so. */
async function waited(options: {
  readonly rowsAt: (ms: number) => number;
  readonly expected: number;
  readonly quietSeconds: number;
  readonly countMs?: number;
  readonly interruptAtMs?: number;
  readonly fails?: (ms: number) => boolean;
}): Promise<StorageWait & { readonly looks: number }> {
  const { rowsAt, countMs = 0, fails = () => false } = options;
  const clock = new VirtualClock();
  const interrupt = new AbortController();
  const looks: number[] = [];
  if (options.interruptAtMs !== undefined) clock.schedule(options.interruptAtMs, () => interrupt.abort());
  const ended: (StorageWait | Error)[] = [];
  void awaitStored({
    ...options,
    clock,
    interrupt: interrupt.signal,
    onRows: (rows) => looks.push(rows),
    countRows: () =>
      new Promise((resolve, reject) => {
        clock.schedule(countMs, () => (fails(clock.nowMs()) ? reject(new Error('the store is away')) : resolve(rowsAt(clock.nowMs()))));
      }),
  }).then(
    (value) => ended.push(value),
    (error: Error) => ended.push(error),
  );
  while (ended.length === 0 && clock.nowMs() < 1e6) {
    let events = 0;
    clock.run(() => events++ > 0);
    // Whoever waited for it goes on.
    await new Promise((resolve) => setImmediate(resolve));
  }
  const [result] = ended;
  if (result === undefined) throw new Error('it never ended');
  if (result instanceof Error) throw result;
  return { ...result, looks: looks.length };
}

test('all there: a second look finds no more', async () => {
  expect(await waited({ rowsAt: () => 100, expected: 100, quietSeconds: 10 })).toEqual({ rows: 100, waitedSeconds: 0.25, queryableSeconds: 0, looks: 2 });
});

test('waits while rows come, and says when the last one did', async () => {
  const result = await waited({ rowsAt: (ms) => Math.min(100, Math.floor(ms / 100)), expected: 100, quietSeconds: 2 });
  expect(result.rows).toBe(100);
  expect(result.queryableSeconds).toBeGreaterThanOrEqual(10);
  expect(result.queryableSeconds).toBeLessThanOrEqual(10.3);
});

test('more rows than expected: until no more come', async () => {
  const result = await waited({ rowsAt: (ms) => Math.min(130, Math.floor(ms / 100)), expected: 100, quietSeconds: 2 });
  expect(result.rows).toBe(130);
  expect(result.queryableSeconds).toBeGreaterThanOrEqual(13);
});

test('fewer rows: until the time without a new one is over', async () => {
  const result = await waited({ rowsAt: (ms) => (ms < 3000 ? 40 : 90), expected: 100, quietSeconds: 5 });
  expect(result).toMatchObject({ rows: 90, queryableSeconds: null });
  expect(result.waitedSeconds).toBeGreaterThanOrEqual(8);
  expect(result.waitedSeconds).toBeLessThan(9);
});

test('a look that takes long is taken seldom', async () => {
  const result = await waited({ rowsAt: () => 0, expected: 100, quietSeconds: 20, countMs: 1000 });
  expect(result.looks).toBeLessThanOrEqual(6);
});

test('ends when it is interrupted', async () => {
  const result = await waited({ rowsAt: (ms) => ms, expected: 1e9, quietSeconds: 20, interruptAtMs: 4000 });
  expect(result.waitedSeconds).toBeGreaterThanOrEqual(4);
  expect(result.waitedSeconds).toBeLessThan(4.5);
});

test('a store that is away for a while is waited for', async () => {
  const fails = (ms: number): boolean => ms > 1000 && ms < 4000;
  const result = await waited({ rowsAt: (ms) => (ms < 6000 ? 40 : 100), expected: 100, quietSeconds: 10, fails });
  expect(result.rows).toBe(100);
  expect(result.queryableSeconds).toBeGreaterThanOrEqual(6);
  // One that stays away was quiet.
  expect(await waited({ rowsAt: () => 40, expected: 100, quietSeconds: 5, fails: (ms) => ms > 1000 })).toMatchObject({ rows: 40, queryableSeconds: null });
  await expect(waited({ rowsAt: () => 40, expected: 100, quietSeconds: 5, fails: () => true })).rejects.toThrow('the store is away');
});
