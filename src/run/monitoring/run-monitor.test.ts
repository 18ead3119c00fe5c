/** The runner's side of monitoring with the real process behind it. Needs `npm run build`. */

import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../base/clock.ts';
import { packageFile } from '../../base/package-root.ts';
import type { MonitorPlan } from '../../monitor/monitor-plan.ts';
import type { RunMonitor as Monitor } from './run-monitor.ts';

// Its process is a module of the built program.
const built = pathToFileURL(packageFile('dist', 'run', 'monitoring', 'run-monitor.js')).href;
const { RunMonitor } = (await import(built)) as { readonly RunMonitor: typeof Monitor };

const work = mkdtempSync(join(tmpdir(), 'meterstorm-run-monitor-'));
afterAll(() => rmSync(work, { recursive: true }));
let runs = 0;

interface Started {
  readonly monitor: Monitor;
  readonly directory: string;
  readonly pids: number[];
}

function begin(plan: MonitorPlan | null = null): Started {
  const directory = join(work, String(++runs));
  mkdirSync(directory);
  const pids: number[] = [];
  return { monitor: new RunMonitor({ clock: systemClock, directory, plan, onProcess: (_, pid) => pids.push(pid) }), directory, pids };
}

const everything = { from: 0, to: 9e13, limit: 100 };
const event = (text: string) => ({ rule: 'test', severity: 'info', text, fields: { a: 'b' } }) as const;

describe('what a run says of itself', () => {
  test('costs no process until somebody asks, and can be asked for at once', async () => {
    const { monitor, pids } = begin();
    const beganMs = systemClock.unixMs();
    monitor.sample('sent', 'readings', 5);
    monitor.event(event('one'));
    await new Promise((resolve) => setTimeout(resolve, 1200));
    expect(pids).toEqual([]);
    monitor.sample('sent', 'readings', 7);
    expect(await monitor.listSeries()).toEqual([{ id: 1, target: 'run', name: 'sent', unit: 'readings', type: 'gauge' }]);
    const [points] = await monitor.querySeries({ series: [1], from: beganMs - 1, to: beganMs + 60_000, points: 1000 });
    expect(points?.mean).toEqual([5, 7]);
    expect((await monitor.timeRange())?.from).toBeGreaterThanOrEqual(beganMs);
    expect((await monitor.queryEvents(everything)).events).toMatchObject([{ target: 'run', text: 'one', fields: { a: 'b' } }]);
    expect(pids).toHaveLength(1);
    await expect(monitor.querySeries({ series: [1], from: 0, to: 1, points: 0 })).rejects.toThrow(RangeError);
    monitor.event(event('two'));
    expect((await monitor.stop(everything))?.events.map(({ text }) => text)).toEqual(['one', 'two']);
    await expect(monitor.listSeries()).rejects.toThrow('the run has ended');
  }, 60_000);

  test('is given again when its process is killed: no more and no less', async () => {
    const { monitor, pids } = begin();
    for (let life = 0; life < 3; life++) {
      monitor.event(event(`before ${life}`));
      await monitor.timeRange();
      monitor.event(event(`after ${life}`));
      const [events, pid] = [monitor.queryEvents(everything), pids.at(-1) ?? 0];
      process.kill(pid, 'SIGKILL');
      expect((await events).total).toBe(2 * life + 2);
    }
    const texts = (await monitor.stop(everything))?.events.map(({ text }) => text);
    expect(texts).toEqual(['before 0', 'after 0', 'before 1', 'after 1', 'before 2', 'after 2']);
    expect(pids.length).toBeGreaterThan(2);
  }, 60_000);

  test('is given up, with a reason, when it can’t be written', async () => {
    const { monitor, directory } = begin();
    mkdirSync(join(directory, 'monitor.duckdb'));
    monitor.event(event('one'));
    await expect(monitor.listSeries()).rejects.toThrow();
    expect(monitor.failure).toMatch(/monitor\.duckdb/);
    expect(await monitor.stop(everything)).toBeNull();
  }, 60_000);

  test('ends with the run that failed', async () => {
    const { monitor, pids, directory } = begin();
    await monitor.timeRange();
    const told = monitor.listSeries();
    monitor.kill();
    await expect(told).rejects.toThrow('the run has ended');
    await untilEnded(pids[0] ?? 0);
    expect(existsSync(join(directory, 'monitor.duckdb'))).toBe(true);
  }, 60_000);

  test.each(['stop', 'kill', 'SIGKILL'] as const)('ends the commands that it started, also those that do not listen: %s', async (how) => {
    const command = 'trap "" TERM; echo pid $$; exec sleep 1000';
    const rule = { name: 'pid', pattern: 'pid (?<pid>[0-9]+)', severity: 'info', most: 1, withinMs: 1000 } as const;
    const { monitor, pids } = begin({ targets: [], logs: [{ name: 'a', source: { kind: 'command', command }, rules: [rule] }] });
    let pid = 0;
    while (pid === 0) pid = Number((await monitor.queryEvents(everything)).events[0]?.fields['pid'] ?? 0);
    expect(isRunning(pid)).toBe(true);
    if (how === 'kill') monitor.kill();
    else if (how === 'stop') await monitor.stop(everything);
    else process.kill(pids[0] ?? 0, 'SIGKILL');
    await untilEnded(pid);
    if (how === 'SIGKILL') await monitor.stop(everything);
  }, 60_000);
});

function isRunning(pid: number): boolean {
  try {
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

async function untilEnded(pid: number): Promise<void> {
  while (isRunning(pid)) await new Promise((resolve) => setTimeout(resolve, 10));
}
