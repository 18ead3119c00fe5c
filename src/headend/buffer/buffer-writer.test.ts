import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../base/clock.ts';
import { ReadingBatch } from '../../reading/batch.ts';
import { BlockReader } from './block-reader.ts';
import { parseBufferName } from './buffer-name.ts';
import { BufferWriter } from './buffer-writer.ts';
import type { FileFault } from './buffer-files.ts';
import { type FileOperation, MemoryBufferFiles, MemoryDisk } from './memory-buffer-files.ts';
import { sealOpenFiles } from './seal-open-files.ts';

const START_UNIX_MS = 1_700_000_000_000;

interface Stage {
  readonly clock: VirtualClock;
  readonly disk: MemoryDisk;
  readonly files: MemoryBufferFiles;
  readonly writer: BufferWriter;
}

function stage(
  options: {
    readonly disk?: MemoryDisk;
    readonly intake?: number;
    readonly fileBytesMax?: number;
    readonly fault?: (operation: FileOperation) => FileFault | null;
  } = {},
): Stage {
  const clock = new VirtualClock(START_UNIX_MS);
  const disk = options.disk ?? new MemoryDisk();
  const files = new MemoryBufferFiles({
    clock,
    disk,
    seed: 1,
    delayMs: 1,
    ...(options.fault === undefined ? {} : { fault: options.fault }),
  });
  const writer = new BufferWriter({
    clock,
    files,
    intake: options.intake ?? 0,
    rowsMax: 100,
    fileBytesMax: options.fileBytesMax ?? 1e9,
    rollMs: 250,
    retryMs: 100,
  });
  return { clock, disk, files, writer };
}

function started(options: Parameters<typeof stage>[0] = {}): Stage {
  const made = stage(options);
  let ready = false;
  made.writer.start((fault) => {
    expect(fault).toBeNull();
    ready = true;
  });
  expect(made.clock.run(() => ready)).toBe(true);
  return made;
}

/** Writes a group of two rows of meter `meter` and waits until it is durable. */
function write({ clock, writer }: Stage, meter: number): void {
  const batch = new ReadingBatch(2);
  for (const channel of [0, 1]) batch.push({ meter, channel, time: 900, value: meter * 10, status: 0 });
  let durable = false;
  writer.write(batch, { fromUnixMs: 1, toUnixMs: 2 }, () => {
    durable = true;
  });
  expect(writer.busy).toBe(true);
  batch.meter.fill(0);
  expect(clock.run(() => durable)).toBe(true);
  expect(writer.busy).toBe(false);
}

function stop({ clock, writer }: Stage): void {
  let stopped = false;
  writer.stop(() => {
    stopped = true;
  });
  expect(clock.run(() => stopped)).toBe(true);
}

/** State and meters of each file, in the order of their numbers. */
function contents(disk: MemoryDisk): [string, number[]][] {
  const names = Array.from(disk.files.keys()).map((name) => parseBufferName(name));
  return names
    .sort((a, b) => (a?.number ?? 0) - (b?.number ?? 0))
    .map((name) => [name?.state ?? '?', metersOf(disk, `${name?.key}.${name?.state}`)]);
}

function metersOf(disk: MemoryDisk, name: string): number[] {
  const pieces = disk.files.get(name) ?? [];
  const reader = new BlockReader(Uint8Array.from(pieces.flatMap((piece) => Array.from(piece))));
  const meters: number[] = [];
  for (let block = reader.next(); block !== null; block = reader.next()) meters.push(block.meter[0] ?? -1);
  return meters;
}

describe('buffer writer', () => {
  it('appends groups to one file, seals it at stop and leaves an empty one open', () => {
    const made = started();
    for (const meter of [1, 2, 3]) write(made, meter);
    expect(contents(made.disk)).toEqual([['open', [1, 2, 3]]]);
    stop(made);
    expect(contents(made.disk)).toEqual([
      ['sealed', [1, 2, 3]],
      ['open', []],
    ]);
    expect(made.writer.stats).toMatchObject({ blocks: 3, rows: 6, sealedFiles: 1, faults: 0 });
  });

  it('goes on in a new file when one is large enough', () => {
    const made = started({ fileBytesMax: 150 });
    for (const meter of [1, 2, 3, 4, 5]) write(made, meter);
    expect(contents(made.disk).map(([, meters]) => meters)).toEqual([[1, 2], [3, 4], [5]]);
  });

  it('seals a file when it is old, even when nothing comes any more', () => {
    const made = started();
    write(made, 1);
    made.clock.run(() => false);
    expect(made.clock.nowMs()).toBeGreaterThanOrEqual(250);
    expect(contents(made.disk)).toEqual([
      ['sealed', [1]],
      ['open', []],
    ]);
  });

  it('seals what an earlier life left open, and never uses a number again', () => {
    const first = started();
    write(first, 1);
    first.files.crash();
    const second = started({ disk: first.disk });
    write(second, 2);
    expect(contents(first.disk)).toEqual([
      ['sealed', [1]],
      ['open', [2]],
    ]);
    const other = started({ disk: first.disk, intake: 1 });
    write(other, 3);
    expect(Array.from(first.disk.files.keys()).filter((name) => name.endsWith('.open'))).toHaveLength(2);
    stop(second);
    const numbers = new Set(Array.from(first.disk.files.keys()).map((name) => parseBufferName(name)?.number));
    for (const name of Array.from(first.disk.files.keys())) if (name.endsWith('.sealed')) first.disk.files.delete(name);
    const third = started({ disk: first.disk });
    write(third, 4);
    const number = Math.max(...Array.from(first.disk.files.keys()).map((name) => parseBufferName(name)?.number ?? 0));
    expect(numbers.has(number)).toBe(false);
  });

  it.each([
    ['append', 3],
    ['create', 3],
    ['rename', 1],
  ] as const)('survives a disk on which %s fails %i times', (operation, times) => {
    let left = 0;
    const made = started({
      fileBytesMax: 150,
      fault: (asked) => (asked === operation && left-- > 0 ? { error: 'no space left', code: 'full' } : null),
    });
    write(made, 1);
    left = times;
    for (const meter of [2, 3, 4]) write(made, meter);
    stop(made);
    const found = contents(made.disk).flatMap(([, meters]) => meters);
    expect(found.filter((meter, i) => found.indexOf(meter) === i)).toEqual([1, 2, 3, 4]);
    expect(contents(made.disk).filter(([state]) => state === 'open')).toEqual([['open', []]]);
    expect(made.writer.stats).toMatchObject({ faults: times, lastFault: 'no space left', rows: 8 });
  });

  it('seals files of intakes that are not there any more', () => {
    const made = started({ intake: 7 });
    write(made, 1);
    made.files.crash();
    const files = new MemoryBufferFiles({ clock: made.clock, disk: made.disk, seed: 2, delayMs: 1 });
    let done = false;
    sealOpenFiles(files, (fault) => {
      expect(fault).toBeNull();
      done = true;
    });
    expect(made.clock.run(() => done)).toBe(true);
    expect(contents(made.disk)).toEqual([['sealed', [1]]]);
  });
});
