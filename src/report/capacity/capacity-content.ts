/** What a capacity report says, in words and cells; the same in the terminal, in Markdown and in HTML. */

import { bytes, digits3, duration, milliseconds, percent, short, whole, withPrefix } from '../../base/format.ts';
import type { CapacityReport, SizingFigure, TrialFacts } from './capacity-report.ts';

const NAMES: Readonly<Record<string, string>> = {
  'store': 'the store',
  'intake': 'the intake',
  'database': 'the database',
  'head-end': 'the head-end',
  'network': 'the network',
  'connections': 'connections',
  'machine': 'this machine, with head-end and simulator on it,',
  'generator': 'the simulator',
  'crash': 'a process that died',
};

export function headline({ answer }: CapacityReport): string {
  const meters = `${rounded(answer.meters)} meters`;
  if (answer.kind === 'unknown') return 'Not known';
  if (answer.kind === 'at-least') return `At least ${meters}`;
  return answer.kind === 'at-most' ? `Fewer than ${meters}` : meters;
}

/** What that comes to, and how sure it is. */
export function why(report: CapacityReport): string {
  const { answer } = report;
  if (answer.kind === 'unknown') return `${sentence(answer.why)}.`;
  const interval = answer.metersHigh > answer.metersLow ? ` Interval of 95 %: ${rounded(answer.metersLow)} to ${rounded(answer.metersHigh)} meters.` : '';
  return `${rounded(answer.readingsPerSecond)} readings a second, ${every(report)}: ${answer.why}.${interval}`;
}

export function fullFirst({ saturation }: CapacityReport): string {
  if (saturation === null) return 'Nothing was full in any trial.';
  const counts = Object.entries(saturation.counts).map(([what, count]) => `${what} ${count}`);
  const more = counts.length > 1 ? ` What failed trials near the answer had: ${counts.join(', ')}.` : '';
  return `${sentence(NAMES[saturation.what] ?? saturation.what)} was full first: ${saturation.evidence}.${more}`;
}

export function proofText({ proof }: CapacityReport): string {
  if (proof === null) return 'No run at the low end of the interval was played to its end.';
  const looked = proof.auditFailure === null ? 'nobody could look at what was stored' : `it could not be audited (${proof.auditFailure})`;
  const audit = proof.exact === null ? looked : proof.exact ? 'audit exact' : 'the audit was NOT exact';
  const { storedWithinP99Ms: stored, confirmedWithinP99Ms: confirmed } = proof;
  const delays = [
    ...(confirmed === null ? [] : [`99 % confirmed within ${milliseconds(confirmed)} of their sending`]),
    ...(stored === null ? [] : [`99 % stored within ${milliseconds(stored)} of their arrival`]),
  ];
  return `Played to its end at ${rounded(proof.meters)} meters: ${[`${short(proof.readings)} readings`, audit, ...delays].join(', ')}.`;
}

/** What a load stands for. */
export function loadText(report: CapacityReport): string {
  const { trials, stationsMax } = report;
  if (trials.length === 0) return '';
  const stations = range(trials.map((trial) => trial.stations), whole);
  const speeds = range(trials.map(({ speed }) => speed), (speed) => short(Math.round(speed)));
  return (
    `A load of so many meters is the readings a second that they make in real time, ${every(report)}. It was made by ${stations} stations ` +
    `(the scenario has ${whole(stationsMax)}), ${speeds} times faster than real time, in open loop: what is late counts as late.`
  );
}

function every({ intervalSeconds, readingsPerMeterAndInterval: readings }: CapacityReport): string {
  return `${readings === 1 ? 'one' : readings} of each meter every ${duration(intervalSeconds)}`;
}

function range(values: readonly number[], text: (value: number) => string): string {
  const [least, most] = [Math.min(...values), Math.max(...values)].map(text) as [string, string];
  return least === most ? least : `${least} to ${most}`;
}

export const TRIAL_COLUMNS = ['trial', 'meters', 'readings/s', 'stations', 'speed', 'backlog grows', 'lag', 'cores head-end', 'cores simulator', 'result'] as const;

export function trialCells(trial: TrialFacts): readonly string[] {
  const { growth, lagSeconds, headendCores, simulatorCores } = trial;
  return [
    String(trial.number),
    rounded(trial.meters),
    rounded(trial.readingsPerSecond),
    whole(trial.stations),
    short(Math.round(trial.speed)),
    growth === null ? '–' : growthText(growth),
    lagSeconds === null ? '–' : lagText(lagSeconds),
    headendCores === null ? '–' : digits3(headendCores),
    simulatorCores === null ? '–' : digits3(simulatorCores),
    resultText(trial),
  ];
}

/** `12 % ± 3 %` of the load. */
export function growthText({ share, low, high }: NonNullable<TrialFacts['growth']>): string {
  const half = Math.max(share - low, high - share);
  return `${wholePercent(share)} ± ${Number.isFinite(half) ? Math.ceil(half * 100 - 1e-6) : '?'} %`;
}

function wholePercent(share: number): string {
  const value = Math.round(share * 100);
  return `${value === 0 ? 0 : value} %`;
}

/** A store that is ahead of its confirmations has none. */
export function lagText(seconds: number): string {
  return duration(Number(Math.max(0, seconds).toPrecision(2)));
}

export function resultText({ judgement, saturation }: TrialFacts): string {
  if (judgement === 'holds') return 'holds';
  return saturation === null ? judgement : `${judgement} (${saturation.what})`;
}

export function sizingColumns({ sizing }: CapacityReport): readonly string[] {
  return ['', 'each further million', `${rounded(sizing.forMeters)} meters`, 'basis', 'note'];
}

export function sizingCells(figure: SizingFigure): readonly string[] {
  const { name, unit, perMillion, value, basis, note } = figure;
  return [name, perMillion === null ? '–' : quantity(perMillion, unit), value === null ? '–' : quantity(value, unit), basis, note];
}

function quantity(value: number, unit: SizingFigure['unit']): string {
  if (unit === 'bytes') return bytes(value);
  if (unit === 'bytes-per-day') return `${bytes(value)}/day`;
  if (unit === 'bits-per-second') return withPrefix(value, 'bit/s');
  if (unit === 'seconds') return duration(Number(value.toPrecision(3)));
  if (unit === 'connections' || unit === 'head-ends') return whole(value);
  return unit === 'readings-per-second' ? rounded(value) : digits3(value);
}

/** How processor time follows from the load; empty: not known. */
export function costText({ sizing }: CapacityReport): string {
  const { cpu } = sizing;
  if (cpu === null) return '';
  return (
    `Processors of the head-end: ${digits3(cpu.fixed)} cores and ${digits3(cpu.perReading * 1e6)} µs a reading, a line through ${cpu.trials} trials ` +
    `from ${rounded(cpu.from)} to ${rounded(cpu.to)} readings a second; the worst of them is ${percent(Number(cpu.worstFit.toPrecision(2)))} off it.`
  );
}

/** Three digits, with a prefix where that is short: `412 M`. */
export function rounded(value: number): string {
  return short(Number(value.toPrecision(3)));
}

function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
