import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { systemClock, VirtualClock } from '../base/clock.ts';
import { machineFacts, prettyName } from './machine-facts.ts';
import { parseProcess, readProcess, type ProcSample } from './proc-file.ts';
import { ProcessProbe } from './process-probe.ts';

const STAT =
  '4242 (a (b) c) S 1 4242 4242 0 -1 4194304 5000 0 3 0 1234 66 0 0 20 0 11 0 98765 1200000000 25000 18446744073709551615';
const STATUS = 'Name:\ta\nVmHWM:\t  120000 kB\nVmRSS:\t  100000 kB\nThreads:\t11\n';

describe('the files of /proc', () => {
  test('are read past a command with brackets and blanks', () => {
    expect(parseProcess(STAT, STATUS)).toEqual({ cpuSeconds: 13, rssBytes: 102_400_000, peakRssBytes: 122_880_000 });
  });

  test('of a process that has ended have no memory', () => {
    expect(parseProcess(STAT, 'Name:\ta\nState:\tZ (zombie)\n')).toEqual({ cpuSeconds: 13, rssBytes: 0, peakRssBytes: 0 });
  });

  test('that are not what Linux writes answer null', () => {
    expect(parseProcess('', '')).toBeNull();
    expect(parseProcess('1 (x) S 1 2', STATUS)).toBeNull();
    expect(readProcess(2 ** 30)).toBeNull();
  });
});

/** Processes whose processor time is `cores` times the time of the clock. */
class Processes {
  readonly clock = new VirtualClock();
  readonly cores = new Map<number, number>();
  readonly rss = new Map<number, number>();

  readonly read = (pid: number): ProcSample | null => {
    const cores = this.cores.get(pid);
    if (cores === undefined) return null;
    const rssBytes = this.rss.get(pid) ?? 1000;
    return { cpuSeconds: 5 + (cores * this.clock.nowMs()) / 1000, rssBytes, peakRssBytes: rssBytes * 2 };
  };

  probe(samplesMax = 100): ProcessProbe {
    return new ProcessProbe({ clock: this.clock, intervalMs: 100, samplesMax, read: this.read });
  }

  /** Everything that is due at `ms` has run afterwards. */
  runTo(ms: number): void {
    let reached = false;
    this.clock.schedule(ms - this.clock.nowMs(), () => this.clock.schedule(0, () => (reached = true)));
    this.clock.run(() => reached);
  }
}

describe('a probe', () => {
  test('counts from its start, in cores', () => {
    const all = new Processes();
    all.cores.set(7, 0.5);
    const probe = all.probe();
    probe.watch({ name: 'store', group: 'headend', pid: 7 });
    all.runTo(1000);
    probe.start();
    all.runTo(1250);
    probe.stop();
    all.runTo(5000);
    const [use] = probe.uses();
    expect(use).toEqual({
      name: 'store',
      group: 'headend',
      pid: 7,
      cpuSeconds: 0.13,
      peakRssBytes: 2000,
      wallMs: [100, 200, 250],
      cpuCores: [0.5, 0.5, 0.5],
      rssBytes: [1000, 1000, 1000],
    });
  });

  test('adds the lives of a process up and survives its end', () => {
    const all = new Processes();
    all.cores.set(7, 1);
    all.rss.set(7, 9000);
    const probe = all.probe();
    probe.watch({ name: 'store', group: 'headend', pid: 7 });
    probe.start();
    all.runTo(300);
    all.cores.delete(7);
    all.runTo(600);
    all.cores.set(8, 2);
    probe.watch({ name: 'store', group: 'headend', pid: 8 });
    all.runTo(1000);
    probe.stop();
    const uses = probe.uses();
    expect(uses).toHaveLength(1);
    expect(uses[0]).toMatchObject({ pid: 8, peakRssBytes: 18_000, cpuSeconds: 1.1 });
    expect(uses[0]?.wallMs).toEqual([100, 200, 300, 700, 800, 900, 1000]);
    expect(uses[0]?.cpuCores).toEqual([1, 1, 1, 2, 2, 2, 2]);
  });

  test('keeps its series short and the sums right', () => {
    const all = new Processes();
    all.cores.set(7, 0.25);
    const probe = all.probe(10);
    probe.watch({ name: 'a', group: 'runner', pid: 7 });
    probe.start();
    for (let second = 1; second <= 60; second++) {
      all.runTo(second * 1000);
      all.rss.set(7, second >= 3 && second < 4 ? 77_000 : 1000);
      if (second === 20) probe.watch({ name: 'b', group: 'simulator', pid: 7 });
    }
    probe.stop();
    const [a, b] = probe.uses();
    expect(a?.wallMs.length).toBeLessThanOrEqual(10);
    expect(a?.wallMs.length).toBeGreaterThanOrEqual(5);
    expect(a?.wallMs.at(-1)).toBe(60_000);
    expect(a?.cpuCores.every((cores) => Math.abs(cores - 0.25) < 0.002)).toBe(true);
    expect(a?.cpuSeconds).toBeCloseTo(15, 1);
    expect(a?.rssBytes[0]).toBe(77_000);
    expect(a?.rssBytes.slice(1).every((bytes) => bytes === 1000)).toBe(true);
    expect(b?.cpuSeconds).toBeCloseTo(10, 1);
  });

  test('says nothing of a process that it never saw', () => {
    const all = new Processes();
    const probe = all.probe();
    probe.watch({ name: 'ghost', group: 'simulator', pid: 9 });
    probe.start();
    all.runTo(500);
    probe.stop();
    expect(probe.uses()).toEqual([]);
  });

  test.runIf(existsSync('/proc/self/stat'))('sees a real process work and end', async () => {
    const child = spawn(process.execPath, ['-e', 'console.log(1);const t=Date.now();while(Date.now()-t<500);']);
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
