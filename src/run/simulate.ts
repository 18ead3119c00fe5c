/** The simulators alone, against any head-end. */

import type { Clock, Timer } from '../base/clock.ts';
import type { Scenario } from '../grid/scenario/scenario.ts';
import { generateStations } from '../grid/topology/stations.ts';
import type { Endpoint } from '../network/wire/wire.ts';
import type { SimulatorStats } from '../simulator/simulator-stats.ts';
import { Deferred } from './deferred.ts';
import { UnreachableError } from './errors.ts';
import type { RunReport } from '../report/run-report.ts';
import { WallSamples } from '../report/wall-samples.ts';
import { recordSimulation } from './record-simulation.ts';
import { RunProbe } from './run-probe.ts';
import { RateWindow, type Progress } from './progress.ts';
import { progressOf } from './run-progress.ts';
import type { Segment } from './segment.ts';
import { SimulatorProcesses } from './simulator-processes.ts';
import { cores, countsToStart, descriptorLimit } from './sizing.ts';

export interface SimulateOptions {
  readonly clock: Clock;
  readonly scenario: Scenario;
  readonly segment: Segment;
  /** Push: where messages go. */
  readonly targets: readonly Endpoint[];
  /** Pull: address of the first concentrator of the grid, and the port of the first process; null: they push. */
  readonly listen: Endpoint | null;
  readonly masterKey: Uint8Array | null;
  readonly confirmed: boolean;
  /** Where the record and the report go; null: nothing is kept. */
  readonly directory: string | null;
  readonly simulators: number | null;
  readonly onProgress: (progress: Progress) => void;
  readonly interrupt: AbortSignal;
}

const SAMPLE_MS = 250;
const RATE_WINDOW_MS = 1500;
const UNREACHABLE_MS = 15_000;

export async function simulate(
  options: SimulateOptions,
): Promise<{ readonly stats: SimulatorStats; readonly wallMs: number; readonly settledStep: number; readonly report: RunReport | null }> {
  const { clock, scenario, segment, interrupt, directory } = options;
  const grid = generateStations(scenario);
  const stations = grid.count;
  const counts = countsToStart({
    stations: Math.ceil(stations / segment.count),
    limit: descriptorLimit(),
    cores: cores(),
    simulators: options.simulators,
    intakes: 1,
  });
  const ready = new Deferred<void>();
  const finished = new Deferred<void>();
  // Process k of p plays segment i*p + k of n*p: the same stations as segment i of n.
  const p = counts.simulators;
  const simulators = new SimulatorProcesses({
    clock,
    scenario,
    stations,
    segments: { from: segment.index * p, to: (segment.index + 1) * p, of: segment.count * p },
    targets: options.targets,
    listen: options.listen === null ? null : { address: '0.0.0.0', port: options.listen.port },
    firstAddress: options.listen?.address ?? null,
    masterKey: options.masterKey,
    confirmed: options.confirmed,
    onReady: () => ready.resolve(),
    onFinished: () => finished.resolve(),
    onProcess: (name, pid) => probe?.watch({ name, group: 'simulator', pid }),
    onRestart: () => {},
    onFailed: (why) => finished.reject(new Error(why)),
  });
  const probe = directory === null ? null : new RunProbe({ clock, directory, watch: [], parts: () => ({ simulators, headend: null }) });
  probe?.watch({ name: 'runner', group: 'runner', pid: process.pid });
  const wall = new WallSamples();
  simulators.start();
  const hold = (): void => simulators.hold();
  let over = false;
  let reach: Timer | null = null;
  try {
    await Promise.race([ready.promise, finished.promise]);
    const began = clock.nowMs();
    simulators.go(clock.unixMs());
    probe?.start();
    if (interrupt.aborted) hold();
    else interrupt.addEventListener('abort', hold, { once: true });
    const rates = new RateWindow(RATE_WINDOW_MS);
    const sample = (): void => {
      if (over) return;
      const elapsedMs = clock.nowMs() - began;
      const { readings, confirmedReadings, connected } = simulators.stats();
      const step = simulators.meanSettledStep;
      rates.add({ atMs: elapsedMs, step, readings });
      if (wall.due) wall.add({ atMs: Math.round(elapsedMs), sent: readings, confirmed: confirmedReadings, stored: 0, step, connections: connected });
      options.onProgress(progressOf({ phase: 'playing', scenario, simulators, headend: null, foreignRows: null, rates, elapsedMs, restarts: 0 }));
      clock.schedule(SAMPLE_MS, sample);
    };
    sample();
    // Whoever pulls may come when it likes.
    if (options.listen === null) reach = clock.schedule(UNREACHABLE_MS, () => {
      if (simulators.stats().connects > 0 || over) return;
      const where = options.targets.map((target) => `${target.address}:${target.port}`).join(', ');
      finished.reject(new UnreachableError(`no concentrator could connect to ${where} within ${UNREACHABLE_MS / 1000} s`));
    });
    await finished.promise;
    if (options.listen !== null) await simulators.end();
    const wallMs = clock.nowMs() - began;
    probe?.stop();
    const { settledStep } = simulators;
    const complete = !interrupt.aborted || settledStep === scenario.behaviour.steps || (options.listen !== null && isOver(scenario, wallMs));
    const report =
      directory === null || probe === null
        ? null
        : recordSimulation({ ...options, directory, stations: grid, simulators, processes: p, complete, wallMs, wall: wall.series, probe });
    return { stats: simulators.stats(), wallMs, settledStep, report };
  } catch (error) {
    simulators.kill();
    throw error;
  } finally {
    over = true;
    probe?.stop();
    reach?.cancel();
    interrupt.removeEventListener('abort', hold);
  }
}

/** Whether the time of the grid has passed: then all that could be had was there to be read. */
function isOver({ speed, behaviour }: Scenario, wallMs: number): boolean {
  return speed !== 'max' && wallMs >= (behaviour.steps * behaviour.intervalSeconds * 1000) / speed;
}
