import { describe, expect, test } from 'vitest';
import { markdownReport } from './markdown-report.ts';
import { sampleLinks } from './sample-links.fixture.ts';
import { sampleReport } from './sample-report.fixture.ts';

const BARE = sampleLinks({ mode: 'stamped', links: 20, steps: 2 });

describe('the Markdown', () => {
  test('of a good run', async () => {
    await expect(markdownReport(sampleReport())).toMatchFileSnapshot('./golden/able.md');
  });

  test('of a run with findings', async () => {
    await expect(markdownReport(sampleReport({ faulty: true }))).toMatchFileSnapshot('./golden/not-able.md');
  });

  test('of a run at a speed, with an outage in common', async () => {
    await expect(markdownReport(sampleReport({ links: 'carried' }))).toMatchFileSnapshot('./golden/carried.md');
  });

  test('says nothing of links that the scenario ignores', () => {
    expect(markdownReport(sampleReport({ links: 'ignored' }))).not.toMatch(/links?\b/i);
  });

  test('keeps names of links from being markup', () => {
    const report = sampleReport({ steps: 2 });
    const links = { ...BARE, categories: BARE.categories.map((category) => Object.assign({}, category, { name: 'a|<b>' })) };
    expect(markdownReport({ ...report, links })).toContain(String.raw`| a\|&lt;b\> | 10 |`);
  });

  test('says when nobody looked at the store', () => {
    const report = sampleReport({ steps: 2 });
    const audit = { ...report.audit, planned: 0, stored: 0, exact: false };
    const text = markdownReport({ ...report, audit, verdict: { ...report.verdict, able: null }, processes: [] });
    expect(text).toMatch(/^# Could not be known: small-grid$/m);
    expect(text).toMatch(/^Not audited: nobody could look at what the head-end stored\. [\d,]+ readings were sent to it, .* is not known\./m);
    expect(text).toMatch(/^This system does not tell what its processes take\.$/m);
  });

  test('keeps names from being markup and rows from breaking', () => {
    const text = markdownReport(sampleReport({ steps: 2, scenario: 'a|b <i>x</i> *y* `z` [l](u) & _q_\n# h\u001B[0m' }));
    expect(text).toContain(String.raw`a\|b &lt;i\>x&lt;/i\> \*y\* \`z\` \[l\](u) &amp; \_q\_ \# h \[0m`);
    expect(text.split('\n').filter((line) => line.startsWith('# '))).toHaveLength(1);
  });

  test('has as many cells in each row as its table has columns', () => {
    const lines = markdownReport(sampleReport({ faulty: true, scenario: '|||', links: 'carried' })).split('\n');
    let columns = 0;
    for (const line of lines) {
      if (!line.startsWith('|')) {
        columns = 0;
        continue;
      }
      const cells = line.replaceAll(String.raw`\|`, '').split('|').length;
      columns ||= cells;
      expect(cells).toBe(columns);
    }
  });

  test('names restarts, and says how many it leaves out', () => {
    const report = sampleReport({ steps: 2 });
    const restarts = Array.from({ length: 25 }, (_, i) => ({ process: `intake ${i}`, atMs: i * 1000, why: 'exit code 1' }));
    const text = markdownReport({ ...report, run: { ...report.run, restarts } });
    expect(text).toContain('- intake 19 was started again 19 s after the begin: exit code 1\n- and 5 more');
    expect(text).not.toContain('- intake 20 was');
  });
});
