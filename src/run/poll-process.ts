/** Main of a poller process: asks devices, makes what they answer durable. Started by the head-end's parent over IPC. */

import { randomBytes } from 'node:crypto';
import { encodeIntoCompressedBase64 } from 'hdr-histogram-js';
import { systemClock } from '../base/clock.ts';
import { NodeBufferFiles } from '../headend/buffer/node-buffer-files.ts';
import { credentialsOf } from '../headend/poll/credentials.ts';
import { OnDemandReads } from '../headend/poll/on-demand-reads.ts';
import { Poller } from '../headend/poll/poller.ts';
import { LoopWatch } from '../monitor/loop-delay.ts';
import { TcpWire } from '../network/wire/tcp-wire.ts';
import type { FromTaker, OnDemandCounts, TakerStats, ToTaker } from './headend-messages.ts';
import { leaveSignalsToRunner } from './leave-signals.ts';

const PROGRESS_MS = 200;
const LOOP = new LoopWatch();

let poller: Poller | null = null;
let demands: OnDemandReads | null = null;
let started = false;
let stopWanted = false;

function start({ plan, directory, number }: Extract<ToTaker, { type: 'poll' }>): void {
  const { security, onDemand, ...rest } = plan;
  const starting = new Poller({
    ...rest,
    clock: systemClock,
    wire: new TcpWire(),
    files: new NodeBufferFiles(directory),
    number,
    credentials: credentialsOf(security),
    random: (bytes) => randomBytes(bytes),
  });
  poller = starting;
  demands = onDemand === null ? null : new OnDemandReads({ ...onDemand, clock: systemClock, poller: starting, devices: plan.devices });
  starting.start((error) => {
    if (error !== null) {
      tell({ type: 'failed', why: error });
      return;
    }
    started = true;
    demands?.start();
    LOOP.start();
    tell({ type: 'ready', endpoint: null });
    report();
    if (stopWanted) stop();
  });
}

function report(): void {
  systemClock.schedule(PROGRESS_MS, () => {
    if (poller === null) return;
    tell({ type: 'progress', stats: statsOf(poller), times: null });
    report();
  });
}

/** A poller that is still opening its buffer stops as soon as it reads. */
function stop(): void {
  stopWanted = true;
  const stopping = poller;
  if (stopping === null || !started) return;
  started = false;
  demands?.stop();
  stopping.stop(() => {
    poller = null;
    process.send?.({ type: 'stopped', stats: statsOf(stopping), times: null } satisfies FromTaker, () => process.exit());
  });
}

function statsOf(of: Poller): TakerStats {
  const poll = of.stats();
  const { connections, messages, readings, bytesReceived: bytes, malformed, lastBufferFault } = poll;
  return { connections, messages, readings, bytes, loopDelay: LOOP.delay, malformed, lastBufferFault, poll, onDemand: demands === null ? null : countsOf(demands), direct: null };
}

function countsOf({ answered, failed, delays }: OnDemandReads): OnDemandCounts {
  return { answered, failed, delays: encodeIntoCompressedBase64(delays) };
}

function tell(message: FromTaker): void {
  process.send?.(message);
}

process.on('message', (message) => {
  const command = message as ToTaker;
  if (command.type === 'poll') start(command);
  else if (command.type === 'stop') stop();
});
process.on('disconnect', () => process.exit());
// A signal to the whole group reaches the parent too, which ends its processes in order.
leaveSignalsToRunner();
