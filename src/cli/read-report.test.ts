import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { sampleReport } from '../report/sample-report.fixture.ts';
import { readReport } from './read-report.ts';

let directory = '';

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'meterstorm-read-'));
});

afterEach(() => rmSync(directory, { recursive: true }));

function write(value: unknown): void {
  writeFileSync(join(directory, 'report.json'), JSON.stringify(value));
}

describe('reading a report', () => {
  test.each(['ignored', 'stamped', 'carried'] as const)('as it was written, links %s', (links) => {
    const report = sampleReport({ steps: 4, links });
    write(report);
    expect(readReport(directory)).toEqual(report);
  });

  test('of an earlier version: it has no links, no KPIs, no resources and no thresholds', () => {
    const { links: _, kpi: __, resources: ___, thresholds: ____, ...report } = sampleReport({ steps: 4 });
    write(report);
    expect(readReport(directory)).toEqual({ ...report, links: null, kpi: null, resources: null, thresholds: [] });
  });

  test('that is none says what it lacks', () => {
    write({ run: {} });
    expect(() => readReport(directory)).toThrow(/is not the report of a run/);
  });
});
