import { describe, expect, test } from 'vitest';
import { htmlReport } from './html-report.ts';
import type { RunEvent, RunReport } from './run-report.ts';
import { sampleReport, type SampleOptions } from './sample-report.fixture.ts';
import { timelineFigure } from './timeline-figure.ts';

const event = (atMs: number, part: Partial<RunEvent> = {}): RunEvent => ({ atMs, target: 'database', rule: 'deadlock', severity: 'error', text: `deadlock at ${atMs}`, fields: {}, ...part });

function reportWith(shown: readonly RunEvent[], options: SampleOptions = {}): RunReport {
  return { ...sampleReport({ steps: 8, ...options }), events: { total: shown.length, shown } };
}

/** The drawing for a wide page. */
const wide = (figure: string): string => /<svg class="wide"[\s\S]*?<line class="cursor"/.exec(figure)?.[0] ?? '';
const names = (figure: string): readonly string[] => [...wide(figure).matchAll(/<text (?:class="strong" )?x="2"[^>]*>(?:<tspan class="strong">)?([^<]+)/g)].map((match) => match[1] ?? '');
const tips = (figure: string): readonly string[] => [...wide(figure).matchAll(/<g(?: transform="translate\([\d.]+ [\d.]+\)")?><title>([^<]+)/g)].map((match) => match[1] ?? '');

describe('the timeline', () => {
  test('has lanes of values, problems and events, on the axis of the machine', () => {
    const figure = timelineFigure(reportWith([event(1000), event(4810, { target: 'kernel', severity: 'critical', rule: 'oom-kill', text: 'Out of memory <b>' })], { faulty: true }));
    expect(names(figure)).toEqual(['Rate', 'Backlog', 'Processor use by group', 'Problems', 'Events of database', 'Events of kernel']);
    // Half of the run of 9.62 s lies in the middle between 54 and 1046.
    expect(figure).toMatch(/<g transform="translate\(55\d(?:\.\d)? [\d.]+\)"><title>4.81 s, critical, oom-kill: Out of memory &lt;b&gt;<\/title><rect class="sign-critical"/);
    expect(wide(figure)).toMatch(/>0 s<.*>2 s<.*>8 s</s);
    expect(figure).toContain('2 events of database, kernel');
  });

  test('draws a problem from its begin to its end, in the colour of its severity, with its evidence', () => {
    const report = reportWith([], { faulty: true });
    const figure = timelineFigure(report);
    const { problems } = report.verdict;
    const bars = [...wide(figure).matchAll(/<rect class="(grave|noted)" x="([\d.]+)" y="\d+" width="([\d.]+)"/g)];
    expect(bars).toHaveLength(problems.length);
    expect(bars.map((bar) => bar[1])).toEqual(problems.map(({ severity }) => (severity === 'critical' ? 'grave' : 'noted')));
    expect(bars[0]?.slice(2)).toEqual(['54', '992']);
    // The restart is a moment: it still can be seen.
    const restart = bars[problems.findIndex(({ id }) => id === 'process-restarted')];
    expect(Number(restart?.[2])).toBeCloseTo(54 + (992 * 4.21) / 9.62, 0);
    expect(restart?.[3]).toBe('5');
    expect(tips(figure)[0]).toContain('12 readings lost, throughout the run. 12 of ');
  });

  test('has restarts where nothing was monitored, and once where it was', () => {
    const bare = sampleReport({ steps: 8, faulty: true });
    expect(tips(timelineFigure(bare)).at(-1)).toBe('4.21 s, error, process-restarted: intake 1 ended with SIGKILL and was started again');
    const monitored = timelineFigure(reportWith([event(4300, { target: 'run', rule: 'process-restarted', text: 'intake 1 ended' })], { faulty: true }));
    expect(tips(monitored).filter((tip) => tip.includes('process-restarted'))).toEqual(['4.3 s, error, process-restarted: intake 1 ended']);
  });

  test('makes one mark of events that would touch, the gravest first', () => {
    const figure = timelineFigure(reportWith([event(5000, { severity: 'warning' }), event(5010, { severity: 'critical', text: 'worst' }), event(5020), event(9000)]));
    expect(tips(figure)).toEqual(['5.01 s, critical, deadlock: worst (and 2 more)', '9 s, error, deadlock: deadlock at 9000']);
    expect(figure).toContain('>deadlock + 2</text>');
  });

  test('keeps what was before and after at its edges, and leaves out what of that does not matter', () => {
    const figure = timelineFigure(reportWith([event(-500), event(-400, { severity: 'info', text: 'phase' }), event(20_000), event(30_000, { severity: 'info', text: 'phase' })]));
    expect(tips(figure)).toEqual(['before the run, error, deadlock: deadlock at -500', '20 s, error, deadlock: deadlock at 20000']);
    expect([...wide(figure).matchAll(/translate\(([\d.]+) /g)].map((match) => match[1])).toEqual(['54', '1046']);
  });

  test('is bounded', () => {
    const many = Array.from({ length: 200 }, (_, i) => event(i * 48, { target: `target ${i % 20}`, text: 'x'.repeat(2000) }));
    const figure = timelineFigure(reportWith(many));
    expect(names(figure).filter((name) => name.startsWith('Events of'))).toHaveLength(8);
    expect(figure.length).toBeLessThan(100_000);
  });

  test('is the first picture of the run, and is not there when there is nothing to show', () => {
    const page = htmlReport(sampleReport({ steps: 8 }));
    expect(page).toMatch(/<h2>The run<\/h2><p class="lead">[^<]*<\/p>\s*<div class="charts"><figure class="chart full"><h3>Timeline<\/h3>/);
    const report = sampleReport({ steps: 8, processes: 0 });
    const { series, verdict } = report;
    const none: RunReport = { ...report, verdict: { ...verdict, problems: [] }, series: { ...series, wallMs: [], sentReadings: [], confirmedReadings: [], storedReadings: [] } };
    expect(timelineFigure(none)).toBe('');
  });
});
