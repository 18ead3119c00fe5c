/**
 * Each problem is provoked for real, and a healthy run has none. What can't be provoked here without spoiling the machine for others
 * (a full table of tracked connections) is tested with made-up signals beside the detectors.
 */

import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { RunReport } from '../report/run-report.ts';
import { childrenOf, MAIN, meterstorm, reportOf, SMALL, started, until } from './meterstorm.fixture.ts';

/** 20 stations, twelve steps of a second each, pushes spread over a third of it. */
const VILLAGE = ['--stations', '20', '--steps', '12', '--speed', '900', '--set', 'behaviour.spread=5 min', '--set', 'network.links=ignored'];
const LONG_MS = 90_000;

let work = '';
let run = 0;
const left: ChildProcess[] = [];

beforeAll(() => {
  work = mkdtempSync(join(tmpdir(), 'meterstorm-problems-'));
});

afterEach(() => {
  for (const child of left.splice(0)) child.kill('SIGKILL');
});

afterAll(() => rmSync(work, { recursive: true, force: true }));

const directory = (): string => join(work, `run-${run++}`);
const idsOf = ({ verdict }: RunReport): readonly string[] => verdict.problems.map(({ id }) => id);
const evidenceOf = ({ verdict }: RunReport, id: string): string => verdict.problems.find((problem) => problem.id === id)?.evidence ?? '';

async function played(args: readonly string[]): Promise<RunReport> {
  const out = directory();
  await meterstorm(['run', SMALL, ...args, '--out', out]);
  return reportOf(out);
}

/** What happens to a process of the run after some steps, and not before. */
async function disturbed(args: readonly string[], module: string, disturb: (pid: number) => void): Promise<RunReport> {
  const out = directory();
  const { child, ended, text } = started(['run', SMALL, ...args, '--out', out]);
  await until(() => / step [2-9]\//.test(text()));
  const [victim] = childrenOf(child.pid ?? 0, module);
  expect(victim).toBeDefined();
  disturb(victim ?? 0);
  await ended;
  return reportOf(out);
}

/** A head-end that takes everything and does nothing, but for what `extra` does once it listens; its port. */
async function sink(extra: string, backlog = 511): Promise<{ readonly child: ChildProcess; readonly target: string }> {
  const script = `const s=require('net').createServer((c)=>{c.on('error',()=>{});c.resume()});s.listen({port:0,host:'127.0.0.1',backlog:${backlog}},()=>{console.log(s.address().port);${extra}})`;
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  left.push(child);
  const [port] = (await once(child.stdout, 'data')) as [Buffer];
  return { child, target: `127.0.0.1:${port.toString().trim()}` };
}

describe('a healthy run', () => {
  // A machine that others share may keep the simulator waiting; then it says so, rightly.
  it('has no problem at a speed', { retry: 2, timeout: LONG_MS }, async () => {
    const report = await played(VILLAGE);
    expect(report.verdict.problems).toEqual([]);
    expect(report.verdict.able).toBe(true);
  });

  it('has none at max', { retry: 2, timeout: LONG_MS }, async () => {
    expect((await played(['--stations', '60', '--steps', '48'])).verdict.problems).toEqual([]);
  });
});

describe('the head-end', () => {
  it('that dies and comes back: refused connections, and a reconnect storm', { timeout: LONG_MS }, async () => {
    const report = await disturbed(VILLAGE, 'intake-process', (pid) => process.kill(pid, 'SIGKILL'));
    expect(idsOf(report)).toEqual(expect.arrayContaining(['process-restarted', 'refused-connections', 'reconnect-storm']));
    expect(evidenceOf(report, 'reconnect-storm')).toMatch(/ 2\d connections were made again, by 20 concentrators/);
    expect(report.audit.exact).toBe(true);
    const copies = report.audit.duplicatesDropped / report.audit.stored;
    expect(idsOf(report).includes('duplicates-received')).toBe(copies > 0.0001);
  });

  it('whose store stands still: a backlog that grows', { timeout: LONG_MS }, async () => {
    const args = [...VILLAGE, '--steps', '24', '--drain', '2 s'];
    const report = await disturbed(args, 'store-process', (pid) => process.kill(pid, 'SIGSTOP'));
    expect(idsOf(report)).toContain('backlog-growth');
    expect(evidenceOf(report, 'backlog-growth')).toMatch(/^From one interval of 1 s to the next [\d.,]+( k)? readings more were not in the store: (9\d|100|10\d)[\d.]* % /);
    expect(report.verdict.able).toBe(false);
  });

  it('that keeps its connections waiting: its event loop', { timeout: LONG_MS }, async () => {
    let hiccups: NodeJS.Timeout | null = null;
    const report = await disturbed(VILLAGE, 'intake-process', (pid) => {
      let awake = true;
      hiccups = setInterval(() => {
        awake = !awake;
        try {
          process.kill(pid, awake ? 'SIGCONT' : 'SIGSTOP');
        } catch {
          clearInterval(hiccups ?? undefined);
        }
      }, 300);
    });
    clearInterval(hiccups ?? undefined);
    expect(evidenceOf(report, 'event-loop-delay')).toMatch(/^In intake 1 one look in 100 /);
  });

  it('whose listener has no room: its accept queue', { timeout: LONG_MS }, async () => {
    const { target } = await sink('setTimeout(()=>{const t=Date.now();while(Date.now()-t<6000);},300)', 1);
    const report = await played(['--stations', '60', '--steps', '8', '--speed', '900', '--set', 'network.links=ignored', '--headend', target, '--unconfirmed']);
    expect(evidenceOf(report, 'accept-queue-full')).toMatch(/^On this machine [\d,]+ connections? found the queue of their listener full/);
  });

  it('that goes for good: refused connections, and no storm', { timeout: LONG_MS }, async () => {
    const { child, target } = await sink('');
    const out = directory();
    const { ended, text } = started(['run', SMALL, ...VILLAGE, '--headend', target, '--unconfirmed', '--drain', '2 s', '--out', out]);
    await until(() => / step [2-9]\//.test(text()));
    child.kill('SIGKILL');
    await ended;
    const ids = idsOf(reportOf(out));
    expect(ids).toContain('refused-connections');
    expect(ids).not.toContain('reconnect-storm');
  });
});

describe('the load', () => {
  it('that comes all at once: a herd', { timeout: LONG_MS }, async () => {
    const report = await played(['--stations', '20', '--steps', '6', '--speed', '450', '--set', 'network.links=ignored']);
    expect(idsOf(report)).toContain('quarter-hour-herd');
    expect(evidenceOf(report, 'quarter-hour-herd')).toMatch(/times the mean of a minute; the mark is 8/);
  });

  it('that outages held back for hours: a flood of late readings', { timeout: LONG_MS }, async () => {
    const report = await played(['--stations', '40', '--steps', '96', '--set', 'behaviour.concentrator-accessibility=[{ name: bad, share: 100%, accessible: 50%, outage: 5 h }]']);
    expect(idsOf(report)).toContain('late-flood');
    expect(report.audit.exact).toBe(true);
  });

  it('that a blackout sends back at once: a storm', { timeout: LONG_MS }, async () => {
    const blackout = 'network.blackouts=[{ at: 1 h, lasts: 30 min }]';
    const report = await played(['--stations', '40', '--steps', '12', '--speed', '600', '--set', blackout]);
    expect(evidenceOf(report, 'reconnect-storm')).toMatch(/by 40 concentrators/);
    expect(report.verdict.able).toBe(true);
  });
});

describe('the generator', () => {
  it('that can’t keep its own schedule is not blamed on the head-end', { timeout: LONG_MS }, async () => {
    const { target } = await sink('');
    // 29 million readings in a quarter of a second.
    const report = await played(['--speed', '1000000', '--simulators', '1', '--drain', '30 s', '--set', 'network.links=ignored', '--headend', target, '--unconfirmed']);
    expect(idsOf(report)).toContain('generator-saturated');
    expect(idsOf(report)).not.toContain('slower-than-real-time');
    expect(evidenceOf(report, 'generator-saturated')).toMatch(/^One message in 100 left /);
    expect(report.verdict.able).toBeNull();
  });

  it('that has no descriptors left says so', { timeout: LONG_MS }, async () => {
    const out = directory();
    const args = ['run', SMALL, '--stations', '400', '--steps', '4', '--speed', '900', '--simulators', '1', '--intakes', '1', '--drain', '2 s', '--set', 'network.links=ignored', '--out', out];
    const child = spawn('sh', ['-c', 'ulimit -n 300; exec "$@"', 'sh', process.execPath, MAIN, ...args], { stdio: 'ignore' });
    await once(child, 'exit');
    const { verdict } = reportOf(out);
    const problem = verdict.problems.find(({ id }) => id === 'descriptors-near-limit');
    expect(problem).toMatchObject({ severity: 'critical' });
    expect(problem?.evidence).toMatch(/^\d+ connections could not be made because the simulator had no descriptor left\./);
  });
});

/** Needs root, for a network and a mount of its own. */
const CAN_ISOLATE = isolates();

describe.runIf(CAN_ISOLATE)('the machine', () => {
  it('whose network loses packets: retransmissions', { timeout: LONG_MS }, async () => {
    const out = directory();
    const lossy = 'ip link set lo up; nft add table ip t; nft "add chain ip t c { type filter hook input priority 0; }"; nft add rule ip t c tcp dport != 0 numgen random mod 100 "<" 8 drop';
    await isolated(`${lossy}; exec "$@"`, ['run', SMALL, ...VILLAGE, '--stations', '60', '--out', out]);
    const report = reportOf(out);
    expect(evidenceOf(report, 'retransmissions')).toMatch(/^This machine sent [\d,]+ of [\d,]+ segments again/);
    expect(report.audit.exact).toBe(true);
  });

  it('whose disk has less left than the run took', { timeout: LONG_MS }, async () => {
    const mount = join(work, 'disk');
    const script = `mkdir -p ${mount}; mount -t tmpfs -o size=110m none ${mount}; "$@"; cp ${mount}/run/report.json ${work}/disk.json`;
    // 65 MB of database; at this speed hardly anything waits in the buffer.
    await isolated(script, ['run', SMALL, '--steps', '96', '--speed', '21600', '--set', 'network.links=ignored', '--out', join(mount, 'run')]);
    const report = JSON.parse(execFileSync('cat', [join(work, 'disk.json')]).toString()) as RunReport;
    expect(evidenceOf(report, 'disk-full-soon')).toMatch(/MB were left where the run writes, after [\d.]+ MB had gone/);
  });
});

function isolates(): boolean {
  try {
    execFileSync('unshare', ['-n', '-m', 'sh', '-c', 'ip link set lo up && nft list tables && mount -t tmpfs none /mnt'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** Runs a shell script in a network and with mounts of its own; `"$@"` in it is the command line of Meterstorm. */
async function isolated(script: string, args: readonly string[]): Promise<void> {
  const child = spawn('unshare', ['-n', '-m', 'sh', '-c', script.startsWith('ip ') ? script : `ip link set lo up; ${script}`, 'sh', process.execPath, MAIN, ...args], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  await once(child, 'exit');
}
