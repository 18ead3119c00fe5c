import { describe, expect, test } from 'vitest';
import { htmlReport } from './html-report.ts';
import { escapeHtml, scriptJson } from './html-text.ts';
import { PAGE_SCRIPT } from './page-script.ts';
import type { RunReport } from './run-report.ts';
import { sampleLinks } from './sample-links.fixture.ts';
import { sampleReport, type SampleOptions } from './sample-report.fixture.ts';

const GOOD = htmlReport(sampleReport());
const HOSTILE = `<script>alert(1)</script>"'&]]>\u0000\u001B[31m`;

/** Everything empty that can be. */
function bare(): RunReport {
  const report = sampleReport({ processes: 0, steps: 1, meters: 1 });
  const none = { count: 0, mean: 0, p50: 0, p90: 0, p99: 0, p999: 0, max: 0 };
  const { audit, run, verdict } = report;
  return {
    ...report,
    run: { ...run, wallSeconds: 0, realTimeFactor: 0, readingsPerSecond: 0, messages: 0, bytesSent: 0, storeBytes: 0, steps: 0, meters: 0, concentrators: 0 },
    audit: { ...audit, planned: 0, sent: 0, stored: 0, late: 0, lostByPlan: 0, neverAvailable: 0, exact: false },
    verdict: { ...verdict, able: null },
    series: {
      stepUnixSeconds: [],
      communicatingMeters: [],
      communicatingConcentrators: [],
      arrivedInTime: [],
      arrivedLate: [],
      energyWh: [],
      wallMs: [],
      sentReadings: [],
      confirmedReadings: [],
      storedReadings: [],
      settledSteps: [],
      connections: [],
    },
    delays: { measurementToSendingSeconds: none, sendingToConfirmationMs: none, arrivalToStoreMs: none, measurementToStorageSeconds: none },
    processes: [],
  };
}

/** A third party's head-end: the run has a series over the wall time, nobody looked at the store. */
function notAudited(): RunReport {
  const empty = bare();
  return { ...empty, run: sampleReport().run, series: { ...empty.series, wallMs: [200], sentReadings: [5], confirmedReadings: [0], storedReadings: [0] } };
}

function zeros(): RunReport {
  const report = sampleReport({ steps: 4, meters: 10 });
  const { series } = report;
  return {
    ...report,
    series: {
      ...series,
      communicatingMeters: zero(series.communicatingMeters),
      arrivedInTime: zero(series.arrivedInTime),
      arrivedLate: zero(series.arrivedLate),
      energyWh: zero(series.energyWh),
      sentReadings: zero(series.sentReadings),
      confirmedReadings: zero(series.confirmedReadings),
      storedReadings: zero(series.storedReadings),
    },
  };
}

function zero(values: readonly number[]): readonly number[] {
  return values.map(() => 0);
}

const CASES: readonly (readonly [string, () => RunReport])[] = [
  ...(
    [
      ['three days', {}],
      ['findings', { faulty: true }],
      ['one step, one meter, one process', { steps: 1, meters: 1, processes: 1 }],
      ['two steps', { steps: 2, meters: 3, processes: 2 }],
      ['3,000 steps, 200 processes', { steps: 3000, processes: 200 }],
      ['links that carry', { links: 'carried' }],
      ['links that lost connections for good', { links: 'carried', faulty: true }],
      ['links that carry for one step', { links: 'carried', steps: 1, meters: 1 }],
      ['no links', { links: 'ignored' }],
      ['hostile name', { scenario: HOSTILE, steps: 4, faulty: true }],
    ] satisfies [string, SampleOptions][]
  ).map(([name, options]) => [name, () => sampleReport(options)] as const),
  ['nothing at all', bare],
  ['not audited', notAudited],
  ['zeros', zeros],
  ['links without traffic', () => ({ ...sampleReport({ steps: 2 }), links: sampleLinks({ mode: 'carried', links: 0, steps: 2 }) })],
];

describe('the page', () => {
  test.each(CASES)('is well-formed: %s', (_, report) => {
    const page = htmlReport(report());
    expect(faultsOf(page)).toEqual([]);
    expect(page).not.toMatch(/NaN|Infinity|undefined|\[object/);
    expect(page.length).toBeLessThan(400_000);
  });

  test('asks nobody for anything', () => {
    expect(GOOD).toContain(`default-src 'none'`);
    expect(GOOD).not.toMatch(/https?:|\/\/[a-z]|@import|url\(|<img|<iframe|<object|<embed|\ssrc=|xlink/i);
    expect([...GOOD.matchAll(/<link [^>]*>/g)].map(String)).toEqual(['<link rel="icon" href="data:,">']);
    expect(PAGE_SCRIPT).not.toMatch(/fetch|XMLHttp|WebSocket|innerHTML|eval|import\(/);
  });

  test('has no id twice', () => {
    const ids = [...GOOD.matchAll(/ id="([^"]+)"/g)].map((match) => match[1]);
    expect(ids.length).toBeGreaterThan(20);
    expect(new Set(ids).size).toBe(ids.length);
  });

  test('names each picture for those who hear it', () => {
    const labels = [...GOOD.matchAll(/<svg class="(?:wide|narrow)"[^>]* role="img" aria-labelledby="(\S+) (\S+)"/g)];
    expect(labels).toHaveLength(24);
    for (const [, title, desc] of labels) {
      expect(GOOD).toContain(`<title id="${title}">`);
      expect(GOOD).toContain(`<desc id="${desc}">`);
    }
  });

  test('escapes what the user named', () => {
    const page = htmlReport(sampleReport({ scenario: HOSTILE, steps: 4 }));
    expect(page).not.toContain('<script>alert');
    expect(page).toContain('&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&amp;]]&gt;\uFFFD\uFFFD[31m');
  });

  test('escapes what processes and examples say', () => {
    const report = sampleReport({ faulty: true, steps: 4 });
    const example = report.audit.examples[0];
    const hostile: RunReport = {
      ...report,
      run: { ...report.run, restarts: [{ process: HOSTILE, atMs: 1, why: HOSTILE }], headend: HOSTILE },
      audit: { ...report.audit, examples: example === undefined ? [] : [{ ...example, text: HOSTILE, channel: HOSTILE }] },
      verdict: { ...report.verdict, why: HOSTILE, problems: [{ id: 'slow-store', title: HOSTILE, from: 0, to: 1, evidence: HOSTILE }] },
      processes: report.processes.map((process) => Object.assign({}, process, { name: HOSTILE })),
      machine: { ...report.machine, cpu: HOSTILE, os: HOSTILE },
    };
    const page = htmlReport(hostile);
    expect(page).not.toContain('<script>alert');
    expect(faultsOf(page)).toEqual([]);
    expect(page.split('&lt;script&gt;alert(1)').length).toBeGreaterThan(8);
  });

  test.each([
    [true, 'class="verdict able"', '>Able<'],
    [false, 'class="verdict unable"', '>Not able<'],
    [null, 'class="verdict unknown"', '>Could not be known<'],
  ])('says the verdict %s in word and colour', (able, kind, word) => {
    const report = sampleReport({ steps: 2 });
    const page = htmlReport({ ...report, verdict: { ...report.verdict, able } });
    expect(page).toContain(kind);
    expect(page).toMatch(new RegExp(`<h1>.*${word}`));
  });

  test('shows what was stored in time, and nothing where nobody knows', () => {
    const report = sampleReport({ steps: 4, faulty: true });
    expect(htmlReport(report)).toContain('<th scope="row">within 1 h</th><td class="n">98.66 %</td><td class="n">98.71 %</td>');
    expect(htmlReport({ ...report, kpi: null })).not.toContain('<h2>In time</h2>');
  });

  test('shows the figures of the run', () => {
    const report = sampleReport();
    for (const text of ['28.5 M', '2.96 M', '26,944', '9.62 s', '100,000 meters behind 1,429 concentrators', 'Tue 15 Jan 2013, 00:00']) {
      expect(GOOD).toContain(text);
    }
    for (const heading of ['Number of communicating meters during the test', 'Readings per step', 'Load of the grid', 'Progress of the run', 'Rate', 'Processor use by group', 'Memory by process']) {
      expect(GOOD).toContain(`<h3>${heading}</h3>`);
    }
    expect(GOOD).toContain(report.machine.cpu);
    expect(GOOD).toContain('<span class="good">Exact.</span>');
  });

  test('shows links as they were played', () => {
    const carried = htmlReport(sampleReport({ links: 'carried' }));
    expect(carried).toContain('<h2>Links</h2><p class="lead">Messages waited as long as their links took.');
    expect(carried).toContain('<li>Wed 16 Jan 2013, 08:30: 434 of 1,429 links lost their connection, all back 13 steps later (3 h 15 min).</li>');
    expect(carried).toContain('<h3>Connections</h3>');
    expect(carried).toMatch(/<title id="connections-wide-title">Connections lost and made<\/title><desc id="connections-wide-desc">Lost because/);
    expect(GOOD).toContain('No message waited for its link');
    expect(GOOD).toContain('<h3>Delay of messages</h3>');
    expect(GOOD).not.toMatch(/id="connections-|<h3>Connections|lost their connection/);
    expect(htmlReport(sampleReport({ links: 'ignored' }))).not.toMatch(/<h2>Links|gprs/);
  });

  test('escapes names of links', () => {
    const report = sampleReport({ steps: 2 });
    const links = sampleLinks({ mode: 'stamped', links: 9, steps: 2 });
    const categories = links.categories.map((category) => Object.assign({}, category, { name: HOSTILE }));
    const page = htmlReport({ ...report, links: { ...links, categories } });
    expect(page).not.toContain('<script>alert');
    expect(page).toContain('&lt;script&gt;alert(1)');
  });

  test('folds many processes away behind their sums', () => {
    const page = htmlReport(sampleReport({ steps: 2, processes: 200 }));
    expect(page).toContain('<summary>All 200 processes</summary>');
    expect(page).toContain('Memory by group');
    expect(GOOD).not.toContain('<summary>');
  });

  test('has a script that is one', () => {
    expect(() => new Function(PAGE_SCRIPT)).not.toThrow();
    const data = [...GOOD.matchAll(/<script type="application\/json">(.*?)<\/script>/g)].map((match) => JSON.parse(match[1] ?? '') as { x: number[]; series: { values: number[] }[] });
    expect(data).toHaveLength(12);
    for (const { x, series } of data) expect(series.every(({ values }) => values.length === x.length)).toBe(true);
  });
});

describe('text', () => {
  test('is escaped for elements and attributes', () => {
    expect(escapeHtml(`a<b>&"'\n\u0007`)).toBe('a&lt;b&gt;&amp;&quot;&#39;\n\uFFFD');
  });

  test('as JSON can’t end a script element', () => {
    expect(scriptJson({ a: '</script>' })).toBe(String.raw`{"a":"\u003c/script>"}`);
    expect(JSON.parse(scriptJson('</script><!--'))).toBe('</script><!--');
  });
});

test('the check for well-formed pages finds faults', () => {
  expect(faultsOf('<!doctype html>\n<p>a &amp; b<br></p>')).toEqual([]);
  expect(faultsOf('<p><b>x</p></b>')).toHaveLength(2);
  expect(faultsOf('<p>')).toEqual(['<p> is not closed']);
  expect(faultsOf('<p>a < b</p>')).toHaveLength(1);
  expect(faultsOf('<p>a & b</p>')).toHaveLength(1);
  expect(faultsOf('<p class=x>a</p>')).not.toEqual([]);
  expect(faultsOf('<p a="1" a="2">a</p>')).toHaveLength(1);
});

const VOID_ELEMENTS: ReadonlySet<string> = new Set(['meta', 'link', 'br']);

/** What is not well-formed, stricter than HTML asks: every element closed, every attribute quoted, every sign escaped. */
function faultsOf(page: string): readonly string[] {
  const faults: string[] = [];
  const open: string[] = [];
  const rest = page
    .replace(/^<!doctype html>\n/, '')
    .replaceAll(/(<(script|style)[^>]*>)[\s\S]*?(<\/\2>)/g, '$1$3')
    .replaceAll(/<(\/?)([a-z][a-z0-9]*)((?:\s+[\w:-]+(?:="[^"<>]*")?)*)\s*(\/?)>/g, (_, end: string, name: string, attributes: string, selfClosed: string) => {
      const names = [...attributes.matchAll(/\s([\w:-]+)(?==)/g)].map((match) => match[1]);
      if (new Set(names).size !== names.length) faults.push(`<${name}> has an attribute twice`);
      if (end !== '') {
        const last = open.pop();
        if (last !== name) faults.push(`</${name}> closes <${last ?? 'nothing'}>`);
      } else if (selfClosed === '' && !VOID_ELEMENTS.has(name)) open.push(name);
      return attributes.replaceAll(/[\w:-]+="|"/g, ' ');
    });
  const stray = /[<>]|&(?!(?:amp|lt|gt|quot|#39);)/.exec(rest);
  if (stray !== null) faults.push(`not escaped: ${rest.slice(Math.max(0, stray.index - 20), stray.index + 20)}`);
  return [...faults, ...open.map((name) => `<${name}> is not closed`)];
}
