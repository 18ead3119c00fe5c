/** Main of an intake process: takes pushes, makes them durable, confirms. Started by the head-end's parent over IPC. */

import { systemClock } from '../base/clock.ts';
import { NodeBufferFiles } from '../headend/buffer/node-buffer-files.ts';
import { Intake } from '../headend/intake/intake.ts';
import { TcpWire } from '../network/wire/tcp-wire.ts';
import type { FromIntake, ToIntake } from './headend-messages.ts';

const PROGRESS_MS = 200;

let intake: Intake | null = null;

function start(message: Extract<ToIntake, { type: 'start' }>): void {
  const started = new Intake({
    clock: systemClock,
    wire: new TcpWire(),
    files: new NodeBufferFiles(message.directory),
    number: message.number,
    endpoint: message.endpoint,
  });
  intake = started;
  started.start((result) => {
    if ('error' in result) {
      tell({ type: 'failed', why: result.error });
      return;
    }
    tell({ type: 'listening', endpoint: result.endpoint });
    report();
  });
}

function report(): void {
  systemClock.schedule(PROGRESS_MS, () => {
    if (intake === null) return;
    tell({ type: 'progress', stats: intake.stats() });
    report();
  });
}

function stop(): void {
  const stopping = intake;
  if (stopping === null) return;
  stopping.stop(() => {
    intake = null;
    process.send?.({ type: 'stopped', stats: stopping.stats() } satisfies FromIntake, () => process.exit());
  });
}

function tell(message: FromIntake): void {
  process.send?.(message);
}

process.on('message', (message) => {
  const command = message as ToIntake;
  if (command.type === 'start') start(command);
  else stop();
});
process.on('disconnect', () => process.exit());
process.on('SIGINT', () => {});
process.on('SIGTERM', stop);
