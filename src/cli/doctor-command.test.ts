/** `meterstorm doctor`, and the short ways to cut a scenario, as their user runs them. Needs `npm run build`. */

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { packageFile } from '../base/package-root.ts';
import type { Finding } from '../run/doctor.ts';
import { doctorText } from './doctor-command.ts';

const MAIN = packageFile('dist', 'cli', 'main.js');
const SMALL = packageFile('scenarios', 'small-grid.yaml');
const BLACKOUT = packageFile('scenarios', 'blackout.yaml');

const DIRECTORY = mkdtempSync(join(tmpdir(), 'meterstorm-doctor-'));
afterAll(() => rmSync(DIRECTORY, { recursive: true }));

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly said: string;
}

function meterstorm(...args: readonly string[]): Ended {
  const ended = spawnSync(process.execPath, [MAIN, ...args], { encoding: 'utf8' });
  return { code: ended.status, out: ended.stdout, said: ended.stderr };
}

/** With another hard limit of descriptors. */
function limited(limit: number, ...args: readonly string[]): Ended {
  const ended = spawnSync('sh', ['-c', `ulimit -n ${limit}; exec "$@"`, 'sh', process.execPath, MAIN, ...args], { encoding: 'utf8' });
  return { code: ended.status, out: ended.stdout, said: ended.stderr };
}

const needs = {
  scenario: 'small-grid',
  communication: 'push',
  headend: 'builtin',
  stations: 1430,
  meters: 100_000,
  readings: 28_800_000,
  counts: { simulators: 1, intakes: 1 },
  connectionsOfProcess: 1430,
  sockets: 2860,
  arrivals: 1430,
  memoryBytes: 1,
  memoryFixedBytes: 1,
  diskBytes: 1,
  addresses: [],
} as const;

function finding(check: string, level: Finding['level']): Finding {
  return { check, level, found: '3 apples', needed: '4', why: 'there are four of us', mend: level === 'ok' ? null : 'buy one' };
}

describe('the text', () => {
  test('has a line for each finding, and what they come to', () => {
    expect(doctorText(needs, [finding('apples', 'ok'), finding('pear trees', 'warn'), finding('plums', 'bad')])).toBe(
      'small-grid: 1,430 connections, 100,000 meters, up to 28.8 M readings\n\n' +
        'ok    apples      3 apples, needed 4: there are four of us\n' +
        'warn  pear trees  3 apples, needed 4: there are four of us; mend: buy one\n' +
        'bad   plums       3 apples, needed 4: there are four of us; mend: buy one\n\n' +
        '1 bad, 1 warning: the run would break\n',
    );
  });

  test.each([
    [['ok', 'ok'], 'nothing stands in its way'],
    [['warn', 'warn'], '0 bad, 2 warnings: it runs, and its figures will be worse'],
    [['bad'], '1 bad, 0 warnings: the run would break'],
  ] as const)('%s', (levels, end) => {
    expect(doctorText(needs, levels.map((level) => finding('x', level))).trimEnd().split('\n').at(-1)).toBe(end);
  });
});

describe('meterstorm doctor', () => {
  test('without a scenario thinks of the small grid, and says nothing on stderr', () => {
    const { out, said } = meterstorm('doctor', '--out', DIRECTORY);
    expect(said).toBe('');
    expect(out).toMatch(/^small-grid: 1,430 connections/);
    for (const line of out.split('\n').slice(2, -3)) expect(line).toMatch(/^(?:ok  |warn|bad )  \S.*, needed .+: .+/);
  });

  test('exits with 1 when something is bad', () => {
    const { code, out } = limited(250, 'doctor', SMALL, '--out', DIRECTORY);
    expect(code).toBe(1);
    expect(out).toMatch(/^bad {3}descriptors +250 a process, needed 257 .*; mend: sudo prlimit --pid \$\$ --nofile=2048:2048$/m);
  });

  test('--json prints what a program can use', () => {
    const { out } = meterstorm('doctor', SMALL, '--json', '--stations', '143', '--steps', '10', '--out', DIRECTORY);
    const { able, needs: found, findings } = JSON.parse(out) as { able: boolean; needs: typeof needs; findings: Finding[] };
    expect(found).toMatchObject({ stations: 143, meters: 10_000, readings: 100_000 });
    expect(able).toBe(findings.every(({ level }) => level !== 'bad'));
    expect(findings.map(({ check }) => check)).toContain('addresses');
  });

  test.each([
    [['nowhere.yaml'], /nowhere\.yaml.*no such file/],
    [['--headend', 'there'], /--headend.*ADDRESS:PORT/],
    [[SMALL, '--steps', '0'], /^--steps: behaviour\.steps: found `0`; allowed: /],
    [[SMALL, '--stations', 'few'], /^--stations: grid\.stations: found `few`; allowed: /],
  ])('wrong input is one line, and exit code 2: %s', (args, message) => {
    const { code, out, said } = meterstorm('doctor', ...args);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(said).toMatch(message);
    expect(said.trimEnd().split('\n')).toHaveLength(1);
  });
});

describe('a cut', () => {
  test('is exported, and what was left out is said', () => {
    const { code, said } = meterstorm('export', BLACKOUT, 'grid', '--stations', '3', '--steps', '4', '--out', DIRECTORY);
    expect(said).toBe('meterstorm: --steps: left out the blackout at 36 h, which begins after the last step\n');
    expect(code).toBe(0);
    expect(readFileSync(join(DIRECTORY, 'stations.csv'), 'utf8').trimEnd().split('\n')).toHaveLength(4);
  });

  test('is played; a limit that is too low is said before, and the run goes on', () => {
    const out = join(DIRECTORY, 'run');
    const { code, said } = limited(250, 'run', SMALL, '--stations', '3', '--steps', '4', '--simulators', '1', '--intakes', '1', '--out', out);
    expect(said.split('\n')[0]).toBe(
      'meterstorm: descriptors: 250 a process, needed 259 in the largest of 1 simulator and 1 intake: each connection is one; ' +
        'mend: sudo prlimit --pid $$ --nofile=512:512',
    );
    expect(code).toBe(0);
  });
});
