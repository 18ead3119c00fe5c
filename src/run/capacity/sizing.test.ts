import { describe, expect, it } from 'vitest';
import type { CapacityAnswer, SizingFigure, TrialFacts } from '../../report/capacity/capacity-report.ts';
import { sampleTrial } from '../../report/capacity/sample-capacity.fixture.ts';
import { Cost, type SizingInput, sizingOf } from './sizing.ts';

/** Costs 0.2 cores and 10 us a reading, 100 MB and 50 bytes a reading a second. */
const trial = (meters: number, change: Partial<TrialFacts> = {}): TrialFacts => {
  const rate = meters / 900;
  return sampleTrial({ meters, readingsPerSecond: rate, servedReadingsPerSecond: rate, headendCores: 0.2 + rate * 1e-5, headendRssBytes: 1e8 + rate * 50, bytesPerReading: 10, ...change });
};

const ANSWER: CapacityAnswer = { kind: 'value', why: '', meters: 6e7, metersLow: 5.5e7, metersMiddle: 6e7, metersHigh: 6.5e7, readingsPerSecond: 6e7 / 900, precise: true };

function sized(change: Partial<SizingInput> = {}): { readonly figure: (name: string) => SizingFigure; readonly sizing: ReturnType<typeof sizingOf> } {
  const sizing = sizingOf({
    forMeters: 3.6e6,
    trials: [trial(3.6e6), trial(9e6), trial(3.6e7), trial(9e7, { judgement: 'diverges', headendCores: 9 })],
    proof: { meters: 5e7, readings: 1e6, exact: true, auditFailure: null, storedWithinP99Ms: 100, confirmedWithinP99Ms: 100, storeBytesPerReading: 8, directory: 'proof-4' },
    answer: ANSWER,
    readingsPerSecond: (meters) => meters / 900,
    intervalSeconds: 900,
    metersPerStation: 70,
    cores: 2,
    seen: true,
    ...change,
  });
  const figure = (name: string): SizingFigure => {
    const found = sizing.figures.find((each) => each.name === name);
    if (found === undefined) throw new Error(name);
    return found;
  };
  return { figure, sizing };
}

describe('sizing', () => {
  it('finds fixed and marginal cost from the trials that held', () => {
    const { cpu, memory } = sized().sizing;
    expect(cpu).toMatchObject({ fixed: expect.closeTo(0.2, 9), perReading: expect.closeTo(1e-5, 12), from: 4000, to: 40_000, trials: 3 });
    expect(cpu?.worstFit).toBeLessThan(1e-9);
    expect(memory?.fixed).toBeCloseTo(1e8, 0);
  });

  it('says what a trial measured, what lies between trials and what lies beyond', () => {
    expect(sized().figure('processors of the head-end')).toMatchObject({ value: expect.closeTo(0.24, 9), basis: 'measured', perMillion: expect.closeTo(1e6 / 900 / 1e5, 9) });
    expect(sized({ forMeters: 1.8e7 }).figure('processors of the head-end')).toMatchObject({ value: expect.closeTo(0.4, 9), basis: 'interpolated' });
    expect(sized({ forMeters: 9e8 }).figure('processors of the head-end')).toMatchObject({ value: expect.closeTo(10.2, 9), basis: 'extrapolated' });
    expect(sized({ forMeters: 9e5 }).figure('memory of the head-end')).toMatchObject({ value: expect.closeTo(1e8 + 50_000, 0), basis: 'extrapolated' });
  });

  it('counts disk, network, connections and head-ends', () => {
    const { figure } = sized({ forMeters: 1.2e8 });
    expect(figure('store')).toMatchObject({ value: expect.closeTo((1.2e8 / 900) * 86_400 * 8, 0), basis: 'extrapolated' });
    expect(figure('network to the head-end')).toMatchObject({ perMillion: expect.closeTo((1e6 / 900) * 80, 0), basis: 'extrapolated' });
    expect(figure('connections').value).toBeCloseTo(1.2e8 / 70, 0);
    expect(figure('head-ends like this one')).toMatchObject({ value: 3, basis: 'extrapolated' });
    expect(figure('an interval of all meters at once')).toMatchObject({ value: expect.closeTo(1.2e8 / (6e7 / 900), 3) });
    expect(sized().figure('head-ends like this one')).toMatchObject({ value: 1, basis: 'measured' });
  });

  it('says nothing where nothing is known', () => {
    const unseen = (meters: number): TrialFacts => trial(meters, { headendCores: null, headendRssBytes: null });
    const { figure, sizing } = sized({ trials: [unseen(3.6e6), unseen(9e6)], proof: null, seen: false, answer: { ...ANSWER, kind: 'at-most' } });
    expect(sizing.cpu).toBeNull();
    for (const name of ['processors of the head-end', 'memory of the head-end', 'store', 'head-ends like this one', 'an interval of all meters at once']) {
      expect(figure(name)).toMatchObject({ value: null, basis: 'unknown' });
    }
    expect(sizing.caveats.join(' ')).toContain('--watch');
    expect(figure('network to the head-end').basis).toBe('measured');
  });

  it('says when others used the machine, and that fewer connections were tried', () => {
    const busy = (meters: number): TrialFacts => trial(meters, { busyCores: 1.9, headendCores: 0.3, simulatorCores: 0.1 });
    expect(sized({ trials: [busy(3.6e6), busy(9e6)] }).sizing.caveats.join('\n')).toMatch(/Other processes took 1\.5 of the 2 cores/);
    expect(sized().sizing.caveats.join('\n')).not.toContain('Other processes');
    expect(sized().sizing.caveats.join('\n')).toContain('these meters have 51,429');
  });
});

describe('a cost', () => {
  it('has no negative part', () => {
    expect(new Cost([{ rate: 1, value: 1 }, { rate: 2, value: 3 }]).line).toMatchObject({ fixed: 0 });
    expect(new Cost([{ rate: 1, value: 3 }, { rate: 2, value: 2.9 }]).line).toMatchObject({ perReading: 0 });
  });

  it('is no line through one load', () => {
    expect(new Cost([{ rate: 100, value: 1 }, { rate: 101, value: 2 }]).line).toBeNull();
    expect(new Cost([{ rate: 100, value: 1 }, { rate: 101, value: 2 }]).at(100)).toEqual({ value: 1.5, basis: 'measured' });
    expect(new Cost([]).at(100)).toEqual({ value: null, basis: 'unknown' });
  });
});
