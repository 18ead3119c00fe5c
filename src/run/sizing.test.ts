import { describe, expect, test } from 'vitest';
import { countsToStart } from './sizing.ts';

const AUTOMATIC = { cores: 2, simulators: null, intakes: null };

describe('processes that are started', () => {
  test.each([
    ['the small grid', { ...AUTOMATIC, stations: 1430, limit: 20_000 }, { simulators: 1, intakes: 1 }],
    ['the large grid', { ...AUTOMATIC, stations: 50_000, limit: 20_000 }, { simulators: 3, intakes: 3 }],
    ['the large grid with a low limit', { ...AUTOMATIC, stations: 50_000, limit: 1024 }, { simulators: 66, intakes: 66 }],
    ['as many as somebody says', { ...AUTOMATIC, stations: 1430, limit: 256, simulators: 200, intakes: 1 }, { simulators: 200, intakes: 1 }],
  ])('%s', (_, options, counts) => {
    expect(countsToStart(options)).toEqual(counts);
  });

  test('a limit that leaves no room for connections does not make one for each of them', () => {
    expect(() => countsToStart({ ...AUTOMATIC, stations: 600, limit: 256 })).toThrow(/^meterstorm: descriptors: at 256 a process 600 connections would take 600 processes of a kind; allowed: 128;/);
  });
});
