import { describe, expect, it } from 'vitest';
import { type Clock, VirtualClock } from '../../base/clock.ts';
import { draw } from '../../base/random.ts';
import { type JobOutcome, type PollJob, PollScheduler, type PollSchedulerOptions, type Priority } from './poll-scheduler.ts';

class Bench {
  readonly clock = new VirtualClock();
  readonly log: string[] = [];
  readonly scheduler: PollScheduler;

  /** `earlyMs`: timers of the scheduler come that much before their time. */
  constructor(options: Partial<PollSchedulerOptions> & { readonly devices: number; readonly earlyMs?: number }) {
    const { clock } = this;
    const early: Clock = {
      nowMs: () => clock.nowMs(),
      unixMs: () => clock.unixMs(),
      schedule: (delayMs, fn) => clock.schedule(Math.max(0, delayMs - (options.earlyMs ?? 0)), fn),
    };
    this.scheduler = new PollScheduler({
      clock: early,
      cells: new Uint16Array(options.devices),
      activeMax: 2,
      cellMax: 100,
      jobsMax: 100,
      backOff: { baseMs: 100, capMs: 1000 },
      seed: 1,
      ...options,
    });
  }

  /** A job of `ms`; `outcomes` of its tries, then done. */
  submit(device: number, name: string, options: { readonly priority?: Priority; readonly ms?: number; readonly fails?: number; readonly attemptsMax?: number } = {}): boolean {
    const { priority = 'mass', ms = 10, fails = 0, attemptsMax = Infinity } = options;
    let tries = 0;
    const job: PollJob = {
      priority,
      attemptsMax,
      run: (done) => {
        this.log.push(`${this.clock.nowMs()} ${name}`);
        const outcome: JobOutcome = tries++ < fails ? 'failed' : 'done';
        this.clock.schedule(ms, () => done(outcome));
      },
      onGivenUp: () => this.log.push(`${this.clock.nowMs()} ${name} given up`),
    };
    return this.scheduler.submit(device, job);
  }

  run(): readonly string[] {
    this.clock.run(() => false);
    return this.log;
  }
}

describe('poll scheduler', () => {
  it('asks as many devices as may be asked at once, the longest waiting first', () => {
    const bench = new Bench({ devices: 4 });
    for (let device = 0; device < 4; device++) bench.submit(device, `d${device}`);
    expect(bench.run()).toEqual(['0 d0', '0 d1', '10 d2', '10 d3']);
    expect(bench.scheduler.activePeak).toBe(2);
  });

  it('never has two jobs of a device under way', () => {
    const bench = new Bench({ devices: 1, activeMax: 10 });
    bench.submit(0, 'a');
    bench.submit(0, 'b');
    bench.submit(0, 'c');
    expect(bench.run()).toEqual(['0 a', '10 b', '20 c']);
  });

  it('a command passes the mass reading, of its device and of all others', () => {
    const bench = new Bench({ devices: 4, activeMax: 1 });
    for (let device = 0; device < 4; device++) bench.submit(device, `mass ${device}`);
    bench.submit(0, 'repair 0', { priority: 'repair' });
    bench.submit(3, 'read 3', { priority: 'on-demand' });
    bench.submit(3, 'command 3', { priority: 'command' });
    expect(bench.run()).toEqual(['0 mass 0', '10 command 3', '20 read 3', '30 repair 0', '40 mass 1', '50 mass 2', '60 mass 3']);
  });

  it('keeps to the limit of each cell and fills the others', () => {
    const bench = new Bench({ devices: 6, activeMax: 4, cellMax: 1, cells: Uint16Array.of(0, 0, 0, 1, 1, 2) });
    for (let device = 0; device < 6; device++) bench.submit(device, `d${device}`);
    expect(bench.run()).toEqual(['0 d0', '0 d3', '0 d5', '10 d1', '10 d4', '20 d2']);
  });

  it('rests after a failure, longer each time, and begins anew after a success', () => {
    const bench = new Bench({ devices: 1, backOff: { baseMs: 100, capMs: 300 } });
    bench.submit(0, 'a', { fails: 4 });
    const times = bench.run().map((line) => Number(line.split(' ')[0]));
    const rests = times.slice(1).map((time, i) => time - times[i]! - 10);
    [100, 200, 300, 300].forEach((ceiling, i) => {
      expect(rests[i]).toBeGreaterThanOrEqual(ceiling / 2);
      expect(rests[i]).toBeLessThanOrEqual(ceiling);
    });
    expect(bench.scheduler.failures).toBe(4);
    const began = bench.clock.nowMs();
    bench.submit(0, 'b', { fails: 1 });
    bench.run();
    expect(bench.clock.nowMs() - began).toBeLessThanOrEqual(120);
  });

  it('tries again when the timer comes a little early, as the kernel\'s do', () => {
    const bench = new Bench({ devices: 1, earlyMs: 0.4 });
    bench.submit(0, 'a', { fails: 3 });
    expect(bench.run()).toHaveLength(4);
  });

  it('does not let something urgent wait for the end of a rest', () => {
    const bench = new Bench({ devices: 1, backOff: { baseMs: 10_000, capMs: 10_000 } });
    bench.submit(0, 'mass', { fails: 1 });
    bench.clock.run(() => bench.clock.nowMs() >= 10);
    bench.submit(0, 'command', { priority: 'command' });
    const log = bench.run();
    expect(log.slice(0, 2)).toEqual(['0 mass', '10 command']);
    expect(log).toHaveLength(3);
  });

  it('gives up what may be tried only so often, and goes on with the rest', () => {
    const bench = new Bench({ devices: 1 });
    bench.submit(0, 'command', { priority: 'command', fails: 9, attemptsMax: 2 });
    bench.submit(0, 'mass');
    const log = bench.run();
    expect(log.map((line) => line.replace(/^[\d.]+ /, ''))).toEqual(['command', 'command', 'command given up', 'mass']);
    expect(bench.scheduler.givenUp).toBe(1);
  });

  it('takes no more jobs of a device than it may hold', () => {
    const bench = new Bench({ devices: 2, jobsMax: 2, activeMax: 1 });
    bench.submit(1, 'first');
    expect([bench.submit(0, 'a'), bench.submit(0, 'b'), bench.submit(0, 'c')]).toEqual([true, true, false]);
    expect(bench.run()).toHaveLength(3);
  });

  it('starts nothing while it is paused', () => {
    const bench = new Bench({ devices: 2, activeMax: 1 });
    bench.submit(0, 'a');
    bench.submit(1, 'b');
    bench.scheduler.pause();
    expect(bench.run()).toEqual(['0 a']);
    bench.scheduler.resume();
    expect(bench.run()).toEqual(['0 a', '10 b']);
  });

  it('serves what is urgent while only the rest is paused', () => {
    const bench = new Bench({ devices: 2, activeMax: 1 });
    bench.scheduler.pause('repair');
    bench.submit(0, 'mass');
    bench.submit(0, 'repair', { priority: 'repair' });
    bench.submit(1, 'read', { priority: 'on-demand' });
    bench.submit(0, 'command', { priority: 'command' });
    expect(bench.run()).toEqual(['0 read', '10 command']);
    bench.scheduler.resume();
    expect(bench.run().slice(2)).toEqual(['20 repair', '30 mass']);
  });

  it('lets something urgent that came while a job failed go at once, and what failed itself not', () => {
    const bench = new Bench({ devices: 1, backOff: { baseMs: 10_000, capMs: 10_000 } });
    bench.submit(0, 'mass', { fails: 1 });
    bench.submit(0, 'command', { priority: 'command', fails: 1 });
    bench.submit(0, 'other', { priority: 'command' });
    const log = bench.run();
    expect(log.slice(0, 2)).toEqual(['0 mass', '10 command']);
    expect(log.slice(2).map((line) => line.replace(/^[\d.]+ /, ''))).toEqual(['command', 'other', 'mass']);
    expect(Number(log[2]?.split(' ')[0])).toBeGreaterThan(5000);
  });

  it('gives back a job that waits, and what waited behind it goes on', () => {
    const { clock, scheduler } = new Bench({ devices: 1 });
    const log: string[] = [];
    const job = (name: string, priority: Priority): PollJob => ({
      priority,
      attemptsMax: 1,
      run: (done) => {
        log.push(name);
        clock.schedule(10, () => done('done'));
      },
    });
    const [first, command, mass] = [job('first', 'mass'), job('command', 'command'), job('mass', 'mass')];
    for (const one of [first, command, mass]) scheduler.submit(0, one);
    expect([scheduler.withdraw(0, first), scheduler.withdraw(0, command), scheduler.withdraw(0, command)]).toEqual([false, true, false]);
    clock.run(() => false);
    expect(log).toEqual(['first', 'mass']);
    expect(scheduler.idle).toBe(true);
  });

  it.each(Array.from({ length: 20 }, (_, i) => i))('seed %i: whatever comes, limits hold and every job ends', (seed) => {
    let draws = 0;
    const pick = (count: number): number => draw(seed * 7919 + 13, draws++) % count;
    const devices = 12;
    const cells = Uint16Array.from({ length: devices }, () => pick(3));
    const busy = new Uint8Array(devices);
    const cellBusy = new Uint8Array(3);
    const clock = new VirtualClock();
    const scheduler = new PollScheduler({ clock, devices, cells, activeMax: 5, cellMax: 2, jobsMax: 100, backOff: { baseMs: 5, capMs: 40 }, seed });
    let [submitted, ended] = [0, 0];
    const submit = (): void => {
      const device = pick(devices);
      const fails = pick(4) === 0 ? pick(3) : 0;
      let tries = 0;
      const run = (done: (outcome: JobOutcome) => void): void => {
        expect(busy[device]).toBe(0);
        busy[device] = 1;
        cellBusy[cells[device]!]!++;
        expect(cellBusy[cells[device]!]).toBeLessThanOrEqual(2);
        expect(busy.reduce((sum, b) => sum + b, 0)).toBeLessThanOrEqual(5);
        clock.schedule(pick(20), () => {
          busy[device] = 0;
          cellBusy[cells[device]!]!--;
          const failed = tries++ < fails;
          if (!failed) ended++;
          done(failed ? 'failed' : 'done');
        });
      };
      scheduler.submit(device, { priority: (['command', 'on-demand', 'repair', 'mass'] as const)[pick(4)]!, attemptsMax: Infinity, run });
      if (++submitted < 400) clock.schedule(pick(6), submit);
    };
    submit();
    clock.run(() => false);
    expect(ended).toBe(400);
    expect(scheduler.active).toBe(0);
  });
});
