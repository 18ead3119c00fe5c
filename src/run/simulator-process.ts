/** Main of a simulator process: plays one segment. Started by the runner, driven over IPC. */

import { encodeIntoCompressedBase64 } from 'hdr-histogram-js';
import { systemClock } from '../base/clock.ts';
import type { PushTimes } from '../grid/plan/push-time.ts';
import type { Scenario } from '../grid/scenario/scenario.ts';
import { TcpWire } from '../network/wire/tcp-wire.ts';
import { backOffLimits } from '../simulator/back-off.ts';
import { PushMessages } from '../simulator/push-messages.ts';
import { PushSimulator } from '../simulator/push-simulator.ts';
import type { DelayLog } from '../simulator/delay-log.ts';
import type { Ledger, SimulatorStats } from '../simulator/simulator-stats.ts';
import { LockStep, OpenLoop, type Schedule, type ScheduleOptions } from '../simulator/schedule.ts';
import { concentratorAddress } from './concentrator-address.ts';
import { PullSegment } from './pull-segment.ts';
import { buildSegment, type SegmentGrid } from './segment.ts';
import type { FromSimulator, SimulatorProgress, ToSimulator } from './simulator-messages.ts';

const PROGRESS_MS = 200;
/** After `hold`: how long confirmations are waited for. */
const LAST_CONFIRMATIONS_MS = 2000;
/** After the end: how long connections may take to send what they still hold. */
const CLOSE_MS = 10_000;

type Prepare = Extract<ToSimulator, { type: 'prepare' }>;

/** What a simulator of either kind can be asked. */
interface Playing {
  readonly stats: SimulatorStats;
  readonly settledStep: number;
  readonly meanSettledStep: number;
  readonly ledger: Ledger;
  readonly delays: DelayLog;
  start(): void;
  hold(): void;
  end(): void;
}

class SimulatorProcess {
  #prepare: Prepare | null = null;
  #make: ((originUnixMs: number) => Playing) | null = null;
  #originUnixMs: number | null = null;
  #simulator: Playing | null = null;

  receive(message: ToSimulator): void {
    if (message.type === 'prepare') {
      this.#prepare = message;
      this.#prepared(message);
    } else if (message.type === 'go') {
      this.#originUnixMs = message.originUnixMs;
      this.#play();
    } else if (message.type === 'hold') {
      this.#simulator?.hold();
      systemClock.schedule(LAST_CONFIRMATIONS_MS, () => this.#finished());
    } else {
      this.#leave();
    }
  }

  /** When it is ready and has been told to, whichever comes last. */
  #play(): void {
    if (this.#make === null || this.#originUnixMs === null || this.#simulator !== null) return;
    this.#simulator = this.#make(this.#originUnixMs);
    this.#simulator.start();
    this.#report();
  }

  #prepared(prepare: Prepare): void {
    const grid = buildSegment(prepare.scenario, prepare.segment);
    if (prepare.listen === null) {
      this.#make = (originUnixMs) => pushSimulator(prepare, grid, { originUnixMs, onFinished: () => this.#finished() });
      tell({ type: 'ready', listening: null });
      this.#play();
      return;
    }
    const pull = new PullSegment({ prepare, grid, listen: prepare.listen, onFinished: () => this.#finished() });
    pull.listen((result) => {
      if ('error' in result) {
        tell({ type: 'failed', why: result.error });
        return;
      }
      this.#make = (originUnixMs) => pull.play(originUnixMs);
      tell({ type: 'ready', listening: result });
      this.#play();
    });
  }

  #report(): void {
    systemClock.schedule(PROGRESS_MS, () => {
      if (this.#simulator === null) return;
      tell(progressOf(this.#simulator, 'progress'));
      this.#report();
    });
  }

  #finished(): void {
    if (this.#simulator === null) return;
    // Who is pulled goes on answering until the head-end is gone.
    if (this.#prepare?.listen !== null) tell(progressOf(this.#simulator, 'finished'));
    else this.#leave();
  }

  /** Reports for the last time; the process ends by itself once its connections have. */
  #leave(): void {
    const simulator = this.#simulator;
    if (simulator === null) {
      leave();
      return;
    }
    const last = progressOf(simulator, 'finished');
    simulator.end();
    this.#simulator = null;
    process.send?.(last, () => {
      process.off('disconnect', leave);
      if (process.connected) process.disconnect();
    });
    const limit = setTimeout(leave, CLOSE_MS);
    limit.unref();
  }
}

function progressOf(simulator: Playing, type: 'progress' | 'finished'): SimulatorProgress {
  const last = type === 'finished';
  const { confirmation, lateness } = simulator.delays;
  return {
    type,
    stats: simulator.stats,
    settledStep: simulator.settledStep,
    meanSettledStep: simulator.meanSettledStep,
    ledger: last ? simulator.ledger : null,
    confirmation: last ? encodeIntoCompressedBase64(confirmation) : null,
    lateness: last ? encodeIntoCompressedBase64(lateness) : null,
  };
}

function pushSimulator(
  prepare: Prepare,
  grid: SegmentGrid,
  play: { readonly originUnixMs: number; readonly onFinished: () => void },
): Playing {
  const { scenario, targets, fromStep } = prepare;
  return new PushSimulator({
    clock: systemClock,
    wire: new TcpWire(),
    plan: grid.plan,
    times: grid.times,
    messages: new PushMessages(grid),
    seed: scenario.seed,
    backOff: backOffLimits(scenario.speed),
    confirmed: prepare.confirmed,
    fromStep,
    target: (station) => targets[station % targets.length] ?? { address: '127.0.0.1', port: 0 },
    source: (station) => concentratorAddress(station, targets[station % targets.length]?.address ?? ''),
    schedule: (onDue) => {
      const { fromStation, toStation, steps } = grid.plan;
      return scheduleOf(scenario, grid.times, play.originUnixMs, { fromStation, toStation, fromStep, steps, onDue });
    },
    onFinished: play.onFinished,
  });
}

function scheduleOf(scenario: Scenario, times: PushTimes, originUnixMs: number, options: ScheduleOptions): Schedule {
  if (scenario.speed === 'max') return new LockStep(options);
  const originMs = systemClock.nowMs() + originUnixMs - systemClock.unixMs();
  return new OpenLoop({ ...options, clock: systemClock, times, speed: scenario.speed, originMs });
}

/** The runner is gone: nobody wants the rest. */
function leave(): void {
  process.exit();
}

function tell(message: FromSimulator): void {
  process.send?.(message);
}

const main = new SimulatorProcess();
process.on('message', (message) => main.receive(message as ToSimulator));
process.on('disconnect', leave);
// A signal to the whole group reaches the runner too, which decides what happens then.
process.on('SIGINT', () => {});
process.on('SIGTERM', () => {});
