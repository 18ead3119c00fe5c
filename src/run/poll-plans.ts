/** What the pollers of a run are told: who is where, which share each asks, and when. */

import type { Scenario } from '../grid/scenario/scenario.ts';
import { segmentStations } from '../grid/topology/segment.ts';
import type { Stations } from '../grid/topology/topology.ts';
import type { PollSecurity } from '../headend/poll/credentials.ts';
import type { OnDemandPlan } from '../headend/poll/on-demand-reads.ts';
import type { PollDevice } from '../headend/poll/poller.ts';
import { AddressBlock, LOOPBACK_FIRST } from './concentrator-address.ts';
import type { PollPlan } from './headend-messages.ts';

/** Neighbouring stations that share a radio cell: stations are numbered area by area. */
const CELL_STATIONS = 32;
/** Part of a step that a head-end leaves to concentrators to read their meters. */
const ROUND_AFTER = 0.05;
const TIMEOUT_MS = 10_000;
/** So long somebody waits for a read on demand: in time of the grid, and on the machine's clock at least. */
const ON_DEMAND_LIMIT_MS = 600_000;
const ON_DEMAND_LIMIT_MS_MIN = 5000;
const HOUR_MS = 3_600_000;

/** The inventory: every concentrator of the grid, `listening` where its simulator does. */
export function devicesOf(
  stations: Stations,
  listening: readonly { readonly port: number; readonly segment: number }[],
  segments: number,
): readonly PollDevice[] {
  const block = new AddressBlock(LOOPBACK_FIRST);
  return listening.flatMap(({ port, segment }) => {
    const { fromStation, toStation } = segmentStations(stations, { index: segment, count: segments });
    return Array.from({ length: toStation - fromStation }, (_, i) => {
      const concentrator = fromStation + i;
      const address = block.addressOf(concentrator);
      const firstMeter = stations.firstMeter[concentrator]!;
      const meters = stations.firstMeter[concentrator + 1]! - firstMeter;
      return { concentrator, endpoint: { address, port }, cell: Math.floor(concentrator / CELL_STATIONS), firstMeter, meters };
    });
  });
}

/** One plan for each of `pollers`, whole cells each. */
export function pollPlans(
  run: {
    readonly scenario: Scenario;
    readonly devices: readonly PollDevice[];
    /** Machine time at which step 0 begins. */
    readonly originUnixMs: number;
    readonly security: PollSecurity | null;
  },
  pollers: number,
): readonly PollPlan[] {
  const { behaviour, speed } = run.scenario;
  const stepMs = speed === 'max' ? 0 : (behaviour.intervalSeconds * 1000) / speed;
  const cells = new Set(run.devices.map((device) => device.cell));
  return Array.from({ length: pollers }, (_, index) => {
    const [from, to] = [(index * cells.size) / pollers, ((index + 1) * cells.size) / pollers];
    const devices = run.devices.filter(({ cell }) => cell >= Math.floor(from) && cell < Math.floor(to));
    return {
      devices,
      onDemand: onDemandPlan(run, { index, share: metersOf(devices) / metersOf(run.devices) }),
      sinceUnixSeconds: behaviour.start.unixSeconds,
      periodSeconds: behaviour.intervalSeconds,
      offsetMinutes: behaviour.start.offsetMinutes,
      roundMs: stepMs,
      firstRoundUnixMs: run.originUnixMs + ROUND_AFTER * stepMs,
      timeoutMs: TIMEOUT_MS,
      backOff: speed === 'max' ? { baseMs: 20, capMs: 2000 } : { baseMs: Math.min(1000, stepMs / 8), capMs: Math.min(60_000, stepMs / 2) },
      security: run.security,
    };
  });
}

/** A poller reads its share of what is asked of the whole grid. At `max` time has no length, so that nothing is asked in an hour. */
function onDemandPlan(
  run: { readonly scenario: Scenario; readonly originUnixMs: number },
  of: { readonly index: number; readonly share: number },
): OnDemandPlan | null {
  const { behaviour, speed, seed } = run.scenario;
  const { onDemandPerHour } = behaviour;
  if (onDemandPerHour === null || speed === 'max' || of.share === 0) return null;
  return {
    everyMs: HOUR_MS / (onDemandPerHour * of.share * speed),
    fromUnixMs: run.originUnixMs,
    toUnixMs: run.originUnixMs + (behaviour.steps * behaviour.intervalSeconds * 1000) / speed,
    limitMs: Math.max(ON_DEMAND_LIMIT_MS_MIN, ON_DEMAND_LIMIT_MS / speed),
    seed: seed + of.index,
  };
}

function metersOf(devices: readonly PollDevice[]): number {
  return devices.reduce((sum, { meters }) => sum + meters, 0);
}
