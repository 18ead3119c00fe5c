/** Main of the store process: moves readings from the buffer into DuckDB or PostgreSQL. Started by the head-end's parent over IPC. */

import { encodeIntoCompressedBase64 } from 'hdr-histogram-js';
import { systemClock } from '../base/clock.ts';
import { NodeBufferFiles } from '../headend/buffer/node-buffer-files.ts';
import { StoreLoader } from '../headend/store/store-loader.ts';
import { storeOf } from './headend-kind.ts';
import type { FromStore, StoringTimes, ToStore } from './headend-messages.ts';
import { leaveSignalsToRunner } from './leave-signals.ts';

const PROGRESS_MS = 200;
/** Rows of a transaction wait in memory for PostgreSQL, 50 bytes each. */
const COPY_ROWS = 500_000;

class StoreProcess {
  #loader: StoreLoader | null = null;
  #stopping = false;

  receive(message: ToStore): void {
    if (message.type === 'start') this.#start(message);
    else if (message.type === 'stop') this.stop();
    else if (this.#loader !== null) tell({ type: 'progress', stats: this.#loader.stats(), times: timesOf(this.#loader) });
  }

  stop(): void {
    const loader = this.#loader;
    if (loader === null || this.#stopping) return;
    this.#stopping = true;
    loader.stop(() => {
      this.#loader = null;
      const last = { type: 'stopped', stats: loader.stats(), times: timesOf(loader) } satisfies FromStore;
      process.send?.(last, () => process.exit());
    });
  }

  #start(message: Extract<ToStore, { type: 'start' }>): void {
    const loader = new StoreLoader({
      clock: systemClock,
      files: new NodeBufferFiles(message.directory),
      store: storeOf(message.store),
      ...(message.store.kind === 'postgres' ? { commitRows: COPY_ROWS } : {}),
      intervalSeconds: message.intervalSeconds,
    });
    this.#loader = loader;
    loader.start(() => tell({ type: 'ready' }));
    this.#report();
  }

  #report(): void {
    systemClock.schedule(PROGRESS_MS, () => {
      if (this.#loader === null) return;
      tell({ type: 'progress', stats: this.#loader.stats(), times: null });
      this.#report();
    });
  }
}

function timesOf(loader: StoreLoader): StoringTimes {
  return { arrivalToStore: encodeIntoCompressedBase64(loader.delays), transactions: encodeIntoCompressedBase64(loader.transactions) };
}

function tell(message: FromStore): void {
  process.send?.(message);
}

const main = new StoreProcess();
process.on('message', (message) => main.receive(message as ToStore));
process.on('disconnect', () => process.exit());
// A signal to the whole group reaches the parent too, which ends its processes in order.
leaveSignalsToRunner();
