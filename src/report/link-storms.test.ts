import { describe, expect, test } from 'vitest';
import type { LinkFacts } from './link-facts.ts';
import { linkStorms } from './link-storms.ts';
import { sampleLinks } from './sample-links.fixture.ts';

/** `links` of them, in two categories. */
function facts(links: number, lost: readonly number[], made: readonly number[]): LinkFacts {
  const sample = sampleLinks({ mode: 'carried', links: 2, steps: lost.length });
  const categories = sample.categories.slice(0, 2).map((category, i) => Object.assign({}, category, { links: i === 0 ? 1 : links - 1 }));
  return { ...sample, categories, connectionsLost: lost, connectionsMade: made };
}

describe('storms', () => {
  test('begin at 5 % of the links', () => {
    expect(linkStorms(facts(1000, [0, 49, 0], [1000, 49, 0]))).toEqual([]);
    expect(linkStorms(facts(1000, [0, 50, 0], [1000, 50, 0]))).toEqual([{ step: 1, lost: 50, back: 50, backAfterSteps: 0 }]);
  });

  test('and at 10 links', () => {
    expect(linkStorms(facts(20, [0, 9], [20, 9]))).toEqual([]);
    expect(linkStorms(facts(20, [0, 10], [20, 10]))).toHaveLength(1);
  });

  test('end with the step in which as many are back', () => {
    expect(linkStorms(facts(100, [0, 80, 0, 0, 0], [100, 0, 30, 50, 9]))).toEqual([{ step: 1, lost: 80, back: 80, backAfterSteps: 2 }]);
  });

  test('are over though single links are away, and say so', () => {
    expect(linkStorms(facts(1000, [3, 300, 2, 4], [1000, 3, 290, 4]))).toEqual([{ step: 1, lost: 300, back: 291, backAfterSteps: 1 }]);
  });

  test('of few links are over only with the last one', () => {
    expect(linkStorms(facts(20, [0, 20, 0, 0], [20, 0, 19, 1]))).toEqual([{ step: 1, lost: 20, back: 20, backAfterSteps: 2 }]);
  });

  test('that are not over at the end of the run', () => {
    expect(linkStorms(facts(100, [0, 80, 0, 0], [100, 0, 30, 0]))).toEqual([{ step: 1, lost: 80, back: 30, backAfterSteps: null }]);
    expect(linkStorms(facts(100, [0, 80], [100, 0]))).toEqual([{ step: 1, lost: 80, back: 0, backAfterSteps: null }]);
  });

  test('in which more went than came do not come back less than not at all', () => {
    expect(linkStorms(facts(1000, [0, 80, 40, 30], [1000, 0, 5, 0]))).toEqual([{ step: 1, lost: 80, back: 0, backAfterSteps: null }]);
  });

  test('are over when all are connected, though more were lost than there are', () => {
    expect(linkStorms(facts(60, [0, 59, 2, 3, 0], [60, 0, 0, 0, 60]))).toEqual([{ step: 1, lost: 59, back: 59, backAfterSteps: 3 }]);
  });

  test('are not over because the head-end had ended connections before, which were made again', () => {
    expect(linkStorms(facts(100, [0, 0, 80, 0, 0], [100, 100, 0, 0, 40]))).toEqual([{ step: 2, lost: 80, back: 40, backAfterSteps: null }]);
    expect(linkStorms(facts(100, [0, 0, 80, 0, 0], [100, 100, 0, 0, 80]))).toEqual([{ step: 2, lost: 80, back: 80, backAfterSteps: 2 }]);
  });

  test('one after the other: the first is over when both are', () => {
    expect(linkStorms(facts(100, [0, 60, 40, 0, 0], [100, 0, 0, 40, 60]))).toEqual([
      { step: 1, lost: 60, back: 60, backAfterSteps: 3 },
      { step: 2, lost: 40, back: 40, backAfterSteps: 1 },
    ]);
  });

  test('are not in runs without links, steps or losses', () => {
    expect(linkStorms(sampleLinks({ mode: 'stamped', links: 100, steps: 5 }))).toEqual([]);
    expect(linkStorms(facts(100, [0, 0], [100, 0]))).toEqual([]);
    expect(linkStorms({ ...facts(100, [], []), categories: [] })).toEqual([]);
  });
});
