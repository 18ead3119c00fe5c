/**
 * The file of `meterstorm run --monitor`: whose values are asked for, whose lines are looked at, and by which rules. Checked as
 * strictly as a scenario, with the same machinery.
 */

import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import * as fields from '../../grid/scenario/fields.ts';
import { SCENARIO_BYTES_MAX, type ScenarioFiles } from '../../grid/scenario/files.ts';
import { issueProblems } from '../../grid/scenario/issues.ts';
import { nearMiss } from '../../grid/scenario/near-miss.ts';
import { quoted, scenarioErrors, type Problem, type ScenarioError } from '../../grid/scenario/scenario-error.ts';
import { describe, find, keyPosition, plain, type Path, type Tree } from '../../grid/scenario/tree.ts';
import { yamlTree } from '../../grid/scenario/yaml-tree.ts';
import { patternFault, USUAL_MOST, USUAL_WITHIN_MS, type Rule } from '../../monitor/events/rule.ts';
import { RULE_SETS } from '../../monitor/events/shipped-rules.ts';
import { MUNIN_PORT, MUNIN_SCHEDULE, USUAL_SCHEDULE, type LogPlan, type MonitorPlan, type TargetPlan } from '../../monitor/monitor-plan.ts';
import { SEVERITIES } from '../../monitor/store/monitor-source.ts';

export type ParsedPlan =
  | { readonly ok: true; readonly plan: MonitorPlan }
  | { readonly ok: false; readonly errors: readonly ScenarioError[] };

const LIST_MAX = 100;
/** Names of the run's own series and events, and of monitoring's. */
const TAKEN = ['run', 'monitor'];

const name = fields.label({
  description: 'Name in the dashboard and in queries.',
  form: /^[\p{L}\p{N}](?:[^\p{C}\n]{0,62}\S)?$/u,
  allowed: 'a text of 1 to 64 characters that begins with a letter or digit',
});
const text = (description: string, allowed: string) => fields.label({ description, form: /\S/, allowed });
const texts = (description: string, allowed: string) => {
  const error = `a list of at most ${LIST_MAX}: ${allowed}`;
  return z.array(text(description, allowed), { error }).min(1, { error }).max(LIST_MAX, { error });
};
function list<T extends z.ZodType>(entry: T, what: string) {
  const error = `a list of at most ${LIST_MAX} ${what}`;
  return z.array(entry, { error }).max(LIST_MAX, { error });
}

const target = z.strictObject({
  name,
  munin: fields.label({ description: 'A munin-node.', form: /^[\w.-]+(?::\d{1,5})?$/, allowed: 'HOST:PORT, or HOST alone for port 4949' }).optional(),
  plugins: texts('Plugins of that node; all if left out.', 'names of plugins').optional(),
  prometheus: text('Where an exposition is to be had.', 'a URL such as `http://10.0.0.5:9100/metrics`').optional(),
  only: texts('Begins of the names of metrics; all if left out.', 'begins of names of metrics').optional(),
  postgres: text('A PostgreSQL server.', 'a URL such as `postgres://user@10.0.0.5/database`').optional(),
  host: fields.choice({ description: 'The machine that this runs on.', words: ['here'] }).optional(),
  every: fields.duration({ description: 'How often it is asked.', min: '500 ms', max: '1 h' }).optional(),
  timeout: fields.duration({ description: 'How long an answer may take.', min: '100 ms', max: '10 min' }).optional(),
});

const log = z.strictObject({
  name,
  file: text('Path of a log file; its last part may hold `*`.', 'a path such as `/var/log/postgresql/*.log`').optional(),
  journal: text('Of systemd’s journal: `kernel`, `all`, or the name of a unit.', '`kernel`, `all`, or a unit such as `postgresql.service`').optional(),
  command: text('What writes lines.', 'a command, as for `sh -c`').optional(),
  rules: texts('Names of rules, or of sets that come with it; all rules of this file if left out.', 'names of rules').optional(),
});

const rule = z.strictObject({
  name,
  pattern: text('What is looked for in a line; named groups become fields.', 'a regular expression'),
  severity: fields.choice({ description: 'How much it matters.', words: SEVERITIES }),
  most: fields.wholeNumber({ description: 'Events within the time; the rest are counted.', min: 1, max: 10_000 }).optional(),
  within: fields.duration({ description: 'The time of `most`.', min: '1 s', max: '1 d' }).optional(),
});

const planSchema = z.strictObject({
  targets: list(target, 'targets').optional(),
  logs: list(log, 'logs').optional(),
  rules: list(rule, 'rules').optional(),
});

type Entry = z.infer<typeof target>;
type LogEntry = z.infer<typeof log>;
type RuleEntry = z.infer<typeof rule>;

const TARGET_KINDS = ['munin', 'prometheus', 'postgres', 'host'] as const;
const LOG_KINDS = ['file', 'journal', 'command'] as const;

/** Never throws on any text. */
export function parsePlan(files: ScenarioFiles, file: string): ParsedPlan {
  const content = files.read(file);
  if ('found' in content) {
    const at = { file, layer: 0, line: 0, column: 0 };
    return failed([{ at, path: [], found: content.found, allowed: `a monitoring file (YAML) of at most ${SCENARIO_BYTES_MAX} bytes` }]);
  }
  const { tree, problems } = yamlTree({ text: content.text, at: { file, layer: 0, line: 1, column: 1 } });
  if (tree === null) return failed(problems);
  if (tree.kind !== 'map') return failed([...problems, { at: tree.at, path: [], found: describe(tree), allowed: 'the keys targets, logs, rules' }]);
  const checked = planSchema.safeParse(plain(tree));
  const schema = checked.success ? [] : issueProblems({ tree, schema: planSchema }, checked.error.issues);
  const all = [...problems, ...schema, ...(checked.success ? crossProblems(tree) : [])];
  if (!checked.success || all.length > 0) return failed(all);
  const { targets = [], logs = [], rules = [] } = checked.data;
  const own = rules.map(ruleOf);
  return { ok: true, plan: { targets: targets.map(targetOf), logs: logs.map((entry) => logOf(entry, own, dirname(file))) } };
}

function failed(problems: readonly Problem[]): ParsedPlan {
  return { ok: false, errors: scenarioErrors(problems) };
}

function targetOf(entry: Entry): TargetPlan {
  const { munin, plugins = null, prometheus, only = null, postgres, every, timeout } = entry;
  const usual = munin === undefined ? USUAL_SCHEDULE : MUNIN_SCHEDULE;
  const periodMs = every === undefined ? usual.periodMs : every * 1000;
  const common = { name: entry.name, periodMs, timeoutMs: timeout === undefined ? usual.timeoutMs : timeout * 1000 };
  if (munin !== undefined) {
    const [host = '', port = MUNIN_PORT] = munin.split(':');
    return { ...common, source: { kind: 'munin', host, port: Number(port), plugins } };
  }
  if (prometheus !== undefined) return { ...common, source: { kind: 'prometheus', url: prometheus, only } };
  return { ...common, source: postgres === undefined ? { kind: 'host' } : { kind: 'postgres', url: postgres } };
}

/** Paths are relative to the directory of the file that names them. */
function logOf(entry: LogEntry, own: readonly Rule[], directory: string): LogPlan {
  const { file, journal, command = '', rules } = entry;
  const chosen = rules === undefined ? own : rules.flatMap((each) => RULE_SETS[each] ?? own.filter((one) => one.name === each));
  const common = { name: entry.name, rules: chosen };
  if (file !== undefined) return { ...common, source: { kind: 'file', path: resolve(directory, file) } };
  if (journal === undefined) return { ...common, source: { kind: 'command', command } };
  return { ...common, source: { kind: 'journal', kernel: journal === 'kernel', unit: journal === 'kernel' || journal === 'all' ? null : journal } };
}

function ruleOf({ name: named, pattern, severity, most = USUAL_MOST, within }: RuleEntry): Rule {
  return { name: named, pattern, severity, most, withinMs: within === undefined ? USUAL_WITHIN_MS : within * 1000 };
}

/** What depends on several values at once, or is more than a form. */
function crossProblems(tree: Tree): readonly Problem[] {
  const targets = entriesOf(tree, 'targets');
  const logs = entriesOf(tree, 'logs');
  const empty = targets.length + logs.length === 0;
  return [
    ...(empty ? [{ at: tree.at, path: [], found: 'nothing to watch', allowed: 'at least one entry in targets or logs' }] : []),
    ...targets.flatMap((path) => [...kindProblems(tree, path, TARGET_KINDS), ...targetProblems(tree, path)]),
    ...logs.flatMap((path) => [...kindProblems(tree, path, LOG_KINDS), ...fileProblems(tree, path), ...ruleNameProblems(tree, path)]),
    ...entriesOf(tree, 'rules').flatMap((path) => patternProblems(tree, path)),
    ...nameProblems(tree, [...targets, ...logs], TAKEN),
    ...nameProblems(tree, entriesOf(tree, 'rules'), Object.keys(RULE_SETS)),
  ];
}

function entriesOf(tree: Tree, key: string): readonly Path[] {
  const entries = find(tree, [key]);
  return entries?.kind === 'list' ? entries.items.map((_, i) => [key, i]) : [];
}

/** Exactly one says what it is. */
function kindProblems(tree: Tree, path: Path, kinds: readonly string[]): readonly Problem[] {
  const present = kinds.filter((kind) => find(tree, [...path, kind]) !== undefined);
  if (present.length === 1) return [];
  const [, second] = present;
  const allowed = `exactly one of the keys ${kinds.join(', ')}`;
  if (second === undefined) return [{ at: keyPosition(tree, path), path, found: 'an entry that does not say what it is', allowed }];
  return [{ at: keyPosition(tree, [...path, second]), path: [...path, second], found: `${quoted(second)} beside ${quoted(present[0] ?? '')}`, allowed }];
}

function targetProblems(tree: Tree, path: Path): readonly Problem[] {
  const problems: Problem[] = [];
  const only = (key: string, kind: string): void => {
    if (find(tree, [...path, key]) === undefined || find(tree, [...path, kind]) !== undefined) return;
    problems.push({ at: keyPosition(tree, [...path, key]), path: [...path, key], found: quoted(key), allowed: `only with ${quoted(kind)}` });
  };
  only('plugins', 'munin');
  only('only', 'prometheus');
  const url = (key: string, protocols: readonly string[], allowed: string): void => {
    const value = scalarAt(tree, [...path, key]);
    if (value === null || protocols.includes(protocolOf(value.text))) return;
    // It may hold a password.
    const found = value.text.includes('@') ? 'something else' : quoted(value.text);
    problems.push({ at: value.at, path: value.path, found, allowed });
  };
  url('prometheus', ['http:', 'https:'], 'a URL such as `http://10.0.0.5:9100/metrics`');
  url('postgres', ['postgres:', 'postgresql:'], 'a URL such as `postgres://user@10.0.0.5/database`');
  const munin = scalarAt(tree, [...path, 'munin']);
  const port = Number(munin?.text.split(':')[1] ?? MUNIN_PORT);
  if (munin !== null && (port < 1 || port > 65_535)) problems.push({ ...munin, found: quoted(munin.text), allowed: 'a port from 1 to 65535' });
  return problems;
}

function fileProblems(tree: Tree, path: Path): readonly Problem[] {
  const file = scalarAt(tree, [...path, 'file']);
  if (file === null || !/[*?[].*\//.test(file.text)) return [];
  return [{ ...file, found: quoted(file.text), allowed: '`*` in the last part of the path alone' }];
}

function ruleNameProblems(tree: Tree, path: Path): readonly Problem[] {
  const own = entriesOf(tree, 'rules').flatMap((each) => scalarAt(tree, [...each, 'name'])?.text ?? []);
  const known = [...Object.keys(RULE_SETS), ...own];
  const chosen = find(tree, [...path, 'rules']);
  if (chosen === undefined && own.length === 0) {
    const allowed = `the key \`rules\`, because this file has no rules of its own; those that come with it: ${Object.keys(RULE_SETS).join(', ')}`;
    return [{ at: keyPosition(tree, path), path, found: 'a log without rules', allowed }];
  }
  if (chosen?.kind !== 'list') return [];
  return chosen.items.flatMap((_, i): readonly Problem[] => {
    const each = scalarAt(tree, [...path, 'rules', i]);
    if (each === null || known.includes(each.text)) return [];
    return [{ at: each.at, path: each.path, found: quoted(each.text), allowed: known.join(', '), hint: nearMiss(each.text, known) }];
  });
}

function patternProblems(tree: Tree, path: Path): readonly Problem[] {
  const pattern = scalarAt(tree, [...path, 'pattern']);
  const fault = pattern === null ? null : patternFault(pattern.text);
  if (pattern === null || fault === null) return [];
  return [{ at: pattern.at, path: pattern.path, found: `${quoted(pattern.text)} (${fault})`, allowed: 'a regular expression of JavaScript (flag u) that not every line matches' }];
}

/** Each name once, and none of those that are taken. */
function nameProblems(tree: Tree, paths: readonly Path[], taken: readonly string[]): readonly Problem[] {
  const lines = new Map<string, number>();
  return paths.flatMap((path): readonly Problem[] => {
    const value = scalarAt(tree, [...path, 'name']);
    if (value === null) return [];
    const line = lines.get(value.text);
    lines.set(value.text, line ?? value.at.line);
    if (taken.includes(value.text)) return [{ ...value, found: quoted(value.text), allowed: `another name: ${taken.join(', ')} are taken` }];
    return line === undefined ? [] : [{ ...value, found: quoted(value.text), allowed: `another name: line ${line} has this one already` }];
  });
}

function scalarAt(tree: Tree, path: Path): { readonly at: Problem['at']; readonly path: Path; readonly text: string } | null {
  const node = find(tree, path);
  return node?.kind === 'scalar' && typeof node.value === 'string' ? { at: node.at, path, text: node.value } : null;
}

function protocolOf(url: string): string {
  return URL.canParse(url) ? new URL(url).protocol : '';
}
