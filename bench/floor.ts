/**
 * What a run could not do without: its bytes over bare sockets, from one process to another in writes of the same size and over as many
 * connections, and its rows into a bare table of DuckDB. Nothing is encoded, decoded, confirmed, made durable on the way, or looked at.
 */

import { fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DuckDbDatabase, streamReadings } from '../src/headend/store/duckdb-database.ts';
import { DuckDbStore } from '../src/headend/store/duckdb-store.ts';
import type { Store } from '../src/headend/store/store.ts';

/** Rows of a transaction, as the loader has it. */
const COMMIT_ROWS = 2_000_000;
const BACKLOG = 4096;

export interface Floor {
  readonly socketSeconds: number;
  readonly appendSeconds: number;
}

export async function benchFloor(run: {
  readonly database: string;
  readonly bytes: number;
  readonly connections: number;
  /** Writes of each connection. */
  readonly writes: number;
}): Promise<Floor> {
  return { socketSeconds: await transfer(run), appendSeconds: await append(run.database) };
}

/** From the first byte to the last, connections made before. */
function transfer(run: { readonly bytes: number; readonly connections: number; readonly writes: number }): Promise<number> {
  const writeBytes = Math.round(run.bytes / run.connections / run.writes);
  const expected = writeBytes * run.connections * run.writes;
  return new Promise((resolve, reject) => {
    let open = 0;
    let received = 0;
    let began = 0;
    const server = createServer({ noDelay: true }, (socket) => {
      socket.on('error', reject);
      socket.on('data', (piece: Buffer) => {
        received += piece.length;
        if (received < expected) return;
        const seconds = (performance.now() - began) / 1000;
        sender.disconnect();
        server.close(() => resolve(seconds));
      });
      if (++open < run.connections) return;
      began = performance.now();
      sender.send({ writeBytes, writes: run.writes });
    });
    server.listen({ host: '127.0.0.1', port: 0, backlog: BACKLOG });
    const sender = fork(fileURLToPath(new URL('./floor-sender-process.js', import.meta.url)));
    sender.on('error', reject);
    server.on('listening', () => {
      const address = server.address();
      if (address !== null && typeof address === 'object') sender.send({ connect: run.connections, port: address.port });
    });
  });
}

/** Seconds within the store; reading the rows is not counted. */
async function append(database: string): Promise<number> {
  const directory = mkdtempSync(join(tmpdir(), 'meterstorm-floor-'));
  try {
    const source = await DuckDbDatabase.open(database, { readOnly: true, threads: 1, memoryBytesMax: 2 ** 30 });
    const store = new DuckDbStore(join(directory, 'bare.duckdb'));
    const calls = new TimedCalls(store);
    await calls.open();
    let inTransaction = 0;
    for await (const batch of streamReadings(await source.connect(), 'true')) {
      if (inTransaction === 0) await calls.begin();
      calls.append(batch, batch.length);
      inTransaction += batch.length;
      if (inTransaction < COMMIT_ROWS) continue;
      await calls.commit();
      inTransaction = 0;
    }
    if (inTransaction > 0) await calls.commit();
    await calls.close();
    source.close();
    return calls.seconds;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

class TimedCalls {
  seconds = 0;
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  open(): Promise<void> {
    return this.#timed((done) => this.#store.open((state) => done('error' in state ? state : null)));
  }

  begin(): Promise<void> {
    return this.#timed((done) => this.#store.begin(done));
  }

  append(rows: Parameters<Store['append']>[0], count: number): void {
    const began = performance.now();
    const fault = this.#store.append(rows, 0, count);
    this.seconds += (performance.now() - began) / 1000;
    if (fault !== null) throw new Error(fault.error);
  }

  commit(): Promise<void> {
    return this.#timed((done) => this.#store.commit({ loaded: [], retired: [] }, done));
  }

  close(): Promise<void> {
    return this.#timed((done) => this.#store.close(() => done(null)));
  }

  #timed(call: (done: (fault: { readonly error: string } | null) => void) => void): Promise<void> {
    const began = performance.now();
    return new Promise((resolve, reject) => {
      call((fault) => {
        this.seconds += (performance.now() - began) / 1000;
        if (fault === null) resolve();
        else reject(new Error(fault.error));
      });
    });
  }
}
