/** Main of a simulator process: plays one segment. Started by the runner, driven over IPC. */

import { encodeIntoCompressedBase64 } from 'hdr-histogram-js';
import { systemClock } from '../base/clock.ts';
import type { PushTimes } from '../grid/plan/push-time.ts';
import type { Scenario } from '../grid/scenario/scenario.ts';
import { TcpWire } from '../network/wire/tcp-wire.ts';
import { backOffLimits } from '../simulator/back-off.ts';
import { PushMessages } from '../simulator/push-messages.ts';
import { PushSimulator } from '../simulator/push-simulator.ts';
import { LockStep, OpenLoop, type Schedule, type ScheduleOptions } from '../simulator/schedule.ts';
import { concentratorAddress } from './concentrator-address.ts';
import { buildSegment, type SegmentGrid } from './segment.ts';
import type { FromSimulator, SimulatorProgress, ToSimulator } from './simulator-messages.ts';

const PROGRESS_MS = 200;
/** After `hold`: how long confirmations are waited for. */
const LAST_CONFIRMATIONS_MS = 2000;
/** After the end: how long connections may take to send what they still hold. */
const CLOSE_MS = 10_000;

type Prepare = Extract<ToSimulator, { type: 'prepare' }>;

class SimulatorProcess {
  #grid: SegmentGrid | null = null;
  #prepare: Prepare | null = null;
  #simulator: PushSimulator | null = null;

  receive(message: ToSimulator): void {
    if (message.type === 'prepare') {
      this.#prepare = message;
      this.#grid = buildSegment(message.scenario, message.segment);
      tell({ type: 'ready' });
    } else if (message.type === 'go') {
      this.#go(message.originUnixMs);
    } else {
      this.#simulator?.hold();
      systemClock.schedule(LAST_CONFIRMATIONS_MS, () => this.#finished());
    }
  }

  #go(originUnixMs: number): void {
    const [prepare, grid] = [this.#prepare, this.#grid];
    if (prepare === null || grid === null || this.#simulator !== null) return;
    const { scenario, targets, fromStep } = prepare;
    this.#simulator = new PushSimulator({
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
        return scheduleOf(scenario, grid.times, originUnixMs, { fromStation, toStation, fromStep, steps, onDue });
      },
      onFinished: () => this.#finished(),
    });
    this.#simulator.start();
    this.#report();
  }

  #report(): void {
    systemClock.schedule(PROGRESS_MS, () => {
      if (this.#simulator === null) return;
      tell(this.#progress('progress'));
      this.#report();
    });
  }

  #finished(): void {
    if (this.#simulator === null) return;
    const last = this.#progress('finished');
    this.#simulator.end();
    this.#simulator = null;
    process.send?.(last, () => {
      process.off('disconnect', leave);
      if (process.connected) process.disconnect();
    });
    // The process ends by itself once its connections have.
    const limit = setTimeout(leave, CLOSE_MS);
    limit.unref();
  }

  #progress(type: 'progress' | 'finished'): SimulatorProgress {
    const simulator = this.#simulator;
    if (simulator === null) throw new Error('no simulator to report of');
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
