import { describe, expect, test } from 'vitest';
import type { Comparison, Threshold } from '../base/threshold.ts';
import { htmlReport } from './html-report.ts';
import { markdownReport } from './markdown-report.ts';
import type { RunReport } from './run-report.ts';
import { sampleReport } from './sample-report.fixture.ts';
import { terminalSummary } from './terminal-summary.ts';
import { failedThresholds, thresholdRows, thresholdSummary } from './thresholds.ts';

function threshold(indicator: string, comparison: Comparison, limit: number, limitText = String(limit)): Threshold {
  return { text: `${indicator} ${comparison} ${limitText}`, indicator, comparison, limit };
}

const HELD = threshold('audit.missing', '==', 0);
const BROKEN = threshold('kpi.storedWithin1h', '>=', 0.995, '99.5 %');
const UNKNOWN = threshold('kpi.onDemandReadP95Seconds', '<', 30, '30 s');

const mixed = sampleReport({ steps: 4, thresholds: [HELD, BROKEN, UNKNOWN] });
const terminal = (report: RunReport, colour = false): string => terminalSummary(report, { width: 100, colour });

describe('thresholds', () => {
  test('are judged by the indicators of the run', () => {
    expect(mixed.thresholds).toEqual([
      { ...HELD, unit: 'count', value: 0, held: true },
      { ...BROKEN, unit: 'share', value: 0.9871, held: false },
      { ...UNKNOWN, unit: 'seconds', value: null, held: null },
    ]);
    expect(failedThresholds(mixed).map(({ text }) => text)).toEqual([BROKEN.text, UNKNOWN.text]);
  });

  test('hold the other way round in a faulty run', () => {
    const report = sampleReport({ steps: 4, faulty: true, thresholds: [HELD, threshold('audit.missing', '>', 0), threshold('problems.lost-readings', '==', 0)] });
    expect(report.thresholds.map(({ held, value }) => [held, value])).toEqual([
      [false, 12],
      [true, 12],
      [false, 1],
    ]);
  });

  test('on an indicator that this version does not have are unknown', () => {
    expect(sampleReport({ steps: 4, thresholds: [threshold('audit.gone', '<', 1)] }).thresholds[0]).toMatchObject({ value: null, held: null });
  });

  test.each([
    [[], null],
    [[HELD], 'The threshold held.'],
    [[HELD, threshold('audit.wrong', '==', 0)], 'All 2 thresholds held.'],
    [[BROKEN], '1 of 1 threshold broken.'],
    [[HELD, BROKEN, UNKNOWN], '2 of 3 thresholds broken, 1 of them because the value is not known.'],
  ])('%# are summed up', (thresholds, expected) => {
    expect(thresholdSummary(sampleReport({ steps: 4, thresholds }))).toBe(expected);
  });

  test('show a value in as many digits as it takes to see that it broke', () => {
    const rows = (value: number, limit: number, indicator: string): string | undefined => {
      const result = { ...threshold(indicator, '<', limit), unit: mixed.thresholds[0]?.unit ?? 'count', value, held: false };
      const unit = indicator.startsWith('kpi') ? ('share' as const) : indicator.endsWith('p99') ? ('milliseconds' as const) : ('bytes' as const);
      return thresholdRows({ ...mixed, thresholds: [{ ...result, unit }] })[0]?.value;
    };
    expect(rows(0.9871, 0.995, 'kpi.storedWithin1h')).toBe('98.71 %');
    expect(rows(0.994_999_7, 0.995, 'kpi.storedWithin1h')).toBe('99.49997 %');
    expect(rows(2000.4, 2000, 'delays.sendingToConfirmationMs.p99')).toBe('2000.4 ms');
    expect(rows(4_000_001, 4_000_000, 'resources.peakRssBytes')).toBe('4000001 B');
    expect(rows(4_000_000, 4_000_000, 'resources.peakRssBytes')).toBe('4 MB');
  });
});

describe('thresholds are shown', () => {
  test('on the terminal, by mark and word', () => {
    const text = terminal(mixed);
    expect(text).toMatch(/^ {2}2 of 3 thresholds broken, 1 of them because the value is not known\.$/m);
    expect(text).toMatch(/^ {2}Thresholds \+ audit\.missing == 0: held, 0\n {13}! kpi\.storedWithin1h >= 99\.5 %: broken, 98\.71 %\n {13}! kpi\.onDemandReadP95Seconds < 30 s: unknown: counts as broken$/m);
    expect(terminal(mixed, true)).toContain('\u001B[31m2 of 3 thresholds broken');
    expect(terminal(sampleReport({ steps: 4, thresholds: [HELD] }), true)).toContain('\u001B[32mThe threshold held.');
  });

  test('in Markdown', () => {
    const text = markdownReport(mixed);
    expect(text).toContain('## Thresholds\n\n2 of 3 thresholds broken');
    expect(text).toContain('| `audit.missing == 0` | 0 | held |\n| `kpi.storedWithin1h >= 99.5 %` | 98.71 % | **broken** |\n| `kpi.onDemandReadP95Seconds < 30 s` | unknown | **unknown: counts as broken** |');
    const nasty = { ...mixed, thresholds: mixed.thresholds.map((one) => Object.assign({}, one, { text: 'a`|\n<b>' })) };
    expect(markdownReport(nasty)).toContain('| `a   <b>` | 0 | held |');
  });

  test('in HTML, as text', () => {
    const html = htmlReport(mixed);
    expect(html).toContain('<h2>Thresholds</h2><p class="result"><span class="bad">2 of 3 thresholds broken');
    expect(html).toContain('<tr class="fault"><th scope="row">kpi.storedWithin1h &gt;= 99.5 %</th><td class="n">98.71 %</td><td>broken</td></tr>');
    expect(html).toContain('<tr><th scope="row">audit.missing == 0</th><td class="n">0</td><td>held</td></tr>');
  });

  test('nowhere when the scenario has none', () => {
    const report = sampleReport({ steps: 4 });
    for (const text of [terminal(report), markdownReport(report), htmlReport(report)]) expect(text).not.toMatch(/threshold/i);
  });
});
