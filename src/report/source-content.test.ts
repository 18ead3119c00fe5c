import { describe, expect, test } from 'vitest';
import { htmlReport } from './html-report.ts';
import { markdownReport } from './markdown-report.ts';
import { machineCharts } from './report-charts.ts';
import { auditRows } from './report-content.ts';
import type { AuditedSource, RunReport } from './run-report.ts';
import { sampleReport } from './sample-report.fixture.ts';
import { notAuditedText, sourceText } from './source-content.ts';
import { terminalSummary } from './terminal-summary.ts';

function reportOf(source: Partial<AuditedSource>): RunReport {
  const report = sampleReport({ steps: 2 });
  const known: AuditedSource = { name: 'readings.csv', comparesStatus: true, waitedSeconds: 4, queryableSeconds: 3.21, ...source };
  return { ...report, run: { ...report.run, headend: '10.0.0.5:4059' }, audit: { ...report.audit, source: known } };
}

describe('the store of another head-end', () => {
  test.each([
    [{}, 'Read from readings.csv. All rows could be queried 3.21 s after the last message.'],
    [{ queryableSeconds: 0.02 }, 'Read from readings.csv. All rows could be queried at once after the last message.'],
    [{ queryableSeconds: null }, 'Read from readings.csv. It was watched for 4 s after the last message and did not get as many rows as readings were sent.'],
    [{ queryableSeconds: null, waitedSeconds: 0 }, 'Read from readings.csv.'],
    [{ comparesStatus: false }, 'Read from readings.csv; status was not compared, because no column of it was named. All rows could be queried 3.21 s after the last message.'],
  ])('%j', (source, text) => expect(sourceText(reportOf(source))).toBe(text));

  test('is named in all forms of the report, and copies that it dropped are not', () => {
    const report = reportOf({ name: 'a <b> | of it.csv' });
    expect(htmlReport(report)).toContain('Read from a &lt;b&gt; | of it.csv.');
    expect(markdownReport(report)).toContain(String.raw`Read from a &lt;b\> \| of it.csv.`);
    expect(terminalSummary(report, { width: 100, colour: false })).toContain('Read from a <b> | of it.csv.');
    expect(auditRows(report).map(({ label }) => label)).not.toContain('copies dropped');
    expect(auditRows(sampleReport({ steps: 2 })).map(({ label }) => label)).toContain('copies dropped');
  });

  test('is not drawn over the run: nobody watched it', () => {
    const names = (report: RunReport): unknown => machineCharts(report).find(({ id }) => id === 'progress')?.series.map(({ name }) => name);
    expect(names(reportOf({}))).toEqual(['sent', 'confirmed']);
    expect(names(sampleReport({ steps: 2 }))).toEqual(['sent', 'confirmed', 'stored']);
  });

  test('is not named when it is ours', () => expect(sourceText(sampleReport({ steps: 2 }))).toBeNull());
});

test('what is not known when nobody looked, and how it can be', () => {
  const report = reportOf({});
  const said = notAuditedText(report);
  expect(said).toMatch(/^Not audited: nobody could look at what the head-end stored\. [\d,]+ readings were sent to it, and it confirmed [\d,]+; whether/);
  expect(said).toContain('`meterstorm audit DIR` with `--audit-sql` or `--audit-csv` finds it out');
  expect(notAuditedText({ ...report, run: { ...report.run, confirmedReadings: null } })).toContain('readings were sent to it; whether');
  expect(notAuditedText({ ...report, run: { ...report.run, headend: 'builtin' } })).toContain('`meterstorm audit DIR` finds it out');
});
