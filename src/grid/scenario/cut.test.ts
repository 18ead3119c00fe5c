import { describe, expect, test } from 'vitest';
import { packageFile } from '../../base/package-root.ts';
import { generateStations } from '../topology/stations.ts';
import { NO_CUT, type Cut } from './cut.ts';
import { systemFiles, type ScenarioFiles } from './files.ts';
import { parseScenario, parseScenarioFrom, type ParsedScenario } from './parse.ts';
import type { Scenario } from './scenario.ts';

const BLACKOUTS = '{ blackouts: [{ at: 1 h, lasts: 1 h }, { at: 30 h, lasts: 1 h }, { at: 50 h, lasts: 1 h }] }';
const BUNDLED = ['small-grid', 'large-grid', 'stress', 'blackout'] as const;

function parse(name: string, cut: Partial<Cut>, ...sets: readonly string[]): ParsedScenario {
  return parseScenario({ file: packageFile('scenarios', `${name}.yaml`), sets, cut: { ...NO_CUT, ...cut } });
}

/** `text` on top of the small grid. */
function parseText(text: string, cut: Partial<Cut>): ParsedScenario {
  const file = packageFile('scenarios', 'of-a-test.yaml');
  const files: ScenarioFiles = {
    ...systemFiles,
    read: (path) => (path === file ? { text: `extends: small-grid.yaml\n${text}\n` } : systemFiles.read(path)),
  };
  return parseScenarioFrom(files, { file, sets: [], cut: { ...NO_CUT, ...cut } });
}

function scenarioOf(parsed: ParsedScenario): Scenario {
  if (!parsed.ok) throw new Error(parsed.errors.join('\n'));
  return parsed.scenario;
}

function errorsOf(parsed: ParsedScenario): readonly string[] {
  return parsed.ok ? [] : parsed.errors.map(String);
}

function gridOf(parsed: ParsedScenario): readonly [number, number | null] {
  const { grid } = scenarioOf(parsed);
  return [grid.stations, grid.meters];
}

describe('--steps', () => {
  test.each([['1'], ['96'], ['287'], ['1000'], [' 12 ']])('%s', (steps) => {
    const scenario = scenarioOf(parse('small-grid', { steps }));
    expect(scenario.behaviour.steps).toBe(Number(steps));
    expect({ ...scenario, behaviour: { ...scenario.behaviour, steps: 288 } }).toEqual(scenarioOf(parse('small-grid', {})));
  });

  test('--set goes before it', () => {
    expect(scenarioOf(parse('small-grid', { steps: '10' }, 'behaviour.steps=20')).behaviour.steps).toBe(20);
    expect(scenarioOf(parse('small-grid', { steps: 'x' }, 'behaviour.steps=20')).behaviour.steps).toBe(20);
  });

  test.each([['0'], ['-3'], ['1.5'], ['many'], ['1000001'], ['']])('what is no number of steps is named: `%s`', (steps) => {
    const errors = errorsOf(parse('small-grid', { steps }));
    expect(errors).toHaveLength(1);
    expect(errors[0]).toMatch(/^--steps: behaviour\.steps: found .*; allowed: a whole number from 1 to 1000000$/);
  });

  test('an end after 32 bits of Unix time is named at the flag, or at the --set that goes before it', () => {
    expect(errorsOf(parseText('behaviour: { interval: 1 d }', { steps: '1000000' }))).toEqual([
      expect.stringMatching(/^--steps: behaviour\.steps: found 1000000 steps with an end after/),
    ]);
    expect(errorsOf(parse('small-grid', { steps: '1000000' }, 'behaviour.interval=1 d'))).toEqual([
      expect.stringMatching(/^--set:behaviour\.interval: found 1000000 steps with an end after/),
    ]);
  });

  test('a blackout after the new end is left out, and said', () => {
    const parsed = parse('blackout', { steps: '144' });
    expect(scenarioOf(parsed).network.blackouts).toEqual([]);
    expect(parsed).toMatchObject({ notes: ['--steps: left out the blackout at 36 h, which begins after the last step'] });
  });

  test('one that begins before the new end stays', () => {
    const parsed = parse('blackout', { steps: '145' });
    expect(scenarioOf(parsed).network.blackouts).toHaveLength(1);
    expect(parsed).toMatchObject({ notes: [] });
  });

  test('several are said in one line, and the others stay', () => {
    const parsed = parseText(`network: ${BLACKOUTS}`, { steps: '96' });
    expect(scenarioOf(parsed).network.blackouts.map(({ fromSeconds }) => fromSeconds)).toEqual([3600]);
    expect(parsed).toMatchObject({ notes: ['--steps: left out the blackouts at 30 h, 50 h, which begin after the last step'] });
  });

  test('those of --set are not left out but refused', () => {
    const errors = errorsOf(parse('small-grid', { steps: '96' }, `network=${BLACKOUTS}`));
    expect(errors).toHaveLength(2);
    for (const line of errors) expect(line).toMatch(/^--set:network\.blackouts\.[12]\.at: found a blackout/);
  });

  test.each([
    ['lies between two steps', '{ at: 1805 min, lasts: 1 min }'],
    ['was after the end of the file already', '{ at: 80 h, lasts: 1 h }'],
  ])('a blackout that %s is refused all the same', (_, blackout) => {
    const text = `network: { blackouts: [${blackout}] }`;
    expect(errorsOf(parseText(text, {}))).toHaveLength(1);
    expect(errorsOf(parseText(text, { steps: '10' }))).toHaveLength(1);
  });
});

describe('--stations', () => {
  test.each([
    ['small-grid', '143', 10_000],
    ['small-grid', '1430', 100_000],
    ['small-grid', '2860', 200_000],
    ['large-grid', '500', 35_000],
    ['large-grid', '1430', 100_100],
    ['stress', '715', 50_000],
  ])('%s with %s has meters to the same share', (name, stations, meters) => {
    expect(gridOf(parse(name, { stations }))).toEqual([Number(stations), meters]);
  });

  test('any cut of the bundled scenarios parses, and its stations can be made', () => {
    const counts = [...Array.from({ length: 60 }, (_, i) => i + 1), 97, 211, 1009, 20_011, 200_003];
    for (const name of BUNDLED) {
      for (const stations of counts) {
        const scenario = scenarioOf(parse(name, { stations: String(stations), steps: '3' }));
        expect(scenario.grid.stations).toBe(stations);
        if (stations < 100) expect(generateStations(scenario).meters).toBe(scenario.grid.meters);
      }
    }
  });

  test('a single station has what its category can have', () => expect(gridOf(parse('small-grid', { stations: '1' }))).toEqual([1, 60]));

  test('without a total there is nothing to scale', () => {
    expect(gridOf(parse('small-grid', { stations: '20' }, 'grid.meters=null'))).toEqual([20, null]);
  });

  test('--set goes before it', () => {
    expect(gridOf(parse('small-grid', { stations: '10' }, 'grid.stations=1430'))).toEqual([1430, 100_000]);
    expect(gridOf(parse('small-grid', { stations: '143' }, 'grid.meters=9000'))).toEqual([143, 9000]);
    expect(errorsOf(parse('small-grid', { stations: '10' }, 'grid.meters=9000'))).toEqual([
      expect.stringMatching(/^--set:grid\.meters: found a total of 9000 meters; allowed: \d+ to \d+, which is what 10 stations/),
    ]);
  });

  test('sizes of --set are what meters are kept within', () => {
    const sizes = 'grid.station-sizes=[{ name: flat, share: 100%, meters: 3..5 }]';
    expect(gridOf(parse('small-grid', { stations: '100' }, sizes))).toEqual([100, 500]);
  });

  test.each([['0'], ['1000001'], ['ten'], ['']])('what is no number of stations is named: `%s`', (stations) => {
    expect(errorsOf(parse('small-grid', { stations }))).toEqual([
      expect.stringMatching(/^--stations: grid\.stations: found .*; allowed: a whole number from 1 to 1000000$/),
    ]);
  });

  test('more meters than a run can have are named at the flag', () => {
    expect(gridOf(parse('large-grid', { stations: '300000' }))).toEqual([300_000, 16_777_216]);
    expect(errorsOf(parse('large-grid', { stations: '1000000' }))).toEqual([
      expect.stringMatching(/^--stations: grid\.meters: found 1000000 stations with up to \d+ meters in all; allowed: at most 16777216/),
    ]);
  });

  test('cells, regions and blackouts stay', () => {
    const [whole, cut] = [scenarioOf(parse('blackout', {})), scenarioOf(parse('blackout', { stations: '5' }))];
    expect(cut.network).toEqual(whole.network);
  });
});
