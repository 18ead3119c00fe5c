import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { packageFile } from '../base/package-root.ts';
import { PROBLEM_KINDS } from '../monitor/problem-kinds.ts';
import { INDICATORS, indicatorOf, indicatorText, indicatorUnits, UNIT_WORDS } from './indicators.ts';
import { sampleReport } from './sample-report.fixture.ts';

/** What is computed, or counted from a list. */
const COMPUTED = /^(?:audit\.missingShare|kpi\.ofPossible\..*|run\.restarts|links\.connections\w+|problems\..*)$/;

describe('the catalogue', () => {
  test('has each name once, a unit that its name ends in, and a meaning of one line', () => {
    expect(new Set(INDICATORS.map(({ name }) => name)).size).toBe(INDICATORS.length);
    for (const { name, unit, meaning } of INDICATORS) {
      expect(meaning, name).toMatch(/^[^\n]{8,160}[^.\n]$/);
      const end = /(Seconds|Ms|Bytes)(?:\.p?\w+)?$/.exec(name)?.[1];
      if (end === undefined || name.endsWith('.count') || name.endsWith('PerSecond')) continue;
      expect(unit, name).toBe({ Seconds: 'seconds', Ms: 'milliseconds', Bytes: 'bytes' }[end]);
    }
  });

  test.each(['ignored', 'stamped', 'carried'] as const)('reads the number that stands in report.json under its name, links %s', (links) => {
    const report = sampleReport({ steps: 8, faulty: true, links });
    const groups = Object.fromEntries((report.resources?.groups ?? []).map((group) => [group.name, group]));
    const resources = { ...report.verdict.resources, groups, host: report.resources?.host };
    const json = JSON.parse(JSON.stringify({ ...report, resources })) as unknown;
    for (const { name, read } of INDICATORS) {
      const value = read(report);
      if (COMPUTED.test(name) || value === null) continue;
      expect(value, name).toBe(at(json, name));
    }
  });

  test('knows every number of a run that was audited, but for what was not measured', () => {
    const report = sampleReport({ steps: 8, faulty: true });
    const unknown = INDICATORS.filter(({ read }) => read(report) === null).map(({ name }) => name).filter((name) => !name.startsWith('resources.groups.database.'));
    expect(unknown).toEqual(['audit.source.waitedSeconds', 'audit.source.queryableSeconds', 'kpi.onDemandReadP95Seconds', 'kpi.onDemandReads', 'kpi.onDemandFailed']);
  });

  test('covers every number of run, audit, KPIs, delays, store and resources, but for names of the run', () => {
    const { run, audit, kpi, delays, verdict, store } = sampleReport({ steps: 8 });
    const numbers = numbersOf({ run, audit, kpi, delays, store, resources: verdict.resources });
    const settings = ['run.seed', 'run.intervalSeconds', 'run.startUnixSeconds', 'run.offsetMinutes', 'run.simulatorProcesses', 'run.intakeProcesses'];
    expect(numbers.filter((name) => indicatorOf(name) === undefined)).toEqual(settings);
  });

  test('counts what is computed', () => {
    const report = sampleReport({ steps: 8, faulty: true, links: 'carried' });
    const value = (name: string): number | null | undefined => indicatorOf(name)?.read(report);
    expect(value('audit.missingShare')).toBe(report.audit.missing / report.audit.planned);
    expect(value('kpi.ofPossible.storedBy06')).toBeCloseTo(0.9982 / 0.9987, 12);
    expect(value('run.restarts')).toBe(1);
    expect(value('problems.count')).toBe(report.verdict.problems.length);
    expect(value('problems.lost-readings')).toBe(1);
    expect(value('problems.slow-store')).toBe(0);
    expect(value('links.connectionsLost')).toBe(report.links?.connectionsLost.reduce((a, b) => a + b));
    expect(Object.keys(PROBLEM_KINDS).every((id) => indicatorOf(`problems.${id}`) !== undefined)).toBe(true);
  });

  test('does not know what nobody could see', () => {
    const report = sampleReport({ steps: 8, links: 'ignored' });
    const none = { ...report.audit, planned: 0, stored: 0, exact: false };
    const unseen = { ...report, audit: none, kpi: null, delays: { ...report.delays, arrivalToStoreMs: { ...report.delays.arrivalToStoreMs, count: 0 } } };
    const value = (name: string): number | null | undefined => indicatorOf(name)?.read(unseen);
    for (const name of ['audit.missing', 'audit.missingShare', 'kpi.storedWithin1h', 'delays.arrivalToStoreMs.p99', 'links.connectionsLost']) expect(value(name), name).toBeNull();
    expect(value('audit.sent')).toBe(report.audit.sent);
    expect(value('delays.arrivalToStoreMs.count')).toBe(0);
    expect(indicatorOf('audit.exact')).toBeUndefined();
  });

  test('words its values', () => {
    const units = indicatorUnits();
    const text = (name: string, value: number): string => indicatorText(units.get(name) ?? 'count', value);
    expect(text('audit.missing', 12_345)).toBe('12,345');
    expect(text('run.readingsPerSecond', 2_960_000)).toBe('2,960,000/s');
    expect(text('run.wallSeconds', 65)).toBe('1 min 5 s');
    expect(text('delays.sendingToConfirmationMs.p99', 480)).toBe('480 ms');
    expect(text('resources.peakRssBytes', 684_000_000)).toBe('684 MB');
    expect(text('kpi.storedWithin1h', 0.9871)).toBe('98.71 %');
    expect(text('run.realTimeFactor', 26.94)).toBe('26.9');
  });
});

describe('documents', () => {
  test('the page of indicators is the catalogue', async () => {
    const rows = INDICATORS.map(({ name, unit, meaning }) => `| \`${name}\` | ${UNIT_WORDS[unit]} | ${meaning} |`);
    await expect([PAGE, '| indicator | unit | meaning |\n|---|---|---|', ...rows, ''].join('\n')).toMatchFileSnapshot('../../docs/indicators.md');
  });

  test('the bundled scenario for pipelines names what there is', () => {
    const text = readFileSync(packageFile('scenarios', 'ci.yaml'), 'utf8');
    const named = [...text.matchAll(/^ {2}- (\S+) [<>=]/gm)].map(([, name = '']) => name);
    expect(named.length).toBeGreaterThan(3);
    expect(named.filter((name) => indicatorOf(name) === undefined)).toEqual([]);
  });
});

const PAGE = `# Indicators
Every number of a run that a threshold, a comparison or a plot can name. A name is the path of the number in \`report.json\`; \`resources\` without \`groups\`
or \`host\` stands in \`verdict\` there, and \`groups\` is a list. What is computed from others says so. \`meterstorm indicators\` prints this list,
\`meterstorm indicators DIR\` the values of a finished run, with \`--json\` for scripts. Shares are 0 .. 1 there. How thresholds are written:
[thresholds.md](thresholds.md).
`;

function at(value: unknown, path: string): unknown {
  return path.split('.').reduce((part: unknown, key) => (part as Record<string, unknown>)[key], value);
}

function numbersOf(value: unknown, path = ''): readonly string[] {
  if (typeof value === 'number') return [path];
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [];
  return Object.entries(value).flatMap(([key, part]) => numbersOf(part, path === '' ? key : `${path}.${key}`));
}
