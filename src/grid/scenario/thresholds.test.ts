import { describe, expect, test } from 'vitest';
import { holds, type Comparison } from '../../base/threshold.ts';
import { packageFile } from '../../base/package-root.ts';
import { parseScenario } from './parse.ts';
import { parseExpression, type KnownIndicators } from './thresholds.ts';

const KNOWN: KnownIndicators = new Map([
  ['a.count', 'count'],
  ['a.factor', 'number'],
  ['a.rate', 'per-second'],
  ['a.seconds', 'seconds'],
  ['a.ms.p99', 'milliseconds'],
  ['a.bytes', 'bytes'],
  ['a.share', 'share'],
  ['problems.lost-readings', 'count'],
]);

function thresholds(...sets: readonly string[]): unknown {
  const parsed = parseScenario({ file: packageFile('scenarios', 'small-grid.yaml'), sets, indicators: KNOWN });
  return parsed.ok ? parsed.scenario.thresholds : parsed.errors.map(String);
}

describe('a threshold', () => {
  test.each<readonly [string, string, Comparison, number]>([
    ['a.count == 0', 'a.count', '==', 0],
    ['a.count==0', 'a.count', '==', 0],
    ['  a.count\n  !=  1e6  ', 'a.count', '!=', 1_000_000],
    ['problems.lost-readings < 1', 'problems.lost-readings', '<', 1],
    ['a.factor >= 1.5', 'a.factor', '>=', 1.5],
    ['a.rate > 1e6', 'a.rate', '>', 1_000_000],
    ['a.rate > 2000 /s', 'a.rate', '>', 2000],
    ['a.seconds < 5 min', 'a.seconds', '<', 300],
    ['a.seconds < 200 ms', 'a.seconds', '<', 0.2],
    ['a.seconds <= 1.5h', 'a.seconds', '<=', 5400],
    ['a.ms.p99 < 2 s', 'a.ms.p99', '<', 2000],
    ['a.ms.p99 < 0.07 h', 'a.ms.p99', '<', 252_000],
    ['a.bytes < 4 GB', 'a.bytes', '<', 4e9],
    ['a.bytes <= 512 MiB', 'a.bytes', '<=', 536_870_912],
    ['a.bytes <= 2.7 B', 'a.bytes', '<=', 2.7],
    ['a.share >= 99.5 %', 'a.share', '>=', 0.995],
    ['a.share >= 100%', 'a.share', '>=', 1],
    ['a.share <= 0.07 %', 'a.share', '<=', 0.0007],
  ])('%s', (text, indicator, comparison, limit) => {
    expect(parseExpression(text, KNOWN)).toEqual({ text: text.trim().replaceAll(/\s+/g, ' '), indicator, comparison, limit });
  });

  test.each<readonly [Comparison, readonly boolean[]]>([
    ['<', [true, false, false]],
    ['<=', [true, true, false]],
    ['>', [false, false, true]],
    ['>=', [false, true, true]],
    ['==', [false, true, false]],
    ['!=', [true, false, true]],
  ])('%s holds below, at and above its limit: %s', (comparison, expected) => {
    expect([1, 2, 3].map((value) => holds({ comparison, limit: 2 }, value))).toEqual(expected);
  });

  test('never makes the parser throw', () => {
    for (const text of ['', ' ', '<', '== 0', 'a.count <', 'a.count < NaN', 'a.count < Infinity', 'a.count < 1e999', 'a.seconds < 5 constructor', '\u0000', 'a.count == 0'.repeat(1000)]) {
      expect(parseExpression(text, KNOWN), text.slice(0, 20)).toHaveProperty('found');
    }
  });
});

describe('the thresholds of a scenario', () => {
  test('are none unless it has some', () => expect(thresholds()).toEqual([]));

  test('are a list, or one expression', () => {
    const one = { text: 'a.count == 0', indicator: 'a.count', comparison: '==', limit: 0 };
    expect(thresholds('thresholds=a.count == 0')).toEqual([one]);
    expect(thresholds('thresholds=[a.count == 0, a.share >= 99.5 %]')).toEqual([one, { text: 'a.share >= 99.5 %', indicator: 'a.share', comparison: '>=', limit: 0.995 }]);
    expect(thresholds('thresholds=[a.count == 0]', 'thresholds=[]')).toEqual([]);
    expect(thresholds('thresholds=[a.count == 5]', 'thresholds.0=a.count == 0')).toEqual([one]);
  });

  test('can name what the caller knows, and nothing else', () => {
    expect(thresholds('thresholds=b.count == 0')).toEqual(['--set:thresholds: found unknown indicator `b.count`; did you mean `a.count`? Allowed: a name that `meterstorm indicators` lists']);
    const parsed = parseScenario({ file: packageFile('scenarios', 'small-grid.yaml'), sets: ['thresholds=a.count == 0'] });
    expect(parsed.ok).toBe(false);
  });
});
