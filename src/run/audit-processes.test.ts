/** Audits by real processes. Needs `npm run build`. */

import { readdirSync, readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { packageFile } from '../base/package-root.ts';
import { smallScenario } from '../dashboard/server/small-run.fixture.ts';
import { OWN_COLUMNS } from '../source/column-mapping.ts';
import { postgresInstalled, startPostgres, type PostgresServer } from '../trial/postgres-server.fixture.ts';
import type { auditStore as Audit } from './audit-processes.ts';

// Its processes are modules of the built program.
const built = pathToFileURL(packageFile('dist', 'run', 'audit-processes.js')).href;
const { auditStore } = (await import(built)) as { readonly auditStore: typeof Audit };

describe.runIf(postgresInstalled())('an audit of which a part fails', () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres({ settings: { fsync: 'off' } });
  }, 60_000);
  afterAll(() => server.stop());

  test('leaves no process behind', async () => {
    const scenario = smallScenario('small-grid.yaml', ['grid.stations=25', 'grid.meters=1500', 'behaviour.steps=4']);
    const ledger = { sent: new Uint32Array(25), confirmed: new Uint32Array(25), complete: true, confirms: true };
    // The first meters can’t be read, the others take their time.
    const status = 'CASE WHEN m < 100 THEN 1 / (m - m) ELSE (SELECT 0 FROM pg_sleep(60 + m * 0)) END';
    const query = `SELECT m AS meter, 0 AS channel, to_timestamp(0) AS time, 1 AS value, ${status} AS status FROM generate_series(0, 1499) m`;
    const source = { kind: 'postgres', url: server.url, query, columns: OWN_COLUMNS } as const;
    await expect(auditStore({ scenario, ledger, source, processes: 2 })).rejects.toThrow('the audit failed: PostgreSQL: division by zero');
    const begun = performance.now();
    while (auditors() > 0) await new Promise((resolve) => setTimeout(resolve, 20));
    expect(performance.now() - begun).toBeLessThan(20_000);
  }, 90_000);
});

/** Children of this process that audit. */
function auditors(): number {
  return readdirSync('/proc').filter((pid) => {
    try {
      const parent = /^PPid:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
      return Number(parent) === process.pid && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('audit-process');
    } catch {
      return false;
    }
  }).length;
}
