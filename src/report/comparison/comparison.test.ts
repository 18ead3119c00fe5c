import { describe, expect, it } from 'vitest';
import type { RunReport } from '../run-report.ts';
import { sampleReport } from '../sample-report.fixture.ts';
import { composeComparison } from './compose-comparison.ts';
import type { Comparison, ReportedRun, SentLoad } from './comparison.ts';
import { comparisonHtml } from './comparison-html.ts';
import { comparisonMarkdown } from './comparison-markdown.ts';
import { comparisonSummary } from './comparison-terminal.ts';
import { marked, medianOf } from './measures.ts';

const LOAD: SentLoad = { scenarioDigest: 'a'.repeat(64), sentDigest: 'b'.repeat(64) };

interface Change {
  readonly run?: Partial<RunReport['run']>;
  readonly audit?: Partial<RunReport['audit']>;
  readonly verdict?: Partial<RunReport['verdict']>;
}

function ran(change: Change = {}, load: SentLoad = LOAD): ReportedRun {
  const report = sampleReport({ steps: 16, meters: 1400 });
  const changed = { ...report, run: { ...report.run, ...change.run }, audit: { ...report.audit, ...change.audit }, verdict: { ...report.verdict, ...change.verdict } };
  return { folder: 'x', state: 'ran', why: '', note: '', load, report: changed };
}

const failed = (why: string): ReportedRun => ({ folder: 'y', state: 'failed', why, note: '', load: null, report: null });
const leftOut: ReportedRun = { folder: 'z', state: 'left-out', why: '', note: '', load: null, report: null };

function compare(alternatives: Readonly<Record<string, readonly ReportedRun[]>>, complete = true): Comparison {
  const repeat = Math.max(...Object.values(alternatives).map((runs) => runs.length));
  const list = Object.entries(alternatives).map(([name, runs]) => ({ name, description: `what ${name} is`, runs }));
  return composeComparison({ meterstorm: '0.1.0', repeat, complete, alternatives: list });
}

const unable: Change = { verdict: { able: false, why: 'Of 10 planned readings: 4 lost.' } };

describe('marks', () => {
  it.each<[string, number[][], 'lower' | 'higher' | null, (string | null)[]]>([
    ['lower is better', [[10], [20]], 'lower', ['best', 'worse']],
    ['higher is better', [[10], [20]], 'higher', ['worse', 'best']],
    ['nothing is better', [[10], [20]], null, [null, null]],
    ['single runs less than 5 % apart', [[10], [10.4]], 'lower', [null, null]],
    ['one of them further', [[10], [10.4], [11]], 'lower', ['best', 'noise', 'worse']],
    ['runs that reach into those of the best', [[10, 12, 11], [11.5, 13, 14], [20, 21, 22]], 'lower', ['best', 'noise', 'worse']],
    ['runs that do not, however near', [[10, 10.1, 10.05], [10.2, 10.3, 10.25]], 'lower', ['best', 'worse']],
    ['one that tells nothing', [[10], [], [20]], 'lower', ['best', null, 'worse']],
    ['all equal', [[0], [0]], 'lower', [null, null]],
    ['the best is none at all', [[0], [5]], 'lower', ['best', 'worse']],
  ])('%s', (_, columns, better, marks) => {
    expect(marked(columns, better).map(({ mark }) => mark)).toEqual(marks);
  });

  it('say how far from the best, where that is a number', () => {
    expect(marked([[10], [25], []], 'lower').map(({ timesBest }) => timesBest)).toEqual([1, 2.5, null]);
    expect(marked([[0], [5]], 'lower').map(({ timesBest }) => timesBest)).toEqual([null, null]);
  });

  it.each([
    [[], null],
    [[3], 3],
    [[9, 1, 5], 5],
    [[4, 1, 3, 2], 2.5],
  ])('median of %j is %s', (values, median) => expect(medianOf(values)).toBe(median));
});

describe('alternatives', () => {
  it('are able only when they are each time', () => {
    const { alternatives } = compare({ good: [ran(), ran()], 'now and then': [ran(), ran(unable)], never: [ran(unable), ran(unable)], broken: [failed('no licence'), ran()], out: [leftOut, leftOut] });
    expect(alternatives.map(({ able, why }) => [able, why])).toEqual([
      [true, expect.stringContaining('All')],
      [false, 'In 1 of 2 runs: Of 10 planned readings: 4 lost.'],
      [false, 'Of 10 planned readings: 4 lost.'],
      [false, 'In 1 of 2 runs: No licence.'],
      [null, 'It did not get its turn.'],
    ]);
  });

  it('get the same load, and it is said when they did not', () => {
    expect(compare({ a: [ran()], b: [ran()] }).load).toMatchObject({ same: true, text: expect.stringMatching(/^All were sent the same [\d,]+ readings, byte for byte, in the same order/) as string });
    expect(compare({ a: [ran({ run: { speed: 96 } })], b: [ran()] }).load.text).toContain('at the same intended times');
    const less = compare({ a: [ran({ audit: { sent: 1000 } })], b: [ran({ audit: { sent: 400 } }, { ...LOAD, sentDigest: 'c' })] }).load;
    expect(less).toMatchObject({ same: false, text: expect.stringContaining('of 1,000 readings, less could be sent to b (400).') as string });
    expect(compare({ a: [ran()], b: [ran({}, { ...LOAD, scenarioDigest: 'c' })] }).load).toMatchObject({ same: false, text: expect.stringContaining('not of the same scenario') as string });
    expect(compare({ a: [failed('x')], b: [leftOut] }).load).toEqual({ run: null, same: null, text: 'Nothing was sent.' });
  });

  it('are named in the conclusion, with the cause where they do not hold', () => {
    const slow = { id: 'slow-store', title: 'Slow', from: 0, to: 1, evidence: 'The store took 14 ms for each of 55 messages a second.', severity: 'warning', remedy: '' } as const;
    const { conclusion } = compare({
      a: [ran({ run: { speed: 96 } })],
      b: [ran({ run: { speed: 96 } })],
      c: [ran({ run: { speed: 96 }, verdict: { able: false, why: 'It lost some.', problems: [slow] } })],
      d: [failed('no licence')],
      e: [ran({ verdict: { able: null, why: 'The simulator itself was too slow to tell.' } })],
    });
    expect(conclusion).toMatch(/^At 96 times real time, .* readings in .* messages a second: a and b hold; c and d do not; of e it could not be known\. c: .*14 ms for each of 55 messages a second\. d: no licence\. e: The simulator itself was too slow to tell\.$/);
  });

  it('of which nothing is known begin a sentence', () => {
    expect(compare({ 'of a': [leftOut], b: [leftOut] }).conclusion).toBe('Of of a and b it could not be known.');
  });

  it('are told apart by their pace at full speed', () => {
    const rate = (readingsPerSecond: number): ReportedRun => ran({ run: { readingsPerSecond } });
    expect(compare({ a: [rate(1000)], b: [rate(4000)], c: [rate(3900)] }).conclusion).toContain('As fast as each takes it: a, b and c hold. b took 4,000 readings/s, c 3,900 (no more apart than runs of the same) and a 1,000.');
  });

  it('share one axis: a run that ends sooner keeps its last value', () => {
    const report = ran().report;
    if (report === null) throw new Error('no report');
    const lasting = (seconds: number): ReportedRun => {
      const counts = { sentReadings: [0, 50, 100], confirmedReadings: [0, 50, 100], storedReadings: [0, 25, 100] };
      const series = { ...report.series, ...counts, wallMs: [0, seconds * 500, seconds * 1000] };
      // Half of what left did so twice.
      return { ...ran(), report: { ...report, run: { ...report.run, speed: 96 }, audit: { ...report.audit, sent: 100 }, series: { ...series, sentReadings: [0, 75, 150] } } };
    };
    const { series } = compare({ short: [lasting(10)], long: [lasting(20)] });
    const at = (seconds: number): number => series.seconds.findIndex((each) => each >= seconds);
    expect(series.seconds.at(-1)).toBe(20);
    const [a, b] = series.alternatives;
    expect(a?.storedReadings?.[at(15)]).toBe(100);
    expect(a?.backlogReadings[at(15)]).toBe(0);
    expect(b?.storedReadings?.at(-1)).toBe(100);
    // At 10 s the other one has been sent all of it, and 25 are stored here.
    expect(b?.backlogReadings[at(10)]).toBeGreaterThanOrEqual(73);
    expect(b?.backlogReadings[at(10)]).toBeLessThanOrEqual(75);
  });
});

it('thresholds of the scenario that are broken are named, also where the head-end holds', () => {
  const threshold = { text: 'kpi.storedBy06 >= 99.5%', indicator: 'kpi.storedBy06', comparison: '>=', limit: 0.995, unit: 'share', value: 0.9, held: false } as const;
  const { report } = ran();
  if (report === null) throw new Error('no report');
  const comparison = compare({ a: [ran()], b: [{ ...ran(), report: { ...report, thresholds: [threshold] } }] });
  expect(comparison.alternatives.map(({ able, brokenThresholds }) => [able, brokenThresholds])).toEqual([[true, []], [true, ['kpi.storedBy06 >= 99.5%']]]);
  expect(comparison.conclusion).toContain('Thresholds of the scenario are broken by b.');
  for (const text of [comparisonMarkdown(comparison).replaceAll('\\', ''), comparisonSummary(comparison, { width: 100, colour: false })]) expect(text).toContain('Thresholds broken: kpi.storedBy06 >= 99.5%.');
  expect(comparisonHtml(comparison)).toContain('Thresholds broken: kpi.storedBy06 &gt;= 99.5%.');
});

describe('needs', () => {
  const groups = (...names: readonly string[]): RunReport['resources'] => {
    const [one] = sampleReport().resources?.groups ?? [];
    if (one === undefined) throw new Error('no group');
    const group = (name: string): typeof one => ({ ...one, name, kind: name === 'headend' ? 'own' : 'pid', cpuUserSeconds: 2, cpuSystemSeconds: 1, diskWrittenBytes: 500 });
    return { groups: names.map(group), host: null };
  };
  const cpuOf = (run: ReportedRun): number => compare({ a: [run] }).measures.find(({ id }) => id === 'needs.coresUsed')?.cells[0]?.median ?? Number.NaN;
  const unknown = { ...sampleReport().verdict.resources, headendCpuSeconds: null, peakRssBytes: null };

  it('of somebody else’s head-end are those of what was watched', () => {
    const { report } = ran({ run: { headend: '10.0.0.5:4059', wallSeconds: 10 }, verdict: { resources: unknown } });
    if (report === null) throw new Error('no report');
    expect(cpuOf({ ...ran(), report: { ...report, resources: groups('vendor', 'db') } })).toBeCloseTo(0.6);
    expect(cpuOf({ ...ran(), report: { ...report, resources: groups() } })).toBeNaN();
    expect(cpuOf({ ...ran(), report: { ...report, resources: null } })).toBeNaN();
  });

  it('of ours are those of the verdict, which has its database in it', () => {
    const { report } = ran({ run: { headend: 'builtin', wallSeconds: 10 }, verdict: { resources: { ...unknown, headendCpuSeconds: 7 } } });
    if (report === null) throw new Error('no report');
    const run = { ...ran(), report: { ...report, resources: groups('headend', 'database', 'somebody') } };
    expect(cpuOf(run)).toBeCloseTo(0.7);
    const written = compare({ a: [run] }).measures.find(({ id }) => id === 'needs.diskWrittenBytesPerReading')?.cells[0]?.median ?? 0;
    expect(written * report.audit.stored).toBeCloseTo(1000);
  });
});

describe('pages', () => {
  const hostile = `<img src=x onerror=alert(1)> | \`*\u001b[31m`;
  const comparison = compare({ [hostile]: [ran(unable), ran()], plain: [ran(), ran({ run: { wallSeconds: 20 } })], broken: [failed(hostile), leftOut] }, false);

  it('never take what the user named for markup, nor for control characters', () => {
    const html = comparisonHtml(comparison);
    expect(html).not.toContain('<img');
    expect(html).toContain('&lt;img src=x');
    const markdown = comparisonMarkdown(comparison);
    expect(markdown).not.toContain('<img');
    expect(markdown).not.toContain('\u001b');
    for (const row of markdown.split('\n').filter((line) => line.startsWith('| stored'))) expect(row.match(/(?<!\\)\|/g)?.length).toBe(5);
    expect(comparisonSummary(comparison, { width: 80, colour: false })).not.toContain('\u001b');
  });

  it.each([40, 72, 100, 200])('fit a terminal of %i columns', (width) => {
    const text = comparisonSummary(comparison, { width, colour: false });
    // A label and one column, however narrow.
    const room = Math.max(width, 66);
    for (const line of text.split('\n')) expect(line.length, line).toBeLessThanOrEqual(Math.min(room, 120));
    expect(text).toContain('Not able: broken');
    expect(text).toContain('Interrupted');
  });

  it('mark what is best and what is within noise', () => {
    const millions = (ran().report?.audit.stored ?? 0) / 1e6;
    const rate = (cpu: number): ReportedRun => ran({ verdict: { resources: { ...sampleReport().verdict.resources, headendCpuSeconds: cpu * millions } } });
    const repeated = compare({ a: [rate(1), rate(1.2)], b: [rate(1.1), rate(1.3)], c: [rate(3), rate(3.1)] });
    const row = /processor time, million readings.*/;
    expect(row.exec(comparisonMarkdown(repeated))?.[0]).toMatch(/\*\*1\.1 s \(1 s \.\. 1\.2 s\)\*\*, best \| 1\.2 s \(1\.1 s \.\. 1\.3 s\), within noise \| 3\.05 s .*, 2\.77 times/);
    expect(row.exec(comparisonSummary(repeated, { width: 100, colour: false }))?.[0]).toMatch(/1\.1 s \*\s+1\.2 s ~\s+3\.05 s/);
    expect(comparisonHtml(repeated)).toContain('within noise');
  });

  it('stand alone: nothing is asked for from elsewhere', () => {
    const html = comparisonHtml(comparison);
    expect(html).toContain("default-src 'none'");
    expect(html).not.toMatch(/(?:src|href)="(?:https?:)?\/\//);
  });
});
