import { describe, expect, test } from 'vitest';
import { sampleReport } from './sample-report.fixture.ts';
import { terminalSummary } from './terminal-summary.ts';

const COLOUR = new RegExp(String.raw`\u001B\[[\d;]*m`, 'g');
const PLAIN = { width: 100, colour: false };

describe('the closing block', () => {
  test('of a good run', () => {
    const text = terminalSummary(sampleReport(), PLAIN);
    const lines = text.split('\n');
    expect(text.endsWith('\n')).toBe(true);
    expect(lines.length).toBeLessThanOrEqual(28);
    expect(lines[1]).toBe('  Able');
    for (const part of [
      /^ {2}Scenario {3}small-grid: 100,000 meters behind 1,429 concentrators, 288 steps of 15 min \(3 d\)$/m,
      /^ {2}Readings {3}28,[\d,]+ stored of 28,[\d,]+ planned, 97\.6\d % in time$/m,
      /^ {2}Rate {7}2,96\d,\d{3} readings\/s, 26,944 times real time; run 9\.62 s$/m,
      /^ {2}In time {4}same quarter hour 97\.63 %, 1 h 98\.71 %, 24 h 99\.94 %, by 06:00 99\.87 %$/m,
      /^ {2}Audit {6}exact: missing 0, duplicate 0, wrong 0, unexpected 0 \(took 6\.4 s\)$/m,
      /^ {2}Delays {5}measured to sent {6}median {4}0 s, 99 % {4}2 h, longest 23 h 30 min {2}grid time$/m,
      /^ {2}Links {6}no message waited for its link; delays are computed$/m,
      /^ {13}gprs-1 {2}715 links {2}up: mean 749 ms, 99 % 1\.37 s; 0\.1 % of packets lost, 412 sent again$/m,
      /^ {2}Head-end {3}2 processes, 10\.1 s CPU, 3\d\d MB memory at peak, 2\.61 B a reading on disk; \d+ ms CPU a/m,
      /^ {2}Problems {3}none seen$/m,
    ]) {
      expect(text).toMatch(part);
    }
  });

  test('of a run at a speed says how connections ended, and names the worst outage in common', () => {
    const text = terminalSummary(sampleReport({ links: 'carried' }), { ...PLAIN, width: 120 });
    expect(text).toMatch(/^ {2}Links {6}messages waited as long as their links took$/m);
    const joined = text.replaceAll(/\n {13}/g, ' ');
    expect(joined).toMatch(
      /lines dropped 1,000 times \(500 silently\), 86 disconnects by the operator, 11 connections forgotten by the network; 486 connections ended in outages of the plan/,
    );
    expect(joined).toMatch(/ Wed 16 Jan 2013, 08:30: 434 of 1,429 links lost their connection, all back 13 steps later \(3 h 15 min\); no reading was lost$/m);
    expect(text).toMatch(/^ {2}Problems {3}none seen$/m);
  });

  test('says nothing of links that the scenario ignores', () => {
    expect(terminalSummary(sampleReport({ links: 'ignored' }), PLAIN)).not.toMatch(/links?\b/i);
  });

  test('of many categories of links shows six', () => {
    const report = sampleReport({ steps: 2 });
    const [one] = report.links?.categories ?? [];
    if (report.links === null || one === undefined) throw new Error('the sample has links');
    const categories = Array.from({ length: 9 }, (_, i) => ({ ...one, name: `line\u001B${i}`, links: i === 0 ? 0 : 5 }));
    const text = terminalSummary({ ...report, links: { ...report.links, categories } }, PLAIN);
    expect([...text.matchAll(/^ +line\uFFFD(\d) {2}5 links {2}up:/gm)].map((match) => match[1])).toEqual(['1', '2', '3', '4', '5', '6']);
    expect(text).toMatch(/^ {13}and 2 more in the report$/m);
  });

  test('of a run with findings names them, grave ones with another mark', () => {
    const text = terminalSummary(sampleReport({ faulty: true }), PLAIN);
    expect(text).toMatch(/^ {2}Not able$/m);
    expect(text.replaceAll(/\n {13}/g, ' ')).toMatch(/ 97\.58 %, 1 h 98\.66 %, 24 h 99\.89 %, by 06:00 99\.82 %; possible were 97\.63 %, 98\.71 %, 99\.94 %, 99\.87 %$/m);
    expect(text).toMatch(/not exact: missing 12, duplicate 1, wrong 3, unexpected 0/);
    expect(text).toMatch(/^ {2}Problems {3}! 12 readings lost\./m);
    expect(text).toMatch(/^ {13}- 1 restart of a process\./m);
    expect(text).toMatch(/^ {13}and 1 more in the report$/m);
  });

  test('of a run without an audit does not pretend one', () => {
    const report = sampleReport({ processes: 0 });
    const audit = { ...report.audit, planned: 0, stored: 0, exact: false };
    const text = terminalSummary({ ...report, audit, verdict: { ...report.verdict, able: null } }, PLAIN);
    expect(text).toMatch(/^ {2}Could not be known$/m);
    expect(text).toMatch(/Readings {3}28,[\d,]+ sent; what is stored is not known/);
    expect(text).toMatch(/Audit {6}Not audited: nobody could look at what the head-end stored\. 28,/);
    expect(text).not.toMatch(/exact|missing 0|Head-end/);
  });

  test.each([1, 40, 57, 80, 100, 120, 400, Number.NaN])('fits a width of %d', (width) => {
    const text = terminalSummary(sampleReport({ faulty: true, links: 'carried', scenario: 'x'.repeat(300) }), { width, colour: false });
    const most = Math.max(40, Math.min(120, width || 40));
    for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(most);
    expect(text.replaceAll(/\s/g, '')).toContain('x'.repeat(300));
  });

  test('is the same text in colour', () => {
    for (const faulty of [false, true]) {
      const report = sampleReport({ faulty });
      const coloured = terminalSummary(report, { width: 90, colour: true });
      expect(coloured).toContain(`\u001B[1;${faulty ? 31 : 32}m`);
      expect(coloured.replaceAll(COLOUR, '')).toBe(terminalSummary(report, { width: 90, colour: false }));
    }
  });

  test('lets no control character of a name through', () => {
    const text = terminalSummary(sampleReport({ steps: 2, scenario: 'a\u001B[31m\rb\u009B' }), PLAIN);
    expect(text).toContain('a\uFFFD[31m\uFFFDb\uFFFD:');
    for (const control of ['\u001B', '\r', '\u009B']) expect(text).not.toContain(control);
  });
});
