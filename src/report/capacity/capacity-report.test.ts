import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { capacityHtml } from './capacity-html.ts';
import { capacityMarkdown } from './capacity-markdown.ts';
import type { CapacityAnswer } from './capacity-report.ts';
import { capacitySummary } from './capacity-terminal.ts';
import { sampleCapacity, sampleTrial } from './sample-capacity.fixture.ts';
import { writeCapacity } from './write-capacity.ts';

const plain = { width: 100, colour: false };

describe('the picture of the backlog', () => {
  it('has the 0 by which trials are judged, and their bands, also when every backlog shrank', () => {
    const trials = [sampleTrial({ growth: { share: -0.005, low: -0.04, high: 0.03 } }), sampleTrial({ number: 2, meters: 28e6, growth: { share: -0.03, low: -0.06, high: 0.01 } })];
    const growth = capacityHtml(sampleCapacity({ trials })).split('How fast the backlog grows</h3>')[1]?.split('</svg>')[0] ?? '';
    const ticks = [...growth.matchAll(/text-anchor="end">(−?[\d.]+)</g)].map(([, label = '']) => Number(label.replace('−', '-')));
    expect(ticks).toContain(0);
    expect(Math.min(...ticks)).toBeLessThanOrEqual(-6);
    expect(Math.max(...ticks)).toBeGreaterThanOrEqual(2);
    expect(growth).toContain('class="base"');
  });
});

describe('the answer', () => {
  const { answer } = sampleCapacity();
  const said = (change: Partial<CapacityAnswer>): string => capacitySummary(sampleCapacity({ answer: { ...answer, ...change } }), plain);

  it('is a number with its interval', () => {
    expect(said({})).toContain('61.2 M meters\n68 k readings a second, one of each meter every 15 min: with 95 % confidence');
    expect(said({}).replaceAll(/\s+/g, ' ')).toContain('Interval of 95 %: 58.3 M to 64.1 M meters.');
  });

  it('says what it is where it is no number', () => {
    expect(said({ kind: 'at-least' })).toMatch(/^At least 61\.2 M meters\n/);
    expect(said({ kind: 'at-most' })).toMatch(/^Fewer than 61\.2 M meters\n/);
    expect(said({ kind: 'unknown', why: 'no trial came to an end', meters: 0 })).toMatch(/^Not known\nNo trial came to an end\.\n/);
  });

  it('names what was full, and the run that proves it', () => {
    const text = said({}).replaceAll(/\s+/g, ' ');
    expect(text).toContain('The store was full first: confirmed readings that wait in the buffer grew by 31 % of the load; store used 0.98 cores.');
    expect(text).toContain('What failed trials near the answer had: store 3, machine 1.');
    expect(text).toContain('Played to its end at 58.3 M meters: 520 k readings, audit exact, 99 % confirmed within 420 ms of their sending, 99 % stored within 1.1 s');
    expect(capacitySummary(sampleCapacity({ proof: null, saturation: null }), plain)).toContain('Nothing was full in any trial.\nNo run at the low end');
    const { proof } = sampleCapacity();
    if (proof === null) throw new Error('there is one');
    expect(capacitySummary(sampleCapacity({ proof: { ...proof, exact: false } }), plain)).toContain('the audit was NOT exact');
    const failed = { ...proof, exact: null, auditFailure: 'disk full' };
    expect(capacitySummary(sampleCapacity({ proof: failed }), plain)).toContain('it could not be audited (disk full)');
  });

  it('keeps its text to the width', () => {
    const lines = capacitySummary(sampleCapacity(), { width: 70, colour: false }).split('\n');
    const text = lines.filter((line) => !/\S {2,}\S/.test(line));
    expect(text.length).toBeGreaterThan(10);
    expect(Math.max(...text.map(({ length }) => length))).toBeLessThanOrEqual(70);
    expect(capacitySummary(sampleCapacity(), { width: 70, colour: true })).toContain('\u001b[1m61.2 M meters\u001b[0m');
  });
});

describe('the files', () => {
  it('have every trial, every figure and its basis', () => {
    const markdown = capacityMarkdown(sampleCapacity());
    expect(markdown).toContain('| processors of the head-end | 0.0167 | 0.1 | measured | busy cores, without any reserve |');
    expect(markdown).toContain('| store | 610 MB/day | 2.15 GB/day | extrapolated | bytes a reading |');
    expect(markdown).toContain(String.raw`| connections | 14,300 | 50,050 | extrapolated | up to 231 \| tried |`);
    expect(markdown).toContain('| 3 | 84 M | 93.3 k | 333 | 3,600 | 27 % ± 7 % | 2.9 s | 0.1 | 0.05 | diverges (store) |');
    expect(markdown).toContain('| 4 | 58.3 M | 64.8 k | 231 | 3,600 | – | – |');
  });

  it('are a page that needs nothing else, with all trials drawn', () => {
    const html = capacityHtml(sampleCapacity());
    expect(html).not.toMatch(/(?:src|href)="(?:https?:)?\/\//);
    expect(html).not.toContain('<script');
    expect(html.match(/<circle /g)).toHaveLength(6);
    expect(html).toContain('trial 3: 84 M meters, 27 % ± 7 % of the load, store');
    expect(html).toContain('<code>meterstorm run --speed 1</code> opens &lt;all&gt; of them.');
    expect(html).not.toContain('NaN');
  });

  it('draw even one trial, and say when there is none', () => {
    expect(capacityHtml(sampleCapacity({ trials: [sampleTrial()] }))).not.toMatch(/NaN|Infinity/);
    expect(capacityHtml(sampleCapacity({ trials: [] }))).toContain('There is no trial to draw.');
  });

  it('are written as capacity.json, .md and .html', () => {
    const directory = mkdtempSync(join(tmpdir(), 'meterstorm-capacity-report-'));
    try {
      writeCapacity(directory, sampleCapacity());
      expect(readdirSync(directory).toSorted()).toEqual(['capacity.html', 'capacity.json', 'capacity.md']);
      expect(JSON.parse(readFileSync(join(directory, 'capacity.json'), 'utf8'))).toEqual(sampleCapacity());
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });
});
