import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { packageFile } from '../../base/package-root.ts';
import type { ScenarioFiles } from '../../grid/scenario/files.ts';
import { RULE_SETS } from '../../monitor/events/shipped-rules.ts';
import type { MonitorPlan } from '../../monitor/monitor-plan.ts';
import { parsePlan } from './plan-file.ts';

function parsed(text: string): ReturnType<typeof parsePlan> {
  const files: ScenarioFiles = { read: (path) => (path === '/etc/m/plan.yaml' ? { text } : { found: 'no such file' }), isFile: () => false };
  return parsePlan(files, '/etc/m/plan.yaml');
}

function plan(text: string): MonitorPlan {
  const result = parsed(text);
  if (!result.ok) throw new Error(result.errors.join('\n'));
  return result.plan;
}

/** Lines of the messages, the file's name left out. */
function faults(text: string): readonly string[] {
  const result = parsed(text);
  return result.ok ? [] : result.errors.map((error) => error.toString().replace('/etc/m/plan.yaml:', ''));
}

describe('a plan', () => {
  test('has targets, each of one kind, with usual times', () => {
    const { targets, logs } = plan(`
targets:
  - { name: node, munin: 'db.example:14949', plugins: [cpu, if_eth0], every: 500 ms, timeout: 200 ms }
  - { name: near, munin: db }
  - { name: exposition, prometheus: 'https://x:9100/metrics', only: [node_] }
  - { name: database, postgres: 'postgresql://hes:secret@db/readings' }
  - { name: here, host: here }
`);
    expect(logs).toEqual([]);
    expect(targets).toEqual([
      { name: 'node', periodMs: 500, timeoutMs: 200, source: { kind: 'munin', host: 'db.example', port: 14_949, plugins: ['cpu', 'if_eth0'] } },
      { name: 'near', periodMs: 60_000, timeoutMs: 30_000, source: { kind: 'munin', host: 'db', port: 4949, plugins: null } },
      { name: 'exposition', periodMs: 10_000, timeoutMs: 5000, source: { kind: 'prometheus', url: 'https://x:9100/metrics', only: ['node_'] } },
      { name: 'database', periodMs: 10_000, timeoutMs: 5000, source: { kind: 'postgres', url: 'postgresql://hes:secret@db/readings' } },
      { name: 'here', periodMs: 10_000, timeoutMs: 5000, source: { kind: 'host' } },
    ]);
  });

  test('has logs, with rules in the order in which they are named; paths are relative to the file', () => {
    const { logs } = plan(`
logs:
  - { name: a, file: 'logs/*.log', rules: [slow, postgresql] }
  - { name: b, file: /var/log/x }
  - { name: c, journal: kernel, rules: [kernel] }
  - { name: d, journal: x.service, rules: [slow] }
  - { name: e, journal: all, rules: [journald] }
  - { name: f, command: dmesg --follow, rules: [kernel] }
rules:
  - { name: slow, pattern: 'took (?<ms>[0-9]+)', severity: warning, most: 5, within: 1 min }
  - { name: bad, pattern: bad, severity: critical }
`);
    const slow = { name: 'slow', pattern: 'took (?<ms>[0-9]+)', severity: 'warning', most: 5, withinMs: 60_000 };
    const bad = { name: 'bad', pattern: 'bad', severity: 'critical', most: 20, withinMs: 10_000 };
    expect(logs.map(({ source }) => source)).toEqual([
      { kind: 'file', path: '/etc/m/logs/*.log' },
      { kind: 'file', path: '/var/log/x' },
      { kind: 'journal', kernel: true, unit: null },
      { kind: 'journal', kernel: false, unit: 'x.service' },
      { kind: 'journal', kernel: false, unit: null },
      { kind: 'command', command: 'dmesg --follow' },
    ]);
    expect(logs[0]?.rules).toEqual([slow, ...(RULE_SETS['postgresql'] ?? [])]);
    expect(logs[1]?.rules).toEqual([slow, bad]);
    expect(logs[2]?.rules).toEqual(RULE_SETS['kernel']);
  });
});

test('the example beside the scenarios is one, also with what is commented out', () => {
  const text = readFileSync(packageFile('scenarios', 'monitor.yaml'), 'utf8');
  expect(plan(text)).toEqual({ targets: [{ name: 'this machine', periodMs: 1000, timeoutMs: 5000, source: { kind: 'host' } }], logs: [] });
  const [, ...lines] = text.split('\n');
  const { targets, logs } = plan(lines.filter((line) => !line.includes('With servers')).map((line) => line.replace(/^( *)# ?/, '$1')).join('\n'));
  expect([targets.length, logs.length]).toEqual([4, 2]);
});

test('the example of the documentation is one', () => {
  const text = readFileSync(packageFile('docs', 'monitoring.md'), 'utf8');
  const { targets, logs } = plan(/^```yaml\n(.*?)^```$/ms.exec(text)?.[1] ?? '');
  expect(targets.map(({ source }) => source.kind)).toEqual(['postgres', 'munin', 'prometheus', 'host']);
  expect(logs.map(({ source }) => source.kind)).toEqual(['file', 'journal', 'command']);
  // And its table has all rules.
  for (const [set, rules] of Object.entries(RULE_SETS)) {
    const row = new RegExp(`^\\| \`${set}\` \\| (.*) \\|$`, 'm').exec(text)?.[1] ?? '';
    for (const { name } of rules) expect(row, set).toContain(name);
  }
});

describe('a mistake is told of where it stands', () => {
  const kinds = 'exactly one of the keys munin, prometheus, postgres, host';
  test.each([
    ['', '1:1: found nothing; allowed: a map of keys and values'],
    ['- a', '1:1: found a list of 1 entry; allowed: the keys targets, logs, rules'],
    ['targets: []', '1:1: found nothing to watch; allowed: at least one entry in targets or logs'],
    ['target: []', '1:1: unknown key `target`; did you mean `targets`? Allowed here: targets, logs, rules'],
    ['targets:\n  - munin: x', '2:5: missing key `name` in `targets.0`; allowed: a text of 1 to 64 characters that begins with a letter or digit'],
    ['targets:\n  - name: x', `2:5: targets.0: found an entry that does not say what it is; allowed: ${kinds}`],
    ['targets:\n  - name: x\n    munin: a\n    host: here', `4:5: targets.0.host: found \`host\` beside \`munin\`; allowed: ${kinds}`],
    ['targets:\n  - name: x\n    munin: a:0', '3:12: targets.0.munin: found `a:0`; allowed: a port from 1 to 65535'],
    ['targets:\n  - name: x\n    host: here\n    only: [a]', '4:5: targets.0.only: found `only`; allowed: only with `prometheus`'],
    ['targets:\n  - name: x\n    prometheus: x:9100', '3:17: targets.0.prometheus: found `x:9100`; allowed: a URL such as `http://10.0.0.5:9100/metrics`'],
    ['targets:\n  - name: x\n    postgres: mysql://a:secret@b', '3:15: targets.0.postgres: found something else; allowed: a URL such as `postgres://user@10.0.0.5/database`'],
    ['targets:\n  - name: x\n    host: there', '3:11: targets.0.host: found `there`; did you mean `here`? Allowed: `here`'],
    ['targets:\n  - name: x\n    host: here\n    every: 10', '4:12: targets.0.every: found `10`; allowed: a duration from 500 ms to 1 h, such as `15 min` (ms, s, min, h, d)'],
    ['targets:\n  - name: run\n    host: here', '2:11: targets.0.name: found `run`; allowed: another name: run, monitor are taken'],
    ['targets:\n  - { name: x, host: here }\nlogs:\n  - { name: x, file: a, rules: [kernel] }', '4:13: logs.0.name: found `x`; allowed: another name: line 2 has this one already'],
    ['logs:\n  - name: x\n    file: a', '2:5: logs.0: found a log without rules; allowed: the key `rules`, because this file has no rules of its own; those that come with it: postgresql, kernel, journald, headend'],
    ['logs:\n  - { name: x, file: a/*/b.log, rules: [kernel] }', '2:22: logs.0.file: found `a/*/b.log`; allowed: `*` in the last part of the path alone'],
    ['logs:\n  - name: x\n    file: a\n    rules: [kernal]', '4:13: logs.0.rules.0: found `kernal`; did you mean `kernel`? Allowed: postgresql, kernel, journald, headend'],
    ['logs:\n  - { name: x, file: a }\nrules:\n  - { name: r, severity: error, pattern: "(" }', '4:42: rules.0.pattern: found `(` (Unterminated group); allowed: a regular expression of JavaScript (flag u) that not every line matches'],
    ['logs:\n  - { name: x, file: a }\nrules:\n  - { name: r, severity: error, pattern: "a|" }', '4:42: rules.0.pattern: found `a|` (it matches any line); allowed: a regular expression of JavaScript (flag u) that not every line matches'],
  ])('%j', (text, message) => expect(faults(text)).toEqual([message]));

  test('all in one go, and a file that is not there', () => {
    expect(faults('targets:\n  - { name: run, host: here, plugins: [a] }\n  - { name: a }')).toHaveLength(3);
    const files: ScenarioFiles = { read: () => ({ found: 'no such file' }), isFile: () => false };
    const result = parsePlan(files, 'x.yaml');
    expect(result.ok ? '' : result.errors.join()).toBe('x.yaml: found no such file; allowed: a monitoring file (YAML) of at most 1000000 bytes');
  });
});
