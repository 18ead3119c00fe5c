import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ScenarioFiles } from '../../grid/scenario/files.ts';
import { type Alternative, parseAlternatives, watchFlags } from './alternatives.ts';

function filesOf(text: string): ScenarioFiles {
  return { read: (path) => (path === 'dir/a.yaml' ? { text } : { found: 'no such file' }), isFile: () => false };
}

const parse = (text: string): ReturnType<typeof parseAlternatives> => parseAlternatives(filesOf(text), 'dir/a.yaml');

function errorsOf(text: string): readonly string[] {
  const parsed = parse(text);
  return parsed.ok ? [] : parsed.errors.map(String);
}

/** The entries of `alternatives`, from line 2 on. */
const entry = (text: string): string => `alternatives:\n  - ${text.split('\n').join('\n    ')}\n`;

describe('alternatives', () => {
  it('are ours with defaults, ours with values, and others with commands', () => {
    const parsed = parse(`
alternatives:
  - name: the defaults
  - { name: "two intakes, wide", intake: buffered, store: duckdb, intakes: 2 }
  - name: vendor X
    headend: localhost:4059
    confirms: no
    start: ./start.sh
    stop: ./stop.sh
    ready: ^listening
    start-within: 5 s
    stop-within: 2 s
    watch: [db=pid-file:x.pid, host]
    audit-csv: stored/x.csv
    audit-columns: meter=serial,channel=obis,time=ts,value:kWh=energy
    audit-wait: 1 min
  - { name: direct, intake: direct, store: "postgres://me:secret@db/x", connections: 4, drop-schema: yes }
`);
    if (!parsed.ok) throw new Error(parsed.errors.join('\n'));
    const [plain, ours, theirs, direct] = parsed.alternatives;
    expect(plain).toMatchObject({ name: 'the defaults', folder: 'the-defaults', flags: [], foreign: null });
    expect(ours).toMatchObject({ folder: 'two-intakes-wide', flags: ['--intake', 'buffered', '--store', 'duckdb', '--intakes', '2'] });
    expect(theirs).toMatchObject({
      flags: '--headend 127.0.0.1:4059 --unconfirmed --audit-csv FILE --audit-columns meter=serial,channel=obis,time=ts,value:kWh=energy --audit-wait'
        .split(' ')
        .concat('60 s')
        .with(4, resolve('dir/stored/x.csv')),
      foreign: { address: '127.0.0.1', port: 4059, start: './start.sh', stop: './stop.sh', startWithinMs: 5000, stopWithinMs: 2000 },
      directory: 'dir',
    });
    expect(theirs?.watch).toEqual(['db=pid-file:x.pid', 'host']);
    expect(direct?.flags).toEqual(['--intake', 'direct', '--store', 'postgres://me:secret@db/x', '--connections', '4', '--drop-schema']);
    expect(direct?.description).toBe('the data centre in the box: direct, PostgreSQL (postgres://me@db/x)');
    expect(theirs?.foreign?.ready?.test('starting\nlistening on 4059')).toBe(true);
    expect(theirs?.foreign?.ready?.test('not listening')).toBe(false);
  });

  it.each<[string, string, readonly (string | RegExp)[]]>([
    ['nothing', '', ['dir/a.yaml:1:1: found nothing; allowed: a map of keys and values']],
    ['a list', '- a\n', ['dir/a.yaml:1:1: found a list of 1 entry; allowed: the key `alternatives`']],
    ['no alternatives', 'alternatives: []\n', ['dir/a.yaml:1:15: alternatives: found a list of 0 entries; allowed: a list of 1 to 32 alternatives']],
    ['another key', 'alternative: []\n', [/1:1: missing key `alternatives`/, /1:1: unknown key `alternative`; did you mean `alternatives`\?/]],
    ['broken YAML', 'alternatives: [', [/^dir\/a\.yaml:1:\d+: found broken YAML/]],
    ['no name', entry('intake: buffered'), [/2:5: missing key `name` in `alternatives\.0`/]],
    ['a name of a sign', entry('name: "-x"'), [/2:11: alternatives\.0\.name: found `-x`; allowed: a text/]],
    ['a near miss', entry('name: a\nintke: buffered'), [/3:5: unknown key `intke`; did you mean `intake`\?/]],
    ['a near miss of a value', entry('name: a\nintake: bufered'), [/3:13: alternatives\.0\.intake: found `bufered`; did you mean `buffered`\?/]],
    ['a store that is none', entry('name: a\nstore: oracle'), [/3:12: alternatives\.0\.store: found `oracle`; allowed: `duckdb`, `postgres:\/\/user@host/]],
    ['connections without PostgreSQL', entry('name: a\nintake: direct\nconnections: 4'), [/4:5: alternatives\.0\.connections: found `connections`; allowed: only with a `store` of PostgreSQL/]],
    ['a query of no database', entry('name: a\nheadend: 10.0.0.1:80\naudit-query: SELECT 1'), [/4:5: alternatives\.0\.audit-query: which database\? Name it with audit-sql/]],
    ['a database and a file', entry('name: a\nheadend: 10.0.0.1:80\naudit-sql: postgres://a/b\naudit-csv: x.csv'), [/5:5: alternatives\.0\.audit-csv: the readings are in a database or in a file/]],
    ['an audit of ours', entry('name: a\naudit-csv: x.csv'), [/3:5: alternatives\.0\.audit-csv: found `audit-csv`; allowed: only with `headend`/]],
    ['nothing to wait for', entry('name: a\nheadend: 10.0.0.1:80\naudit-wait: 5 s'), [/4:5: alternatives\.0\.audit-wait: found `audit-wait`; allowed: only with `audit-sql`/]],
    ['nothing to watch', entry('name: a\nwatch: []'), [/3:12: alternatives\.0\.watch: found a list of 0 entries; allowed: a list of 1 to 32/]],
    ['what can’t be watched', entry('name: a\nwatch: [host, db=pid:x]'), [/3:19: alternatives\.0\.watch\.1: found `db=pid:x`; allowed: `NAME=pid-file:PATH`/]],
    ['too many intakes', entry('name: a\nintakes: 0'), [/3:14: alternatives\.0\.intakes: found `0`; allowed: a whole number from 1 to 1000/]],
    ['no address', entry('name: a\nheadend: here'), [/3:14: alternatives\.0\.headend: found `here`; allowed: ADDRESS:PORT/]],
    ['a bad address', entry('name: a\nheadend: 300.0.0.1:80'), [/3:14: alternatives\.0\.headend: found `300\.0\.0\.1:80`/]],
    ['port 0', entry('name: a\nheadend: 10.0.0.1:0'), [/3:14: .*found `10\.0\.0\.1:0`/]],
    ['a store of a head-end', entry('name: a\nheadend: 10.0.0.1:80\nstore: duckdb'), [/4:5: alternatives\.0\.store: found `store`; allowed: with `headend` only/]],
    ['a command without a head-end', entry('name: a\nstart: ./x.sh'), [/3:5: alternatives\.0\.start: found `start`; allowed: only with `headend`/]],
    ['ready without start', entry('name: a\nheadend: 10.0.0.1:80\nready: x'), [/4:5: alternatives\.0\.ready: found `ready`; allowed: only with `start`/]],
    ['no regular expression', entry('name: a\nheadend: 10.0.0.1:80\nstart: x\nready: "("'), [/5:12: alternatives\.0\.ready: found `\(`; allowed: a regular expression/]],
    ['a time limit without a unit', entry('name: a\nheadend: 10.0.0.1:80\nstart: x\nstart-within: 5'), [/5:19: .*found `5`; allowed: a duration from 1 s to 1 d/]],
    ['set', entry('name: a\nset: [grid.stations=5]'), [/3:5: alternatives\.0\.set: found `set`, which is of the load; allowed: what belongs to the head-end; all alternatives get the same load/]],
    ['another seed', entry('name: a\nseed: 5'), [/3:5: alternatives\.0\.seed: found `seed`, which is of the load/]],
    ['a name twice', entry('name: a b') + '  - name: A-b\n', [/3:11: alternatives\.1\.name: found `A-b`; allowed: a name that gives a directory of its own: that of line 2 gives `a-b` already/]],
    ['a name of our files', entry('name: compare.json'), [/2:11: .*found `compare\.json`; allowed: another name/]],
  ])('wrong: %s', (_, text, expected) => {
    const errors = errorsOf(text);
    expect(errors.length).toBe(expected.length);
    for (const [i, what] of expected.entries()) expect(errors[i]).toMatch(what);
    for (const error of errors) expect(error).not.toMatch(/[\n\r]|undefined|\[object/);
  });

  it('say which process a file of its number means, once it is there', () => {
    const directory = mkdtempSync(join(tmpdir(), 'meterstorm-pid-'));
    writeFileSync(join(directory, 'x.pid'), '4711\nrest\n');
    writeFileSync(join(directory, 'y.pid'), 'none\n');
    const watching = (...watch: readonly string[]): Alternative => ({ name: 'a', folder: 'a', flags: [], description: '', watch, directory, foreign: null });
    expect(watchFlags(watching('db=pid-file:x.pid', 'host'))).toEqual(['--watch', 'db=pid:4711', '--watch', 'host']);
    expect(() => watchFlags(watching('db=pid-file:y.pid'))).toThrow(/y\.pid holds no process number/);
    expect(() => watchFlags(watching('db=pid-file:z.pid'))).toThrow(/z\.pid can't be read/);
    rmSync(directory, { recursive: true });
  });

  it('wrong: all at once, and a file that is not there', () => {
    const errors = errorsOf(`${entry('name: a\nspeed: 5')}  - headend: x\n`);
    expect(errors.map((error) => error.split(':').slice(0, 3).join(':'))).toEqual(['dir/a.yaml:3:5', 'dir/a.yaml:4:5', 'dir/a.yaml:4:14']);
    const missing = parseAlternatives(filesOf(''), 'b.yaml');
    expect(missing.ok ? [] : missing.errors.map(String)).toEqual(['b.yaml: found no such file; allowed: a file of alternatives (YAML) of at most 1000000 bytes']);
  });
});
