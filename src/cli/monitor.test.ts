/** What a run writes of itself into monitor.duckdb, as its user sees it. Needs `npm run build`. */

import { appendFileSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { MonitorFile } from '../monitor/store/monitor-file.ts';
import type { SeriesPoints } from '../monitor/store/monitor-source.ts';
import { childrenOf, meterstorm, reportOf, SMALL, started, until } from './meterstorm.fixture.ts';

const work = mkdtempSync(join(tmpdir(), 'meterstorm-monitor-'));
afterAll(() => rmSync(work, { recursive: true }));

interface Monitored {
  /** By name of the series, of target `run`. */
  readonly series: ReadonlyMap<string, SeriesPoints>;
  readonly rules: readonly string[];
}

async function monitored(directory: string): Promise<Monitored> {
  const file = await MonitorFile.open(join(directory, 'monitor.duckdb'));
  const range = (await file.timeRange()) ?? { from: 0, to: 0 };
  const ask = { from: range.from, to: range.to + 1, points: 10_000 };
  const all = (await file.listSeries()).filter(({ target }) => target === 'run');
  const points = await file.querySeries({ series: all.map(({ id }) => id), ...ask });
  const { events } = await file.queryEvents({ ...ask, targets: ['run'], limit: 1000 });
  file.close();
  const series = new Map(all.map(({ id, name }) => [name, points.find((one) => one.series === id) as SeriesPoints]));
  return { series, rules: events.map(({ rule, fields }) => [rule, ...Object.values(fields)].join(' ')) };
}

describe('the run’s own values and events', () => {
  test('are there for every run, and end where the report ends', async () => {
    const out = join(work, 'plain');
    const { code } = await meterstorm(['run', SMALL, '--stations', '40', '--steps', '48', '--out', out]);
    expect(code).toBe(0);
    const { run, audit, events } = reportOf(out);
    const { series, rules } = await monitored(out);
    expect(series.get('sent')?.max.at(-1)).toBe(audit.sent);
    expect(series.get('stored')?.max.at(-1)).toBe(audit.stored);
    expect(series.get('backlog')?.max.at(-1)).toBe(0);
    expect(series.get('step')?.max.at(-1)).toBe(48);
    expect(Math.max(...(series.get('connected')?.max ?? []))).toBe(run.concentrators);
    for (const name of ['runner', 'simulator 1', 'intake 1', 'store']) {
      expect(Math.min(...(series.get(`rss.${name}`)?.min ?? [0])), name).toBeGreaterThan(1e7);
    }
    expect(rules).toEqual(['phase playing', 'phase storing', 'phase auditing']);
    expect(events).toMatchObject({ total: 3, shown: [{ atMs: 0, target: 'run', rule: 'phase' }, {}, {}] });
  });

  test('are left out when nobody wants them', async () => {
    const out = join(work, 'off');
    const { code } = await meterstorm(['run', SMALL, '--stations', '20', '--steps', '8', '--no-monitor', '--out', out]);
    expect(code).toBe(0);
    expect(existsSync(join(out, 'monitor.duckdb'))).toBe(false);
    expect(reportOf(out).events).toBeUndefined();
  });

  test('survive that processes are killed, and tell of it and of planned blackouts', async () => {
    const out = join(work, 'killed');
    const blackout = '--set=network.blackouts=[{ at: 1 h, lasts: 30 min, share: 50% }]';
    const { child, ended, text } = started(['run', SMALL, '--stations', '20', '--steps', '12', '--speed', '2000', '--set', 'behaviour.spread=5 min', blackout, '--out', out]);
    const pid = child.pid ?? 0;
    await until(() => /step [1-9]/.test(text()));
    const [intake = 0] = childrenOf(pid, 'intake-process');
    process.kill(intake, 'SIGKILL');
    const { code } = await ended;
    expect(code).toBe(0);
    const { rules } = await monitored(out);
    expect(rules.filter((rule) => !rule.startsWith('phase')).toSorted()).toEqual([
      'blackout-began 3600 1800 0.5',
      'blackout-ended 3600 1800 0.5',
      'process-restarted intake 1 SIGKILL',
    ]);
    expect(reportOf(out).events?.shown[0]).toMatchObject({ rule: 'process-restarted', severity: 'error' });
  }, 120_000);
});

describe('what a file names beside the run', () => {
  const plan = join(work, 'plan.yaml');
  const log = join(work, 'app.log');
  const yaml = `
targets:
  - { name: here, host: here, every: 500 ms }
  - { name: gone, munin: '127.0.0.1:9', every: 500 ms }
logs:
  - { name: app, file: app.log }
rules:
  - { name: failed, pattern: 'number (?<number>[0-9]+) failed', severity: critical, most: 10000, within: 1 s }
`;

  test('is watched by a process of its own, which may be killed: nothing is lost, nothing comes twice', async () => {
    writeFileSync(plan, yaml);
    writeFileSync(log, '');
    const out = join(work, 'watched');
    const { child, ended, text } = started(['run', SMALL, '--stations', '20', '--steps', '16', '--speed', '1500', '--set', 'behaviour.spread=5 min', '--monitor', plan, '--out', out]);
    const pid = child.pid ?? 0;
    await until(() => /step [1-9]/.test(text()));
    let written = 0;
    for (let life = 0; life < 2; life++) {
      const [monitor = 0] = childrenOf(pid, 'monitor-process');
      for (let i = 0; i < 20; i++) {
        appendFileSync(log, `number ${written++} failed\n`);
        await new Promise((resolve) => setTimeout(resolve, 40));
      }
      process.kill(monitor, 'SIGKILL');
      await until(() => childrenOf(pid, 'monitor-process').some((other) => other !== monitor));
    }
    const { code, stderr } = await ended;
    expect({ code, stderr }).toMatchObject({ code: 0 });
    const { audit, events } = reportOf(out);
    const { series } = await monitored(out);
    expect(series.get('sent')?.max.at(-1)).toBe(audit.sent);
    expect(series.get('sent')?.timeMs.length).toBe(new Set(series.get('sent')?.timeMs).size);
    expect(events?.shown.slice(0, written).map(({ fields }) => Number(fields['number'])).toSorted((a, b) => a - b)).toEqual(Array.from({ length: written }, (_, i) => i));
    const file = await MonitorFile.open(join(out, 'monitor.duckdb'));
    const names = (await file.listSeries()).filter(({ target }) => target === 'here').map(({ name }) => name);
    const { events: all } = await file.queryEvents({ from: 0, to: 9e13, limit: 10_000 });
    file.close();
    expect(names).toEqual(expect.arrayContaining(['cpu.user', 'memory.used', 'tcp.connections']));
    expect(all.filter(({ rule }) => rule === 'failed')).toHaveLength(written);
    expect(all.find(({ target }) => target === 'gone')?.text).toMatch(/gone does not answer: .*ECONNREFUSED/);
  }, 120_000);

  test('is checked before anything is begun', async () => {
    writeFileSync(plan, yaml.replace('every: 500 ms', 'evry: 1 s'));
    const out = join(work, 'wrong');
    const { code, stderr } = await meterstorm(['run', SMALL, '--monitor', plan, '--out', out]);
    expect(code).toBe(2);
    expect(stderr).toBe(`${plan}:3:31: unknown key \`evry\`; did you mean \`every\`? Allowed here: name, munin, plugins, prometheus, only, postgres, host, every, timeout\n`);
    expect(existsSync(out)).toBe(false);
  });
});
