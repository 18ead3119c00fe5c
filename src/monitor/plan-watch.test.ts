/** Monitoring as a whole, in one process: real targets, a real database file. */

import { appendFileSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { afterAll, describe, expect, test } from 'vitest';
import { systemClock } from '../base/clock.ts';
import { postgresInstalled, startPostgres } from '../trial/postgres-server.fixture.ts';
import { RULE_SETS } from './events/shipped-rules.ts';
import type { LogPlan, MonitorPlan, TargetPlan } from './monitor-plan.ts';
import { PlanWatch } from './plan-watch.ts';
import { Collector } from './store/collector.ts';
import type { StoredEvent } from './store/monitor-source.ts';
import { MonitorStore } from './store/monitor-store.ts';

const work = mkdtempSync(join(tmpdir(), 'meterstorm-plan-'));
afterAll(() => rmSync(work, { recursive: true }));
let files = 0;

/** A plan that is being carried out. */
class Watching {
  readonly path: string;
  readonly #store: MonitorStore;
  readonly #collector: Collector;
  readonly #watch: PlanWatch;

  private constructor(path: string, store: MonitorStore, plan: MonitorPlan) {
    this.path = path;
    this.#store = store;
    this.#collector = new Collector({ clock: systemClock, store, onWritten: () => {} });
    this.#watch = new PlanWatch({ clock: systemClock, plan, collector: this.#collector });
    this.#watch.start();
  }

  static async start(plan: Partial<MonitorPlan>, path = join(work, `${++files}.duckdb`)): Promise<Watching> {
    return new Watching(path, await MonitorStore.open(path), { targets: [], logs: [], ...plan });
  }

  async events(): Promise<readonly StoredEvent[]> {
    await this.#collector.flush();
    return (await this.#store.queries.queryEvents({ from: 0, to: 9e13, limit: 10_000 })).events;
  }

  async rules(): Promise<readonly string[]> {
    return (await this.events()).map(({ rule }) => rule);
  }

  async values(target: string, name: string): Promise<readonly number[]> {
    await this.#collector.flush();
    const id = (await this.#store.queries.listSeries()).find((series) => series.target === target && series.name === name)?.id;
    if (id === undefined) return [];
    const [points] = await this.#store.queries.querySeries({ series: [id], from: systemClock.unixMs() - 600_000, to: systemClock.unixMs() + 1000, points: 10_000 });
    return points?.mean ?? [];
  }

  /** In order; or as in a crash, with what was not written yet gone. */
  async stop(crash = false): Promise<void> {
    this.#watch.stop();
    if (!crash) await this.#collector.stop();
    this.#store.close();
  }
}

async function until(held: () => Promise<boolean>): Promise<void> {
  while (!(await held())) await new Promise((resolve) => setTimeout(resolve, 20));
}

const target = (name: string, source: TargetPlan['source']): TargetPlan => ({ name, source, periodMs: 500, timeoutMs: 5000 });
const log = (name: string, path: string, ...sets: readonly string[]): LogPlan => ({ name, source: { kind: 'file', path }, rules: sets.flatMap((set) => RULE_SETS[set] ?? []) });

test('counters of an HTTP endpoint become rates; it goes away and comes back', async () => {
  let total = 0;
  const beganMs = performance.now();
  const serve = (): ReturnType<typeof createServer> =>
    createServer((_, response) => {
      // 100 a second.
      total = (performance.now() - beganMs) / 10;
      response.end(`# TYPE work_total counter\nwork_total ${total}\n# TYPE depth gauge\ndepth 3\n`);
    });
  const server = serve().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const watching = await Watching.start({ targets: [target('hes', { kind: 'prometheus', url: `http://127.0.0.1:${port}/metrics`, only: null })] });
  await until(async () => (await watching.values('hes', 'work_total')).length >= 4);
  const rates = await watching.values('hes', 'work_total');
  // Each by itself depends on when exactly the two looked.
  const mean = rates.reduce((sum, rate) => sum + rate, 0) / rates.length;
  expect(Math.min(...rates)).toBeGreaterThan(0);
  expect(mean).toBeGreaterThan(50);
  expect(mean).toBeLessThan(200);
  expect((await watching.values('hes', 'depth'))[0]).toBe(3);
  server.closeAllConnections();
  server.close();
  await until(async () => (await watching.rules()).includes('probe-failed'));
  const again = serve().listen(port, '127.0.0.1');
  await until(async () => (await watching.rules()).includes('probe-recovered'));
  await watching.stop();
  again.closeAllConnections();
  again.close();
});

describe.runIf(postgresInstalled())('a real PostgreSQL', () => {
  test('is watched in its views and in its log: a deadlock, an unknown database, a crash', async () => {
    const server = await startPostgres({ settings: { deadlock_timeout: '50ms' } });
    const clients = [new Client({ connectionString: server.url }), new Client({ connectionString: server.url })];
    for (const client of clients) {
      client.on('error', () => {});
      await client.connect();
    }
    const [one, two] = clients as [Client, Client];
    const watching = await Watching.start({
      targets: [target('db', { kind: 'postgres', url: server.url })],
      logs: [log('db-log', server.logFile, 'postgresql')],
    });
    await one.query('CREATE TABLE t AS SELECT generate_series(1, 2) AS id');
    await one.query('BEGIN; UPDATE t SET id = id WHERE id = 1');
    await two.query('BEGIN; UPDATE t SET id = id WHERE id = 2');
    await Promise.allSettled([one.query('UPDATE t SET id = id WHERE id = 2'), two.query('UPDATE t SET id = id WHERE id = 1')]);
    // A backend tells of its deadlocks when its transaction is over.
    for (const client of clients) await client.query('ROLLBACK');
    await new Client({ connectionString: server.url.replace(/postgres$/, 'nosuch') }).connect().catch(() => {});
    await until(async () => (await watching.rules()).includes('fatal'));
    const deadlock = (await watching.events()).find(({ rule }) => rule === 'deadlock');
    expect(deadlock).toMatchObject({ target: 'db-log', severity: 'error', fields: { file: server.logFile } });
    expect(deadlock?.text).toMatch(/deadlock detected$/);
    // Its own time, not that of the reading.
    expect(new Date(deadlock?.timeMs ?? 0).toISOString().slice(0, 19)).toBe(deadlock?.text.slice(0, 19).replace(' ', 'T'));
    await until(async () => (await watching.values('db', 'database.postgres.deadlocks')).some((rate) => rate > 0));
    await server.kill();
    await until(async () => (await watching.rules()).includes('probe-failed'));
    await server.restart();
    await until(async () => (await watching.rules()).includes('probe-recovered') && (await watching.rules()).includes('crash-recovery'));
    for (const client of clients) await client.end().catch(() => {});
    await watching.stop();
    await server.stop();
  }, 120_000);
});

describe('a log', () => {
  const lines = (from: number, to: number): string => Array.from({ length: to - from }, (_, i) => `number ${from + i} failed\n`).join('');
  const numbers = async (watching: Watching): Promise<readonly string[]> => (await watching.events()).flatMap(({ fields }) => fields['number'] ?? []);
  const plan = (path: string): Partial<MonitorPlan> => ({
    logs: [
      {
        name: 'app',
        source: { kind: 'file', path },
        rules: [{ name: 'failed', pattern: String.raw`number (?<number>\d+) failed`, severity: 'error', most: 10_000, withinMs: 1000 }],
      },
    ],
  });

  test('that is rotated while the watch crashes again and again is read once, each line', async () => {
    const path = join(work, 'app.log');
    writeFileSync(path, '');
    let watching = await Watching.start(plan(path));
    let written = 0;
    for (let life = 0; life < 4; life++) {
      appendFileSync(path, lines(written, (written += 50)));
      await until(async () => (await numbers(watching)).length >= written);
      // Read, perhaps, but not written; or not even read.
      appendFileSync(path, lines(written, (written += 50)));
      if (life % 2 === 1) await new Promise((resolve) => systemClock.schedule(600, () => resolve(null)));
      await watching.stop(true);
      appendFileSync(path, lines(written, (written += 50)));
      renameSync(path, `${path}.${life}`);
      writeFileSync(path, lines(written, (written += 50)));
      watching = await Watching.start(plan(path), watching.path);
    }
    await until(async () => (await numbers(watching)).length >= written);
    const found = await numbers(watching);
    await watching.stop();
    expect(found.map(Number).toSorted((a, b) => a - b)).toEqual(Array.from({ length: written }, (_, i) => i));
  }, 60_000);
});
