import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { sampleReport } from './sample-report.fixture.ts';
import { reportJson, writeReport } from './write-report.ts';

let directory = '';

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'meterstorm-report-'));
});

afterEach(() => rmSync(directory, { recursive: true }));

describe('the files of a report', () => {
  test('are three, in a directory that need not be there, and replace those before', () => {
    const target = join(directory, 'a', 'b');
    writeReport(target, sampleReport({ faulty: true }));
    writeReport(target, sampleReport());
    expect(readdirSync(target).sort()).toEqual(['report.html', 'report.json', 'report.md']);
    expect(JSON.parse(readFileSync(join(target, 'report.json'), 'utf8'))).toEqual(sampleReport());
    expect(readFileSync(join(target, 'report.md'), 'utf8')).toMatch(/^# Able: small-grid\n/);
    expect(readFileSync(join(target, 'report.html'), 'utf8')).toMatch(/^<!doctype html>\n[\s\S]*<\/html>\n$/);
  });

  test('JSON has a list of numbers on one line, and texts as they were', () => {
    const report = sampleReport({ steps: 3, scenario: '[\n 1,\n 2\n]' });
    const text = reportJson(report);
    expect(JSON.parse(text)).toEqual(report);
    expect(text).toMatch(/^ {4}"stepUnixSeconds": \[1358204400, 1358205300, 1358206200\],$/m);
    expect(text).toMatch(/^ {2}"run": \{$/m);
  });
});
