import { readFileSync } from 'node:fs';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../base/clock.ts';
import { postgresInstalled, startPostgres, type PostgresServer } from '../trial/postgres-server.fixture.ts';
import { ProcessProbe } from './process-probe.ts';

const BACKENDS = 6;

describe.skipIf(!postgresInstalled())('a PostgreSQL server, watched by its postmaster', () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres({ settings: { log_statement_stats: 'on' } });
  }, 60_000);
  afterAll(() => server.stop());

  it('has the time of backends that came and went, as they said themselves', { timeout: 60_000 }, async () => {
    const stays = new Client({ connectionString: server.url });
    await stays.connect();
    // So rarely that most backends live and die between two looks.
    const probe = new ProcessProbe({ clock: systemClock, intervalMs: 700, targets: [{ name: 'db', kind: 'pid', pid: server.pid }] });
    const logged = readFileSync(server.logFile, 'utf8').length;
    probe.start();
    const came: number[] = [];
    for (let i = 0; i < BACKENDS; i++) {
      const comes = new Client({ connectionString: server.url });
      await comes.connect();
      came.push((await comes.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')).rows[0]?.pid ?? 0);
      await comes.query('SELECT sum(sqrt(i)) FROM generate_series(1, 1500000) AS i');
      await comes.end();
    }
    // The postmaster has waited for those that it no longer has.
    const gone = (): boolean => came.every((pid) => !children(server.pid).includes(pid));
    await expect.poll(gone, { timeout: 10_000 }).toBe(true);
    probe.stop();
    await stays.end();
    const [db] = probe.resources({ cores: 1, memoryBytes: 1 }).groups;
    // `! [0.240 s user, 0.008 s system total]`, of a backend since it began: the last one of each is all that it took.
    const totals = readFileSync(server.logFile, 'utf8')
      .slice(logged)
      .matchAll(/\[(?<user>[\d.]+) s user, (?<system>[\d.]+) s system total\]/g);
    const seconds = [...totals].map(({ groups = {} }) => Number(groups['user']) + Number(groups['system']));
    const theirs = seconds.filter((value) => value > 0.1).reduce((sum, value) => sum + value, 0);
    expect(seconds.filter((value) => value > 0.1)).toHaveLength(BACKENDS);
    const seen = (db?.cpuUserSeconds ?? 0) + (db?.cpuSystemSeconds ?? 0);
    expect(seen).toBeGreaterThan(theirs * 0.97);
    expect(seen).toBeLessThan(theirs * 1.15 + 0.3);
    expect(db?.peakConnections).toBeGreaterThanOrEqual(1);
    expect(db?.peakPssBytes ?? 0).toBeLessThan(db?.peakMemoryBytes ?? 0);
  });
});

function children(pid: number): readonly number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').map(Number);
}
