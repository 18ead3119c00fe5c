/** Main of an intake process: takes pushes, makes them durable in the buffer or the database, confirms. Started by the head-end's parent over IPC. */

import { encodeIntoCompressedBase64 } from 'hdr-histogram-js';
import { systemClock } from '../base/clock.ts';
import { NodeBufferFiles } from '../headend/buffer/node-buffer-files.ts';
import { DirectIntake } from '../headend/direct/direct-intake.ts';
import type { MessageStore } from '../headend/direct/message-store.ts';
import { PostgresMessageStore } from '../headend/direct/postgres-message-store.ts';
import { StoreMessageStore } from '../headend/direct/store-message-store.ts';
import { Intake } from '../headend/intake/intake.ts';
import { LoopWatch } from '../monitor/loop-delay.ts';
import { TcpWire } from '../network/wire/tcp-wire.ts';
import { type HeadendKind, storeOf } from './headend-kind.ts';
import type { FromTaker, StoringTimes, TakerStats, ToTaker } from './headend-messages.ts';
import { leaveSignalsToRunner } from './leave-signals.ts';

const PROGRESS_MS = 200;
const LOOP = new LoopWatch();

/** An intake of either kind. */
interface Work {
  readonly intake: Intake | DirectIntake;
  readonly stats: () => TakerStats;
  /** Known at the end. */
  readonly times: () => StoringTimes | null;
}

let work: Work | null = null;
let listening = false;
let stopWanted = false;

function buffered(message: Extract<ToTaker, { type: 'start' }>): Work {
  const { directory, number, endpoint } = message;
  const intake = new Intake({ clock: systemClock, wire: new TcpWire(), files: new NodeBufferFiles(directory), number, endpoint });
  return { intake, stats: () => ({ ...intake.stats(), loopDelay: LOOP.delay, poll: null, onDemand: null, direct: null }), times: () => null };
}

function direct({ endpoint, headend, intervalSeconds }: Extract<ToTaker, { type: 'direct' }>): Work {
  const intake = new DirectIntake({ clock: systemClock, wire: new TcpWire(), store: messageStore(headend, intervalSeconds), endpoint });
  const stats = (): TakerStats => {
    const all = intake.stats();
    return { ...all, loopDelay: LOOP.delay, lastBufferFault: all.lastFault, poll: null, onDemand: null, direct: all };
  };
  const times = (): StoringTimes => ({
    arrivalToStore: encodeIntoCompressedBase64(intake.delays),
    transactions: encodeIntoCompressedBase64(intake.transactions),
  });
  return { intake, stats, times };
}

function messageStore({ store, connections }: HeadendKind, intervalSeconds: number): MessageStore {
  if (store.kind === 'postgres') return new PostgresMessageStore({ ...store, connections });
  return new StoreMessageStore({ store: storeOf(store), intervalSeconds });
}

function start(started: Work): void {
  work = started;
  started.intake.start((result) => {
    if ('error' in result) {
      tell({ type: 'failed', why: result.error });
      return;
    }
    listening = true;
    LOOP.start();
    tell({ type: 'ready', endpoint: result.endpoint });
    report();
    if (stopWanted) stop();
  });
}

function report(): void {
  systemClock.schedule(PROGRESS_MS, () => {
    if (work === null) return;
    tell({ type: 'progress', stats: work.stats(), times: null });
    report();
  });
}

/** An intake that is still opening its buffer stops as soon as it listens. */
function stop(): void {
  stopWanted = true;
  const stopping = work;
  if (stopping === null || !listening) return;
  listening = false;
  stopping.intake.stop(() => {
    work = null;
    process.send?.({ type: 'stopped', stats: stopping.stats(), times: stopping.times() } satisfies FromTaker, () => process.exit());
  });
}

function tell(message: FromTaker): void {
  process.send?.(message);
}

process.on('message', (message) => {
  const command = message as ToTaker;
  const saying = work;
  if (command.type === 'start') start(buffered(command));
  else if (command.type === 'direct') start(direct(command));
  else if (command.type === 'stop') stop();
  else if (command.type === 'last-words' && saying !== null) tell({ type: 'progress', stats: saying.stats(), times: saying.times() });
});
process.on('disconnect', () => process.exit());
// A signal to the whole group reaches the parent too, which ends its processes in order.
leaveSignalsToRunner();
