import { mkdtempSync, rmSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { VirtualClock } from '../../base/clock.ts';
import type { BufferFile, BufferFiles, FileFault } from './buffer-files.ts';
import { MemoryBufferFiles, MemoryDisk } from './memory-buffer-files.ts';
import { NodeBufferFiles } from './node-buffer-files.ts';

interface Stage {
  readonly files: BufferFiles;
  /** Waits for one callback. */
  call<T>(start: (done: (result: T) => void) => void): Promise<T>;
}

const directories: string[] = [];
afterEach(() => {
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true });
});

function nodeStage(): Stage {
  const directory = mkdtempSync(join(tmpdir(), 'meterstorm-buffer-'));
  directories.push(directory);
  return { files: new NodeBufferFiles(directory), call: (start) => new Promise((resolve) => start(resolve)) };
}

function memoryStage(): Stage {
  const clock = new VirtualClock();
  const files = new MemoryBufferFiles({ clock, disk: new MemoryDisk(), seed: 1, delayMs: 1 });
  return {
    files,
    call<T>(start: (done: (result: T) => void) => void) {
      const results: T[] = [];
      start((result) => results.push(result));
      expect(results, 'nothing calls back before it returns').toHaveLength(0);
      clock.run(() => results.length > 0);
      return Promise.resolve(results[0] as T);
    },
  };
}

async function created(stage: Stage, name: string): Promise<BufferFile> {
  const result = await stage.call<BufferFile | FileFault>((done) => stage.files.create(name, done));
  if ('error' in result) throw new Error(result.error);
  return result;
}

describe.each([
  ['node', nodeStage],
  ['memory', memoryStage],
])('%s buffer files', (_name, makeStage) => {
  it('gives back what was appended, in order and aligned', async () => {
    const stage = makeStage();
    const file = await created(stage, 'a.open');
    for (const bytes of [Uint8Array.of(1, 2, 3), Uint8Array.of(4), new Uint8Array(100_000).fill(5)]) {
      expect(await stage.call((done) => file.append(bytes, done))).toBeNull();
      bytes.fill(99);
    }
    expect(await stage.call((done) => file.close(done))).toBeNull();
    const read = await stage.call<Uint8Array | FileFault>((done) => stage.files.read('a.open', done));
    if ('error' in read) throw new Error(read.error);
    expect(read).toHaveLength(100_004);
    expect(Array.from(read.subarray(0, 5))).toEqual([1, 2, 3, 4, 5]);
    expect(read.at(-1)).toBe(5);
    expect(read.byteOffset % 8).toBe(0);
  });

  it('lists, renames and removes', async () => {
    const stage = makeStage();
    const { files } = stage;
    const list = async (): Promise<unknown> => {
      const entries = await stage.call<readonly { name: string }[] | FileFault>((done) => files.list(done));
      return 'error' in entries ? entries : Array.from(entries).sort((a, b) => (a.name < b.name ? -1 : 1));
    };
    expect(await list()).toEqual([]);
    const file = await created(stage, 'b.open');
    await created(stage, 'c.open');
    await stage.call((done) => file.append(new Uint8Array(10), done));
    expect(await list()).toEqual([
      { name: 'b.open', bytes: 10 },
      { name: 'c.open', bytes: 0 },
    ]);
    expect(await stage.call((done) => files.rename('b.open', 'b.sealed', done))).toBeNull();
    expect(await stage.call((done) => files.remove('c.open', done))).toBeNull();
    expect(await list()).toEqual([{ name: 'b.sealed', bytes: 10 }]);
  });

  it('answers with codes what can not be done', async () => {
    const stage = makeStage();
    const { files } = stage;
    await created(stage, 'd.open');
    expect(await stage.call((done) => files.create('d.open', done))).toMatchObject({ code: 'exists' });
    expect(await stage.call((done) => files.read('none', done))).toMatchObject({ code: 'missing' });
    expect(await stage.call((done) => files.rename('none', 'x', done))).toMatchObject({ code: 'missing' });
    expect(await stage.call((done) => files.remove('none', done))).toMatchObject({ code: 'missing' });
  });

  it('reads an empty file', async () => {
    const stage = makeStage();
    await created(stage, 'e.open');
    expect(await stage.call((done) => stage.files.read('e.open', done))).toHaveLength(0);
  });
});

describe('memory buffer files', () => {
  it('loses callbacks in a crash, and of an append under way a part at most', () => {
    const lengths = new Set<number>();
    for (let seed = 0; seed < 50; seed++) {
      const clock = new VirtualClock();
      const disk = new MemoryDisk();
      const files = new MemoryBufferFiles({ clock, disk, seed, delayMs: 1 });
      let calls = 0;
      files.create('a.open', (file) => {
        if ('error' in file) throw new Error(file.error);
        file.append(new Uint8Array(1000).fill(7), () => calls++);
        files.crash();
      });
      clock.run(() => false);
      expect(calls).toBe(0);
      lengths.add(disk.bytes);
    }
    expect(lengths.has(0)).toBe(true);
    expect(lengths.has(1000)).toBe(true);
    expect(lengths.size).toBeGreaterThan(5);
  });
});

describe('node buffer files', () => {
  it('answers a directory that is no directory any more', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'meterstorm-buffer-'));
    const files = new NodeBufferFiles(directory);
    rmSync(directory, { recursive: true });
    const result = await new Promise((resolve) => files.list(resolve));
    expect(result).toMatchObject({ code: 'missing' });
  });

  it('reads what is there when a file is shorter than it was', async () => {
    const stage = nodeStage();
    const file = await created(stage, 'f.open');
    await stage.call((done) => file.append(new Uint8Array(100), done));
    truncateSync(join(directories[0] ?? '', 'f.open'), 60);
    expect(await stage.call((done) => stage.files.read('f.open', done))).toHaveLength(60);
  });
});
