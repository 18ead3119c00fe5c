import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import type { Threshold } from '../base/threshold.ts';
import { githubAnnotations } from './github-annotations.ts';
import { junitXml } from './junit.ts';
import type { RunReport } from './run-report.ts';
import { sampleReport } from './sample-report.fixture.ts';

const THRESHOLDS: readonly Threshold[] = [
  { text: 'audit.missing == 0', indicator: 'audit.missing', comparison: '==', limit: 0 },
  { text: 'kpi.storedWithin1h >= 99.5 %', indicator: 'kpi.storedWithin1h', comparison: '>=', limit: 0.995 },
  { text: 'kpi.onDemandReadP95Seconds < 30 s', indicator: 'kpi.onDemandReadP95Seconds', comparison: '<', limit: 30 },
];

const good = sampleReport({ steps: 4 });
const mixed = sampleReport({ steps: 4, thresholds: THRESHOLDS });
const faulty = sampleReport({ steps: 4, faulty: true });
const NASTY = 'a"<b>&\'\n]]>\t\u0000\u001B[0m\uD800 \uFFFF é 😀';
const nasty: RunReport = {
  ...faulty,
  run: { ...faulty.run, scenario: NASTY },
  verdict: { ...faulty.verdict, why: NASTY },
  audit: { ...faulty.audit, examples: faulty.audit.examples.map((example) => Object.assign({}, example, { text: NASTY })) },
};

/** [name, outcome] of each case, as written. */
function cases(xml: string): readonly (readonly [string, string])[] {
  return [...xml.matchAll(/<testcase classname="[^"]*" name="([^"]*)" time="[\d.]+"(\/?)>\s*(?:<(failure|error|skipped))?/g)].map(([, name = '', , result = 'passed']) => [name, result]);
}

const ALWAYS = ['the run came to its end', 'the head-end is able to process this grid', 'every planned reading is stored once, with the right value'];

describe('the JUnit file', () => {
  test('of a good run has three cases, which passed', () => {
    const xml = junitXml(good);
    expect(cases(xml)).toEqual(ALWAYS.map((name) => [name, 'passed']));
    expect(xml).toMatch(/^<\?xml version="1\.0" encoding="UTF-8"\?>\n<testsuites name="meterstorm" tests="3" failures="0" errors="0" skipped="0" time="16\.020">\n {2}<testsuite name="meterstorm small-grid" tests="3"/);
    expect(xml).toContain('<property name="seed" value="2013"/>');
  });

  test('has a case for each threshold; a broken and an unknown one fail', () => {
    const xml = junitXml(mixed);
    expect(cases(xml).slice(3)).toEqual([
      ['audit.missing == 0', 'passed'],
      ['kpi.storedWithin1h &gt;= 99.5 %', 'failure'],
      ['kpi.onDemandReadP95Seconds &lt; 30 s', 'failure'],
    ]);
    expect(xml).toContain('<failure message="broken, 98.71 %" type="failure">');
    expect(xml).toContain('<failure message="unknown: counts as broken" type="failure">');
    expect(xml).toContain('tests="6" failures="2" errors="0" skipped="0"');
  });

  test('of a faulty run: what makes the verdict fails, other problems are properties', () => {
    const xml = junitXml(faulty);
    const failed = cases(xml).filter(([, result]) => result !== 'passed');
    expect(failed).toEqual([
      [ALWAYS[1], 'failure'],
      [ALWAYS[2], 'failure'],
      ['no problem: lost-readings', 'failure'],
      ['no problem: wrong-values', 'failure'],
      ['no problem: stored-twice', 'failure'],
    ]);
    expect(xml).toContain('<failure message="missing 12, duplicate 1, wrong 3" type="failure">planned ');
    expect(xml).toMatch(/<property name="problem process-restarted" value="1 restart of a process\. /);
  });

  test('of a run that could not be known fails nothing', () => {
    const unseen = { ...good, audit: { ...good.audit, planned: 0, stored: 0, exact: false }, verdict: { ...good.verdict, able: null, why: 'Nobody could look.' } };
    expect(cases(junitXml(unseen)).map(([, result]) => result)).toEqual(['passed', 'skipped', 'skipped']);
  });

  test('of an interrupted run, and of one whose audit failed, has an error', () => {
    expect(cases(junitXml({ ...good, run: { ...good.run, complete: false } }))[0]).toEqual([ALWAYS[0], 'error']);
    expect(cases(junitXml(good, 'the audit failed: disk full'))[2]).toEqual([ALWAYS[2], 'error']);
  });

  test.each([good, mixed, faulty, nasty].map((report, i) => [i, report] as const))('%d counts its own cases', (_, report) => {
    const xml = junitXml(report);
    const all = cases(xml);
    const [, tests, failures, errors, skipped] = /<testsuite name="[^"]*" tests="(\d+)" failures="(\d+)" errors="(\d+)" skipped="(\d+)"/.exec(xml) ?? [];
    const count = (kind: string): number => all.filter(([, result]) => result === kind).length;
    expect([tests, failures, errors, skipped].map(Number)).toEqual([all.length, count('failure'), count('error'), count('skipped')]);
  });

  test('names no character that XML forbids, and keeps the others', () => {
    const xml = junitXml(nasty);
    expect(xml).not.toMatch(/(?![\n\t])\p{Cc}|\p{Cs}|[\uFFFE\uFFFF]/u);
    expect(xml).toContain('name="meterstorm a&quot;&lt;b&gt;&amp;\'&#10;]]&gt;&#9;\uFFFD\uFFFD[0m\uFFFD \uFFFD é 😀"');
  });

  // Installed by `npm test` where it can be.
  test.runIf(hasXmllint())('is read by libxml2, which finds the texts again', () => {
    const query = (xml: string, path: string): string => execFileSync('xmllint', ['--nonet', '--xpath', path, '-'], { input: xml, encoding: 'utf8', stdio: ['pipe', 'pipe', 'ignore'] }).replace(/\n$/, '');
    expect(query(junitXml(mixed), 'count(//testcase)')).toBe('6');
    expect(query(junitXml(mixed), 'string(//testcase[failure][1]/@name)')).toBe('kpi.storedWithin1h >= 99.5 %');
    expect(query(junitXml(nasty), 'string(/testsuites/testsuite/@name)')).toBe('meterstorm a"<b>&\'\n]]>\t\uFFFD\uFFFD[0m\uFFFD \uFFFD é 😀');
    expect(query(junitXml(nasty), 'count(//failure)')).toBe('5');
    expect(() => query('<a><b></a>', '/')).toThrow();
  });
});

describe('annotations for GitHub', () => {
  test('are none of a good run', () => expect(githubAnnotations(good)).toEqual([]));

  test('name broken thresholds as errors', () => {
    expect(githubAnnotations(mixed)).toEqual([
      '::error title=meterstorm small-grid%3A threshold::kpi.storedWithin1h >= 99.5 %25: broken, 98.71 %25',
      '::error title=meterstorm small-grid%3A threshold::kpi.onDemandReadP95Seconds < 30 s: unknown: counts as broken',
    ]);
  });

  test('name the verdict, and problems that do not make it as warnings', () => {
    const lines = githubAnnotations(faulty, 'disk full');
    expect(lines[0]).toMatch(/^::error title=meterstorm small-grid%3A not able::Of [\d,]+ planned readings: 12 lost/);
    expect(lines[1]).toBe('::error title=meterstorm small-grid%3A audit::disk full');
    expect(lines.filter((line) => line.startsWith('::warning')).map((line) => /%3A ([\w-]+)::/.exec(line)?.[1])).toEqual(['process-restarted', 'resent-messages', 'malformed-messages']);
  });

  test('are one line each, whatever the texts', () => {
    for (const line of githubAnnotations({ ...nasty, run: { ...nasty.run, scenario: 'a:b,c\nd%' } })) expect(line).toMatch(/^::(?:error|warning) title=meterstorm a%3Ab%2Cc%0Ad%25%3A [^:,\n]*::[^\r\n]*$/);
  });
});

function hasXmllint(): boolean {
  try {
    execFileSync('xmllint', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
