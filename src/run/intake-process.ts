/** Main of an intake process: takes pushes, makes them durable, confirms. Started by the head-end's parent over IPC. */

import { systemClock } from '../base/clock.ts';
import { NodeBufferFiles } from '../headend/buffer/node-buffer-files.ts';
import { Intake } from '../headend/intake/intake.ts';
import { TcpWire } from '../network/wire/tcp-wire.ts';
import type { FromTaker, ToTaker } from './headend-messages.ts';

const PROGRESS_MS = 200;

let intake: Intake | null = null;
let listening = false;
let stopWanted = false;

function start(message: Extract<ToTaker, { type: 'start' }>): void {
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
    listening = true;
    tell({ type: 'ready', endpoint: result.endpoint });
    report();
    if (stopWanted) stop();
  });
}

function report(): void {
  systemClock.schedule(PROGRESS_MS, () => {
    if (intake === null) return;
    tell({ type: 'progress', stats: { ...intake.stats(), poll: null } });
    report();
  });
}

/** An intake that is still opening its buffer stops as soon as it listens. */
function stop(): void {
  stopWanted = true;
  const stopping = intake;
  if (stopping === null || !listening) return;
  listening = false;
  stopping.stop(() => {
    intake = null;
    process.send?.({ type: 'stopped', stats: { ...stopping.stats(), poll: null } } satisfies FromTaker, () => process.exit());
  });
}

function tell(message: FromTaker): void {
  process.send?.(message);
}

process.on('message', (message) => {
  const command = message as ToTaker;
  if (command.type === 'start') start(command);
  else if (command.type === 'stop') stop();
});
process.on('disconnect', () => process.exit());
// A signal to the whole group reaches the parent too, which ends its processes in order.
process.on('SIGTERM', () => {});
process.on('SIGINT', () => {});
