/** Comparisons as their user makes them: real runs, one after another. */

import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Comparison } from '../report/comparison/comparison.ts';
import { childrenOf, freePort, MAIN, meterstorm, reportOf, SMALL, started, until } from './meterstorm.fixture.ts';

const VILLAGE = ['--stations', '20', '--steps', '8', '--set', 'network.links=ignored'];
/** The built head-end, as somebody else's. */
const HEADEND = `exec '${process.execPath}' '${MAIN}' headend --interval '15 min'`;

let work = '';
let count = 0;

beforeAll(() => {
  work = mkdtempSync(join(tmpdir(), 'meterstorm-compare-'));
});

afterAll(() => rmSync(work, { recursive: true, force: true }));

const directory = (): string => join(work, `out-${count++}`);

function file(text: string): string {
  const path = join(work, `alternatives-${count++}.yaml`);
  writeFileSync(path, text);
  return path;
}

function comparisonOf(out: string): Comparison {
  return JSON.parse(readFileSync(join(out, 'compare.json'), 'utf8')) as Comparison;
}

/** Exit code of `meterstorm compare`, and what it left. */
async function compare(text: string, flags: readonly string[] = []): Promise<{ readonly code: number | null; readonly stdout: string; readonly out: string }> {
  const out = directory();
  const { code, stdout } = await meterstorm(['compare', SMALL, ...VILLAGE, '--alternatives', file(text), '--out', out, ...flags]);
  return { code, stdout, out };
}

describe('meterstorm compare', () => {
  it('plays the same load against ours and others, and one that can’t be started is a result', async () => {
    const port = await freePort();
    const { code, stdout, out } = await compare(`
alternatives:
  - name: one intake
  - { name: two intakes, intakes: 2 }
  - name: vendor X
    headend: 127.0.0.1:${port}
    start: ${HEADEND} --listen 127.0.0.1:${port} --out ${join(work, 'vendor')}
    stop: echo stopping
  - name: vendor Y
    headend: 127.0.0.1:${port}
    start: echo no licence; exit 7
`);
    expect(code).toBe(0);
    const { alternatives, load, complete, series } = comparisonOf(out);
    expect(complete).toBe(true);
    expect(alternatives.map(({ name, able, runs }) => [name, able, runs.map(({ state }) => state)])).toEqual([
      ['one intake', true, ['ran']],
      ['two intakes', true, ['ran']],
      ['vendor X', null, ['ran']],
      ['vendor Y', false, ['failed']],
    ]);
    expect(load.same).toBe(true);
    const sent = ['one-intake', 'two-intakes', 'vendor-X'].map((folder) => reportOf(join(out, folder)));
    expect(new Set(sent.map(({ audit }) => audit.sent)).size).toBe(1);
    expect(new Set(sent.map(({ run }) => run.bytesSent)).size).toBe(1);
    expect(sent[1]?.run.intakeProcesses).toBe(2);
    expect(alternatives[3]?.why).toContain('exit code 7: no licence');
    expect(series.alternatives.map(({ name, storedReadings }) => [name, storedReadings?.at(-1) ?? null])).toEqual([
      ['one intake', sent[0]?.audit.stored],
      ['two intakes', sent[1]?.audit.stored],
      ['vendor X', null],
    ]);
    expect(stdout).toContain('Why: the start command ended with exit code 7: no licence.');
    expect(readFileSync(join(out, 'vendor-X', 'head-end.log'), 'utf8')).toMatch(/listening on[\s\S]*stopping[\s\S]*stopped: /);
    for (const name of ['compare.md', 'compare.html']) expect(readFileSync(join(out, name), 'utf8')).toContain('two intakes');
    // It is gone: its port is free again.
    const server = createServer();
    await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve));
    server.close();
  }, 90_000);

  it('repeats in another order, and shows medians with what they vary by', async () => {
    const { code, out } = await compare('alternatives: [{ name: a }, { name: b }]', ['--repeat', '2', '--json']);
    expect(code).toBe(0);
    const { measures, alternatives } = comparisonOf(out);
    expect(alternatives.map(({ runs }) => runs.map(({ folder }) => folder))).toEqual([['a/1', 'a/2'], ['b/1', 'b/2']]);
    const wall = measures.find(({ id }) => id === 'run.wallSeconds');
    expect(wall?.cells.map(({ values }) => values.length)).toEqual([2, 2]);
    const ended = ['a/1', 'b/1', 'b/2', 'a/2'].map((folder) => statSync(join(out, folder, 'report.json')).mtimeMs);
    expect(ended).toEqual(ended.toSorted((a, b) => a - b));
  }, 90_000);

  it('renders again, with what a later audit found', async () => {
    const { out } = await compare('alternatives: [{ name: a }, { name: b }]');
    const html = readFileSync(join(out, 'compare.html'), 'utf8');
    writeFileSync(join(out, 'compare.html'), 'gone');
    expect((await meterstorm(['compare', '--report', out])).code).toBe(0);
    expect(readFileSync(join(out, 'compare.html'), 'utf8')).toBe(html);
    const report = reportOf(join(out, 'a'));
    writeFileSync(join(out, 'a', 'report.json'), JSON.stringify({ ...report, verdict: { ...report.verdict, able: false, why: 'It lost one.' } }));
    const { stdout } = await meterstorm(['compare', '--report', out]);
    expect(stdout).toContain('Not able: a');
    expect(comparisonOf(out).alternatives[0]).toMatchObject({ able: false, why: 'It lost one.' });
  }, 60_000);

  it('ends cleanly on Ctrl-C: what has run is compared, the rest is left out, and nobody is left running', async () => {
    const port = await freePort();
    const text = `
alternatives:
  - name: vendor X
    headend: 127.0.0.1:${port}
    start: echo up $$; ${HEADEND} --listen 127.0.0.1:${port} --out ${join(work, 'interrupted')}
  - name: never
`;
    const out = directory();
    const comparing = started(['compare', SMALL, ...VILLAGE, '--speed', '900', '--alternatives', file(text), '--out', out]);
    await until(() => / step [1-5]\//.test(comparing.text()));
    comparing.child.kill('SIGINT');
    const { code } = await comparing.ended;
    expect(code).toBe(130);
    const { alternatives, complete } = comparisonOf(out);
    expect(complete).toBe(false);
    expect(alternatives.map(({ runs }) => runs[0]?.state)).toEqual(['interrupted', 'left-out']);
    expect(reportOf(join(out, 'vendor-X')).run.complete).toBe(false);
    const pid = Number(/up (\d+)/.exec(readFileSync(join(out, 'vendor-X', 'head-end.log'), 'utf8'))?.[1]);
    expect(existsSync(`/proc/${pid}`)).toBe(false);
  }, 60_000);

  it('goes on when a run is killed: that is the result of its alternative', async () => {
    const out = directory();
    const comparing = started(['compare', SMALL, ...VILLAGE, '--speed', '900', '--alternatives', file('alternatives: [{ name: a }, { name: b }]'), '--out', out]);
    await until(() => / step [1-5]\//.test(comparing.text()));
    const [run] = childrenOf(comparing.child.pid ?? 0, 'main.js');
    process.kill(run ?? 0, 'SIGKILL');
    const { code } = await comparing.ended;
    expect(code).toBe(0);
    const { alternatives, complete } = comparisonOf(out);
    expect(complete).toBe(true);
    expect(alternatives.map(({ able }) => able)).toEqual([false, true]);
    expect(alternatives[0]?.why).toMatch(/^The run ended with SIGKILL/);
  }, 60_000);

  it('leaves nobody running when it is told twice to end', async () => {
    const port = await freePort();
    const text = `
alternatives:
  - name: vendor X
    headend: 127.0.0.1:${port}
    start: echo up $$; exec sleep 60
`;
    const out = directory();
    const comparing = started(['compare', SMALL, ...VILLAGE, '--alternatives', file(text), '--out', out]);
    const log = join(out, 'vendor-X', 'head-end.log');
    await until(() => existsSync(log) && readFileSync(log, 'utf8').includes('up '));
    const pid = Number(/up (\d+)/.exec(readFileSync(log, 'utf8'))?.[1]);
    comparing.child.kill('SIGINT');
    comparing.child.kill('SIGTERM');
    await comparing.ended;
    await until(() => !existsSync(`/proc/${pid}`));
  }, 60_000);

  it('says in one line what is wrong with the input, and exits with 2 before it makes anything', async () => {
    const good = file('alternatives: [{ name: a }]');
    const others = file('alternatives: [{ name: a, headend: "10.0.0.5:4059" }]');
    const used = directory();
    writeFileSync(`${used}-`, '');
    const out = directory();
    const cases: [string[], RegExp][] = [
      [['compare'], /missing required argument 'scenario'/],
      [['compare', SMALL, '--out', out], /--alternatives/],
      [['compare', SMALL, '--alternatives', good], /--out/],
      [['compare', 'nowhere.yaml', '--alternatives', good, '--out', out], /nowhere\.yaml.*no such file/],
      [['compare', SMALL, '--alternatives', 'nowhere.yaml', '--out', out], /nowhere\.yaml: found no such file/],
      [['compare', SMALL, '--alternatives', file('alternatives: [{ name: a, intkes: 2 }]'), '--out', out], /:1:27: unknown key `intkes`; did you mean `intakes`/],
      [['compare', SMALL, '--alternatives', file('alternatives: [{ name: a, set: [seed=3] }]'), '--out', out], /`set`, which is of the load/],
      [['compare', SMALL, '--set', 'seed=x', '--alternatives', good, '--out', out], /--set:seed/],
      [['compare', SMALL, '--repeat', '0', '--alternatives', good, '--out', out], /repeat/],
      [['compare', SMALL, '--drain', '5 s', '--alternatives', good, '--out', out], /--drain: at speed `max`/],
      [['compare', SMALL, '--set', 'behaviour.communication=pull', '--alternatives', others, '--out', out], /--alternatives: a: a head-end that pulls/],
      [['compare', SMALL, '--alternatives', good, '--out', `${used}-`], /--out.*not a directory/],
      [['compare', '--report', work], /--report:.*compare\.json/],
      [['compare', SMALL, '--report', work], /--report.*leave the scenario out/],
    ];
    for (const [args, message] of cases) {
      const { code, stdout, stderr } = await meterstorm(args);
      expect({ args, code, stdout, lines: stderr.trimEnd().split('\n').length }).toEqual({ args, code: 2, stdout: '', lines: 1 });
      expect(stderr).toMatch(message);
    }
    expect(existsSync(out) ? readdirSync(out) : []).toEqual([]);
  }, 60_000);
});
