/**
 * The generator's own ceiling: plan, truth and encoder at full speed, the simulator and all, onto a wire that swallows
 * everything at once and confirms nothing.
 */

import { systemClock } from '../src/base/clock.ts';
import type { Scenario } from '../src/grid/scenario/scenario.ts';
import type { Connection, ConnectionHandlers, Endpoint } from '../src/network/wire/wire.ts';
import { buildSegment } from '../src/run/segment.ts';
import { backOffLimits } from '../src/simulator/back-off.ts';
import { PushMessages } from '../src/simulator/push-messages.ts';
import { PushSimulator } from '../src/simulator/push-simulator.ts';
import { LockStep } from '../src/simulator/schedule.ts';

const NOWHERE: Endpoint = { address: '127.0.0.1', port: 9 };

function nullConnection(handlers: ConnectionHandlers): Connection {
  systemClock.schedule(0, () => handlers.onOpen?.());
  return {
    local: NOWHERE,
    remote: NOWHERE,
    queuedBytes: 0,
    write: () => true,
    pause: () => {},
    resume: () => {},
    end: () => {},
    destroy: () => {},
  };
}

export async function benchNullSink(scenario: Scenario): Promise<Record<string, number>> {
  const grid = buildSegment(scenario, { index: 0, count: 1 });
  const { fromStation, toStation, steps } = grid.plan;
  const began = performance.now();
  const cpu = process.cpuUsage();
  const simulator = await new Promise<PushSimulator>((resolve) => {
    const playing: PushSimulator = new PushSimulator({
      clock: systemClock,
      plan: grid.plan,
      times: grid.times,
      messages: new PushMessages(grid),
      seed: scenario.seed,
      backOff: backOffLimits('max'),
      confirmed: false,
      fromStep: 0,
      connect: (_, handlers) => nullConnection(handlers),
      schedule: (onDue) => new LockStep({ fromStation, toStation, fromStep: 0, steps, onDue }),
      onFinished: () => resolve(playing),
    });
    playing.start();
  });
  const seconds = (performance.now() - began) / 1000;
  const used = process.cpuUsage(cpu);
  return {
    readings: simulator.stats.readings,
    wallSeconds: seconds,
    cpuSeconds: (used.user + used.system) / 1e6,
    readingsPerSecond: Math.round(simulator.stats.readings / seconds),
  };
}
