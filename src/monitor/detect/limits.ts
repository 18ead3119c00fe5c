/** Problems of what the machine and the processes have: descriptors, disk, time for what is due. */

import { bytes, counted, milliseconds, percent, whole } from '../../base/format.ts';
import { fuller, type Fullest } from '../group-sample.ts';
import type { GroupUse } from '../group-use.ts';
import { type Detector, highest, spanOf, sum, throughout } from './signals.ts';

const DESCRIPTORS_SHARE = 0.8;
/** Our own processes are made as large as the limit allows, with some to spare; it is a problem when most of that is gone. */
const OWN_SPARE = 128;

export const descriptorsNearLimit: Detector = {
  id: 'descriptors-near-limit',
  find(signals) {
    const { groups, traffic } = signals;
    const without = sum(traffic.withoutDescriptor);
    const near = groups.map(nearLimit).reduce(fuller, null);
    if (without === 0 && near === null) return null;
    const span = spanOf(traffic.wallMs, traffic.withoutDescriptor) ?? throughout(signals);
    const failed = without === 0 ? '' : `${counted(without, 'connection')} could not be made because the simulator had no descriptor left. `;
    const held = near === null ? '' : `${near.process} held ${whole(near.descriptors)} of the ${whole(near.descriptorsMax)} descriptors that it may (${percent(near.descriptors / near.descriptorsMax)}).`;
    return {
      title: 'Descriptors run out',
      from: span.from,
      to: span.to,
      severity: without > 0 ? 'critical' : 'warning',
      evidence: `${failed}${held}`.trim(),
    };
  },
};

function nearLimit({ kind, fullest }: GroupUse): Fullest | null {
  if (fullest === null || fullest.descriptors <= DESCRIPTORS_SHARE * fullest.descriptorsMax) return null;
  return kind === 'own' && fullest.descriptorsMax - fullest.descriptors > OWN_SPARE ? null : fullest;
}

/** Less than this and nobody would notice. */
const DISK_USED_MIN = 50e6;
const DISK_CRITICAL_SHARE = 0.1;

export const diskFullSoon: Detector = {
  id: 'disk-full-soon',
  find(signals) {
    const free = signals.host?.series.diskFreeBytes ?? [];
    const [first] = free;
    if (first === undefined) return null;
    const least = free.reduce((a, b) => Math.min(a, b));
    const used = first - least;
    if (used < DISK_USED_MIN || least >= used) return null;
    return {
      title: 'The disk is full soon',
      ...throughout(signals),
      severity: least < DISK_CRITICAL_SHARE * used ? 'critical' : 'warning',
      evidence: `${bytes(least)} were left where the run writes, after ${bytes(used)} had gone while it lasted (others' writing included): another run like this would not fit.`,
    };
  },
};

const LOOP_MS = 200;
/** At `max` processes are meant to be busy all the time. */
const LOOP_MAX_SPEED_MS = 2000;

export const eventLoopDelay: Detector = {
  id: 'event-loop-delay',
  find(signals) {
    const mark = signals.speed === 'max' ? LOOP_MAX_SPEED_MS : LOOP_MS;
    const slow = signals.takerLoops.filter(({ p99Ms }) => p99Ms > mark);
    const [worst] = slow.toSorted((a, b) => b.p99Ms - a.p99Ms);
    if (worst === undefined) return null;
    const others = slow.length > 1 ? ` and ${whole(slow.length - 1)} more` : '';
    return {
      title: 'The head-end keeps its connections waiting',
      ...throughout(signals),
      evidence: `In ${worst.process}${others} one look in 100 at what had arrived was ${milliseconds(worst.p99Ms)} late or more (longest ${milliseconds(highest(slow.map(({ maxMs }) => maxMs)))}); the mark is ${milliseconds(mark)}.`,
    };
  },
};
