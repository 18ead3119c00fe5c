/**
 * Somebody else's head-end, pushed to by the product as its user runs it, and audited by a query and by a CSV file. Needs
 * `npm run build`.
 */

import { execFile, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { packageFile } from '../base/package-root.ts';
import { connect, type Data, DlmsError, plainValue } from '../dlms.ts';
import type { RunReport } from '../report/run-report.ts';
import { postgresInstalled, startPostgres, type PostgresServer } from './postgres-server.fixture.ts';

const MAIN = packageFile('dist', 'cli', 'main.js');
const STAND_IN = packageFile('src', 'trial', 'third-party-headend.fixture.mjs');
const STRESS = packageFile('scenarios', 'stress.yaml');
const SMALL = ['--stations', '12', '--steps', '12'];

const SQL_COLUMNS = ['--audit-columns', 'meter=device_serial,channel=obis,time=reading_time,value:kWh=energy_kwh,status=quality'];
const CSV_COLUMNS = ['--audit-columns', 'meter=Device,channel=Register,time:+01:00=Time,value:kWh=Energy kWh'];

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** What the stand-in says that it did. */
interface Done {
  readonly received: number;
  readonly stored: number;
  readonly lost: number;
  readonly doubled: number;
  readonly droppedLate: number;
}

interface StandIn {
  readonly headend: readonly string[];
  stop(): Promise<Done>;
}

let folder: string;
let files = 0;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'meterstorm-third-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const directory = (): string => join(folder, `run-${files++}`);

function meterstorm(args: readonly string[]): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(process.execPath, [MAIN, ...args], { maxBuffer: 1 << 26 }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : typeof error.code === 'number' ? error.code : null, stdout, stderr });
    });
  });
}

async function standIn(args: readonly string[]): Promise<StandIn> {
  const child = spawn(process.execPath, [STAND_IN, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  const port = await new Promise<string>((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`the stand-in ended with ${code}`)));
    child.stdout.on('data', (piece: Buffer) => {
      text += piece.toString();
      const match = /^listening (\d+)\n/.exec(text);
      if (match?.[1] !== undefined) resolve(match[1]);
    });
  });
  return {
    headend: ['--headend', `127.0.0.1:${port}`],
    stop: async () => {
      child.kill('SIGTERM');
      await new Promise((resolve) => child.once('close', resolve));
      return JSON.parse(text.slice(text.indexOf('\n'))) as Done;
    },
  };
}

/** A run against the stand-in, audited; the report and what the stand-in did. */
async function tested(options: {
  readonly standIn: readonly string[];
  readonly audit: readonly string[];
  readonly run?: readonly string[];
}): Promise<{ readonly ended: Ended; readonly report: RunReport; readonly done: Done; readonly out: string }> {
  const out = directory();
  const head = await standIn(options.standIn);
  const ended = await meterstorm(['run', STRESS, ...SMALL, ...head.headend, ...options.audit, '--out', out, ...(options.run ?? [])]);
  const done = await head.stop();
  if (ended.code !== 0 && ended.code !== 1) throw new Error(ended.stderr);
  return { ended, report: JSON.parse(readFileSync(join(out, 'report.json'), 'utf8')) as RunReport, done, out };
}

/** Without line breaks. */
const flowing = (text: string): string => text.replaceAll(/\s+/g, ' ');

const NOTHING = { missing: 0, duplicate: 0, wrong: 0, unexpected: 0 };

describe('a head-end of somebody else with CSV files', () => {
  const csv = (): string => join(folder, `readings-${files++}.csv`);

  test('that keeps all is able, whatever its columns are; also when it stores later', async () => {
    const file = csv();
    const { ended, report, done } = await tested({ standIn: ['--csv', file, '--store-after', '1500'], audit: ['--audit-csv', file, ...CSV_COLUMNS] });
    expect(ended.code).toBe(0);
    expect(report.verdict.able).toBe(true);
    expect(report.audit).toMatchObject({ ...NOTHING, exact: true, stored: done.stored, planned: done.received });
    expect(report.audit.late).toBeGreaterThan(0);
    expect(report.audit.source).toMatchObject({ comparesStatus: false });
    expect(report.audit.source?.queryableSeconds).toBeGreaterThan(0.3);
    expect(report.audit.source?.queryableSeconds).toBeLessThan(8);
    expect(flowing(ended.stdout)).toMatch(/Read from readings-\d+\.csv; status was not compared, because no column of it was named\. All rows could/);
  });

  test('that loses late rows is found out after the run, too', async () => {
    const file = csv();
    const { report, done, out, ended } = await tested({ standIn: ['--csv', file, '--fault', 'late'], audit: [] });
    expect(ended.code).toBe(0);
    expect(report.verdict.able).toBeNull();
    expect(flowing(ended.stdout)).toMatch(/Not audited: nobody could look at what the head-end stored\. [\d,]+ readings were sent to it, and it confirmed/);
    const none = await meterstorm(['audit', out]);
    expect(none).toMatchObject({ code: 2, stdout: '' });
    expect(none.stderr).toMatch(/^meterstorm: .* has no store to audit; its readings went to 127\.0\.0\.1:\d+: say where they are now with --audit-sql/);
    const again = await meterstorm(['audit', out, '--audit-csv', file, ...CSV_COLUMNS, '--json']);
    expect(again.code).toBe(1);
    const { audit, verdict } = JSON.parse(again.stdout) as RunReport;
    expect(done.droppedLate).toBeGreaterThan(0);
    expect(audit).toMatchObject({ ...NOTHING, missing: done.droppedLate, attribution: { headend: done.droppedLate, network: 0, simulator: 0 } });
    expect(verdict.able).toBe(false);
    expect(audit.examples[0]?.text).toMatch(/^missing: meter \d+, 1-0:1\.8\.0, \S+Z: it was sent at step \d+, the head-end confirmed it and does not have it$/);
  });

  test('a mapping that fits no row says so, and the run can be audited again', async () => {
    const file = csv();
    const wrong = ['--audit-columns', 'meter=Device,channel=Register,time=Time,value:kWh=Energy kWh'];
    const { ended, out } = await tested({ standIn: ['--csv', file], audit: ['--audit-csv', file, ...wrong] });
    expect(ended.code).toBe(1);
    expect(ended.stderr).toMatch(/^meterstorm: no row is the reading of a meter: line 2: column Time says `\d{4}-.*`: which zone is it in\? \(time:UTC=.*`meterstorm audit`/m);
    expect((await meterstorm(['audit', out, '--audit-csv', file, ...CSV_COLUMNS])).code).toBe(0);
  });
});

describe.runIf(spawnSync('python3', ['--version']).status === 0)('the head-end of the tutorial', () => {
  const pythonOf = (page: string): string => /```python\n([\s\S]*?)```/.exec(readFileSync(packageFile('docs', page), 'utf8'))?.[1] ?? '';

  test('keeps everything', async () => {
    const at = join(folder, `tutorial-${files++}`);
    mkdirSync(at);
    const store = /^def store[\s\S]*?(?=\n\ndef )/m;
    const receiver = pythonOf('push-protocol.md');
    expect(receiver).toMatch(store);
    // It listens on all addresses; below the ports that connections of other tests leave from, on one address or another.
    const port = 20_000 + (process.pid % 10_000);
    writeFileSync(join(at, 'receiver.py'), receiver.replace(store, () => pythonOf('third-party.md')).replace('4059', String(port)));
    const child = spawn('python3', ['receiver.py'], { cwd: at, stdio: ['ignore', 'ignore', 'inherit'] });
    try {
      const columns = 'meter=serial,channel=obis,time:UTC=utc,value:kWh=kwh';
      const source = ['--audit-csv', join(at, 'readings.csv'), '--audit-columns', columns];
      const ended = await meterstorm(['run', STRESS, ...SMALL, '--headend', `127.0.0.1:${port}`, ...source, '--out', directory(), '--json']);
      expect((JSON.parse(ended.stdout) as RunReport).audit).toMatchObject({ ...NOTHING, exact: true });
    } finally {
      child.kill();
    }
  });
});

describe('a head-end of somebody else that pulls', () => {
  const LISTEN = { host: '127.77.0.', port: 4077 };
  const perfect = '[{ name: all, share: 100%, accessible: 100%, outage: 1 min }]';
  const PULLED = [
    '--stations=3',
    '--steps=12',
    '--speed=3600',
    '--set=behaviour.communication=pull',
    '--set=network.links=ignored',
    `--set=behaviour.meter-accessibility=${perfect}`,
    `--set=behaviour.concentrator-accessibility=${perfect}`,
  ];

  /** The rows of a concentrator as lines of CSV, as soon as it has all twelve. */
  async function rowsOf(station: number): Promise<string[]> {
    for (;;) {
      try {
        const concentrator = await connect({ host: `${LISTEN.host}${station + 1}`, port: LISTEN.port, clientSap: 2 });
        const { rows } = await concentrator.profile('1-0:99.1.0*255', { range: { from: 0, to: 2 ** 32 - 2 * 86_400 } });
        await concentrator.close();
        if (rows.length === 12) return rows.flatMap(([clock, meters]) => linesOf(clock, meters));
      } catch (error) {
        if (!(error instanceof DlmsError) || error.code !== 'unreachable') throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  function linesOf(clock: Data | null | undefined, meters: Data | null | undefined): string[] {
    const [year = 0, month = 0, day = 0, , hour = 0, minute = 0] = dateTimeParts(clock);
    const time = new Date(Date.UTC(year, month - 1, day, hour, minute)).toISOString().slice(0, 16);
    const rows = plainValue(meters ?? { type: 'null-data' }) as number[][];
    return rows.map(([meter = 0, status = 0, wh = 0]) => `${meter}\t${time}\t${status}\t${wh}`);
  }

  function dateTimeParts(clock: Data | null | undefined): number[] {
    if (clock?.type !== 'octet-string') throw new Error('a row begins with its date-time');
    const [high = 0, low = 0, ...rest] = clock.value;
    return [256 * high + low, ...rest];
  }

  test('is audited by what was there to be read', async () => {
    const [file, out] = [join(folder, 'pulled.csv'), directory()];
    const simulated = meterstorm(['simulate', STRESS, ...PULLED, '--listen', `${LISTEN.host}1:${LISTEN.port}`, '--out', out]);
    const lines = (await Promise.all([0, 1, 2].map(rowsOf))).flat();
    const { code, stdout, stderr } = await simulated;
    expect(code).toBe(0);
    expect(stderr).toContain(`concentrators listen at addresses from ${LISTEN.host}1 on, port ${LISTEN.port}; `);
    expect(stdout).toContain(`audit what your head-end stored: meterstorm audit ${out} --audit-sql`);
    const audited = async (kept: readonly string[]): Promise<RunReport> => {
      writeFileSync(file, ['id\tat\tflags\twh', ...kept].join('\n'));
      const columns = ['--audit-columns', 'meter=id,time:+01:00=at,status=flags,value=wh'];
      return JSON.parse((await meterstorm(['audit', out, '--audit-csv', file, ...columns, '--json'])).stdout) as RunReport;
    };
    const all = await audited(lines);
    expect(all.audit).toMatchObject({ ...NOTHING, exact: true, stored: lines.length });
    expect(all.verdict.able).toBe(true);
    const { audit } = await audited(lines.slice(0, -7));
    expect(audit).toMatchObject({ ...NOTHING, missing: 7, attribution: { headend: 7, network: 0, simulator: 0 } });
    expect(audit.examples[0]?.text).toMatch(/it was there to be read from step 11 on, .* the head-end does not have it$/);
  });
});

describe.runIf(postgresInstalled())('a head-end of somebody else with PostgreSQL', () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres({ settings: { fsync: 'off' } });
  }, 60_000);
  afterAll(() => server.stop());

  const audit = (...more: readonly string[]): string[] => [
    '--audit-sql',
    server.url,
    '--audit-query',
    'SELECT device_serial, obis, reading_time, energy_kwh, quality FROM meter_reading',
    ...SQL_COLUMNS,
    '--audit-wait',
    '1',
    ...more,
  ];
  const withFault = (fault: string, ...more: readonly string[]): ReturnType<typeof tested> =>
    tested({ standIn: ['--postgres', server.url, '--fault', fault, ...more], audit: audit() });

  test('that keeps all is able; and registers of tariffs, too', async () => {
    const { ended, report, done } = await tested({
      standIn: ['--postgres', server.url],
      audit: audit(),
      run: ['--set', 'behaviour.registers=per-tariff', '--set', 'behaviour.start=2024-01-15T00:00+01:00'],
    });
    expect(ended.code).toBe(0);
    expect(report.audit).toMatchObject({ ...NOTHING, exact: true, stored: done.stored });
    expect(report.audit.source).toMatchObject({ comparesStatus: true, name: `a query of PostgreSQL at 127.0.0.1:${server.port}/postgres` });
    expect(report.audit.source?.queryableSeconds).not.toBeNull();
  });

  test('that loses rows after it confirmed them', async () => {
    const { ended, report, done } = await withFault('lose:100', '--store-after', '20');
    expect(ended.code).toBe(1);
    expect(done.lost).toBeGreaterThan(10);
    expect(report.audit).toMatchObject({ ...NOTHING, missing: done.lost, attribution: { headend: done.lost, network: 0, simulator: 0 } });
    expect(report.audit.source?.queryableSeconds).toBeNull();
    expect(report.verdict.problems[0]).toMatchObject({ id: 'lost-readings' });
    expect(report.verdict.problems[0]?.evidence).toContain('the head-end confirmed it and does not have it');
    expect(ended.stdout).toMatch(/put down to the head-end \(\d+\)/);
  });

  test('that loses rows and never confirms: nobody can tell where they got lost', async () => {
    const { report, done } = await tested({ standIn: ['--postgres', server.url, '--fault', 'lose:100', '--silent'], audit: audit('--unconfirmed') });
    expect(report.audit).toMatchObject({ ...NOTHING, missing: done.lost, attribution: { headend: 0, network: done.lost, simulator: 0 } });
  });

  test('that rounds', async () => {
    const { report, done } = await withFault('round:2');
    const { audit: found } = report;
    expect(found).toMatchObject({ ...NOTHING, wrong: found.wrong, stored: done.stored, wrongBy: { rounded: found.wrong } });
    expect(found.examples[0]?.text).toMatch(/^wrong: meter \d+, 1-0:1\.8\.0, \S+: its value is what was sent, rounded to 10 Wh$/);
    expect(report.verdict.problems[0]?.evidence).toMatch(/differ from the truth: [\d,]+ as if rounded\. E\.g\. wrong: meter/);
    // One register in ten ends in 0.
    expect(found.wrong / found.stored).toBeGreaterThan(0.85);
    expect(found.wrong / found.stored).toBeLessThan(0.95);
    expect(found.attribution).toEqual({ headend: found.wrong, network: 0, simulator: 0 });
  });

  test('that stores twice', async () => {
    const { report, done } = await withFault('double:50');
    expect(done.doubled).toBeGreaterThan(10);
    expect(report.audit).toMatchObject({ ...NOTHING, duplicate: done.doubled, attribution: { headend: done.doubled } });
    expect(report.audit.examples[0]?.text).toContain('the store holds this reading more than once');
  });

  test('that takes local time for UTC', async () => {
    const { report, done } = await withFault('hour');
    const { audit: found } = report;
    expect(found.stored).toBe(done.stored);
    // Four steps an hour: the last four are past the end, the first four are missing, all others say what was an hour before.
    expect(found.missing).toBeGreaterThan(0);
    expect(found.unexpected).toBeGreaterThan(0);
    expect(found.wrong).toBeGreaterThan(0.5 * found.stored);
    // A meter that uses little may also look rounded, and one row of 2,000 differs in its status alone.
    expect(found.wrongBy?.shifted).toBeGreaterThan(0.98 * found.wrong);
    expect(found.examples.find(({ kind }) => kind === 'wrong')?.text).toMatch(/: its value is that of 1 h earlier: is its time 1 h late\?$/);
  });

  test('that has rows of a device that nobody knows', async () => {
    const { ended, report } = await withFault('foreign');
    expect(ended.stderr).toMatch(/^meterstorm: --audit-sql: 1 row is there before the run, and will be taken for its own/);
    expect(report.audit).toMatchObject({ ...NOTHING, unexpected: 1, unreadable: 1 });
    expect(report.audit.examples[0]?.text).toBe(
      'unexpected: a row that is no reading: column device_serial says `TEST-DEVICE`: no number, serial number or logical device name of a meter',
    );
    expect(report.verdict.problems[0]?.evidence).toContain('TEST-DEVICE');
  });

  test.each([
    [['--audit-query', 'SELECT 1'], '--audit-query: which database?'],
    [['--audit-columns', 'meter=a,time=b,value=c'], '--audit-columns: of what?'],
    [['--audit-wait', '3'], '--audit-wait: for what?'],
    [['--audit-sql', 'mysql://x'], '--audit-sql: allowed is the address of a PostgreSQL database'],
    [['--audit-sql', 'postgres://x'], '--audit-query: which readings?'],
    [['--audit-csv', 'a', '--audit-sql', 'postgres://x'], '--audit-csv: the readings are in a database or in a file'],
    [['--audit-csv', 'a', '--audit-query', 'SELECT 1'], '--audit-query: a CSV file has no query'],
    [['--audit-csv', 'a', '--audit-columns', 'meter=a'], '--audit-columns: no column for `time`'],
    [['--audit-csv', 'a', '--audit-wait', 'long'], '--audit-wait: found `long`'],
    [['--audit-csv', packageFile('package.json')], 'package.json: no column `meter` for meter; its first line names {'],
    [['--audit-sql', 'postgres://127.0.0.1:1/none', '--audit-query', 'SELECT 1'], '--audit-sql: PostgreSQL: connect ECONNREFUSED'],
    [['--audit-csv', 'a', '--set', 'behaviour.registers=per-tariff', '--audit-columns', 'meter=a,time=b,value=c'], 'this scenario reads 3 registers'],
  ])('%s is refused before the run', async (flags, why) => {
    const out = directory();
    const ended = await meterstorm(['run', STRESS, ...SMALL, '--headend', '127.0.0.1:9', ...flags, '--out', out]);
    expect(ended.stderr).toContain(why);
    expect(ended.stderr.trim().split('\n')).toHaveLength(1);
    expect(ended).toMatchObject({ code: 2, stdout: '' });
  });

  test('our own store is not somebody else’s', async () => {
    const own = await meterstorm(['run', STRESS, ...SMALL, ...audit(), '--out', directory()]);
    expect(own.stderr).toContain('--audit-sql: the store of the built-in head-end is audited by itself');
  });
});
