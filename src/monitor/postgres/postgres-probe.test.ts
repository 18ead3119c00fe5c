import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { postgresInstalled, startPostgres, type PostgresServer } from '../../trial/postgres-server.fixture.ts';
import type { ReadValue, Readout } from '../value/value-probe.ts';
import { PostgresProbe } from './postgres-probe.ts';

const never = new AbortController().signal;
const now = (): number => performance.now();

function byName({ values }: Readout): ReadonlyMap<string, number> {
  return new Map(values.map(({ name, value }) => [name, Number(value)]));
}

describe.runIf(postgresInstalled())('a real PostgreSQL', () => {
  let server: PostgresServer;
  let client: Client;
  const probes: PostgresProbe[] = [];
  const newProbe = (url = server.url): PostgresProbe => {
    const probe = new PostgresProbe({ url, timeoutMs: 5000 }, now);
    probes.push(probe);
    return probe;
  };

  beforeAll(async () => {
    server = await startPostgres({ settings: { max_connections: 20 } });
    client = new Client({ connectionString: server.url });
    client.on('error', () => {});
    await client.connect();
  });

  afterAll(async () => {
    for (const probe of probes) probe.close();
    await client.end();
    await server.stop();
  });

  test('says what its views say', async () => {
    await client.query('CREATE TABLE readings(meter int, value bigint)');
    const probe = newProbe();
    const first = await probe.read(never);
    expect(first.faults).toEqual([]);
    const wal = byName(first).get('wal.position') ?? 0;
    await client.query('INSERT INTO readings SELECT i, i FROM generate_series(1, 20000) i');
    const { rows } = await client.query<{ committed: string; wal: string }>(
      `SELECT pg_stat_get_db_xact_commit(oid) AS committed, (pg_current_wal_lsn() - '0/0')::text AS wal FROM pg_database WHERE datname = 'postgres'`,
    );
    const read = byName(await probe.read(never));
    expect(read.get('database.postgres.xact_commit')).toBeGreaterThanOrEqual(Number(rows[0]?.committed));
    expect(read.get('wal.position')).toBeGreaterThanOrEqual(Number(rows[0]?.wal));
    expect((read.get('wal.position') ?? 0) - wal).toBeGreaterThan(20_000 * 50);
    const { value: size } = newValue((await newProbe().read(never)).values, 'size.public.readings');
    const { rows: sizes } = await client.query<{ bytes: string }>(`SELECT pg_total_relation_size('readings') AS bytes`);
    expect(size).toBe(Number(sizes[0]?.bytes));
    for (const name of ['bgwriter.buffers_alloc', 'wal.wal_records', 'database.postgres.deadlocks', 'locks.all']) expect(read.has(name), name).toBe(true);
  });

  test('types and judges them', async () => {
    const { values } = await newProbe().read(never);
    expect(newValue(values, 'database.postgres.tup_inserted')).toMatchObject({ type: 'counter', resets: true, unit: 'rows/s' });
    expect(newValue(values, 'database.postgres.numbackends')).toMatchObject({ type: 'gauge', unit: 'backends' });
    expect(newValue(values, 'connections').limits).toMatchObject({ warning: { max: 16 }, critical: { max: 18 } });
    expect(values.some(({ name }) => name.endsWith('datid') || name.includes('stats_reset') || name.includes('template'))).toBe(false);
    expect(new Set(values.map(({ name }) => name)).size).toBe(values.length);
  });

  test('sees who is idle in a transaction and who waits for a lock, also when nobody does any more', async () => {
    const probe = newProbe();
    const other = new Client({ connectionString: server.url });
    await other.connect();
    await client.query('BEGIN; LOCK TABLE readings');
    const waiting = other.query('SELECT count(*) FROM readings');
    let read = byName(await probe.read(never));
    while (read.get('locks.waiting') === 0) read = byName(await probe.read(never));
    expect(read.get('locks.waiting')).toBe(1);
    expect(read.get('activity.state.idle_in_transaction')).toBe(1);
    expect(read.get('activity.wait.Lock.relation')).toBe(1);
    expect(read.get('activity.longest_transaction')).toBeGreaterThan(0);
    // The size of a locked table is not waited for long.
    const { faults } = await newProbe().read(never);
    expect(faults).toEqual([{ part: 'sizes', why: expect.stringMatching(/lock timeout/) }]);
    await client.query('COMMIT');
    await waiting;
    await other.end();
    read = byName(await probe.read(never));
    expect(read.get('locks.waiting')).toBe(0);
    expect(read.get('activity.wait.Lock.relation')).toBe(0);
    expect(read.get('activity.state.idle_in_transaction')).toBe(0);
  });

  test('that is killed and comes back is watched again', async () => {
    const probe = newProbe();
    await probe.read(never);
    await server.kill();
    await expect(probe.read(never)).rejects.toThrow();
    await expect(probe.read(never)).rejects.toThrow(/ECONNREFUSED/);
    await server.restart();
    expect((await probe.read(never)).faults).toEqual([]);
  });

  test('that does not answer in time is left', async () => {
    const abort = new AbortController();
    const probe = newProbe();
    await probe.read(never);
    const asked = probe.read(abort.signal);
    abort.abort(new Error('patience'));
    await expect(asked).rejects.toThrow();
  });

  test('with another database or user says so', async () => {
    await expect(newProbe(server.url.replace(/postgres$/, 'nosuch')).read(never)).rejects.toThrow(/"nosuch" does not exist/);
  });
});

function newValue(values: readonly ReadValue[], name: string): ReadValue {
  const found = values.find((value) => value.name === name);
  if (found === undefined) throw new Error(`no ${name} among ${values.map((value) => value.name).join(' ')}`);
  return found;
}
