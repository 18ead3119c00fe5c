/**
 * The file of `meterstorm compare`: which data centres are compared. Ours differ in intake and store; others are reached by
 * address, and may be started, stopped and looked into. Checked as strictly as a scenario, with the same machinery.
 *
 * What would change the load can't be said here: all alternatives get the same.
 */

import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import * as fields from '../../grid/scenario/fields.ts';
import { SCENARIO_BYTES_MAX, type ScenarioFiles } from '../../grid/scenario/files.ts';
import { issueProblems } from '../../grid/scenario/issues.ts';
import { scenarioErrors, quoted, type Problem, type ScenarioError } from '../../grid/scenario/scenario-error.ts';
import { describe, find, keyPosition, plain, type Path, type Tree } from '../../grid/scenario/tree.ts';
import { yamlTree } from '../../grid/scenario/yaml-tree.ts';
import { withoutPassword } from '../../headend/store/postgres-config.ts';
import { parseWatchTarget } from '../../monitor/watch-target.ts';
import { foreignSource } from '../audit-source.ts';
import { UserError } from '../errors.ts';

export interface Alternative {
  readonly name: string;
  /** Its directory within that of the comparison. */
  readonly folder: string;
  /** Further arguments of `meterstorm run`. */
  readonly flags: readonly string[];
  /** In a few words, for the report. */
  readonly description: string;
  /** As written; see `watchFlags`. */
  readonly watch: readonly string[];
  /** Of the file: where commands run, and what paths are relative to. */
  readonly directory: string;
  /** null: the data centre in the box. */
  readonly foreign: ForeignHeadend | null;
}

/** A head-end of somebody else, and what is done before and after a run. */
export interface ForeignHeadend {
  readonly address: string;
  readonly port: number;
  /** Commands for `sh -c`; null: it runs already, and goes on. */
  readonly start: string | null;
  readonly stop: string | null;
  /** It is ready when what it printed matches; null: when its port answers. */
  readonly ready: RegExp | null;
  readonly startWithinMs: number;
  readonly stopWithinMs: number;
}

export type ParsedAlternatives =
  | { readonly ok: true; readonly alternatives: readonly Alternative[] }
  | { readonly ok: false; readonly errors: readonly ScenarioError[] };

const ENTRIES = { min: 1, max: 32 } as const;
const LIST = `a list of ${ENTRIES.min} to ${ENTRIES.max} alternatives`;
const LIMIT_MAX = '1 d';

const WATCHED = '`NAME=pid-file:PATH`, or as with `--watch` of a run: `NAME=pid:N`, `NAME=cgroup:/PATH`, `host`';
const WATCHED_LIST = `a list of ${ENTRIES.min} to ${ENTRIES.max} of what is watched`;

const text = (description: string, allowed: string) => fields.label({ description, form: /\S/, allowed });
const command = (description: string) => text(description, 'a command, as for `sh -c`').optional();

const alternativeSchema = z.strictObject({
  name: fields.label({
    description: 'Name in the report, and of a directory.',
    form: /^[\p{L}\p{N}].{0,62}\S$|^[\p{L}\p{N}]$/u,
    allowed: 'a text of 1 to 64 characters that begins with a letter or digit',
  }),
  intake: fields.choice({ description: 'How readings get into the store.', words: ['buffered', 'direct'] }).optional(),
  store: fields
    .label({
      description: 'Where readings go.',
      form: /^(?:duckdb|postgres(?:ql)?:(?:\/\/.*)?)$/,
      allowed: '`duckdb`, `postgres://user@host:port/database`, or `postgres:` for what PGHOST and so on say',
    })
    .optional(),
  connections: fields.wholeNumber({ description: 'Connections of each direct intake into PostgreSQL.', min: 1, max: 1000 }).optional(),
  'drop-schema': fields.choice({ description: 'PostgreSQL: whether the readings of a run are removed after its audit.', words: ['yes', 'no'] }).optional(),
  intakes: fields.wholeNumber({ description: 'Intake processes.', min: 1, max: 1000 }).optional(),
  headend: fields
    .label({ description: 'Where the head-end listens.', form: /^(?:localhost|\d{1,3}(?:\.\d{1,3}){3}):\d{1,5}$/, allowed: 'ADDRESS:PORT such as `10.0.0.5:4059`' })
    .optional(),
  confirms: fields.choice({ description: 'Whether it writes last_confirmation_date_time.', words: ['yes', 'no'] }).optional(),
  start: command('Starts it.'),
  stop: command('Stops it after the run.'),
  ready: fields.label({ description: 'What it prints once it is ready.', form: /\S/, allowed: 'a regular expression' }).optional(),
  'start-within': fields.duration({ description: 'Time that it has to be ready.', min: '1 s', max: LIMIT_MAX }).optional(),
  'stop-within': fields.duration({ description: 'Time that it has to end.', min: '1 s', max: LIMIT_MAX }).optional(),
  'audit-sql': text('PostgreSQL database in which it keeps readings.', 'an address, `postgres://user@host:port/database`').optional(),
  'audit-query': text('Query that gives them all.', 'a query').optional(),
  'audit-csv': text('Or a CSV file with them.', 'the path of a file, relative to this one').optional(),
  'audit-columns': text('Which column says what.', 'a mapping such as `meter=serial,channel=obis,time=ts,value:kWh=energy`').optional(),
  'audit-wait': fields.duration({ description: 'Its rows are waited for until none comes for so long.', min: '0 s', max: LIMIT_MAX }).optional(),
  watch: z
    .array(text('What else is counted.', WATCHED), { error: WATCHED_LIST })
    .min(1, { error: WATCHED_LIST })
    .max(ENTRIES.max, { error: WATCHED_LIST })
    .optional(),
});

const fileSchema = z.strictObject({
  alternatives: z.array(alternativeSchema, { error: LIST }).min(ENTRIES.min, { error: LIST }).max(ENTRIES.max, { error: LIST }),
});

type Entry = z.infer<typeof alternativeSchema>;
type Key = keyof Entry;

const OURS: readonly Key[] = ['intake', 'store', 'intakes', 'connections', 'drop-schema'];
const OF_POSTGRES: readonly Key[] = ['connections', 'drop-schema'];
const AUDIT: readonly Key[] = ['audit-sql', 'audit-query', 'audit-csv', 'audit-columns', 'audit-wait'];
const OTHERS: readonly Key[] = ['confirms', 'start', 'stop', 'ready', 'start-within', 'stop-within', ...AUDIT];
/** Of no use without `start`. */
const WITH_START: readonly Key[] = ['ready', 'start-within'];

/** Never throws on any text. */
export function parseAlternatives(files: ScenarioFiles, file: string): ParsedAlternatives {
  const content = files.read(file);
  if ('found' in content) {
    const at = { file, layer: 0, line: 0, column: 0 };
    return failed([{ at, path: [], found: content.found, allowed: `a file of alternatives (YAML) of at most ${SCENARIO_BYTES_MAX} bytes` }]);
  }
  const { tree, problems } = yamlTree({ text: content.text, at: { file, layer: 0, line: 1, column: 1 } });
  if (tree === null) return failed(problems);
  if (tree.kind !== 'map') return failed([...problems, { at: tree.at, path: [], found: describe(tree), allowed: 'the key `alternatives`' }]);
  const load = loadProblems(tree);
  const checked = fileSchema.safeParse(plain(tree));
  const schema = checked.success ? [] : issueProblems({ tree, schema: fileSchema }, checked.error.issues);
  // A key that is explained needs no second line.
  const rest = schema.filter(({ at }) => !load.some((problem) => problem.at.line === at.line && problem.at.column === at.column));
  const all = [...problems, ...load, ...rest, ...entryProblems(tree)];
  if (!checked.success || all.length > 0) return failed(all);
  return { ok: true, alternatives: checked.data.alternatives.map((entry) => alternativeOf(entry, dirname(file))) };
}

function failed(problems: readonly Problem[]): ParsedAlternatives {
  return { ok: false, errors: scenarioErrors(problems) };
}

/** What somebody writes here who wants alternatives of the load. */
const LOAD_KEYS: ReadonlySet<string> = new Set(['set', 'scenario', 'seed', 'grid', 'behaviour', 'network', 'protocol', 'security', 'speed', 'steps', 'stations', 'simulators', 'drain']);

function loadProblems(tree: Tree): readonly Problem[] {
  return entriesOf(tree).flatMap((entry, i) => {
    if (entry.kind !== 'map') return [];
    return [...entry.entries].flatMap(([key, { keyAt }]): readonly Problem[] => {
      if (!LOAD_KEYS.has(key)) return [];
      const allowed = 'what belongs to the head-end; all alternatives get the same load, so change the scenario, or say it to `compare`';
      return [{ at: keyAt, path: ['alternatives', i, key], found: `${quoted(key)}, which is of the load`, allowed }];
    });
  });
}

/** What depends on several values at once. */
function entryProblems(tree: Tree): readonly Problem[] {
  const folders = new Map<string, number>();
  return entriesOf(tree).flatMap((entry, i) => keyProblems(tree, entry, i).concat(valueProblems(tree, i), nameProblems({ tree, entry, i }, folders)));
}

function entriesOf(tree: Tree): readonly Tree[] {
  const list = find(tree, ['alternatives']);
  return list?.kind === 'list' ? list.items : [];
}

function keyProblems(tree: Tree, entry: Tree, i: number): readonly Problem[] {
  if (entry.kind !== 'map') return [];
  const has = (key: Key): boolean => entry.entries.has(key);
  const wrong = (keys: readonly Key[], allowed: string): readonly Problem[] =>
    keys.filter(has).map((key) => {
      const path = ['alternatives', i, key];
      return { at: keyPosition(tree, path), path, found: quoted(key), allowed };
    });
  if (has('headend')) {
    const ours = wrong(OURS, 'with `headend` only what is done with somebody else’s: it has an intake and a store of its own');
    const waits = has('audit-sql') || has('audit-csv') ? [] : wrong(['audit-wait'], 'only with `audit-sql` or `audit-csv`');
    return [...ours, ...waits, ...(has('start') ? [] : wrong(WITH_START, 'only with `start`'))];
  }
  const others = wrong(OTHERS, 'only with `headend`: the data centre in the box is started and stopped by itself');
  const store = entry.entries.get('store')?.tree;
  const postgres = store?.kind === 'scalar' && String(store.value).startsWith('postgres');
  return postgres ? others : others.concat(wrong(OF_POSTGRES, 'only with a `store` of PostgreSQL: a DuckDB file has none'));
}

/** What a run would say of these flags, at the key that it names. */
function auditProblem(tree: Tree, i: number): readonly Problem[] {
  const valueOf = (key: Key): string | null => scalarAt(tree, ['alternatives', i, key])?.text ?? null;
  const [sql, query, csv, columns] = [valueOf('audit-sql'), valueOf('audit-query'), valueOf('audit-csv'), valueOf('audit-columns')];
  try {
    foreignSource({
      ...(sql === null ? {} : { auditSql: sql }),
      ...(query === null ? {} : { auditQuery: query }),
      ...(csv === null ? {} : { auditCsv: csv }),
      ...(columns === null ? {} : { auditColumns: columns }),
    });
    return [];
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    const [, key = '', message = error.message] = /^meterstorm: --([\w-]+): (.*)$/s.exec(error.message) ?? [];
    const path = ['alternatives', i, key];
    return [{ at: keyPosition(tree, path), path, found: '', allowed: message, message: `${path.join('.')}: ${message.replaceAll('--audit', 'audit')}` }];
  }
}

function valueProblems(tree: Tree, i: number): readonly Problem[] {
  const problems: Problem[] = [...auditProblem(tree, i)];
  const ready = scalarAt(tree, ['alternatives', i, 'ready']);
  if (ready !== null && regularExpression(ready.text) === null) {
    problems.push({ ...ready, found: quoted(ready.text), allowed: 'a regular expression' });
  }
  const watch = find(tree, ['alternatives', i, 'watch']);
  for (const at of (watch?.kind === 'list' ? watch.items : []).keys()) {
    const what = scalarAt(tree, ['alternatives', i, 'watch', at]);
    if (what === null || PID_FILE.test(what.text)) continue;
    const target = parseWatchTarget(what.text);
    if ('error' in target) problems.push({ ...what, found: quoted(what.text), allowed: WATCHED });
  }
  const headend = scalarAt(tree, ['alternatives', i, 'headend']);
  const end = headend === null ? null : /^(?<address>[\d.]+|localhost):(?<port>\d{1,5})$/.exec(headend.text)?.groups;
  if (headend !== null && end !== null && end !== undefined) {
    const port = Number(end['port']);
    const known = end['address'] === 'localhost' || (end['address'] ?? '').split('.').every((part) => Number(part) <= 255);
    if (!known || port < 1 || port > 65_535) problems.push({ ...headend, found: quoted(headend.text), allowed: 'ADDRESS:PORT such as `10.0.0.5:4059`' });
  }
  return problems;
}

function nameProblems(of: { readonly tree: Tree; readonly entry: Tree; readonly i: number }, folders: Map<string, number>): readonly Problem[] {
  const name = scalarAt(of.tree, ['alternatives', of.i, 'name']);
  if (name === null) return [];
  const folder = folderOf(name.text).toLowerCase();
  const first = folders.get(folder);
  folders.set(folder, first ?? name.at.line);
  if (first !== undefined) {
    const found = quoted(name.text);
    return [{ ...name, found, allowed: `a name that gives a directory of its own: that of line ${first} gives \`${folder}\` already` }];
  }
  if (!folder.startsWith('compare.')) return [];
  return [{ ...name, found: quoted(name.text), allowed: 'another name: the files of the comparison begin with `compare.`' }];
}

function scalarAt(tree: Tree, path: Path): { readonly at: Problem['at']; readonly path: Path; readonly text: string } | null {
  const node = find(tree, path);
  return node?.kind === 'scalar' && typeof node.value === 'string' ? { at: node.at, path, text: node.value } : null;
}

function regularExpression(source: string): RegExp | null {
  try {
    return new RegExp(source, 'm');
  } catch {
    return null;
  }
}

function folderOf(name: string): string {
  return name.replaceAll(/[^\p{L}\p{N}._-]+/gu, '-').replace(/-+$/, '');
}

/** Of `watch`: the file is read once the head-end runs. */
const PID_FILE = /^(?<name>\w[\w.-]{0,39})=pid-file:(?<path>.+)$/;

/** `--watch` flags of a run. Throws UserError when a pid file can't be read. */
export function watchFlags({ watch, directory }: Alternative): readonly string[] {
  return watch.flatMap((what) => {
    const { name = '', path = '' } = PID_FILE.exec(what)?.groups ?? {};
    if (path === '') return ['--watch', what];
    const file = resolve(directory, path);
    let words: string;
    try {
      words = readFileSync(file, 'utf8').trim().split(/\s/)[0] ?? '';
    } catch (error) {
      throw new UserError(`watch: ${file} can't be read: ${(error as Error).message}`);
    }
    if (!/^\d{1,10}$/.test(words)) throw new UserError(`watch: ${file} holds no process number`);
    return ['--watch', `${name}=pid:${words}`];
  });
}

const START_WITHIN_SECONDS = 60;
const STOP_WITHIN_SECONDS = 30;

function alternativeOf(entry: Entry, directory: string): Alternative {
  const { name, intake, store, intakes, connections, headend, confirms, watch = [] } = entry;
  const common = { name, folder: folderOf(name), watch, directory };
  if (headend === undefined) {
    const flags = [
      ...(intake === undefined ? [] : ['--intake', intake]),
      ...(store === undefined ? [] : ['--store', store]),
      ...(intakes === undefined ? [] : ['--intakes', String(intakes)]),
      ...(connections === undefined ? [] : ['--connections', String(connections)]),
      ...(entry['drop-schema'] === 'yes' ? ['--drop-schema'] : []),
    ];
    const processes = intakes === undefined ? '' : `, ${intakes} intake ${intakes === 1 ? 'process' : 'processes'}`;
    return { ...common, flags, description: `the data centre in the box: ${intake ?? 'buffered'}, ${storeName(store ?? 'duckdb')}${processes}`, foreign: null };
  }
  const [host = '', port = ''] = headend.split(':');
  const address = host === 'localhost' ? '127.0.0.1' : host;
  const audit = AUDIT.flatMap((key) => auditFlag(key, entry[key], directory));
  const flags = ['--headend', `${address}:${port}`, ...(confirms === 'no' ? ['--unconfirmed'] : []), ...audit];
  const foreign: ForeignHeadend = {
    address,
    port: Number(port),
    start: entry.start ?? null,
    stop: entry.stop ?? null,
    ready: entry.ready === undefined ? null : regularExpression(entry.ready),
    startWithinMs: (entry['start-within'] ?? START_WITHIN_SECONDS) * 1000,
    stopWithinMs: (entry['stop-within'] ?? STOP_WITHIN_SECONDS) * 1000,
  };
  return { ...common, flags, description: `head-end at ${address}:${port}${confirms === 'no' ? ', which confirms nothing' : ''}`, foreign };
}

function auditFlag(key: Key, value: Entry[Key], directory: string): readonly string[] {
  if (value === undefined) return [];
  if (key === 'audit-wait') return [`--${key}`, `${String(value)} s`];
  return [`--${key}`, key === 'audit-csv' ? resolve(directory, String(value)) : String(value)];
}

function storeName(store: string): string {
  return store === 'duckdb' ? 'DuckDB' : `PostgreSQL (${withoutPassword(store)})`;
}
