/** Problems in how readings come and are taken: a backlog that grows, copies, a flood of late ones, all at once. */

import { duration, milliseconds, percent, short, whole } from '../../base/format.ts';
import { lineThrough } from '../regression.ts';
import { type Detector, type Finding, type Signals, throughout } from './signals.ts';

type Found = Omit<Finding, 'id'> | null;

/** What waits: what is confirmed (or sent, where a confirmation says that it is stored) and not stored; where nobody sees the store, what is sent and not confirmed. */
interface Backlog {
  readonly what: string;
  readonly wallMs: readonly number[];
  readonly depth: readonly number[];
  readonly done: readonly number[];
}

function backlogOf({ progress }: Signals): Backlog | null {
  const { wallMs, sent, confirmed, stored } = progress;
  if (stored !== null) return { what: 'not in the store', wallMs, depth: between(confirmed ?? sent, stored), done: stored };
  return confirmed === null ? null : { what: 'not confirmed', wallMs, depth: between(sent, confirmed), done: confirmed };
}

function between(ahead: readonly number[], behind: readonly number[]): readonly number[] {
  return ahead.map((value, i) => Math.max(0, value - (behind[i] ?? 0)));
}

/** The last sample in which something was sent. */
function lastSending({ progress: { sent } }: Signals): number {
  const total = sent.at(-1) ?? 0;
  return Math.max(0, sent.findIndex((value) => value >= total));
}

/** In the half that is looked at. */
const WINDOWS_MIN = 4;
/** Of what arrives. */
const GROWTH_SHARE = 0.05;
/** At `max`, where a backlog is how it is meant: the time that the store needs when all is sent. */
const DRAIN_MS = 60_000;
const DRAIN_SHARE = 0.2;

export const backlogGrowth: Detector = {
  id: 'backlog-growth',
  find(signals) {
    const backlog = backlogOf(signals);
    if (backlog === null || backlog.wallMs.length < 2) return null;
    return signals.speed === 'max' ? slowDrain(signals, backlog) : growing(signals, backlog, (signals.intervalSeconds * 1000) / signals.speed);
  },
};

/**
 * Readings come in pulses, one a step; so the low points between them are looked at, not the waves. In the second half: a store that always lags by
 * some time has a backlog that rises at first.
 */
function growing(signals: Signals, backlog: Backlog, windowMs: number): Found {
  const end = lastSending(signals);
  const endMs = backlog.wallMs[end] ?? 0;
  const windows = Math.floor(endMs / windowMs);
  const low = Array.from({ length: windows }, () => Infinity);
  for (let i = 0; i <= end; i++) {
    const window = Math.floor(backlog.wallMs[i]! / windowMs);
    if (window < windows) low[window] = Math.min(low[window]!, backlog.depth[i]!);
  }
  const seen = [...low.keys()].filter((window) => window >= windows / 2 && low[window]! < Infinity);
  if (seen.length < WINDOWS_MIN) return null;
  const troughs = seen.map((window) => low[window]!);
  const { slope, slopeAtLeast } = lineThrough(seen, troughs);
  const lastFull = backlog.wallMs.findLastIndex((ms) => ms <= windows * windowMs);
  const arriving = (signals.progress.sent[lastFull] ?? 0) / windows;
  if (slopeAtLeast <= 0 || slope < GROWTH_SHARE * arriving) return null;
  const depth = backlog.depth[end] ?? 0;
  const donePerMs = (backlog.done[end] ?? 0) / endMs;
  const drain = donePerMs > 0 ? `, ${milliseconds(depth / donePerMs)} of work at the pace so far` : '';
  return {
    title: 'The backlog grows',
    from: Math.round(seen[0]! * windowMs),
    to: Math.round(endMs),
    severity: 'critical',
    evidence: `From one interval of ${milliseconds(windowMs)} to the next ${short(slope)} readings more were ${backlog.what}: ${percent(Math.min(1, slope / arriving))} of those that came. At the end of sending it were ${whole(depth)}${drain}.`,
  };
}

function slowDrain(signals: Signals, { what, wallMs, depth, done }: Backlog): Found {
  const end = lastSending(signals);
  const total = done.at(-1) ?? 0;
  const last = done.findIndex((value) => value >= total);
  const [endMs, lastMs] = [wallMs[end] ?? 0, wallMs[last] ?? 0];
  const drainMs = lastMs - endMs;
  if (drainMs < DRAIN_MS || drainMs < DRAIN_SHARE * signals.wallMs) return null;
  return {
    title: 'The backlog grows',
    from: 0,
    to: Math.round(lastMs),
    evidence: `When the last reading was sent, ${whole(depth[end] ?? 0)} were ${what}; that took ${milliseconds(drainMs)} more, ${percent(drainMs / signals.wallMs)} of the run.`,
  };
}

const DUPLICATE_SHARE = 0.0001;

export const duplicates: Detector = {
  id: 'duplicates-received',
  find(signals) {
    const { duplicatesDropped, storedReadings } = signals.counts;
    if (storedReadings === 0 || duplicatesDropped / storedReadings <= DUPLICATE_SHARE) return null;
    return {
      title: `${whole(duplicatesDropped)} readings came twice`,
      ...throughout(signals),
      evidence: `The head-end received and dropped ${whole(duplicatesDropped)} second copies, ${percent(duplicatesDropped / storedReadings)} of what it stored; the mark is ${percent(DUPLICATE_SHARE)}.`,
    };
  },
};

const LATE_SHARE = 0.05;

export const lateFlood: Detector = {
  id: 'late-flood',
  find(signals) {
    const { lateReadings, storedReadings } = signals.counts;
    if (storedReadings === 0 || lateReadings / storedReadings <= LATE_SHARE) return null;
    return {
      title: 'A flood of late readings',
      ...throughout(signals),
      evidence: `${whole(lateReadings)} of ${whole(storedReadings)} stored readings (${percent(lateReadings / storedReadings)}) were more than an hour old when they were sent; the mark is ${percent(LATE_SHARE)}.`,
    };
  },
};

const HERD_RATIO = 8;
const MINUTE_SECONDS = 60;
const HERD_READINGS_MIN = 1000;

export const quarterHourHerd: Detector = {
  id: 'quarter-hour-herd',
  find(signals) {
    const { readings, firstMinuteReadings } = signals.counts;
    if (signals.mode === 'pull' || signals.speed === 'max' || readings < HERD_READINGS_MIN) return null;
    const ratio = (firstMinuteReadings / readings) * (signals.intervalSeconds / MINUTE_SECONDS);
    if (ratio <= HERD_RATIO) return null;
    return {
      title: 'All push at once',
      ...throughout(signals),
      evidence: `${percent(firstMinuteReadings / readings)} of the readings came in the first minute of their ${duration(signals.intervalSeconds)}: ${Math.round(ratio * 10) / 10} times the mean of a minute; the mark is ${HERD_RATIO}.`,
    };
  },
};
