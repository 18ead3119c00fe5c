import { describe, expect, it } from 'vitest';
import { BlockCollector } from './block-collector.ts';

const NOTHING = new Uint8Array(0);

describe('blocks of an answer', () => {
  it('are put together in their order', () => {
    const collector = new BlockCollector(4);
    collector.add(1, Uint8Array.of(1, 2));
    collector.add(2, NOTHING);
    collector.add(3, Uint8Array.of(3, 4));
    expect(collector.whole()).toEqual(Uint8Array.of(1, 2, 3, 4));
    expect(collector.isRepeat(3)).toBe(true);
    expect(collector.isRepeat(2)).toBe(false);
  });

  it('have a limit', () => {
    const collector = new BlockCollector(4);
    collector.add(1, Uint8Array.of(1, 2, 3));
    expect(() => collector.add(2, Uint8Array.of(4, 5))).toThrow(expect.objectContaining({ code: 'block-transfer' }));
  });

  it('must bring something', () => {
    const collector = new BlockCollector(4);
    for (let block = 1; block <= 16; block++) collector.add(block, NOTHING);
    expect(() => collector.add(17, NOTHING)).toThrow(expect.objectContaining({ code: 'block-transfer' }));
  });

  it('have no gap', () => {
    expect(() => new BlockCollector(4).add(2, NOTHING)).toThrow(expect.objectContaining({ code: 'unexpected-answer' }));
  });
});
