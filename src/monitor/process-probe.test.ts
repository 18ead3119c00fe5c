import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { systemClock } from '../base/clock.ts';
import { machineFacts, prettyName } from './machine-facts.ts';
import { parseProcess, readProcess } from './proc-file.ts';
import { ProcMachine } from './proc-machine.fixture.ts';
import { ProcessProbe, type ProcessProbeOptions } from './process-probe.ts';

const STAT =
  '4242 (a (b) c) S 17 4242 4242 0 -1 4194304 5000 0 3 0 1234 66 700 8 20 0 11 0 98765 1200000000 25000 18446744073709551615';
const STATUS = 'Name:\ta\nVmHWM:\t  120000 kB\nVmRSS:\t  100000 kB\nThreads:\t11\n';
const IO = 'rchar: 9\nwchar: 9\nsyscr: 9\nsyscw: 9\nread_bytes: 4096\nwrite_bytes: 8192\ncancelled_write_bytes: 1\n';

describe('the files of /proc', () => {
  test('are read past a command with brackets and blanks', () => {
    expect(parseProcess(STAT, STATUS, { io: IO, descriptors: 12, schedule: '13000000000 250000000 41\n' })).toEqual({
      userSeconds: 12.34,
      systemSeconds: 0.66,
      cpuSeconds: 13,
      waitSeconds: 0.25,
      childUserSeconds: 7,
      childSystemSeconds: 0.08,
      rssBytes: 102_400_000,
      peakRssBytes: 122_880_000,
      diskReadBytes: 4096,
      diskWrittenBytes: 8192,
      descriptors: 12,
      parent: 17,
      startTicks: 98_765,
    });
  });

  test('of a process that has ended have no memory, and its disk may be hidden', () => {
    expect(parseProcess(STAT, 'Name:\ta\nState:\tZ (zombie)\n')).toMatchObject({ cpuSeconds: 13, rssBytes: 0, peakRssBytes: 0, diskReadBytes: null, descriptors: null });
  });

  test('that are not what Linux writes answer null', () => {
    expect(parseProcess('', '')).toBeNull();
    expect(parseProcess('1 (x) S 1 2', STATUS)).toBeNull();
    expect(readProcess(2 ** 30)).toBeNull();
  });
});

function probeOf(machine: ProcMachine, options: Partial<ProcessProbeOptions> = {}): ProcessProbe {
  return new ProcessProbe({ clock: machine.clock, intervalMs: 100, samplesMax: 100, files: machine, ...options });
}

const MACHINE = { cores: 2, memoryBytes: 8e9 };

describe('a probe', () => {
  test('counts from its start, in cores', () => {
    const all = new ProcMachine();
    all.begin(7, { cores: 0.5, rssBytes: 102_400, usedSeconds: 5 });
    const probe = probeOf(all);
    probe.watch({ name: 'store', group: 'headend', pid: 7 });
    all.runTo(1000);
    probe.start();
    all.runTo(1240);
    probe.stop();
    all.runTo(5000);
    const [use] = probe.uses();
    expect(use).toEqual({
      name: 'store',
      group: 'headend',
      pid: 7,
      cpuSeconds: 0.12,
      peakRssBytes: 204_800,
      wallMs: [100, 200, 240],
      cpuCores: [0.5, 0.5, 0.5],
      rssBytes: [102_400, 102_400, 102_400],
    });
  });

  test('says when a process came that was not there at its start', () => {
    const all = new ProcMachine();
    const probe = probeOf(all);
    probe.start();
    all.runTo(1050);
    all.begin(9, { cores: 0.5, rssBytes: 102_400, usedSeconds: 0 });
    probe.watch({ name: 'monitor', group: 'runner', pid: 9 });
    all.runTo(1240);
    probe.stop();
    expect(probe.uses()).toMatchObject([{ fromMs: 1050, wallMs: [1100, 1200, 1240] }]);
  });

  test('adds the lives of a process up and survives its end', () => {
    const all = new ProcMachine();
    all.begin(7, { cores: 1, rssBytes: 9216 });
    const probe = probeOf(all);
    probe.watch({ name: 'store', group: 'headend', pid: 7 });
    probe.start();
    all.runTo(300);
    all.end(7);
    all.runTo(600);
    all.begin(8, { cores: 2 });
    probe.watch({ name: 'store', group: 'headend', pid: 8 });
    all.runTo(1000);
    probe.stop();
    const uses = probe.uses();
    expect(uses).toHaveLength(1);
    expect(uses[0]).toMatchObject({ pid: 8, peakRssBytes: 18_432, cpuSeconds: 1.1 });
    expect(uses[0]?.wallMs).toEqual([100, 200, 300, 700, 800, 900, 1000]);
    expect(uses[0]?.cpuCores).toEqual([1, 1, 1, 2, 2, 2, 2]);
    const [group] = probe.resources(MACHINE).groups;
    expect(group).toMatchObject({ name: 'headend', cpuUserSeconds: 1.1, peakProcesses: 1, endedAtMs: null });
    expect(group?.series.memoryBytes[3]).toBe(0);
  });

  test('keeps its series short and the sums right', () => {
    const all = new ProcMachine();
    all.begin(7, { cores: 0.2 });
    const probe = probeOf(all, { samplesMax: 10 });
    probe.watch({ name: 'a', group: 'runner', pid: 7 });
    probe.start();
    for (let second = 1; second <= 60; second++) {
      all.runTo(second * 1000);
      all.change(7, { rssBytes: second >= 3 && second < 4 ? 77 * 1024 : 1024 });
      if (second === 20) probe.watch({ name: 'b', group: 'simulator', pid: 7 });
    }
    probe.stop();
    const [a, b] = probe.uses();
    expect(a?.wallMs.length).toBeLessThanOrEqual(10);
    expect(a?.wallMs.length).toBeGreaterThanOrEqual(5);
    expect(a?.wallMs.at(-1)).toBe(60_000);
    expect(a?.cpuCores.every((cores) => Math.abs(cores - 0.2) < 0.002)).toBe(true);
    expect(a?.cpuSeconds).toBeCloseTo(12, 1);
    expect(a?.rssBytes[0]).toBe(77 * 1024);
    expect(a?.rssBytes.slice(1).every((bytes) => bytes === 1024)).toBe(true);
    expect(b?.cpuSeconds).toBeCloseTo(8, 1);
  });

  test('says nothing of a process that it never saw', () => {
    const all = new ProcMachine();
    const probe = probeOf(all);
    probe.watch({ name: 'ghost', group: 'simulator', pid: 9 });
    probe.start();
    all.runTo(500);
    probe.stop();
    expect(probe.uses()).toEqual([]);
    expect(probe.resources(MACHINE)).toEqual({ groups: [], host: null });
  });

  test('adds its processes up by group, with what they count themselves', () => {
    const all = new ProcMachine();
    all.begin(7, { cores: 0.5, rssBytes: 10_240 });
    all.begin(8, { cores: 0.25, rssBytes: 20_480 });
    all.begin(9, { cores: 1 });
    let sent = 500;
    const probe = probeOf(all, { counted: (group) => ({ connections: group === 'headend' ? 30 : null, networkBytes: group === 'headend' ? sent : null }) });
    probe.watch({ name: 'intake 1', group: 'headend', pid: 7 });
    probe.watch({ name: 'store', group: 'headend', pid: 8 });
    probe.watch({ name: 'simulator 1', group: 'simulator', pid: 9 });
    probe.start();
    all.runTo(100);
    sent = 1500;
    all.change(7, { writes: 4096, descriptors: 900, rssBytes: 102_400 });
    all.runTo(200);
    all.change(7, { rssBytes: 10_240, descriptors: 20 });
    all.runTo(400);
    probe.stop();
    const [headend, simulator] = probe.resources(MACHINE).groups;
    expect(headend).toMatchObject({
      name: 'headend',
      kind: 'own',
      cpuUserSeconds: 0.3,
      cpuSystemSeconds: 0,
      peakMemoryBytes: 122_880,
      peakPssBytes: 2 * 50 * 1024,
      diskReadBytes: 0,
      diskWrittenBytes: 4096,
      networkBytes: 1000,
      peakDescriptors: 910,
      fullest: { process: 'intake 1', descriptors: 900, descriptorsMax: 1000 },
      peakConnections: 30,
      peakProcesses: 2,
    });
    expect(headend?.series.diskWrittenBytesPerSecond).toEqual([0, 40_960, 0, 0]);
    expect(headend?.series.networkBytesPerSecond).toEqual([0, 10_000, 0, 0]);
    expect(simulator).toMatchObject({ name: 'simulator', networkBytes: null, peakConnections: null });
    expect(simulator?.series.connections).toEqual([]);
  });

  test('counts what a child wrote for the child, also when its parent has waited for it', () => {
    const all = new ProcMachine();
    all.begin(5);
    all.begin(7, { parent: 5 });
    const probe = probeOf(all);
    probe.watch({ name: 'runner', group: 'runner', pid: 5 });
    probe.watch({ name: 'store', group: 'headend', pid: 7 });
    probe.start();
    all.change(7, { writes: 4096 });
    all.change(5, { writes: 100 });
    all.runTo(100);
    all.end(7);
    all.runTo(150);
    all.begin(8, { parent: 5 });
    probe.watch({ name: 'store', group: 'headend', pid: 8 });
    all.change(8, { writes: 50 });
    all.runTo(200);
    all.end(8);
    all.change(5, { writes: 7 });
    all.runTo(400);
    probe.stop();
    const written = Object.fromEntries(probe.resources(MACHINE).groups.map((group) => [group.name, group.diskWrittenBytes]));
    expect(written).toEqual({ headend: 4146, runner: 107 });
  });

  test('does not look often at what is dear', () => {
    const all = new ProcMachine();
    all.begin(7);
    const probe = probeOf(all, { intervalMs: 100 });
    probe.watch({ name: 'store', group: 'headend', pid: 7 });
    const slow: typeof all.text = all.text.bind(all);
    let looks = 0;
    all.text = (path) => {
      if (path.endsWith('smaps_rollup')) {
        looks++;
        // 50 ms of a core: at half a per cent it may be looked at every 10 s.
        all.clock.schedule(50, () => {});
        all.clock.run(() => false, all.clock.nowMs() + 50);
      }
      return slow(path);
    };
    probe.start();
    all.runTo(30_000);
    expect(looks).toBeGreaterThanOrEqual(3);
    expect(looks).toBeLessThanOrEqual(4);
  });

  test.runIf(existsSync('/proc/self/stat'))('sees a real process work and end', async () => {
    const child = spawn(process.execPath, ['-e', 'console.log(1);const of=process.cpuUsage();while(process.cpuUsage(of).user<300_000);']);
    const pid = child.pid ?? 0;
    const probe = new ProcessProbe({ clock: systemClock, intervalMs: 20 });
    await once(child.stdout, 'data');
    probe.watch({ name: 'busy', group: 'simulator', pid });
    probe.start();
    await once(child, 'exit');
    probe.stop();
    const [use] = probe.uses();
    expect(use?.pid).toBe(pid);
    expect(use?.cpuSeconds).toBeGreaterThan(0.05);
    expect(use?.peakRssBytes).toBeGreaterThan(10_000_000);
    expect(use?.wallMs.length).toBeGreaterThan(2);
    const { groups, host } = probe.resources(MACHINE);
    expect(groups[0]).toMatchObject({ name: 'simulator', peakProcesses: 1 });
    expect(groups[0]?.peakDescriptors).toBeGreaterThan(5);
    expect(host?.series.cpuCores.some((cores) => cores > 0.1)).toBe(true);
  });
});

describe('facts of the machine', () => {
  test('are there', () => {
    const facts = machineFacts();
    expect(facts.cores).toBeGreaterThan(0);
    expect(facts.memoryBytes).toBeGreaterThan(2 ** 20);
    expect(facts.node).toMatch(/^v\d+\./);
    expect(facts.os).not.toBe('');
  });

  test('take the name of the distribution from os-release', () => {
    expect(prettyName('ID=debian\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n')).toBe('Debian GNU/Linux 12 (bookworm)');
    expect(prettyName('PRETTY_NAME=Alpine\nID=alpine')).toBe('Alpine');
    expect(prettyName('ID=x')).toBeNull();
  });
});
