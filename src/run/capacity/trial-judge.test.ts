import { describe, expect, it } from 'vitest';
import { holds, intakeStands, type RecordedTrial, simulatorStands, storeStands, tooMuch } from './recorded-trials.fixture.ts';
import { saturationOf, type TrialFacts } from './saturation.ts';
import { type Judgement, type Stage, TrialJudge, type TrialMeasure } from './trial-judge.ts';

interface Judged {
  readonly judgement: Judgement;
  /** Since the begin. */
  readonly atMs: number;
  readonly measure: TrialMeasure;
}

function judged({ stations, stepMs, spreadMs, samples }: RecordedTrial, seen: Stage = 'stored'): Judged {
  const judge = new TrialJudge({ stations, stepMs, spreadMs, windowMs: 5000, seen });
  let judgement: Judgement = 'measuring';
  let lastMs = 0;
  for (const [atMs, connected, playedSteps, sentReadings, confirmedReadings, storedReadings] of samples) {
    judgement = judge.add({ atMs, connected, playedSteps, sentReadings, confirmedReadings, storedReadings: seen === 'stored' ? storedReadings : null });
    lastMs = atMs;
    if (judgement !== 'measuring') break;
  }
  const { measure } = judge;
  if (measure === null) throw new Error('nothing was seen');
  return { judgement, atMs: lastMs, measure };
}

/** A trial of `rate` steps a second and station, of 10 readings each, of which the head-end stores `serves` a second. */
function made(options: { readonly serves: number; readonly commitMs?: number; readonly stations?: number; readonly lastsMs?: number }): RecordedTrial {
  const { serves, commitMs = 0, stations = 100, lastsMs = 20_000 } = options;
  const samples = Array.from({ length: lastsMs / 200 }, (_, i) => {
    const atMs = (i + 1) * 200;
    const played = Math.floor(atMs / 250) * stations;
    const storedBy = commitMs === 0 ? atMs : Math.floor(atMs / commitMs) * commitMs;
    const stored = Math.min(played * 10, Math.round((serves * storedBy) / 1000));
    return [atMs, stations, played, played * 10, stored, stored] as const;
  });
  return { stations, stepMs: 250, spreadMs: 0, samples };
}

/** Readings a second that `made` offers. */
const OFFERED = 4000;

describe('a recorded trial', () => {
  it('that kept up holds, within its window or twice that', () => {
    const { judgement, measure, atMs } = judged(holds);
    expect(judgement).toBe('holds');
    // It catches up with what waited for its connections.
    expect(measure.growth.high).toBeLessThan(0.03);
    expect(measure.lagSeconds).toBeLessThan(1.5);
    expect(measure.offeredReadingsPerSecond).toBeGreaterThan(110_000);
    expect(measure.connectedShare).toBe(1);
    expect(atMs).toBeGreaterThan(6000);
  });

  it.each([
    ['whose store stood still', storeStands, 'unstored', 'store'],
    ['whose intake stood still', intakeStands, 'unconfirmed', 'intake'],
    ['whose simulator stood still', simulatorStands, 'unsent', 'generator'],
  ] as const)('%s diverges long before its end, and it shows where', (_, recorded, part, what) => {
    const { judgement, atMs, measure } = judged(recorded);
    expect(judgement).toBe('diverges');
    expect(atMs).toBeLessThan(5000);
    expect(measure.growth.slope).toBeGreaterThan(0.5);
    expect(measure.growthOf[part] / measure.growth.slope).toBeGreaterThan(0.7);
    expect(saturationOf(facts(measure, recorded)).what).toBe(what);
  });

  it('that was too much for the machine diverges, with a store that gets a part', () => {
    const { judgement, measure } = judged(tooMuch);
    expect(judgement).toBe('diverges');
    expect(measure.servedReadingsPerSecond).toBeLessThan(0.8 * measure.offeredReadingsPerSecond);
    expect(measure.servedReadingsPerSecond).toBeGreaterThan(500_000);
    const processes = [
      { name: 'simulator 1', group: 'simulator', cores: 0.7, waiting: 0.3 },
      { name: 'intake 1', group: 'headend', cores: 0.5, waiting: 0.4 },
      { name: 'store', group: 'headend', cores: 0.6, waiting: 0.3 },
    ] as const;
    const full = saturationOf({ ...facts(measure, tooMuch), machine: { cores: 2, busyCores: 1.99, processes, watched: [] } });
    expect(full).toMatchObject({ what: 'machine', evidence: expect.stringMatching(/all 2 cores of this machine were busy \(the simulator 0\.7, the head-end 1\.1, others 0\.19\)/) });
  });
});

describe('a trial', () => {
  it.each([
    [1.2, 0, 'holds'],
    [1.2, 1000, 'holds'],
    [0.97, 0, 'holds'],
    [0.94, 0, 'fails'],
    [0.94, 500, 'fails'],
    [0.8, 0, 'diverges'],
    [0.8, 1000, 'fails'],
    [0.6, 1000, 'diverges'],
  ] as const)('of a head-end that serves %f of the load, committing every %d ms: %s', (share, commitMs, expected) => {
    expect(judged(made({ serves: share * OFFERED, commitMs })).judgement).toBe(expected);
  });

  it('with a last batch at hand holds, though its slope is above what is tolerated', () => {
    const steady = made({ serves: 1.2 * OFFERED });
    // From the sixth second on 300 ms of the load wait in a batch.
    const samples = steady.samples.map(([at, ...rest]) => [at, ...rest.slice(0, 4), (rest[4] ?? 0) - (at > 6000 ? 0.3 * OFFERED : 0)] as unknown as RecordedTrial['samples'][number]);
    expect(judged({ ...steady, samples }).judgement).toBe('holds');
    const twice = steady.samples.map(([at, ...rest]) => [at, ...rest.slice(0, 4), (rest[4] ?? 0) - 0.08 * OFFERED * Math.max(0, at / 1000 - 1)] as unknown as RecordedTrial['samples'][number]);
    expect(judged({ ...steady, samples: twice }).judgement).toBe('fails');
  });

  it('of which confirmations are all that is seen is judged by them, and one without any by what could be sent', () => {
    const slow = made({ serves: 0.6 * OFFERED });
    expect(judged(slow, 'confirmed').judgement).toBe('diverges');
    expect(judged(slow, 'confirmed').measure.growthOf).toMatchObject({ unstored: 0, unsent: expect.closeTo(0, 2) });
    expect(judged(slow, 'sent').judgement).toBe('holds');
  });

  it('takes no longer than it says', () => {
    // Neither holds nor fails clearly.
    const { atMs } = judged(made({ serves: 0.968 * OFFERED, commitMs: 1800 }));
    expect(atMs).toBeLessThanOrEqual(TrialJudge.limitMs({ windowMs: 5000, stepMs: 250 }));
  });

  it('whose connections never open is judged all the same', () => {
    const recorded = made({ serves: 0.5 * OFFERED });
    const samples = recorded.samples.map(([at, , ...rest]) => [at, 60, ...rest] as const);
    const { judgement, measure } = judged({ ...recorded, samples });
    expect(judgement).toBe('diverges');
    expect(saturationOf(facts(measure, recorded))).toEqual({ what: 'connections', evidence: 'at times only 60 of 100 connections were open' });
    // On a full machine they come late because of it, and none is refused.
    const late = { ...recorded, samples: recorded.samples.map(([at, , ...rest]) => [at, Math.min(97, 60 + Math.floor(at / 500)), ...rest] as const) };
    const slow = judged(late).measure;
    const full = { cores: 2, busyCores: 2, processes: [], watched: [] };
    expect(saturationOf({ ...facts(slow, late), machine: full }).what).toBe('machine');
    expect(saturationOf({ ...facts(slow, late) }).what).toBe('connections');
    expect(saturationOf({ ...facts(measure, recorded), machine: full }).what).toBe('connections');
  });
});

describe('what was full', () => {
  const { measure } = judged(storeStands);
  const base = facts(measure, storeStands);
  const process = (name: string, cores: number, waiting: number | null = 0) => ({ name, group: name.startsWith('sim') ? ('simulator' as const) : ('headend' as const), cores, waiting });
  const machine = (processes: readonly ReturnType<typeof process>[], busyCores: number, watched: TrialFacts['machine']['watched'] = []) => ({ cores: 2, busyCores, processes, watched });

  it('is the store when it has a core to itself, however busy the machine is', () => {
    expect(saturationOf({ ...base, machine: machine([process('store', 0.97, 0.2)], 2) })).toMatchObject({ what: 'store', evidence: expect.stringContaining('store used 0.97 cores') });
  });

  it('is the machine only for a process that waits for a processor', () => {
    expect(saturationOf({ ...base, machine: machine([process('store', 0.4, 0.5)], 2) }).what).toBe('machine');
    expect(saturationOf({ ...base, machine: machine([process('store', 0.4, 0.01)], 2) }).what).toBe('store');
    expect(saturationOf({ ...base, machine: machine([process('store', 0.4, null)], 2) }).what).toBe('machine');
    expect(saturationOf({ ...base, machine: machine([process('store', 0.4, 0.5)], 1.2) }).what).toBe('store');
  });

  it('is the database where the store waits for PostgreSQL', () => {
    const postgres = { ...base, store: 'postgres' as const };
    expect(saturationOf({ ...postgres, machine: machine([process('store', 0.1)], 1.5, [{ name: 'database', cores: 1.1 }]) })).toMatchObject({ what: 'database', evidence: expect.stringContaining('database used 1.1 cores') });
    expect(saturationOf({ ...postgres, machine: machine([process('store', 0.1)], 0.5) }).what).toBe('database');
    expect(saturationOf({ ...facts(judged(intakeStands).measure, intakeStands), intake: 'direct', store: 'postgres' }).what).toBe('database');
  });

  it('is the generator that uses up its core, not the head-end; but what the head-end does not take is its own', () => {
    const late = facts(judged(simulatorStands).measure, simulatorStands);
    expect(saturationOf({ ...late, machine: machine([process('simulator 1', 0.99)], 1.4) })).toMatchObject({ what: 'generator', evidence: expect.stringContaining('simulator 1 used 0.99 of a core') });
    expect(saturationOf({ ...late, backpressure: 1000 }).what).not.toBe('generator');
  });

  it('of a head-end elsewhere is the head-end, or the network where segments are sent again', () => {
    const foreign = { ...facts(judged(intakeStands, 'confirmed').measure, intakeStands), intake: null, store: null, here: false };
    expect(saturationOf({ ...foreign, machine: machine([process('simulator 1', 0.9)], 2) })).toMatchObject({ what: 'head-end', evidence: expect.stringContaining('while the simulator kept to its times') });
    expect(saturationOf({ ...foreign, retransmittedShare: 0.08 })).toMatchObject({ what: 'network', evidence: expect.stringContaining('8 %') });
    expect(saturationOf({ ...foreign, here: true, machine: machine([process('simulator 1', 0.9)], 2) }).what).toBe('machine');
    expect(saturationOf({ ...foreign, here: true, machine: machine([process('simulator 1', 0.05)], 2) }).what).toBe('head-end');
  });

  it('is a process that died, whatever else was', () => {
    expect(saturationOf({ ...base, crashes: ['store (SIGKILL)', 'intake 1 (SIGKILL)'] })).toEqual({ what: 'crash', evidence: 'store (SIGKILL) and 1 more ended unasked' });
  });
});

/** On a machine with nothing else to do. */
function facts(measure: TrialMeasure, { stations, stepMs }: RecordedTrial): TrialFacts {
  return {
    measure,
    machine: { cores: 2, busyCores: 0.5, processes: [], watched: [] },
    intake: 'buffered',
    store: 'duckdb',
    here: true,
    stations,
    stepSeconds: stepMs / 1000,
    crashes: [],
    backpressure: 0,
    retransmittedShare: 0,
  };
}
