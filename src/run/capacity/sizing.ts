/**
 * What so many meters need, from what the trials cost. A figure is measured where a trial was at that load, interpolated between
 * the two trials next to it, and beyond all trials extrapolated along a line: fixed + perReading * readings a second.
 */

import { digits3, whole } from '../../base/format.ts';
import type { Basis, CapacityAnswer, CostLine, ProofFacts, Sizing, SizingFigure, TrialFacts } from '../../report/capacity/capacity-report.ts';

export interface SizingInput {
  readonly forMeters: number;
  readonly trials: readonly TrialFacts[];
  readonly proof: ProofFacts | null;
  readonly answer: CapacityAnswer;
  readonly readingsPerSecond: (meters: number) => number;
  readonly intervalSeconds: number;
  readonly metersPerStation: number;
  /** Of this machine. */
  readonly cores: number;
  /** False: what the head-end takes can't be seen from here. */
  readonly seen: boolean;
}

const MILLION = 1_000_000;
const SECONDS_PER_DAY = 86_400;
/** A trial at this distance from a load was at this load. */
const SAME_LOAD = 0.02;

export function sizingOf(input: SizingInput): Sizing {
  const { forMeters, trials } = input;
  const held = trials.filter(({ judgement }) => judgement === 'holds');
  const cpu = new Cost(points(held, ({ headendCores }) => headendCores));
  const memory = new Cost(points(held, ({ headendRssBytes }) => headendRssBytes));
  const network = new Cost(points(held, ({ bytesPerReading, readingsPerSecond }) => bytesPerReading * readingsPerSecond * 8));
  const rate = input.readingsPerSecond(forMeters);
  const rateOfMillion = input.readingsPerSecond(MILLION);
  const figure = (name: string, unit: SizingFigure['unit'], cost: Cost, note: string): SizingFigure => {
    const perMillion = cost.line === null ? null : cost.line.perReading * rateOfMillion;
    return { name, unit, perMillion, ...cost.at(rate), note };
  };
  return {
    forMeters,
    figures: [
      { name: 'readings a second', unit: 'readings-per-second', perMillion: rateOfMillion, value: rate, basis: 'measured', note: 'mean over the interval' },
      figure('processors of the head-end', 'cores', cpu, 'busy cores, without any reserve'),
      figure('memory of the head-end', 'bytes', memory, 'sum of the peaks of its processes'),
      disk(input, rate, rateOfMillion),
      figure('network to the head-end', 'bits-per-second', network, 'payload, mean over the interval, without headers of TCP and IP'),
      connections(input, held),
      herd(input),
      headends(input),
    ],
    cpu: cpu.line,
    memory: memory.line,
    caveats: caveats(input, held),
  };
}

interface Point {
  readonly rate: number;
  readonly value: number;
}

function points(trials: readonly TrialFacts[], valueOf: (trial: TrialFacts) => number | null): readonly Point[] {
  return trials.flatMap((trial) => {
    const value = valueOf(trial);
    return value === null || !Number.isFinite(value) ? [] : [{ rate: trial.readingsPerSecond, value }];
  });
}

/** A cost at several loads. */
export class Cost {
  /** null: fewer than two loads. */
  readonly line: CostLine | null;
  /** By rate, ascending. */
  readonly #points: readonly Point[];

  constructor(all: readonly Point[]) {
    this.#points = all.toSorted((a, b) => a.rate - b.rate);
    this.line = lineThrough(this.#points);
  }

  at(rate: number): { readonly value: number | null; readonly basis: Basis } {
    const same = this.#points.filter((point) => Math.abs(point.rate / rate - 1) <= SAME_LOAD);
    if (same.length > 0) return { value: same.reduce((sum, { value }) => sum + value, 0) / same.length, basis: 'measured' };
    const below = this.#points.findLast((point) => point.rate < rate);
    const above = this.#points.find((point) => point.rate > rate);
    if (below !== undefined && above !== undefined) {
      const part = (rate - below.rate) / (above.rate - below.rate);
      return { value: below.value + part * (above.value - below.value), basis: 'interpolated' };
    }
    if (this.line === null) return { value: null, basis: 'unknown' };
    return { value: this.line.fixed + this.line.perReading * rate, basis: 'extrapolated' };
  }
}

/** Least squares of the relative distance, neither part below 0. */
function lineThrough(all: readonly Point[]): CostLine | null {
  const used = all.filter(({ value }) => value > 0);
  const [first, last] = [used[0], used.at(-1)];
  if (first === undefined || last === undefined || last.rate < first.rate * (1 + SAME_LOAD)) return null;
  const { fixed, perReading } = fitted(used);
  const worstFit = Math.max(...used.map(({ rate, value }) => Math.abs((fixed + perReading * rate) / value - 1)));
  return { fixed, perReading, from: first.rate, to: last.rate, trials: used.length, worstFit };
}

function fitted(used: readonly Point[]): { readonly fixed: number; readonly perReading: number } {
  let [w, wx, wxx, wy, wxy] = [0, 0, 0, 0, 0];
  for (const { rate, value } of used) {
    const weight = 1 / value ** 2;
    w += weight;
    wx += weight * rate;
    wxx += weight * rate * rate;
    wy += weight * value;
    wxy += weight * rate * value;
  }
  const perReading = (w * wxy - wx * wy) / (w * wxx - wx * wx);
  const fixed = (wy - perReading * wx) / w;
  if (perReading < 0) return { fixed: wy / w, perReading: 0 };
  return fixed < 0 ? { fixed: 0, perReading: wxy / wxx } : { fixed, perReading };
}

function disk({ proof }: SizingInput, rate: number, rateOfMillion: number): SizingFigure {
  const perReading = proof?.storeBytesPerReading ?? null;
  const ofDay = (readings: number): number | null => (perReading === null ? null : perReading * readings * SECONDS_PER_DAY);
  return {
    name: 'store',
    unit: 'bytes-per-day',
    perMillion: ofDay(rateOfMillion),
    value: ofDay(rate),
    basis: perReading === null ? 'unknown' : 'extrapolated',
    note: perReading === null ? 'its size could not be looked at' : 'bytes a reading of the run that was played to its end',
  };
}

function connections({ forMeters, metersPerStation }: SizingInput, held: readonly TrialFacts[]): SizingFigure {
  const value = forMeters / metersPerStation;
  const tried = Math.max(0, ...held.map(({ stations }) => stations));
  return {
    name: 'connections',
    unit: 'connections',
    perMillion: MILLION / metersPerStation,
    value,
    basis: value <= tried ? 'measured' : 'extrapolated',
    note: `trials that held had up to ${whole(tried)}`,
  };
}

function herd({ answer, forMeters, readingsPerSecond, intervalSeconds }: SizingInput): SizingFigure {
  const known = answer.readingsPerSecond > 0 && (answer.kind === 'value' || answer.kind === 'at-least');
  const takes = (meters: number): number => (readingsPerSecond(meters) * intervalSeconds) / answer.readingsPerSecond;
  return {
    name: 'an interval of all meters at once',
    unit: 'seconds',
    perMillion: known ? takes(MILLION) : null,
    value: known ? takes(forMeters) : null,
    basis: known ? 'extrapolated' : 'unknown',
    note: answer.kind === 'at-least' ? 'at most, at the rate that held' : 'at the rate of the answer',
  };
}

function headends({ answer, forMeters, trials }: SizingInput): SizingFigure {
  const known = answer.metersLow > 0 && (answer.kind === 'value' || answer.kind === 'at-least');
  const value = known ? Math.max(1, Math.ceil(forMeters / answer.metersLow)) : null;
  const tried = trials.some(({ judgement, meters }) => judgement === 'holds' && meters >= forMeters * (1 - SAME_LOAD));
  return {
    name: 'head-ends like this one',
    unit: 'head-ends',
    perMillion: null,
    value,
    basis: !known ? 'unknown' : tried ? 'measured' : 'extrapolated',
    note: 'by the low end of the interval',
  };
}

/** Share of the processors that others may take before it is said. */
const OTHERS_TOLERATED = 0.1;

function caveats({ forMeters, metersPerStation, seen, trials, cores }: SizingInput, held: readonly TrialFacts[]): readonly string[] {
  const tried = Math.max(0, ...held.map(({ stations }) => stations));
  const needed = Math.ceil(forMeters / metersPerStation);
  const others = meanOthers(trials);
  return [
    'A load is a rate of readings in messages of the scenario’s size: fewer stations played faster. What is there for each meter or connection by itself (registers of devices, sockets, keep-alives) is not in it.',
    ...(needed > tried ? [`Trials had up to ${whole(tried)} connections; these meters have ${whole(needed)}. \`meterstorm run --speed 1\` opens them all.`] : []),
    ...(others > OTHERS_TOLERATED * cores
      ? [`Other processes took ${digits3(Number(others.toPrecision(2)))} of the ${cores} cores of this machine. Unless they are the head-end, try again when it is quiet.`]
      : []),
    'Trials last seconds: what grows over days (indexes, old partitions, full disks) is not in them.',
    seen
      ? 'Simulator and head-end shared this machine; the figures of the head-end leave the simulator out.'
      : 'Processors, memory and disk of the head-end were not watched: `--watch hes=pid:NUMBER` does, when it runs on this machine.',
  ];
}

/** Cores that neither the simulator nor a head-end that is seen used, mean over the trials. */
function meanOthers(trials: readonly TrialFacts[]): number {
  const all = trials.flatMap(({ busyCores, headendCores, simulatorCores }) => (busyCores === null ? [] : [busyCores - (headendCores ?? 0) - (simulatorCores ?? 0)]));
  return all.length === 0 ? 0 : all.reduce((sum, cores) => sum + cores, 0) / all.length;
}
