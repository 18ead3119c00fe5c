/**
 * Whether the generator, not the head-end, was too slow: what a run says of a head-end is worth nothing then, and the verdict must not blame it.
 *
 * At a speed: messages left late against their own schedule, and the simulators had no time to send them: their event loops were late, or a core was
 * full. Both, because messages also leave late when a line is down or the head-end takes no more; then the simulators have time.
 * At `max`: the simulators were busy all the time, and the head-end neither pushed back nor was busy itself. Then the rate is the generator's.
 */

import { digits3, milliseconds, percent, whole } from '../../base/format.ts';
import { type Detector, type Finding, highest, type Signals, sum, throughout } from './signals.ts';

const LATE_MS = 250;
/** Of an interval. */
const LATE_SHARE = 0.05;
const LOOP_MS = 200;
const FULL_CORE = 0.9;
/** Of the samples: at a speed, where a full core now and then makes what is due late; and at `max`. */
const FULL_SHARE = 0.25;
const FULL_SHARE_MAX_SPEED = 0.75;
const PUSHED_BACK_SHARE = 0.01;
const HEADEND_BUSY_CORES = 0.7;

export const generatorSaturated: Detector = {
  id: 'generator-saturated',
  find: (signals) => (signals.speed === 'max' ? setsThePace(signals) : late(signals, (signals.intervalSeconds * 1000) / signals.speed)),
};

function late(signals: Signals, intervalMs: number): Omit<Finding, 'id'> | null {
  const { lateness, simulatorLoops } = signals;
  const mark = Math.max(LATE_MS, LATE_SHARE * intervalMs);
  const loopMs = highest(simulatorLoops.map(({ p99Ms }) => p99Ms));
  const full = fullShare(signals);
  const short = loopMs > LOOP_MS || full >= FULL_SHARE;
  // A pulled simulator has no schedule of its own.
  if (!short || (signals.mode === 'push' && (lateness.count === 0 || lateness.p99 <= mark))) return null;
  const behind =
    signals.mode === 'push'
      ? `One message in 100 left ${milliseconds(lateness.p99)} or more after its time (the mark is ${milliseconds(mark)}; half of them ${milliseconds(lateness.p50)}). `
      : '';
  return {
    title: 'The simulator itself was too slow',
    ...throughout(signals),
    severity: 'critical',
    evidence: `${behind}A simulator looked at what was due up to ${milliseconds(loopMs)} late in 99 of 100 times, and filled its core in ${percent(full)} of the samples.${machineText(signals)}`,
  };
}

function setsThePace(signals: Signals): Omit<Finding, 'id'> | null {
  const { counts, processes } = signals;
  const full = fullShare(signals);
  const pushedBack = counts.messages > 0 ? counts.backpressure / counts.messages : 0;
  const headend = highest(processes.filter(({ group }) => group === 'headend').map(({ cpuSeconds }) => (cpuSeconds * 1000) / Math.max(1, signals.wallMs)));
  if (full < FULL_SHARE_MAX_SPEED || pushedBack >= PUSHED_BACK_SHARE || headend >= HEADEND_BUSY_CORES) return null;
  return {
    title: 'The simulator sets the pace',
    ...throughout(signals),
    evidence: `A simulator filled its core in ${percent(full)} of the samples while it sent, and the head-end pushed back after ${percent(pushedBack)} of the messages: it could have taken more.${machineText(signals)}`,
  };
}

/** Of the samples while readings were sent: in how many the fullest simulator had a full core. */
function fullShare({ processes, progress }: Signals): number {
  const total = progress.sent.at(-1) ?? 0;
  const endMs = progress.wallMs[progress.sent.findIndex((value) => value >= total)] ?? 0;
  return highest(
    processes
      .filter(({ group }) => group === 'simulator')
      .map(({ wallMs, cpuCores }) => {
        const during = [...wallMs.keys()].filter((i) => wallMs[i]! <= endMs);
        return during.length === 0 ? 0 : during.filter((i) => cpuCores[i]! >= FULL_CORE).length / during.length;
      }),
  );
}

/** How busy the machine was, and how much of it with others' work. */
function machineText({ host, groups, wallMs }: Signals): string {
  if (host === null || wallMs <= 0) return '';
  const busy = sum(host.series.cpuCores) / Math.max(1, host.series.cpuCores.length);
  const ours = sum(groups.filter(({ kind }) => kind !== 'host').map(({ cpuUserSeconds, cpuSystemSeconds }) => cpuUserSeconds + cpuSystemSeconds)) / (wallMs / 1000);
  return ` On average ${digits3(busy)} of ${whole(host.cores)} cores of this machine were busy, ${digits3(Math.max(0, busy - ours))} of them with what is not part of the run.`;
}
