/** Problems of connections: refused, lost all at once, sent again, not accepted, not tracked. */

import { counted, milliseconds, percent, whole } from '../../base/format.ts';
import { type Detector, highest, spanOf, sum, throughout } from './signals.ts';

export const refusedConnections: Detector = {
  id: 'refused-connections',
  find({ mode, traffic, stations }) {
    const count = sum(traffic.refused);
    const span = spanOf(traffic.wallMs, traffic.refused);
    // In pull it is the devices that refuse, while the plan has them out of reach.
    if (mode === 'pull' || count === 0 || span === null) return null;
    return {
      title: `${counted(count, 'connection')} refused`,
      from: span.from,
      to: span.to,
      evidence: `The head-end refused ${counted(count, 'connection')} of ${counted(stations, 'concentrator')}: nothing listened there, or its queue was full.`,
    };
  },
};

/** Of all concentrators, within a window. */
const STORM_SHARE = 0.5;
const STORM_MIN = 10;
const STORM_WINDOW_SECONDS = 120;
/** However fast the grid plays. */
const STORM_WINDOW_MIN_MS = 5000;
const STORM_OVER_MEDIAN = 5;

export const reconnectStorm: Detector = {
  id: 'reconnect-storm',
  find({ mode, speed, stations, traffic }) {
    if (mode === 'pull') return null;
    const windowMs = Math.max(STORM_WINDOW_MIN_MS, speed === 'max' ? 0 : (STORM_WINDOW_SECONDS * 1000) / speed);
    const again = beyondFirst(traffic.connects, stations);
    const { wallMs } = traffic;
    let [from, inWindow, most, mostFrom, mostTo] = [0, 0, 0, 0, 0];
    for (let to = 0; to < again.length; to++) {
      inWindow += again[to]!;
      while (wallMs[to]! - (wallMs[from - 1] ?? 0) > windowMs && from < to) inWindow -= again[from++]!;
      if (inWindow > most) [most, mostFrom, mostTo] = [inWindow, from, to];
    }
    if (most < STORM_MIN || most < STORM_SHARE * stations) return null;
    const rates = again.map((count, i) => (count * 1000) / Math.max(1, wallMs[i]! - (wallMs[i - 1] ?? 0)));
    const peak = highest(rates.slice(mostFrom, mostTo + 1));
    const usual = median(rates);
    if (peak <= STORM_OVER_MEDIAN * usual) return null;
    while (again[mostFrom] === 0 && mostFrom < mostTo) mostFrom++;
    const [begin, end] = [wallMs[mostFrom - 1] ?? 0, wallMs[mostTo] ?? 0];
    return {
      title: 'Reconnect storm',
      from: begin,
      to: end,
      evidence: `Within ${milliseconds(end - begin)} ${counted(most, 'connection')} were made again, by ${counted(stations, 'concentrator')}; at most ${whole(peak)} in a second, ${whole(usual)} at other times.`,
    };
  },
};

/** What is left of counts when the first `first` of them are taken away. */
function beyondFirst(counts: readonly number[], first: number): readonly number[] {
  let left = first;
  return counts.map((count) => {
    const taken = Math.min(left, count);
    left -= taken;
    return count - taken;
  });
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? 0;
}

const RETRANSMITTED_SHARE = 0.01;
const RETRANSMITTED_MIN = 100;

export const retransmissions: Detector = {
  id: 'retransmissions',
  find(signals) {
    const { host } = signals;
    if (host === null) return null;
    const { segments, retransmissions: again, timeouts } = host.tcp;
    const span = spanOf(host.series.wallMs, host.series.retransmissions);
    if (span === null || again < RETRANSMITTED_MIN || again < RETRANSMITTED_SHARE * segments) return null;
    return {
      title: 'TCP sends much again',
      from: span.from,
      to: span.to,
      evidence: `This machine sent ${whole(again)} of ${whole(segments)} segments again (${percent(again / segments)}; the mark is ${percent(RETRANSMITTED_SHARE)}), ${whole(timeouts)} times after a time-out.`,
    };
  },
};

const QUEUE_SAMPLES_MIN = 2;
const QUEUE_COUNT_MIN = 10;

export const acceptQueueFull: Detector = {
  id: 'accept-queue-full',
  find({ host }) {
    if (host === null) return null;
    const { wallMs, listenOverflows, listenDrops } = host.series;
    const span = spanOf(wallMs, listenOverflows.map((count, i) => count + (listenDrops[i] ?? 0)));
    const { listenOverflows: overflows, listenDrops: drops } = host.tcp;
    if (span === null || (span.samples < QUEUE_SAMPLES_MIN && Math.max(overflows, drops) < QUEUE_COUNT_MIN)) return null;
    return {
      title: 'An accept queue was full',
      from: span.from,
      to: span.to,
      evidence: `On this machine ${counted(overflows, 'connection')} found the queue of their listener full (ListenOverflows), ${whole(drops)} were dropped there for any reason (ListenDrops); their makers tried again after a second or later.`,
    };
  },
};

const CONNTRACK_SHARE = 0.8;
const CONNTRACK_CRITICAL_SHARE = 0.9;

export const conntrackNearFull: Detector = {
  id: 'conntrack-near-full',
  find(signals) {
    const conntrack = signals.host?.conntrack ?? null;
    if (conntrack === null || conntrack.peak / conntrack.max <= CONNTRACK_SHARE) return null;
    const share = conntrack.peak / conntrack.max;
    const { wallMs = [], conntrack: counts = [] } = signals.host?.series ?? {};
    const span = spanOf(wallMs, counts.map((count) => (count > CONNTRACK_SHARE * conntrack.max ? 1 : 0))) ?? throughout(signals);
    return {
      title: 'The table of tracked connections is nearly full',
      from: span.from,
      to: span.to,
      severity: share > CONNTRACK_CRITICAL_SHARE ? 'critical' : 'warning',
      evidence: `nf_conntrack_count was ${whole(conntrack.peak)} of ${whole(conntrack.max)} (${percent(share)}; marks are ${percent(CONNTRACK_SHARE)} and ${percent(CONNTRACK_CRITICAL_SHARE)}). When it is full the kernel drops packets of new connections.`,
    };
  },
};
