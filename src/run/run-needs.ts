/**
 * What a run of a scenario needs of a machine, computed from the scenario and from figures that were measured
 * (docs/performance.md, docs/doctor.md): an estimate on the safe side, not a promise.
 */

import { channelCount, type Scenario } from '../grid/scenario/scenario.ts';
import { generateStations } from '../grid/topology/stations.ts';
import { concentratorAddress } from './concentrator-address.ts';
import { type ProcessCounts, processCounts } from './sizing.ts';

export interface RunNeeds {
  readonly scenario: string;
  readonly communication: 'push' | 'pull';
  /** Ours; or somebody else's, without our intakes, our store and readings on our disk: on this machine's loopback, or elsewhere. */
  readonly headend: 'builtin' | 'loopback' | 'remote';
  /** One connection each. */
  readonly stations: number;
  readonly meters: number;
  /** At most: none is out of reach for good. */
  readonly readings: number;
  readonly counts: ProcessCounts;
  /** Connections of the process that has most of them. */
  readonly connectionsOfProcess: number;
  /** Ends of connections on this machine. */
  readonly sockets: number;
  /** Connections that may arrive at one listener at once, as far as its queue goes. */
  readonly arrivals: number;
  readonly memoryBytes: number;
  /** The part that a smaller grid would not save. */
  readonly memoryFixedBytes: number;
  readonly diskBytes: number;
  /** The first and the last address that concentrators speak or listen at here. */
  readonly addresses: readonly string[];
}

/** What our listeners ask for; the kernel cuts it to net.core.somaxconn. */
const BACKLOG = 4096;
/** Devices that a poller asks at the same time. */
const POLLED_AT_ONCE = 256;
/** Small grid 0.8 GB at 100,000 meters, large grid 3.9 GB at 3,500,000. */
const MEMORY_FIXED_BYTES = 710e6;
const MEMORY_METER_BYTES = 910;
/** Without a head-end: runner and simulators. */
const MEMORY_FIXED_ELSEWHERE_BYTES = 250e6;
const MEMORY_METER_ELSEWHERE_BYTES = 300;
/** Of each process beyond one of a kind. */
const MEMORY_PROCESS_BYTES = 60e6;
/** In the kernel, both ends. */
const MEMORY_CONNECTION_BYTES = 8400;
/** 6.4 to 6.8 were measured. */
const STORED_READING_BYTES = 9;
/** A row of a buffer file, values up to 32 bits; the buffer stops at so many bytes. */
const BUFFERED_READING_BYTES = 14;
const BUFFER_BYTES_MAX = 4 * 2 ** 30;

export function runNeeds(
  scenario: Scenario,
  machine: {
    /** Address of somebody else's head-end; null: ours. */
    readonly target: string | null;
    readonly limit: number;
    readonly cores: number;
    readonly simulators: number | null;
    readonly intakes: number | null;
  },
): RunNeeds {
  const { target } = machine;
  const headend = target === null ? 'builtin' : concentratorAddress(0, target) === undefined ? 'remote' : 'loopback';
  const ours = headend === 'builtin';
  const { behaviour, grid } = scenario;
  const { stations } = grid;
  const meters = grid.meters ?? generateStations(scenario).meters;
  const readings = meters * behaviour.steps * channelCount(behaviour.registers);
  const counts = processCounts({ ...machine, stations });
  const [simulated, taken] = [Math.ceil(stations / counts.simulators), Math.ceil(stations / counts.intakes)];
  const more = counts.simulators - 1 + (ours ? counts.intakes - 1 : 0);
  const memoryFixedBytes = (ours ? MEMORY_FIXED_BYTES : MEMORY_FIXED_ELSEWHERE_BYTES) + more * MEMORY_PROCESS_BYTES;
  const meterBytes = ours ? MEMORY_METER_BYTES : MEMORY_METER_ELSEWHERE_BYTES;
  const pull = behaviour.communication === 'pull';
  return {
    scenario: scenario.name,
    communication: behaviour.communication,
    headend,
    stations,
    meters,
    readings,
    counts,
    connectionsOfProcess: ours ? Math.max(simulated, taken) : simulated,
    sockets: headend === 'remote' ? stations : 2 * stations,
    arrivals: Math.min(BACKLOG, pull ? Math.min(simulated, POLLED_AT_ONCE * counts.intakes) : taken),
    memoryBytes: memoryFixedBytes + meters * meterBytes + stations * MEMORY_CONNECTION_BYTES,
    memoryFixedBytes,
    diskBytes: ours ? readings * STORED_READING_BYTES + Math.min(BUFFER_BYTES_MAX, readings * BUFFERED_READING_BYTES) : 0,
    addresses: headend === 'remote' ? [] : addressesOf(scenario),
  };
}

function addressesOf({ grid, network }: Scenario): readonly string[] {
  const moves = network.links === 'played' && grid.links.some(({ session }) => session?.newAddress === true);
  const last = [concentratorAddress(grid.stations - 1, '127.0.0.1'), moves ? concentratorAddress(grid.stations - 1, '127.0.0.1', 3) : undefined];
  return [...new Set([concentratorAddress(0, '127.0.0.1'), ...last])].filter((address) => address !== undefined);
}
