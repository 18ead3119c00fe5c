/**
 * The product as its user runs it: the built command line, real processes, real sockets, a real store. Needs `npm run build`.
 */

import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packageFile } from '../base/package-root.ts';
import type { RunReport } from '../report/run-report.ts';

const MAIN = packageFile('dist', 'cli', 'main.js');
const SMALL = packageFile('scenarios', 'small-grid.yaml');
/** A town: 80 stations, 5,600 meters, half a day. */
const TOWN = ['--set', 'grid.stations=80', '--set', 'grid.meters=5600', '--set', 'behaviour.steps=48'];

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function meterstorm(args: readonly string[]): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(process.execPath, [MAIN, ...args], { maxBuffer: 1 << 26 }, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : null;
      resolve({ code, stdout, stderr });
    });
  });
}

function started(args: readonly string[]): { readonly child: ChildProcess; readonly ended: Promise<Ended>; text(): string } {
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (piece: Buffer) => (stdout += piece.toString()));
  child.stderr.on('data', (piece: Buffer) => (stderr += piece.toString()));
  const ended = new Promise<Ended>((resolve) => child.once('close', (code) => resolve({ code, stdout, stderr })));
  return { child, ended, text: () => stderr };
}

async function until(condition: () => boolean): Promise<void> {
  const limit = performance.now() + 30_000;
  while (!condition()) {
    if (performance.now() > limit) throw new Error('the condition never held');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
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

/** All rows of a store, whatever their order. */
async function rowHash(directory: string): Promise<unknown> {
  return query(join(directory, 'readings.duckdb'), 'SELECT count(*), sum(hash(meter, channel, time, value, status)::HUGEINT)::VARCHAR FROM readings');
}

async function query(database: string, sql: string): Promise<unknown[][]> {
  const instance = await DuckDBInstance.create(database);
  const connection = await instance.connect();
  const rows = (await connection.runAndReadAll(sql)).getRows();
  connection.closeSync();
  instance.closeSync();
  return rows;
}

let work = '';
let run = 0;
const directory = (): string => join(work, `run-${run++}`);

beforeAll(() => {
  work = mkdtempSync(join(tmpdir(), 'meterstorm-product-'));
});

afterAll(() => {
  rmSync(work, { recursive: true, force: true });
});

describe('meterstorm run', () => {
  it('plays a scenario, audits it exactly, and writes the three reports', async () => {
    const out = directory();
    const { code, stdout, stderr } = await meterstorm(['run', SMALL, ...TOWN, '--out', out]);
    expect({ code, stderr }).toMatchObject({ code: 0 });
    const { run: facts, audit, verdict, series } = reportOf(out);
    expect(facts).toMatchObject({ scenario: 'small-grid', meters: 5600, concentrators: 80, steps: 48, complete: true });
    expect(audit).toMatchObject({ missing: 0, duplicate: 0, wrong: 0, unexpected: 0, lostByPlan: 0, exact: true });
    expect(audit.planned).toBe(audit.stored);
    expect(audit.sent).toBe(audit.planned);
    expect(audit.planned + audit.neverAvailable).toBe(5600 * 48);
    expect(audit.late).toBeGreaterThan(1000);
    expect(verdict.able).toBe(true);
    expect(series.communicatingMeters.length).toBe(48);
    expect(series.arrivedInTime.reduce((a, b) => a + b) + series.arrivedLate.reduce((a, b) => a + b)).toBe(audit.stored);
    expect(Math.max(...series.communicatingMeters)).toBeLessThanOrEqual(5600);
    expect(stdout).toContain('report.html');
    expect(stderr).not.toContain('\u001b');
    expect(readFileSync(join(out, 'report.html'), 'utf8')).toContain('</html>');
    expect(readFileSync(join(out, 'report.md'), 'utf8')).toContain('small-grid');
    const [[stored]] = (await query(
      join(out, 'readings.duckdb'),
      'select count(*)::INTEGER from readings where value > 0',
    )) as [[number]];
    expect(stored).toBe(audit.stored);
  });

  it('--json prints the report alone to stdout', async () => {
    const out = directory();
    const { code, stdout } = await meterstorm(['run', SMALL, ...TOWN, '--out', out, '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual(reportOf(out));
  });

  it('stores the same rows whatever the number of simulators and intakes, with all three registers too', async () => {
    const hashes = new Set<unknown>();
    for (const [simulators, intakes] of [
      ['1', '1'],
      ['2', '3'],
      ['7', '2'],
    ] as const) {
      const out = directory();
      const sizes = ['--simulators', simulators, '--intakes', intakes, '--set', 'behaviour.registers=per-tariff'];
      const { code } = await meterstorm(['run', SMALL, ...TOWN, ...sizes, '--out', out, '--json']);
      expect(code).toBe(0);
      expect(reportOf(out).run).toMatchObject({ simulatorProcesses: Number(simulators), intakeProcesses: Number(intakes) });
      const sql =
        "select count(*)::INTEGER, md5(string_agg(concat_ws(' ', meter, channel, epoch(time), value, status), ',' order by meter, channel, time)) from readings";
      const [[rows, hash]] = (await query(join(out, 'readings.duckdb'), sql)) as [[number, string]];
      expect(rows).toBe(reportOf(out).audit.planned);
      hashes.add(hash);
    }
    expect(hashes.size).toBe(1);
  }, 60_000);

  it('at a given speed it keeps to the intended times', async () => {
    const out = directory();
    const small = ['--set', 'grid.stations=20', '--set', 'grid.meters=1000', '--set', 'behaviour.steps=6'];
    const { code } = await meterstorm(['run', SMALL, ...small, '--speed', '1800', '--out', out, '--json']);
    expect(code).toBe(0);
    const { run: facts, audit, delays } = reportOf(out);
    expect(audit.exact).toBe(true);
    // Five intervals of 900 s at 1,800 times real time are 2.5 s.
    expect(facts.wallSeconds).toBeGreaterThan(2.5);
    expect(facts.wallSeconds).toBeLessThan(6);
    expect(delays.measurementToStorageSeconds.p50).toBeGreaterThan(0);
  });

  it('survives kill -9 of every kind of process, several times, and the audit is exact', async () => {
    const out = directory();
    const size = ['--set', 'grid.stations=400', '--set', 'grid.meters=28000', '--simulators', '2', '--intakes', '2'];
    const { child, ended } = started(['run', SMALL, ...size, '--out', out]);
    const pid = child.pid ?? 0;
    const killed: string[] = [];
    for (const module of ['intake-process', 'simulator-process', 'store-process', 'intake-process', 'store-process', 'simulator-process']) {
      await until(() => child.exitCode !== null || childrenOf(pid, module).length > 0);
      await new Promise((resolve) => setTimeout(resolve, 350));
      if (child.exitCode !== null) break;
      const victim = childrenOf(pid, module)[0];
      if (victim === undefined) continue;
      process.kill(victim, 'SIGKILL');
      killed.push(module);
    }
    const { code, stderr } = await ended;
    expect({ code, stderr }).toMatchObject({ code: 0 });
    const { run: facts, audit } = reportOf(out);
    expect(new Set(killed).size).toBe(3);
    expect(facts.restarts.length).toBeGreaterThanOrEqual(3);
    expect(audit).toMatchObject({ missing: 0, duplicate: 0, wrong: 0, unexpected: 0, exact: true });
    expect(audit.stored).toBe(audit.planned);
  }, 120_000);

  it('pulls what a push sends: the same rows, to the last one', async () => {
    const [push, pull] = [directory(), directory()];
    const size = ['--set', 'grid.stations=40', '--set', 'grid.meters=2800', '--set', 'behaviour.steps=96'];
    expect((await meterstorm(['run', SMALL, ...size, '--out', push])).code).toBe(0);
    const pulled = await meterstorm(['run', SMALL, ...size, '--set', 'behaviour.communication=pull', '--simulators', '2', '--intakes', '2', '--out', pull]);
    expect(pulled).toMatchObject({ code: 0 });
    expect(reportOf(pull).run.mode).toBe('pull');
    expect(reportOf(pull).audit).toMatchObject({ duplicate: 0, wrong: 0, unexpected: 0, missing: 0, exact: true });
    expect(await rowHash(pull)).toEqual(await rowHash(push));
  }, 120_000);

  it.each(['none', 'suite-0'])('pulls through kill -9 of every kind of process, security %s, and the audit is exact', async (security) => {
    const out = directory();
    const size = ['--set', 'grid.stations=150', '--set', 'grid.meters=9000', '--set', `security=${security}`, '--set', 'behaviour.communication=pull'];
    const { child, ended } = started(['run', SMALL, ...size, '--out', out]);
    const pid = child.pid ?? 0;
    const killed: string[] = [];
    for (const module of ['poll-process', 'simulator-process', 'store-process', 'poll-process']) {
      await until(() => child.exitCode !== null || childrenOf(pid, module).length > 0);
      await new Promise((resolve) => setTimeout(resolve, 700));
      if (child.exitCode !== null) break;
      const victim = childrenOf(pid, module)[0];
      if (victim === undefined) continue;
      process.kill(victim, 'SIGKILL');
      killed.push(module);
    }
    const { code, stderr } = await ended;
    expect({ code, stderr }).toMatchObject({ code: 0 });
    const { run: facts, audit } = reportOf(out);
    expect(new Set(killed).size).toBe(3);
    expect(facts.restarts.length).toBeGreaterThanOrEqual(3);
    expect(audit).toMatchObject({ missing: 0, duplicate: 0, wrong: 0, unexpected: 0, exact: true });
    expect(audit.stored).toBe(audit.planned);
  }, 120_000);

  it('pulls at a speed: links that are down are found down, and everything is there in the end', async () => {
    const out = directory();
    const size = ['--set', 'grid.stations=30', '--set', 'grid.meters=1500', '--set', 'behaviour.steps=16', '--set', 'behaviour.communication=pull'];
    const { code, stderr } = await meterstorm(['run', SMALL, ...size, '--speed', '1800', '--out', out]);
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(reportOf(out).audit).toMatchObject({ missing: 0, duplicate: 0, wrong: 0, unexpected: 0, exact: true });
  }, 60_000);

  it('ends cleanly on Ctrl-C, with a partial report and exit code 130', async () => {
    const out = directory();
    const { child, ended, text } = started(['run', SMALL, '--speed', '900', '--out', out]);
    await until(() => / step [1-9]/.test(text()));
    child.kill('SIGINT');
    const { code } = await ended;
    expect(code).toBe(130);
    const { run: facts, audit } = reportOf(out);
    expect(facts.complete).toBe(false);
    expect(audit).toMatchObject({ duplicate: 0, wrong: 0, unexpected: 0, missing: 0 });
    expect(audit.stored).toBeGreaterThan(0);
  }, 60_000);

  it('says in one line what is wrong with the input, and exits with 2', async () => {
    const cases: [string[], RegExp][] = [
      [['run', 'nowhere.yaml'], /nowhere\.yaml.*no such file/i],
      [['run', SMALL, '--set', 'grid.stationz=5'], /grid\.stationz.*stations/],
      [['run', SMALL, '--set', 'grid.stations=minus'], /grid\.stations/],
      [['run', SMALL, '--speed', 'quick'], /speed/],
      [['run', SMALL, '--headend', 'here'], /--headend.*ADDRESS:PORT/],
      [['run', SMALL, '--headend', '300.1.1.1:1'], /--headend/],
      [['run', SMALL, '--simulators', '0'], /simulators/],
      [['run', SMALL, '--colour'], /unknown option '--colour'/],
      [['run', SMALL, '--unconfirmed'], /--unconfirmed/],
      [['run', SMALL, '--set', 'behaviour.communication=pull', '--headend', '127.0.0.1:1'], /--headend.*pulls/],
      [['run', SMALL, '--set', 'security=suite-1'], /security.*push/],
      [['simulate', SMALL], /--target/],
      [['simulate', SMALL, '--set', 'behaviour.communication=pull', '--target', '127.0.0.1:1'], /--target.*pulls/],
      [['simulate', SMALL, '--set', 'behaviour.communication=pull', '--set', 'security=suite-0'], /--keys/],
      [['run', SMALL, '--store', 'oracle'], /duckdb/],
      [['runn', SMALL], /unknown command 'runn'.*run/],
      [['run'], /missing required argument 'scenario'/],
      [['simulate', SMALL], /--target/],
      [['simulate', SMALL, '--target', '127.0.0.1:1', '--segment', '3/2'], /--segment/],
      [['export', SMALL, 'meters', '--out', work], /meters.*grid, plan, readings/],
      [['report', work], /holds no report\.json; allowed: the directory of a run/],
      [['report', join(work, 'none')], /none holds no report\.json/],
      [['run', SMALL, '--out', ''], /--out: found nothing/],
      [['headend', '--interval', 'often'], /--interval/],
    ];
    for (const [args, message] of cases) {
      const { code, stdout, stderr } = await meterstorm(args);
      expect({ args, code, stdout }).toEqual({ args, code: 2, stdout: '' });
      expect(stderr).toMatch(message);
      expect(stderr.trimEnd().split('\n').length).toBe(1);
    }
  }, 60_000);

  it('exits with 3 when nobody listens', async () => {
    const small = ['--set', 'grid.stations=20', '--set', 'grid.meters=1000'];
    const { code, stderr } = await meterstorm(['run', SMALL, ...small, '--headend', '127.0.0.1:1', '--out', directory()]);
    expect(code).toBe(3);
    expect(stderr).toContain('127.0.0.1:1');
  }, 60_000);
});

describe('audit', () => {
  it('finds and names a corrupted value, a wrong status, a dropped row, a doubled row and a stranger', async () => {
    const out = directory();
    await meterstorm(['run', SMALL, ...TOWN, '--out', out, '--json']);
    const database = join(out, 'readings.duckdb');
    const [[meter]] = (await query(database, 'select meter from readings order by meter limit 1 offset 5000')) as [[number]];
    const at = (step: number): string => `meter = ${meter} and time = make_timestamp((1358204400 + ${step} * 900) * 1000000::BIGINT)`;
    const present = await query(database, `select epoch(time)::INTEGER from readings where meter = ${meter} order by time`);
    const steps = present.map(([time]) => (Number(time) - 1358204400) / 900);
    const [a = 0, b = 0, c = 0, d = 0] = steps;
    await query(database, `update readings set value = value + 1 where ${at(a)}`);
    await query(database, `update readings set status = 4 where ${at(b)}`);
    await query(database, `delete from readings where ${at(c)}`);
    await query(database, `insert into readings select * from readings where ${at(d)}`);
    await query(database, `insert into readings values (99999999, 0, make_timestamp(1358204400000000), 1, 0)`);
    const { code, stdout } = await meterstorm(['audit', out, '--json']);
    expect(code).toBe(1);
    const found = JSON.parse(stdout) as RunReport;
    expect(found.audit).toMatchObject({ missing: 1, duplicate: 1, wrong: 2, unexpected: 1, exact: false });
    expect(found.verdict.able).toBe(false);
    const named = found.audit.examples.map(({ kind, meter: m, timeUnixSeconds }) => `${kind} ${m} ${timeUnixSeconds}`);
    const time = (step: number): number => 1358204400 + step * 900;
    expect(named.toSorted()).toEqual(
      [
        `wrong ${meter} ${time(a)}`,
        `wrong ${meter} ${time(b)}`,
        `missing ${meter} ${time(c)}`,
        `duplicate ${meter} ${time(d)}`,
        'unexpected 99999999 1358204400',
      ].toSorted(),
    );
    for (const example of found.audit.examples) expect(example.cause).toBe('headend');
  }, 60_000);
});

describe('meterstorm headend and simulate', () => {
  it('work apart from each other, and a head-end that is started again goes on from its files', async () => {
    const data = directory();
    const listen = '127.0.0.1:24059';
    for (const life of [1, 2]) {
      const headend = started(['headend', '--listen', listen, '--out', data]);
      await until(() => headend.text().includes('listening on'));
      const { code, stdout } = await meterstorm(['simulate', SMALL, ...TOWN, '--target', listen, '--json']);
      expect(code).toBe(0);
      const sent = JSON.parse(stdout) as { readings: number; confirmedReadings: number };
      expect(sent.confirmedReadings).toBe(sent.readings);
      headend.child.kill('SIGTERM');
      const { code: headendCode, stderr } = await headend.ended;
      expect(headendCode).toBe(0);
      if (life === 2) expect(stderr).toContain(`${sent.readings} duplicates dropped`);
      const [[rows]] = (await query(join(data, 'readings.duckdb'), 'select count(*)::INTEGER from readings')) as [[number]];
      expect(rows).toBe(sent.readings);
    }
  }, 60_000);
});

describe('meterstorm export', () => {
  it('gives the same bytes for the same seed, and others for another', async () => {
    const hashes: Record<string, string[]> = {};
    const tiny = ['--set', 'grid.stations=12', '--set', 'grid.meters=500', '--set', 'behaviour.steps=30'];
    for (const [name, seed] of [
      ['first', '7'],
      ['second', '7'],
      ['other', '8'],
    ] as const) {
      const out = directory();
      mkdirSync(out);
      for (const kind of ['grid', 'plan', 'readings']) {
        const { code } = await meterstorm(['export', SMALL, kind, ...tiny, '--set', `seed=${seed}`, '--out', out]);
        expect(code).toBe(0);
      }
      hashes[name] = ['stations', 'meters', 'plan', 'readings'].map((table) =>
        createHash('sha256')
          .update(readFileSync(join(out, `${table}.csv`)))
          .digest('hex'),
      );
    }
    expect(hashes['second']).toEqual(hashes['first']);
    hashes['other']?.forEach((hash, i) => expect(hash).not.toBe(hashes['first']?.[i]));
  }, 60_000);

  it('writes Parquet too', async () => {
    const out = directory();
    const tiny = ['--set', 'grid.stations=3', '--set', 'grid.meters=100', '--set', 'behaviour.steps=4'];
    expect((await meterstorm(['export', SMALL, 'readings', ...tiny, '--format', 'parquet', '--out', out])).code).toBe(0);
    const rows = await query(':memory:', `select count(*)::INTEGER from read_parquet('${join(out, 'readings.parquet')}')`);
    expect(rows).toEqual([[400]]);
  });

  it.each(['csv', 'parquet'])('keeps keys from others, also in the place of an older file: %s', async (format) => {
    const out = directory();
    const ciphered = ['--stations', '2', '--set', 'behaviour.communication=pull', '--set', 'security=suite-0', '--format', format];
    mkdirSync(out);
    writeFileSync(join(out, `devices.${format}`), 'old', { mode: 0o644 });
    expect((await meterstorm(['export', SMALL, 'devices', ...ciphered, '--out', out])).code).toBe(0);
    for (const file of ['master.key', `devices.${format}`]) expect(statSync(join(out, file)).mode & 0o777).toBe(0o600);
  });
});

describe('meterstorm audit', () => {
  it('says that the store was removed', async () => {
    const out = directory();
    await meterstorm(['run', SMALL, '--stations', '3', '--steps', '2', '--out', out, '--json']);
    rmSync(join(out, 'readings.duckdb'));
    const { code, stderr } = await meterstorm(['audit', out]);
    expect({ code, stderr }).toEqual({ code: 2, stderr: `meterstorm: ${out} has no store to audit; ${join(out, 'readings.duckdb')} is not there any more\n` });
  });
});

describe('meterstorm report', () => {
  it('writes the pages again from report.json', async () => {
    const out = directory();
    await meterstorm(['run', SMALL, ...TOWN, '--out', out, '--json']);
    const html = readFileSync(join(out, 'report.html'), 'utf8');
    writeFileSync(join(out, 'report.html'), 'gone');
    const { code, stdout } = await meterstorm(['report', out]);
    expect(code).toBe(0);
    expect(stdout).toContain('report.html');
    expect(readFileSync(join(out, 'report.html'), 'utf8')).toBe(html);
  });
});
