import { describe, expect, test } from 'vitest';
import { eventCounts, eventLead, eventRows } from './event-rows.ts';
import { htmlReport } from './html-report.ts';
import { markdownReport } from './markdown-report.ts';
import type { RunEvent, RunReport } from './run-report.ts';
import { sampleReport } from './sample-report.fixture.ts';
import { terminalSummary } from './terminal-summary.ts';

const event = (atMs: number, severity: RunEvent['severity'], part: Partial<RunEvent> = {}): RunEvent => ({
  atMs,
  severity,
  target: 'db',
  rule: 'deadlock',
  text: `deadlock | at ${atMs} <b>`,
  fields: {},
  ...part,
});

function reportWith(shown: readonly RunEvent[], total = shown.length): RunReport {
  return { ...sampleReport({ steps: 8 }), events: { total, shown } };
}

const SEEN = [
  event(900, 'critical'),
  event(-50, 'error', { rule: 'probe-failed' }),
  event(300, 'error', { target: 'run', rule: 'process-restarted' }),
  event(200, 'warning', { text: 'x'.repeat(500) }),
  event(0, 'info', { target: 'run', rule: 'phase' }),
];

describe('events', () => {
  test('that matter are shown in the order of time, restarts elsewhere', () => {
    const report = reportWith(SEEN, 7);
    expect(eventRows(report).map(({ when, severity, rule }) => [when, severity, rule])).toEqual([
      ['before', 'error', 'probe-failed'],
      ['200 ms', 'warning', 'deadlock'],
      ['900 ms', 'critical', 'deadlock'],
    ]);
    expect(eventRows(report)[1]?.text).toHaveLength(201);
    expect(eventCounts(report)).toBe('1 critical, 1 error, 1 warning');
    expect(eventLead(report)).toBe('What was seen of the run and of what it watched: 1 critical, 1 error, 1 warning. All 7 events are in monitor.duckdb.');
  });

  test('that are many: the most severe ones are shown', () => {
    const many = [...Array.from({ length: 3 }, (_, i) => event(1000 - i, 'critical')), ...Array.from({ length: 197 }, (_, i) => event(i, 'warning'))];
    const report = reportWith(many, 500);
    expect(eventRows(report)).toHaveLength(20);
    expect(eventRows(report).filter(({ severity }) => severity === 'critical')).toHaveLength(3);
    expect(eventCounts(report)).toBe('3 critical, 197 warnings and more');
    expect(eventLead(report)).toMatch(/All 500 events.* The 20 most severe ones:$/);
  });

  test('are in all three forms, escaped', () => {
    const report = reportWith(SEEN);
    expect(htmlReport(report)).toContain('<td class="text">deadlock | at 900 &lt;b&gt;</td>');
    expect(markdownReport(report)).toMatch(/^\| deadlock \| 900 ms \| critical \| db \| deadlock \\\| at 900/m);
    expect(terminalSummary(report, { colour: false, width: 100 })).toContain('1 critical, 1 error, 1 warning');
  });

  test('of a run without any that matter, or without monitoring, are not spoken of', () => {
    for (const report of [reportWith([event(0, 'info')]), reportWith([]), sampleReport({ steps: 8 })]) {
      expect(eventCounts(report)).toBeNull();
      expect(htmlReport(report)).not.toContain('<h2>Events</h2>');
      expect(markdownReport(report)).not.toContain('## Events');
      expect(terminalSummary(report, { colour: false, width: 100 })).not.toContain('Events');
    }
  });
});
