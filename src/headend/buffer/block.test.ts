import { describe, expect, it } from 'vitest';
import { draw, streamKey } from '../../base/random.ts';
import { ReadingBatch } from '../../reading/batch.ts';
import { type Block, BlockMemory, blockBytes, readBlock } from './block.ts';
import { BlockReader } from './block-reader.ts';

const RECEIVED = { fromUnixMs: 1_700_000_000_123, toUnixMs: 1_700_000_000_456 };

function batchOf(rows: number, options: { readonly valueMax: number; readonly seed: number }): ReadingBatch {
  const key = streamKey(options.seed, 'block-test');
  const batch = new ReadingBatch(rows);
  for (let i = 0; i < rows; i++) {
    const [meter, time] = [draw(key, 4 * i), draw(key, 4 * i + 1)];
    const value = Math.floor((draw(key, 4 * i + 2) / 2 ** 32) * options.valueMax);
    batch.push({ meter, channel: i % 256, time, value, status: (i * 7) % 256 });
  }
  return batch;
}

function encoded(batch: ReadingBatch, sequence: number): Uint8Array {
  const memory = new BlockMemory(batch.capacity);
  memory.take(batch, RECEIVED);
  return memory.finish(sequence).slice();
}

function rowsOf(block: Block): unknown[] {
  const { meter, channel, time, value, status } = block;
  return Array.from({ length: block.rows }, (_, i) => ({
    meter: meter[i],
    channel: channel[i],
    time: time[i],
    value: value[i],
    status: status[i],
  }));
}

function joined(...pieces: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(pieces.flatMap((piece) => Array.from(piece)));
}

describe('block', () => {
  it.each([
    [1, 2 ** 32],
    [2, 2 ** 32],
    [3, 2 ** 53],
    [1000, 2 ** 32],
    [999, 2 ** 53],
  ])('gives back %i rows with values below %d', (rows, valueMax) => {
    const batch = batchOf(rows, { valueMax, seed: rows });
    const bytes = encoded(batch, 5);
    const block = readBlock(bytes, 0);
    if (block === null) throw new Error('no block');
    expect(rowsOf(block)).toEqual(Array.from({ length: rows }, (_, i) => batch.row(i)));
    expect(block).toMatchObject({ rows, bytes: bytes.length, sequence: 5 });
    expect([block.receivedFromUnixMs, block.receivedToUnixMs]).toEqual([RECEIVED.fromUnixMs, RECEIVED.toUnixMs]);
  });

  it('takes four bytes for a value as long as all fit, eight from there on', () => {
    const batch = batchOf(100, { valueMax: 10, seed: 1 });
    batch.value[50] = 2 ** 32 - 1;
    expect(encoded(batch, 0)).toHaveLength(blockBytes(100, 4));
    batch.value[50] = 2 ** 32;
    const wide = encoded(batch, 0);
    expect(wide).toHaveLength(blockBytes(100, 8));
    expect(readBlock(wide, 0)?.value[50]).toBe(2 ** 32);
  });

  it('can be finished again under another number', () => {
    const memory = new BlockMemory(10);
    memory.take(batchOf(10, { valueMax: 10, seed: 2 }), RECEIVED);
    const first = memory.finish(3).slice();
    const second = memory.finish(0).slice();
    expect(readBlock(first, 0)?.sequence).toBe(3);
    expect(readBlock(second, 0)?.sequence).toBe(0);
    expect(memory.finish(3)).toEqual(first);
  });

  it('is no block when any byte is missing or any bit is flipped', () => {
    const bytes = encoded(batchOf(5, { valueMax: 1000, seed: 3 }), 1);
    for (let length = 0; length < bytes.length; length++) expect(readBlock(bytes.slice(0, length), 0)).toBeNull();
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const flipped = bytes.slice();
      flipped[bit >> 3]! ^= 1 << (bit & 7);
      expect(readBlock(flipped, 0), `bit ${bit}`).toBeNull();
    }
  });
});

describe('block reader', () => {
  const blocks = [0, 1, 2].map((sequence) => encoded(batchOf(20 + sequence, { valueMax: 1e6, seed: sequence }), sequence));
  const whole = joined(...blocks);

  function read(bytes: Uint8Array): { sequences: number[]; tornBytes: number; damaged: boolean } {
    const reader = new BlockReader(bytes);
    const sequences: number[] = [];
    for (let block = reader.next(); block !== null; block = reader.next()) sequences.push(block.sequence);
    return { sequences, tornBytes: reader.tornBytes, damaged: reader.damaged };
  }

  it('gives all blocks of a sound file', () => {
    expect(read(whole)).toEqual({ sequences: [0, 1, 2], tornBytes: 0, damaged: false });
    expect(read(new Uint8Array(0))).toEqual({ sequences: [], tornBytes: 0, damaged: false });
  });

  it('ignores a torn tail, wherever it was torn', () => {
    const sound = whole.length - (blocks[2]?.length ?? 0);
    for (let length = sound; length < whole.length; length++) {
      expect(read(whole.slice(0, length))).toEqual({ sequences: [0, 1], tornBytes: length - sound, damaged: false });
    }
  });

  it('ignores a tail of full length that never reached the disk', () => {
    const garbled = whole.slice();
    garbled.fill(0, whole.length - 40);
    expect(read(garbled)).toMatchObject({ sequences: [0, 1], damaged: false });
  });

  it('tells damage between sound blocks, and still gives those', () => {
    const damaged = whole.slice();
    damaged[(blocks[0]?.length ?? 0) + 60]! ^= 1;
    expect(read(damaged)).toEqual({ sequences: [0, 2], tornBytes: 0, damaged: true });
    expect(read(joined(...blocks.slice(1)))).toEqual({ sequences: [1, 2], tornBytes: 0, damaged: true });
  });
});
