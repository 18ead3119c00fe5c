/** Which process a PostgreSQL server is, so that what it uses can be counted: its backends are children of it. */

import { readFileSync } from 'node:fs';
import { Client } from 'pg';
import { postgresConfig } from '../headend/store/postgres-config.ts';

const CONNECT_MS = 3000;

/**
 * Pid of the postmaster; null when the server is not on this machine (or in another pid namespace), or does not answer. It changes when the server is
 * started again. Needs no rights: a backend says its own pid, and everybody may read whose child it is.
 */
export async function postgresPid(url: string): Promise<number | null> {
  let client: Client | null = null;
  try {
    client = new Client({ ...postgresConfig(url), connectionTimeoutMillis: CONNECT_MS });
    client.on('error', () => {});
    await client.connect();
    const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
    return parentOf(rows[0]?.pid ?? 0);
  } catch {
    return null;
  } finally {
    await client?.end().catch(() => {});
  }
}

function parentOf(pid: number): number | null {
  if (!readFileSync(`/proc/${pid}/cmdline`, 'utf8').startsWith('postgres: ')) return null;
  const parent = /^PPid:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return parent === undefined ? null : Number(parent);
}
