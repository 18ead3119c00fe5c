import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { packageFile } from '../../base/package-root.ts';
import { draw } from '../../base/random.ts';
import { BUNDLED_PATTERNS } from './bundled-names.ts';
import type { ScenarioFiles } from './files.ts';
import { parseScenario, parseScenarioFrom, type ParsedScenario } from './parse.ts';
import { PLAIN_NETWORK } from './plain-network.fixture.ts';
import type { Scenario } from './scenario.ts';

const VALID = `
grid:
  stations: 10
  station-sizes:
    - { name: small, share: 50%, meters: 1..20 }
    - { name: large, share: 50%, meters: 40 }
  area: cez
  consumption:
    - { pattern: vdew-h0, share: 100%, annual: 2.2 MWh }
  tariffs:
    - { name: single, share: 100% }
  links:
    - { name: gprs, share: 100%, latency: 600 ms, loss: 0%, rate: 15 packets/s, burst: 5 }
behaviour:
  communication: push
  steps: 96
  interval: 15 min
  start: 2013-01-15T00:00:00+01:00
  concentrator-accessibility:
    - { name: all, share: 100%, accessible: 0%, outage: 20 min }
  meter-accessibility:
    - { name: all, share: 100%, accessible: 100%, outage: 20 min }
`;

/** Texts by path, as the whole file system. */
function memoryFiles(texts: Readonly<Record<string, string>>): ScenarioFiles {
  const absolute = new Set(Object.keys(texts).map((path) => resolve(path)));
  return {
    read: (path) => (texts[path] === undefined ? { found: 'no such file' } : { text: texts[path] }),
    isFile: (path) => absolute.has(resolve(path)),
  };
}

function parseTexts(texts: Readonly<Record<string, string>>, file: string, sets: readonly string[] = []): ParsedScenario {
  return parseScenarioFrom(memoryFiles(texts), { file, sets });
}

function parse(text: string, ...sets: readonly string[]): ParsedScenario {
  return parseTexts({ 'a.yaml': text }, 'a.yaml', sets);
}

function scenarioOf(parsed: ParsedScenario): Scenario {
  if (!parsed.ok) throw new Error(parsed.errors.join('\n'));
  return parsed.scenario;
}

function errorsOf(parsed: ParsedScenario): readonly string[] {
  return parsed.ok ? [] : parsed.errors.map(String);
}

/** The windows that a list of them becomes. */
function low(windows: string) {
  return scenarioOf(parse(VALID, `grid.tariffs.0.low=${windows}`)).grid.tariffs[0]?.low;
}

/** `--set` of so many tariffs, whose shares add up. */
function tariffs(count: number): string {
  const shares = Array.from({ length: count }, (_, i) => (i === 0 ? `${100 - (count - 1) / 8}%` : '0.125%'));
  return `grid.tariffs=[${shares.map((share, i) => `{ name: t${i}, share: ${share} }`).join(',')}]`;
}

describe('a right scenario', () => {
  test.each(['small-grid', 'large-grid', 'stress', 'blackout'])('%s.yaml parses', (name) => {
    const scenario = scenarioOf(parseScenario({ file: packageFile('scenarios', `${name}.yaml`), sets: [] }));
    expect(scenario.name).toBe(name);
    expect(scenario.seed).toBe(2013);
    expect(scenario.behaviour.steps * scenario.behaviour.intervalSeconds).toBe(3 * 86400);
    expect(scenario.behaviour.start).toEqual({ unixSeconds: 1_358_204_400, offsetMinutes: 60 });
  });

  test('the small grid, value by value', () => {
    const { grid, behaviour } = scenarioOf(parseScenario({ file: packageFile('scenarios', 'small-grid.yaml'), sets: [] }));
    expect(grid.stations).toBe(1430);
    expect(grid.meters).toBe(100_000);
    expect(grid.stationSizes[0]).toEqual({ name: 'hamlet', share: 0.125, metersMin: 1, metersMax: 5 });
    expect(grid.consumption[0]).toEqual({ pattern: 'vdew-h0', share: 0.74, annualWh: 2_200_000 });
    expect(grid.tariffs[0]).toEqual({ name: 'single', share: 0.69, low: [] });
    expect(grid.tariffs[1]?.low).toEqual([
      { fromMinute: 0, toMinute: 360 },
      { fromMinute: 1320, toMinute: 1440 },
    ]);
    expect(grid.links[3]).toEqual({
      name: 'gprs-4',
      share: 0.1,
      latencyMs: 1400,
      jitterMs: 600,
      loss: 0.004,
      ratePacketsPerSecond: 15,
      burstPackets: 5,
      correlation: 0,
      lossBursts: null,
      excess: 'shape',
      session: null,
    });
    expect(behaviour.meterAccessibility[3]).toEqual({ name: 'bad', share: 0.005, accessible: 0.05, outageSeconds: 21_600 });
  });

  test('defaults', () => {
    const scenario = scenarioOf(parse(VALID));
    expect(scenario).toMatchObject({ name: 'a', seed: 1, protocol: 'dlms',
    security: null, speed: 'max', grid: { meters: null } });
    expect(scenario.behaviour).toMatchObject({
      spreadSeconds: 0,
      registers: 'total',
      meterMemoryRows: 960,
      concentratorMemoryRows: 960,
    });
    expect(scenario.grid.links[0]?.jitterMs).toBe(0);
    expect(scenario.network).toEqual(PLAIN_NETWORK);
    expect(scenario.grid.stationSizes[1]).toMatchObject({ metersMin: 40, metersMax: 40 });
  });

  test('the blackout, value by value', () => {
    const { network } = scenarioOf(parseScenario({ file: packageFile('scenarios', 'blackout.yaml'), sets: [] }));
    expect(network).toEqual({
      ...PLAIN_NETWORK,
      cells: { stations: 10, accessible: 0.997, outageSeconds: 1800 },
      regions: { stations: 143, accessible: 0.995, outageSeconds: 7200 },
      blackouts: [{ fromSeconds: 36 * 3600, seconds: 7200, share: 1 }],
    });
  });

  test('a link and a network with every key', () => {
    const { grid, network } = scenarioOf(
      parse(
        VALID,
        'grid.links.0.correlation=25%',
        'grid.links.0.loss-bursts={ enter: 0.5%, leave: 20% }',
        'grid.links.0.excess=police',
        'grid.links.0.session={ up: 6 h, reattach: 40 s, silent: 100%, idle: 15 min, daily: 30%, new-address: "no" }',
        'network={ links: ignored, direction: split, tcp: in-2013, blackouts: [{ at: 90 min, lasts: 1 h, share: 30% }] }',
      ),
    );
    expect(grid.links[0]).toMatchObject({ correlation: 0.25, lossBursts: { enter: 0.005, leave: 0.2, loss: 1 }, excess: 'police' });
    expect(grid.links[0]?.session).toEqual({
      upSeconds: 21_600,
      reattachSecondsMin: 40,
      reattachSecondsMax: 40,
      silent: 1,
      idleSeconds: 900,
      daily: 0.3,
      newAddress: false,
    });
    const blackouts = [{ fromSeconds: 5400, seconds: 3600, share: 0.3 }];
    expect(network).toEqual({ links: 'ignored', direction: 'split', tcp: 'in-2013', cells: null, regions: null, blackouts });
    expect(scenarioOf(parse(VALID, 'grid.links.0.session={}')).grid.links[0]?.session).toEqual({
      upSeconds: null,
      reattachSecondsMin: 20,
      reattachSecondsMax: 90,
      silent: 0.5,
      idleSeconds: null,
      daily: 0,
      newAddress: true,
    });
  });

  test('every bundled pattern is allowed', () => {
    for (const pattern of BUNDLED_PATTERNS) {
      expect(scenarioOf(parse(VALID, `grid.consumption.0.pattern=${pattern}`)).grid.consumption[0]?.pattern).toBe(pattern);
    }
  });

  test('the name is the file name, made fit for a directory', () => {
    const names = { 'x/my grid (1).yaml': 'my-grid-1-', '.yml': 'scenario', '_a.YAML': 'a' };
    for (const [file, name] of Object.entries(names)) {
      expect(scenarioOf(parseTexts({ [file]: VALID }, file)).name).toBe(name);
    }
  });

  test('is frozen, through and through', () => {
    const seen: unknown[] = [];
    const visit = (value: unknown): void => {
      if (typeof value !== 'object' || value === null) return;
      seen.push(value);
      expect(Object.isFrozen(value)).toBe(true);
      Object.values(value).forEach(visit);
    };
    visit(scenarioOf(parse(VALID, 'grid.tariffs.0.low=["22:00-06:00"]')));
    expect(seen.length).toBeGreaterThan(15);
  });

  test('windows are split at midnight, sorted, and merged where they touch', () => {
    expect(low('["20:00-22:00", "22:00-06:00", "06:00-08:30"]')).toEqual([
      { fromMinute: 0, toMinute: 510 },
      { fromMinute: 1200, toMinute: 1440 },
    ]);
    expect(low('["12:00-00:00", "0:00-12:00"]')).toEqual([{ fromMinute: 0, toMinute: 1440 }]);
    expect(low('["00:00-24:00"]')).toEqual([{ fromMinute: 0, toMinute: 1440 }]);
  });

  test('shares that only add up in decimals', () => {
    const thirds = ['33.33%', '33.33%', '33.34%'].map((share, i) => `{ name: t${i}, share: ${share} }`);
    expect(scenarioOf(parse(VALID, `grid.tariffs=[${thirds.join(',')}]`)).grid.tariffs).toHaveLength(3);
    const tenths = Array.from({ length: 10 }, (_, i) => `{ name: t${i}, share: 10% }`);
    expect(scenarioOf(parse(VALID, `grid.tariffs=[${tenths.join(',')}]`)).grid.tariffs).toHaveLength(10);
  });

  test('anchors, aliases, carriage returns and a byte order mark', () => {
    const text = `\uFEFF${VALID}`
      .replace('- { name: all, share: 100%, accessible: 0%', '- &all { name: all, share: 100%, accessible: 0%')
      .replace('- { name: all, share: 100%, accessible: 100%, outage: 20 min }', '- *all')
      .replaceAll('\n', '\r\n');
    expect(scenarioOf(parse(text)).behaviour.meterAccessibility[0]?.accessible).toBe(0);
  });
});

describe('--set', () => {
  test('goes on top, later ones on top of earlier ones', () => {
    const scenario = scenarioOf(
      parse(VALID, 'behaviour.steps=5', 'grid.links.0.loss=1%', 'speed=96', 'behaviour.steps=7', 'name=other', 'seed=0'),
    );
    expect(scenario).toMatchObject({ name: 'other', seed: 0, speed: 96, behaviour: { steps: 7 } });
    expect(scenario.grid.links[0]).toMatchObject({ loss: 0.01, burstPackets: 5 });
  });

  test('takes lists and maps, and null for no total', () => {
    const text = VALID.replace('stations: 10', 'stations: 10\n  meters: 300');
    const list = '[{ name: a, share: 60% }, { name: b, share: 40%, low: ["13:00-15:00"] }]';
    const { grid } = scenarioOf(parse(text, `grid.tariffs=${list}`, 'grid.meters=null'));
    expect(grid.tariffs.map((tariff) => tariff.share)).toEqual([0.6, 0.4]);
    expect(grid.meters).toBeNull();
  });

  test('a value may hold an equals sign; a path may not be missing', () => {
    expect(errorsOf(parse(VALID, 'grid.area=a=b.json'))).toEqual([
      '--set:grid.area: found `a=b.json`, no such file; allowed: a file that exists, relative to the current directory',
    ]);
    expect(errorsOf(parse(VALID, '=5'))[0]).toMatch(/^--set:=5: found `=5`; allowed: `path=value`/);
  });

  test('says which argument it was', () => {
    const parsed = parse(VALID, 'seed=5', 'seed=-5');
    expect(parsed.ok ? [] : parsed.errors).toMatchObject([
      { file: '--set', line: 0, column: 2, path: 'seed', found: '`-5`', allowed: expect.stringContaining('whole number') },
    ]);
  });
});

describe('extends', () => {
  const base = VALID.replace('stations: 10', 'stations: 20').replace('steps: 96', 'steps: 4');

  test('a chain: maps are merged, lists and values replaced, the name is not handed on', () => {
    const texts = {
      'deep/base.yaml': `name: base\n${base}`,
      'deep/middle.yaml': 'extends: ./base.yaml\nname: middle\nbehaviour: { steps: 5, spread: 1 min }\n',
      'top.yaml': 'extends: deep/middle.yaml\nbehaviour:\n  spread: 2 min\ngrid:\n  tariffs: [{ name: only, share: 100% }]\n',
    };
    const scenario = scenarioOf(parseTexts(texts, 'top.yaml'));
    expect(scenario).toMatchObject({ name: 'top', grid: { stations: 20 }, behaviour: { steps: 5, spreadSeconds: 120 } });
    expect(scenario.grid.tariffs).toEqual([{ name: 'only', share: 1, low: [] }]);
  });

  test('errors point into the file that holds the value, the file that was asked for first', () => {
    const texts = {
      'deep/base.yaml': base.replace('area: cez', 'area: mars').replace('interval: 15 min', 'interval: 13 min'),
      'top.yaml': 'extends: deep/base.yaml\nspeed: 0\nbehaviour:\n  steps: 0\n',
    };
    expect(errorsOf(parseTexts(texts, 'top.yaml', ['seed=x'])).map((line) => line.replace(/: found.*/, ''))).toEqual([
      'top.yaml:2:8: speed',
      'top.yaml:4:10: behaviour.steps',
      'deep/base.yaml:7:9: grid.area',
      'deep/base.yaml:17:13: behaviour.interval',
      '--set:seed',
    ]);
  });

  test('files are relative to the file that names them, and absolute in the result', () => {
    const texts = {
      'deep/base.yaml': base.replace('area: cez', 'area: maps/area.geojson'),
      'deep/maps/area.geojson': '{}',
      'own.csv': '',
      'top.yaml': 'extends: deep/base.yaml\ngrid:\n  consumption: [{ pattern: own.csv, share: 100%, annual: 1 kWh }]\n',
    };
    const { grid } = scenarioOf(parseTexts(texts, 'top.yaml'));
    expect(grid.area).toBe(resolve('deep/maps/area.geojson'));
    expect(grid.consumption).toEqual([{ pattern: resolve('own.csv'), share: 1, annualWh: 1000 }]);
    expect(scenarioOf(parseTexts(texts, 'top.yaml', ['grid.area=deep/maps/area.geojson'])).grid.area).toBe(grid.area);
  });

  test('at most 32 files', () => {
    const texts: Record<string, string> = { 'f32.yaml': VALID };
    for (let i = 0; i < 32; i++) texts[`f${i}.yaml`] = `extends: f${i + 1}.yaml`;
    expect(parseTexts(texts, 'f1.yaml').ok).toBe(true);
    expect(errorsOf(parseTexts(texts, 'f0.yaml'))).toEqual([
      'f31.yaml:1:10: extends: found a chain of more than 32 files; allowed: 32 files',
    ]);
  });
});

describe('limits', () => {
  test('255 entries are allowed, 256 are not', () => {
    expect(scenarioOf(parse(VALID, tariffs(255))).grid.tariffs).toHaveLength(255);
    expect(errorsOf(parse(VALID, tariffs(256)))).toEqual([
      '--set:grid.tariffs: found a list of 256 entries; allowed: a list of 1 to 255 entries',
    ]);
  });

  test('the total of meters at both ends of what the sizes give', () => {
    expect(scenarioOf(parse(VALID, 'grid.meters=205')).grid.meters).toBe(205);
    expect(scenarioOf(parse(VALID, 'grid.meters=300')).grid.meters).toBe(300);
    expect(errorsOf(parse(VALID, 'grid.meters=204'))).toHaveLength(1);
    expect(errorsOf(parse(VALID, 'grid.meters=301'))).toHaveLength(1);
  });

  test('the total needs its values right, each other check only its own', () => {
    const errors = errorsOf(parse(VALID, 'grid.meters=9999', 'grid.station-sizes.0.share=49%', 'behaviour.spread=8 min'));
    expect(errors.map((line) => line.split(':', 2).join(':'))).toEqual(['--set:grid.station-sizes', '--set:behaviour.spread']);
  });

  test('the last second of the run, and a spread of half the interval', () => {
    const start = 'behaviour.start=2106-02-07T06:28:15Z';
    expect(errorsOf(parse(VALID, start, 'behaviour.steps=1'))).toHaveLength(1);
    expect(parse(VALID, 'behaviour.start=2106-02-07T06:13:15Z', 'behaviour.steps=1').ok).toBe(true);
    expect(parse(VALID, 'behaviour.spread=450 s').ok).toBe(true);
    expect(errorsOf(parse(VALID, 'behaviour.spread=451 s'))).toHaveLength(1);
  });
});

describe('files that are none', () => {
  const directory = mkdtempSync(join(tmpdir(), 'meterstorm-scenario-'));
  afterAll(() => rmSync(directory, { recursive: true }));

  function errorsOfFile(name: string, content: string | Uint8Array): readonly string[] {
    const file = join(directory, name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
    return errorsOf(parseScenario({ file, sets: [] })).map((line) => line.replace(`${directory}/`, ''));
  }

  const allowed = 'allowed: a scenario file (YAML) of at most 1000000 bytes';

  test('missing, a directory, too large, no text', () => {
    expect(errorsOf(parseScenario({ file: 'no/such.yaml', sets: [] }))).toEqual([`no/such.yaml: found no such file; ${allowed}`]);
    expect(errorsOf(parseScenario({ file: directory, sets: [] }))).toEqual([`${directory}: found a directory; ${allowed}`]);
    expect(errorsOfFile('large.yaml', `#${' '.repeat(1_000_000)}`)).toEqual([
      `large.yaml: found a file of 1000001 bytes; ${allowed}`,
    ]);
    expect(errorsOfFile('latin.yaml', Uint8Array.of(0x61, 0x3a, 0xe9, 0x0a))).toEqual([
      `latin.yaml: found a file that is no UTF-8 text; ${allowed}`,
    ]);
  });

  test('empty', () => {
    expect(errorsOfFile('empty.yaml', '')).toEqual(['empty.yaml:1:1: found nothing; allowed: a map of keys and values']);
  });

  test('an open quote', () => {
    expect(errorsOfFile('quote.yaml', 'name: "a\n')).toEqual([
      'quote.yaml:2:1: found broken YAML (Missing closing "quote); allowed: YAML 1.2',
    ]);
  });

  test('nested without end', () => {
    for (const text of ['['.repeat(20_000), '{a: '.repeat(20_000), '- '.repeat(20_000), `${'['.repeat(40)}${']'.repeat(40)}`]) {
      expect(errorsOfFile('deep.yaml', text)).toMatchObject([expect.stringContaining('found values nested too deep')]);
    }
  });

  test('keys of the language itself are unknown keys', () => {
    const errors = errorsOf(parse(`__proto__: { seed: 5 }\nconstructor: 1\n${VALID}`));
    expect(errors.map((line) => line.replace(/;.*/, ''))).toEqual([
      'a.yaml:1:1: unknown key `__proto__`',
      'a.yaml:2:1: unknown key `constructor`',
    ]);
  });
});

test('no mutation of a right file makes the parser throw, and an error always has a place in the text', () => {
  const alphabet = ' \n\t:-{}[]"\'&*!|>%@#,.?~0a9ž\u0000';
  for (let round = 0; round < 1500; round++) {
    let text = VALID;
    for (let i = 0; i <= draw(round, 0) % 3; i++) {
      const at = draw(round, 3 * i + 1) % text.length;
      const insert = alphabet[draw(round, 3 * i + 2) % alphabet.length] ?? '';
      text = text.slice(0, at) + insert + text.slice(at + (draw(round, 3 * i + 3) % 4));
    }
    const parsed = parse(text);
    if (parsed.ok) continue;
    const lines = text.split('\n');
    expect(parsed.errors.length).toBeGreaterThan(0);
    for (const error of parsed.errors) {
      expect(error.file, text).toBe('a.yaml');
      expect(error.line, text).toBeGreaterThanOrEqual(1);
      expect(error.line, text).toBeLessThanOrEqual(lines.length);
      expect(error.column, text).toBeLessThanOrEqual((lines[error.line - 1]?.length ?? 0) + 1);
      expect(String(error), text).not.toMatch(/[\n\r\0]/);
    }
  }
});
