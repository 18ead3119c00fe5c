/** Each store and each intake as their user runs them: real processes, a real PostgreSQL. Needs `npm run build`. */

import { execFile, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packageFile } from '../base/package-root.ts';
import type { RunReport } from '../report/run-report.ts';
import { postgresInstalled, startPostgres, type PostgresServer } from '../trial/postgres-server.fixture.ts';

const MAIN = packageFile('dist', 'cli', 'main.js');
const SMALL = packageFile('scenarios', 'small-grid.yaml');
const HAMLETS = ['--stations', '10', '--steps', '24'];
/** Long enough for something to happen in the middle; a buffer makes it short. */
const TOWN = { direct: ['--stations', '60', '--steps', '64'], buffered: ['--stations', '100', '--steps', '288'] } as const;
const LONG_MS = 120_000;
const EXACT = { missing: 0, duplicate: 0, wrong: 0, unexpected: 0, exact: true };

interface Ended {
  readonly code: number | null;
  readonly stderr: string;
}

let work = '';
let server: PostgresServer | null = null;
let names = 0;

beforeAll(async () => {
  work = mkdtempSync(join(tmpdir(), 'meterstorm-stores-'));
  if (postgresInstalled()) server = await startPostgres();
}, 60_000);
afterAll(async () => {
  await server?.stop();
  rmSync(work, { recursive: true, force: true });
});

describe.each(['buffered', 'direct'] as const)('%s intake', (intake) => {
  it('stores in DuckDB, exactly', async () => {
    const out = newDirectory();
    const { code, stderr } = await ended(['run', SMALL, ...HAMLETS, '--intake', intake, '--out', out]);
    expect({ code, stderr }).toMatchObject({ code: 0 });
    const { audit, store } = reportOf(out);
    expect(audit).toMatchObject(EXACT);
    expect(store).toMatchObject({ kind: 'duckdb', place: join(out, 'readings.duckdb'), schema: null, dropped: false, intake });
    checkTransactions(reportOf(out));
  });

  it.skipIf(!postgresInstalled())('stores in PostgreSQL, exactly, in a schema of the run, and is audited again later', async () => {
    const out = newDirectory();
    const { code, stderr } = await ended(['run', SMALL, ...HAMLETS, ...postgres(intake), '--out', out]);
    expect({ code, stderr }).toMatchObject({ code: 0 });
    const report = reportOf(out);
    const { schema } = report.store ?? {};
    expect(report.audit).toMatchObject(EXACT);
    expect(report.store).toMatchObject({ kind: 'postgres', place: server?.url, intake, dropped: false });
    expect(schema).toMatch(/^meterstorm_small_grid_\d{8}_\d{6}_\d{3}$/);
    expect(report.run.storeBytes).toBeGreaterThan(50 * report.audit.stored);
    expect(report.resources?.groups.map(({ name }) => name)).toContain('database');
    checkTransactions(report);
    expect(existsSync(join(out, 'readings.duckdb'))).toBe(false);
    await query(`UPDATE ${schema}.readings SET value = value + 1 WHERE meter = 3`);
    expect((await ended(['audit', out])).code).toBe(1);
    const [spoilt] = await query(`SELECT count(*)::int AS n FROM ${schema}.readings WHERE meter = 3`);
    expect(spoilt?.['n']).toBeGreaterThan(10);
    expect(reportOf(out).audit).toMatchObject({ ...EXACT, exact: false, wrong: spoilt?.['n'] });
    const again = await ended(['run', SMALL, ...HAMLETS, ...postgres(intake), '--schema', String(schema), '--out', newDirectory()]);
    expect(again.code).toBe(2);
    expect(again.stderr).toContain(`--schema: ${schema} already holds readings`);
  }, LONG_MS);

  it.skipIf(!postgresInstalled())('goes on through the end of PostgreSQL in mid-run; exact', async () => {
    const { out, schema, running } = begun(intake);
    for (let kills = 0; kills < 2; kills++) {
      await untilStored(schema, running, kills * 10_000);
      await server?.restart();
    }
    const { code, stderr } = await running;
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(reportOf(out).audit).toMatchObject(EXACT);
  }, LONG_MS);

  it.skipIf(!postgresInstalled())('ends at the first signal while PostgreSQL is gone, with a partial report; what is stored can be looked at later', async () => {
    const { out, schema, running, pid } = begun(intake);
    await untilStored(schema, running, 0);
    await server?.kill();
    process.kill(pid, 'SIGTERM');
    const { code, stderr } = await running;
    await server?.restart();
    expect({ code, stderr }).toMatchObject({ code: 130 });
    const { run, audit } = reportOf(out);
    expect(run).toMatchObject({ complete: false, cutOffAfterSeconds: null });
    expect(run.wallSeconds).toBeLessThan(30);
    expect(audit).toMatchObject({ planned: 0, exact: false });
    await ended(['audit', out]);
    expect(reportOf(out).audit.stored).toBeGreaterThan(0);
    expect(reportOf(out).audit).toMatchObject({ duplicate: 0, wrong: 0, unexpected: 0 });
  }, LONG_MS);
});

describe.skipIf(!postgresInstalled())('direct intake into PostgreSQL', () => {
  it('goes on through kill -9 of the intake; exact', async () => {
    const { out, schema, running, pid } = begun('direct');
    for (let kills = 0; kills < 3; kills++) {
      await untilStored(schema, running, kills * 10_000);
      const [victim] = childrenOf(pid, 'intake-process.js');
      if (victim !== undefined) process.kill(victim, 'SIGKILL');
    }
    const { code, stderr } = await running;
    expect({ code, stderr }).toMatchObject({ code: 0 });
    const { audit, run } = reportOf(out);
    expect(audit).toMatchObject(EXACT);
    expect(run.restarts.length).toBe(3);
  }, LONG_MS);

  it('removes the schema after the audit when it is told to', async () => {
    const out = newDirectory();
    const { code } = await ended(['run', SMALL, ...HAMLETS, ...postgres('direct'), '--drop-schema', '--out', out]);
    expect(code).toBe(0);
    const { audit, store } = reportOf(out);
    expect(audit).toMatchObject(EXACT);
    expect(store?.dropped).toBe(true);
    expect(await query(`SELECT FROM pg_namespace WHERE nspname = '${store?.schema}'`)).toEqual([]);
    expect((await ended(['audit', out])).stderr).toBe(`meterstorm: ${out} has no store to audit; its schema was removed after the run\n`);
  }, LONG_MS);
});

describe('a database that can not be used is one line', () => {
  it.each([
    ['postgres://meterstorm@127.0.0.1:1/postgres', 3, /^meterstorm: the database postgres:\/\/meterstorm@127\.0\.0\.1:1\/postgres could not be reached: connect ECONNREFUSED 127\.0\.0\.1:1\n$/],
    ['postgres://u:secret@127.0.0.1:port/d', 2, /^meterstorm: --store: `postgres:\/\/u@127\.0\.0\.1:port\/d` is no address of a database; allowed: duckdb, /],
    ['sqlite', 2, /^meterstorm: --store: found `sqlite`, allowed: duckdb, postgres:\/\/user@host:port\/database/],
  ])('%s', async (store, code, text) => {
    const out = newDirectory();
    const run = await ended(['run', SMALL, ...HAMLETS, '--store', store, '--out', out]);
    expect(run.code).toBe(code);
    expect(run.stderr).toMatch(text);
    expect(existsSync(out)).toBe(false);
    expect((await ended(['headend', '--listen', '127.0.0.1:0', '--store', store, '--out', out])).code).toBe(code);
  });

  it.skipIf(!postgresInstalled())('one that asks for a password that nobody gave', async () => {
    const hba = join(server?.directory ?? '', 'data', 'pg_hba.conf');
    const open = readFileSync(hba, 'utf8');
    await query("CREATE ROLE locked LOGIN PASSWORD 'x'");
    try {
      writeFileSync(hba, `host all locked 127.0.0.1/32 scram-sha-256\n${open}`);
      await query('SELECT pg_reload_conf()');
      const store = (server?.url ?? '').replace('meterstorm@', 'locked@');
      const run = await ended(['run', SMALL, ...HAMLETS, '--store', store, '--out', newDirectory()]);
      expect(run).toEqual({ code: 2, stderr: `meterstorm: --store: ${store}: it asks for a password; put it into PGPASSWORD, ~/.pgpass or the address\n` });
    } finally {
      writeFileSync(hba, open);
      await query('SELECT pg_reload_conf()');
    }
  });

  it.skipIf(!postgresInstalled())('one that is not there on a server that is', async () => {
    const store = server?.url.replace(/postgres$/, 'none') ?? '';
    const run = await ended(['run', SMALL, ...HAMLETS, '--store', store, '--out', newDirectory()]);
    expect(run).toEqual({ code: 2, stderr: `meterstorm: --store: ${store}: database "none" does not exist\n` });
  });
});

function checkTransactions({ audit, store, run }: RunReport): void {
  const { transactions = 0, readingsPerTransaction = 0, transactionMs, queueReadingsPeak } = store ?? {};
  expect(transactions * readingsPerTransaction).toBeCloseTo(audit.stored + audit.duplicatesDropped, 3);
  expect(transactionMs?.count).toBe(transactions);
  if (store?.intake === 'direct') {
    expect(transactions).toBe(run.messages);
    expect(queueReadingsPeak).toBeGreaterThan(0);
  } else {
    expect(transactions).toBeLessThan(run.messages / 5);
    expect(queueReadingsPeak).toBeNull();
  }
}

function postgres(intake: string): string[] {
  return ['--store', server?.url ?? '', '--intake', intake];
}

/** A run that is under way. */
function begun(intake: 'buffered' | 'direct'): { readonly out: string; readonly schema: string; readonly running: Promise<Ended>; readonly pid: number } {
  const out = newDirectory();
  const schema = `run_${++names}`;
  const { pid, running } = started(['run', SMALL, ...TOWN[intake], ...postgres(intake), '--schema', schema, '--out', out]);
  return { out, schema, running, pid };
}

/** Until more readings than that are committed; a run that has ended by then is none to test with. */
async function untilStored(schema: string, running: Promise<Ended>, readings: number): Promise<void> {
  let over = false;
  void running.then(() => (over = true));
  for (;;) {
    if (over) throw new Error('the run ended too early');
    const rows = await query(`SELECT count(*)::int AS n FROM ${schema}.readings`).catch(() => []);
    if (Number(rows[0]?.['n'] ?? 0) > readings) return;
  }
}

async function query(sql: string): Promise<Record<string, unknown>[]> {
  const client = new Client(server?.url);
  client.on('error', () => {});
  try {
    await client.connect();
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end().catch(() => {});
  }
}

function ended(args: readonly string[]): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(process.execPath, [MAIN, ...args], { maxBuffer: 1 << 26 }, (error, _stdout, stderr) => {
      resolve({ code: error === null ? 0 : typeof error.code === 'number' ? error.code : null, stderr });
    });
  });
}

function started(args: readonly string[]): { readonly pid: number; readonly running: Promise<Ended> } {
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
  let stderr = '';
  child.stderr.on('data', (piece: Buffer) => (stderr += piece.toString()));
  const running = new Promise<Ended>((resolve) => child.once('close', (code) => resolve({ code, stderr })));
  return { pid: child.pid ?? 0, running };
}

/** Children of a process by the module that they run. */
function childrenOf(pid: number, module: string): number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number);
  return children.filter((child) => {
    try {
      return readFileSync(`/proc/${child}/cmdline`, 'utf8').includes(module);
    } catch {
      return false;
    }
  });
}

function reportOf(directory: string): RunReport {
  return JSON.parse(readFileSync(join(directory, 'report.json'), 'utf8')) as RunReport;
}

function newDirectory(): string {
  return join(work, `run-${++names}`);
}
