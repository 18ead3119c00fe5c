import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { postgresInstalled, startPostgres, type PostgresServer } from '../trial/postgres-server.fixture.ts';
import { postgresPid } from './postgres-pid.ts';

describe.skipIf(!postgresInstalled())('PostgreSQL on this machine', () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres();
  }, 60_000);
  afterAll(() => server.stop());

  it('is found as a process, also after it was killed and started again', async () => {
    const before = server.pid;
    expect(await postgresPid(server.url)).toBe(before);
    expect(readFileSync(`/proc/${before}/comm`, 'utf8')).toBe('postgres\n');
    await server.kill();
    expect(await postgresPid(server.url)).toBeNull();
    await server.restart();
    expect(server.pid).not.toBe(before);
    expect(await postgresPid(server.url)).toBe(server.pid);
  });

  it('is not found where there is none', async () => {
    expect(await postgresPid('postgres://meterstorm@127.0.0.1:1/postgres')).toBeNull();
    expect(await postgresPid('http://127.0.0.1/')).toBeNull();
  });
});
