/** What a pipeline reads: the files and lines of a real run, and the mistakes that are found before it begins. */

import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sampleReport } from '../report/sample-report.fixture.ts';
import { reportJson } from '../report/write-report.ts';
import { ciOutput, namedOutput } from './ci-output.ts';
import { MAIN, meterstorm, SMALL } from './meterstorm.fixture.ts';

let work = '';

beforeEach(() => {
  work = mkdtempSync(join(tmpdir(), 'meterstorm-ci-'));
});

afterEach(() => rmSync(work, { recursive: true, force: true }));

describe('where it goes', () => {
  it('is what the flags say; the summary of a job on GitHub without any', () => {
    const file = join(work, 'summary.md');
    expect(ciOutput({}, {})).toEqual({ junit: null, summary: null, annotations: false });
    expect(ciOutput({}, { GITHUB_STEP_SUMMARY: '', GITHUB_ACTIONS: 'false' })).toEqual({ junit: null, summary: null, annotations: false });
    expect(ciOutput({}, { GITHUB_STEP_SUMMARY: file, GITHUB_ACTIONS: 'true' })).toEqual({ junit: null, summary: file, annotations: true });
    expect(ciOutput({ junit: join(work, 'a.xml'), summary: join(work, 'b.md') }, { GITHUB_STEP_SUMMARY: file })).toEqual({ junit: join(work, 'a.xml'), summary: join(work, 'b.md'), annotations: false });
    expect(namedOutput({ summary: file })).toEqual({ junit: null, summary: file, annotations: false });
  });

  it('must be a file that can be written', () => {
    const none = join(work, 'none', 'a.xml');
    writeFileSync(join(work, 'file'), '');
    expect(() => ciOutput({ junit: none }, {})).toThrow(`meterstorm: --junit: ${none} can't be written: there is no directory ${join(work, 'none')}`);
    expect(() => ciOutput({ summary: work }, {})).toThrow(`meterstorm: --summary: ${work} can't be written: it is a directory`);
    expect(() => ciOutput({}, { GITHUB_STEP_SUMMARY: work })).toThrow(/^meterstorm: GITHUB_STEP_SUMMARY: /);
    expect(() => ciOutput({ junit: join(work, 'file', 'a.xml') }, {})).toThrow(/can't be written/);
  });
});

describe('a step of a pipeline', () => {
  it('leaves JUnit file, summary and annotations, and fails with the thresholds', async () => {
    const [junit, summary] = [join(work, 'result.xml'), join(work, 'summary.md')];
    writeFileSync(summary, 'before\n');
    const flags = ['--stations', '5', '--steps', '4', '--no-monitor', '--json', '--out', join(work, 'run'), '--junit', junit];
    const set = ['--set', 'thresholds=[audit.missing == 0, run.readingsPerSecond > 1e12]'];
    const { code, stdout, stderr } = await onGithub(['run', SMALL, ...flags, ...set], summary);
    expect(code).toBe(1);
    expect(() => JSON.parse(stdout) as unknown).not.toThrow();
    expect(stderr).toMatch(/^::error title=meterstorm small-grid%3A threshold::run\.readingsPerSecond > 1e12: broken, [\d,]+\/s$/m);
    expect(readFileSync(junit, 'utf8')).toMatch(/<testcase classname="meterstorm\.small-grid" name="audit\.missing == 0" time="0\.000"\/>/);
    const text = readFileSync(summary, 'utf8');
    expect(text).toMatch(/^before\n# Able: small-grid\n/);
    expect(text).toMatch(/^\| `run\.readingsPerSecond > 1e12` \| [\d,]+\/s \| \*\*broken\*\* \|$/m);
    expect(text).not.toContain('## Run and machine');
  });

  it('does not begin when a file can not be written', async () => {
    const wrong = await meterstorm(['run', SMALL, '--junit', join(work, 'none', 'a.xml'), '--out', join(work, 'run')]);
    expect(wrong).toMatchObject({ code: 2, stdout: '' });
    expect(wrong.stderr).toBe(`meterstorm: --junit: ${join(work, 'none', 'a.xml')} can't be written: there is no directory ${join(work, 'none')}\n`);
  });

  it('can be written later of a finished run, on GitHub too without saying it twice', async () => {
    const [directory, junit, summary] = [join(work, 'run'), join(work, 'a.xml'), join(work, 'summary.md')];
    mkdirSync(directory);
    writeFileSync(join(directory, 'report.json'), reportJson(sampleReport({ steps: 4, faulty: true })));
    writeFileSync(summary, '');
    const { code, stderr } = await onGithub(['report', directory, '--junit', junit], summary);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(readFileSync(junit, 'utf8')).toContain('name="no problem: lost-readings"');
    expect(readFileSync(summary, 'utf8')).toBe('');
  });
});

function onGithub(args: readonly string[], summary: string): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }> {
  return new Promise((resolve) => {
    const env = { ...process.env, GITHUB_ACTIONS: 'true', GITHUB_STEP_SUMMARY: summary };
    execFile(process.execPath, [MAIN, ...args], { env, maxBuffer: 1 << 26 }, (error, stdout, stderr) => resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr }));
  });
}
