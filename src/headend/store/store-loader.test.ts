import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../base/clock.ts';
import { below, streamKey } from '../../base/random.ts';
import { ReadingBatch, type Reading } from '../../reading/batch.ts';
import { BlockMemory } from '../buffer/block.ts';
import { bufferFileName } from '../buffer/buffer-name.ts';
import type { FileFault } from '../buffer/buffer-files.ts';
import { type FileOperation, MemoryBufferFiles, MemoryDisk } from '../buffer/memory-buffer-files.ts';
import { MemoryStore, MemoryStoreContent, type StoreOperation } from './memory-store.ts';
import { StoreLoader, type StoreLoaderOptions } from './store-loader.ts';
import type { StoreFault } from './store.ts';

const START_UNIX_MS = 1_700_000_000_000;
const T0 = 1_699_920_000;
/** Which of the calls of an operation fail, in tests of faults. */
const FAILING = new Set([0, 2, 3, 7, 12]);

interface World {
  readonly clock: VirtualClock;
  readonly disk: MemoryDisk;
  readonly content: MemoryStoreContent;
}

interface Life {
  readonly loader: StoreLoader;
  crash(): void;
}

function world(): World {
  return { clock: new VirtualClock(START_UNIX_MS), disk: new MemoryDisk(), content: new MemoryStoreContent() };
}

function live(
  { clock, disk, content }: World,
  options: Partial<StoreLoaderOptions> & {
    readonly seed?: number;
    readonly fileFault?: (operation: FileOperation) => FileFault | null;
    readonly storeFault?: (operation: StoreOperation) => StoreFault | null;
  } = {},
): Life {
  const { fileFault, storeFault, seed = 1 } = options;
  const files = new MemoryBufferFiles({ clock, disk, seed, delayMs: 1, ...(fileFault === undefined ? {} : { fault: fileFault }) });
  const store = new MemoryStore({ clock, content, delayMs: 1, ...(storeFault === undefined ? {} : { fault: storeFault }) });
  const loader = new StoreLoader({ clock, files, store, ...options });
  loader.start();
  return {
    loader,
    crash: () => {
      files.crash();
      store.crash();
    },
  };
}

function stop({ clock }: World, { loader }: Life): void {
  let stopped = false;
  loader.stop(() => {
    stopped = true;
  });
  expect(clock.run(() => stopped || clock.nowMs() > 1e6)).toBe(true);
  expect(stopped).toBe(true);
}

function blockOf(rows: readonly Reading[], sequence: number): Uint8Array {
  const batch = new ReadingBatch(rows.length);
  for (const row of rows) batch.push(row);
  const memory = new BlockMemory(rows.length);
  memory.take(batch, { fromUnixMs: START_UNIX_MS, toUnixMs: START_UNIX_MS });
  return memory.finish(sequence).slice();
}

function addFile({ disk }: World, file: { readonly intake: number; readonly number: number }, blocks: readonly (readonly Reading[])[]): void {
  disk.files.set(bufferFileName(file.intake, file.number, 'sealed'), blocks.map((rows, i) => blockOf(rows, i)));
}

function reading(meter: number, step: number, value = meter * 1000 + step): Reading {
  return { meter, channel: 0, time: T0 + step * 900, value, status: 0 };
}

function rowsOf({ content }: World): Reading[] {
  return Array.from({ length: content.rows }, (_, i) => content.readings.row(i));
}

function sealedFiles({ disk }: World): string[] {
  return Array.from(disk.files.keys()).filter((name) => name.endsWith('.sealed'));
}

/** Files of two intakes; every third reading is there twice, some across files and intakes. */
function fill(made: World, files: number): Set<string> {
  const key = streamKey(9, 'loader-test');
  const expected = new Set<string>();
  let draws = 0;
  for (let number = 1; number <= files; number++) {
    const blocks: Reading[][] = [];
    for (let i = 0; i < 3; i++) {
      const rows: Reading[] = [];
      for (let k = 0; k < 20; k++) rows.push(reading(below(key, draws++, 30), below(key, draws++, 200)));
      for (const row of rows) expected.add(`${row.meter} ${row.time} ${row.value}`);
      blocks.push(rows);
    }
    addFile(made, { intake: number % 2, number }, blocks);
  }
  return expected;
}

function expectExactly(made: World, expected: ReadonlySet<string>): void {
  const found = rowsOf(made).map((row) => `${row.meter} ${row.time} ${row.value}`);
  expect(found.length).toBe(new Set(found).size);
  expect(new Set(found)).toEqual(expected);
}

describe('store loader', () => {
  it('loads sealed files, drops duplicates, removes the files', () => {
    const made = world();
    addFile(made, { intake: 0, number: 1 }, [[reading(1, 0), reading(2, 0)], [reading(1, 1), reading(1, 0, 77)]]);
    addFile(made, { intake: 1, number: 1 }, [[reading(3, 0), reading(2, 0)]]);
    made.disk.files.set(bufferFileName(1, 2, 'open'), [blockOf([reading(9, 9)], 0)]);
    const life = live(made);
    stop(made, life);
    expect(rowsOf(made)).toEqual([reading(1, 0), reading(2, 0), reading(1, 1), reading(3, 0)]);
    expect(life.loader.stats()).toMatchObject({
      storedReadings: 4,
      duplicatesDropped: 2,
      filesLoaded: 2,
      backlogFiles: 0,
      backlogBytes: 0,
      faults: 0,
    });
    expect(Array.from(made.disk.files.keys())).toEqual([bufferFileName(1, 2, 'open')]);
  });

  it('finds files that are sealed while it runs, and measures from arrival to commit', () => {
    const made = world();
    const life = live(made, { commitMs: 300, pollMs: 20 });
    made.clock.run(() => made.clock.nowMs() >= 1000);
    addFile(made, { intake: 0, number: 1 }, [[reading(1, 0), reading(2, 0)]]);
    made.clock.run(() => made.content.rows === 2);
    const nowMs = made.clock.nowMs();
    expect(nowMs).toBeGreaterThanOrEqual(1300);
    expect(nowMs).toBeLessThan(1350);
    made.clock.run(() => sealedFiles(made).length === 0);
    expect(life.loader.delays.totalCount).toBe(2);
    expect(life.loader.delays.maxValue).toBeGreaterThanOrEqual(1300);
    stop(made, life);
  });

  it('commits in pieces, so that a transaction stays small', () => {
    const made = world();
    const expected = fill(made, 10);
    const life = live(made, { commitRows: 50, commitMs: 1e9 });
    stop(made, life);
    expectExactly(made, expected);
    expect(life.loader.stats().commits).toBeGreaterThan(5);
  });

  it('ignores torn tails, keeps damaged files', () => {
    const made = world();
    const sound = blockOf([reading(1, 0)], 0);
    const torn = blockOf([reading(2, 0)], 1).slice(0, -3);
    made.disk.files.set(bufferFileName(0, 1, 'sealed'), [sound, torn]);
    const broken = blockOf([reading(3, 0)], 0);
    broken[50]! ^= 1;
    made.disk.files.set(bufferFileName(0, 2, 'sealed'), [broken, blockOf([reading(4, 0)], 1)]);
    const life = live(made);
    stop(made, life);
    expect(rowsOf(made)).toEqual([reading(1, 0), reading(4, 0)]);
    expect(life.loader.stats()).toMatchObject({ tornBytes: torn.length, damagedFiles: 1 });
    expect(Array.from(made.disk.files.keys())).toEqual([bufferFileName(0, 2, 'damaged')]);
  });

  it('stays within the memory of its filter by asking the store again', () => {
    const made = world();
    const expected = fill(made, 20);
    const life = live(made, { commitRows: 40, filterBytesMax: 500 });
    stop(made, life);
    expectExactly(made, expected);
    expect(life.loader.stats().filterRestores).toBeGreaterThan(0);
  });

  it('forgets files that are gone, so that the store does not remember them for ever', () => {
    const made = world();
    for (let number = 1; number <= 3; number++) {
      addFile(made, { intake: 0, number }, [[reading(number, 0)]]);
      stop(made, live(made));
    }
    expect(made.content.loaded.size).toBeLessThanOrEqual(1);
  });

  it.each(['open', 'begin', 'append', 'commit', 'scan'] as const)('goes on after faults of the store: %s', (operation) => {
    const made = world();
    const expected = fill(made, 6);
    stop(made, live(made));
    const again = fill(made, 12);
    let asked = 0;
    const life = live(made, {
      commitRows: 60,
      storeFault: (each) => (each === operation && FAILING.has(asked++) ? { error: 'disk full' } : null),
    });
    stop(made, life);
    expectExactly(made, new Set([...expected, ...again]));
    expect(life.loader.stats().faults).toBeGreaterThan(0);
    expect(life.loader.stats().lastFault).toBe('disk full');
    expect(sealedFiles(made)).toEqual([]);
  });

  it.each(['list', 'read', 'remove'] as const)('goes on after faults of the disk: %s', (operation) => {
    const made = world();
    const expected = fill(made, 6);
    let asked = 0;
    const life = live(made, {
      fileFault: (each) => (each === operation && FAILING.has(asked++) ? { error: 'i/o error', code: 'other' } : null),
    });
    stop(made, life);
    expectExactly(made, expected);
    expect(sealedFiles(made)).toEqual([]);
  });

  it('stores every reading exactly once, wherever it is killed', () => {
    let crashes = 0;
    for (let k = 0; k < 400; k++) {
      const made = world();
      const expected = fill(made, 5);
      let operations = 0;
      let life: Life | null = null;
      const count = (): null => {
        if (operations++ === k) life?.crash();
        return null;
      };
      life = live(made, { commitRows: 50, fileFault: count, storeFault: count, seed: k });
      made.clock.run(() => sealedFiles(made).length === 0 || operations > k);
      if (operations <= k) break;
      crashes++;
      life.crash();
      const second = live(made, { commitRows: 50 });
      stop(made, second);
      expectExactly(made, expected);
      expect(sealedFiles(made)).toEqual([]);
    }
    expect(crashes).toBeGreaterThan(30);
    expect(crashes).toBeLessThan(400);
  });
});
