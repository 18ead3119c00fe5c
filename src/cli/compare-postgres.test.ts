/**
 * The finding of the paper, in small: at a load that a buffered intake holds, one that makes each message a transaction of its own in
 * PostgreSQL does not. Both have the same server, whose commits wait as for a slow disk.
 */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Comparison } from '../report/comparison/comparison.ts';
import { type PostgresServer, postgresInstalled, startPostgres } from '../trial/postgres-server.fixture.ts';
import { freePort, MAIN, meterstorm, reportOf, SMALL } from './meterstorm.fixture.ts';

/** 104 messages a second, a transaction each; eight connections share a commit of 200 ms, which makes 40. */
const LOAD = ['--stations', '40', '--steps', '16', '--speed', '1800', '--drain', '2 s', '--set', 'network.links=ignored'];
const SLOW_COMMITS = { commit_delay: 100_000, commit_siblings: 0 };

describe.runIf(postgresInstalled())('meterstorm compare with PostgreSQL', () => {
  let work = '';
  let server: PostgresServer | null = null;

  beforeAll(async () => {
    work = mkdtempSync(join(tmpdir(), 'meterstorm-compare-postgres-'));
    server = await startPostgres({ settings: SLOW_COMMITS });
  }, 60_000);

  afterAll(async () => {
    await server?.stop();
    rmSync(work, { recursive: true, force: true });
  });

  it('finds that the buffered intake holds what the direct one does not, says why, and looks into somebody else’s database', async () => {
    const port = await freePort();
    const file = join(work, 'alternatives.yaml');
    const store = server?.url ?? '';
    writeFileSync(
      file,
      `alternatives:
  - { name: direct PostgreSQL, intake: direct, store: "${store}", connections: 4 }
  - { name: buffered PostgreSQL, store: "${store}" }
  - { name: buffered DuckDB }
  - name: somebody else’s
    headend: 127.0.0.1:${port}
    start: exec '${process.execPath}' '${MAIN}' headend --listen 127.0.0.1:${port} --out '${join(work, 'theirs')}' --store '${store}' --schema theirs
    audit-sql: ${store}
    audit-query: SELECT * FROM theirs.readings
    audit-wait: 2 s
`,
    );
    const out = join(work, 'out');
    const { code, stdout } = await meterstorm(['compare', SMALL, ...LOAD, '--alternatives', file, '--out', out]);
    expect(code).toBe(0);
    const { alternatives, load, conclusion, measures } = JSON.parse(readFileSync(join(out, 'compare.json'), 'utf8')) as Comparison;
    expect(alternatives.map(({ name, able }) => [name, able])).toEqual([
      ['direct PostgreSQL', false],
      ['buffered PostgreSQL', true],
      ['buffered DuckDB', true],
      ['somebody else’s', true],
    ]);
    expect(load.run?.speed).toBe(1800);
    expect(conclusion).toMatch(
      /buffered PostgreSQL, buffered DuckDB and somebody else’s hold; direct PostgreSQL does not\. Why: each message is a transaction of its own in PostgreSQL, which takes \d+ ms on average .*; [\d.]+ messages a second came and [\d.]+ could be stored/,
    );
    expect(stdout).toContain('Not able: direct PostgreSQL');
    const direct = reportOf(join(out, 'direct-PostgreSQL'));
    const buffered = reportOf(join(out, 'buffered-PostgreSQL'));
    // What was confirmed is there; nothing is wrong, twice or invented.
    expect(direct.audit).toMatchObject({ wrong: 0, duplicate: 0, unexpected: 0, attribution: { simulator: 0, network: 0, headend: direct.audit.missing } });
    expect(direct.audit.stored).toBeGreaterThanOrEqual(direct.run.confirmedReadings ?? 0);
    expect(direct.audit.missing).toBeGreaterThan(direct.audit.planned * 0.2);
    expect(buffered.audit).toMatchObject({ exact: true, planned: direct.audit.planned });
    expect(measures.find(({ id }) => id === 'audit.missing')?.cells.map(({ mark }) => mark)).toEqual(['worse', 'best', 'best', 'best']);
    // Its process was started by us, so it is watched.
    expect(measures.find(({ id }) => id === 'needs.coresUsed')?.cells[3]?.median).toBeGreaterThan(0);
  }, 120_000);
});
