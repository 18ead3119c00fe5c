import { describe, expect, test } from 'vitest';
import { htmlReport } from './html-report.ts';
import { markdownReport } from './markdown-report.ts';
import { resourceCharts } from './resource-charts.ts';
import { resourceTables, watchedLines } from './resource-content.ts';
import { resourceFacts } from './resource-facts.ts';
import { sampleReport } from './sample-report.fixture.ts';
import { terminalSummary } from './terminal-summary.ts';

const WATCHED = sampleReport({ watched: true });

describe('resources by readings and meters', () => {
  const [group] = WATCHED.resources?.groups ?? [];
  const use = { groups: group === undefined ? [] : [{ ...group, cpuUserSeconds: 3, cpuSystemSeconds: 1, diskWrittenBytes: 8000, networkBytes: null, peakMemoryBytes: 500 }], host: null };

  test('are the measured ones, multiplied', () => {
    const [facts] = resourceFacts(use, { meters: 1000, readings: 2000, gridSeconds: 43_200 }).groups;
    expect(facts?.perMillionReadings).toEqual({ cpuSeconds: 2000, diskReadBytes: 0, diskWrittenBytes: 4e6, networkBytes: null });
    expect(facts?.perMillionMeters).toEqual({
      coresAtGridPace: 4000 / 43_200,
      peakMemoryBytes: 500_000,
      diskWrittenBytesPerGridDay: 16e6,
      networkBytesPerGridDay: null,
      peakConnections: 1_430_000,
    });
  });

  test('are not there when nothing was read, or the run did not come to its end', () => {
    const [facts] = resourceFacts(use, { meters: 1000, readings: 0, gridSeconds: 0 }).groups;
    expect(facts).toMatchObject({ perMillionReadings: null, perMillionMeters: null });
  });
});

describe('resources in the report', () => {
  test('stand in three tables', () => {
    const [used, readings, meters] = resourceTables(WATCHED);
    expect(used?.rows.map(([name]) => name)).toEqual(['head-end', 'simulator', 'runner', 'db']);
    expect(used?.rows.at(-1)).toEqual(expect.arrayContaining(['process 4711 and its children, ended after 9 s', '120 MB', '–', '1,430']));
    for (const table of [used, readings, meters]) expect(table?.rows.every((row) => row.length === table.columns.length)).toBe(true);
    expect(meters?.lead).toMatch(/^Scaled, not measured/);
    expect(resourceTables({ ...WATCHED, resources: null })).toEqual([]);
  });

  test('of what was watched are a line each on a terminal', () => {
    expect(watchedLines(WATCHED)).toEqual([expect.stringMatching(/^db: process 4711 and its children \(ended after 9 s\), [\d.]+ s CPU, \d+ MB memory at peak, 120 MB to disk, 1,430 connections$/)]);
    expect(terminalSummary(WATCHED, { width: 100, colour: false })).toContain('Watched    db: process 4711');
    expect(terminalSummary(sampleReport(), { width: 100, colour: false })).not.toContain('Watched');
  });

  test('are drawn, and in all three forms', () => {
    const charts = resourceCharts(WATCHED);
    expect(charts.map(({ id }) => id)).toEqual(['machine-use', 'disk-use', 'network-use', 'open-connections']);
    for (const { x, series } of charts) for (const { values } of series) expect(values).toHaveLength(x.length);
    expect(charts[2]?.series.map(({ name }) => name)).toEqual(['head-end', 'simulator', 'runner', 'db']);
    expect(charts[0]?.reference?.value).toBe(2);
    const html = htmlReport(WATCHED);
    expect(html).toContain('Resources by group');
    expect(html).toContain('aria-label="For a million meters"');
    expect(markdownReport(WATCHED)).toContain('## Resources by group');
    expect(htmlReport({ ...WATCHED, resources: null })).not.toContain('Resources by group');
  });
});
