import { describe, expect, test } from 'vitest';
import type { AuditFacts, RunFacts, RunReport } from './run-report.ts';
import { sampleLinks } from './sample-links.fixture.ts';
import { sampleReport } from './sample-report.fixture.ts';
import { revisedVerdict, verdictOf, wasAudited, type VerdictFacts } from './verdict.ts';
import type { StoreFacts } from './store-facts.ts';

const BASE = sampleReport();

function facts(change: {
  readonly run?: Partial<RunFacts>;
  readonly audit?: Partial<AuditFacts>;
  readonly delays?: Partial<RunReport['delays']['arrivalToStoreMs']>;
  readonly processes?: VerdictFacts['processes'];
  readonly links?: VerdictFacts['links'];
  readonly malformed?: number;
  readonly backpressure?: number;
  readonly findings?: VerdictFacts['findings'];
  readonly lateMs?: number;
  readonly store?: Partial<StoreFacts>;
}): VerdictFacts {
  const { delays } = BASE;
  return {
    run: { ...BASE.run, ...change.run },
    audit: { ...BASE.audit, planned: 1000, sent: 1000, stored: 1000, ...change.audit },
    delays: { ...delays, arrivalToStoreMs: { ...delays.arrivalToStoreMs, ...change.delays }, intendedToSendingMs: { ...delays.arrivalToStoreMs, p99: change.lateMs ?? 1 } },
    processes: change.processes ?? BASE.processes,
    malformed: change.malformed ?? 0,
    backpressure: change.backpressure ?? 0,
    links: change.links ?? null,
    findings: change.findings ?? [],
    ...(BASE.store === undefined ? {} : { store: { ...BASE.store, ...change.store } }),
  };
}

const NOT_AUDITED: Partial<AuditFacts> = { planned: 0, stored: 0, exact: false };

describe('able', () => {
  test.each<[string, Parameters<typeof facts>[0], boolean | null, RegExp]>([
    ['exact and complete', {}, true, /^All 1,000 planned readings are stored.*26,902|26,9\d\d times faster/],
    ['at a speed', { run: { speed: 96, wallSeconds: 2701 } }, true, /at 96 times real time/],
    ['lost', { audit: { exact: false, missing: 12, attribution: { simulator: 0, network: 0, headend: 12 } } }, false, /Of 1,000 planned readings: 12 lost; put down to the head-end \(12\)\./],
    [
      'everything wrong',
      { audit: { exact: false, missing: 4, wrong: 3, duplicate: 2, unexpected: 1, attribution: { simulator: 1, network: 2, headend: 7 } } },
      false,
      /4 lost, 3 wrong, 2 stored twice and 1 that no plan has; put down to the head-end \(7\), the network \(2\) and the simulator \(1\)/,
    ],
    ['inexact without a count', { audit: { exact: false } }, false, /The audit is not exact/],
    ['not audited', { audit: NOT_AUDITED }, null, /could not be looked at; 1,000 readings were sent/],
    ['not audited and interrupted', { audit: NOT_AUDITED, run: { complete: false } }, null, /could not be looked at/],
    ['interrupted', { run: { complete: false } }, null, /was interrupted; the 1,000 readings .* are right/],
    ['interrupted and wrong', { run: { complete: false }, audit: { exact: false, wrong: 1 } }, false, /1 wrong\. The run was interrupted/],
    ['an empty plan', { audit: { planned: 0, stored: 0 } }, null, /no reading that is available/],
    ['slower than the grid', { run: { wallSeconds: 300_000 } }, false, /took 11 h 20 min longer/],
    [
      'cut off',
      { run: { speed: 96, cutOffAfterSeconds: 60 }, audit: { exact: false, missing: 12, attribution: { simulator: 0, network: 0, headend: 12 } } },
      false,
      /Of 1,000 planned readings: 12 not stored 1 min after the last step, when the run was cut off; put down to the head-end \(12\)\./,
    ],
    ['cut off, and all is stored in the end', { run: { cutOffAfterSeconds: 60, confirmedReadings: 900 } }, false, /Every reading is stored in the end, but 100 of 1,000 were not confirmed 1 min after/],
    ['cut off, and all is stored and confirmed', { run: { speed: 96, cutOffAfterSeconds: 60, confirmedReadings: 1000 } }, true, /All 1,000/],
    ['cut off, and not audited', { audit: NOT_AUDITED, run: { cutOffAfterSeconds: 60, confirmedReadings: 900 } }, false, /Of 1,000 readings that were sent, 100 were not confirmed 1 min after/],
    ['cut off, not audited, and never asked to confirm', { audit: NOT_AUDITED, run: { cutOffAfterSeconds: 60, confirmedReadings: null } }, null, /could not be looked at/],
    ['a little over real time', { run: { speed: 1, wallSeconds: 259_230 } }, true, /at 1 times real time/],
    ['slow motion', { run: { speed: 0.5, wallSeconds: 518_500 } }, true, /at 0.5 times/],
  ])('%s', (_, change, able, why) => {
    const verdict = verdictOf(facts(change));
    expect(verdict.able).toBe(able);
    expect(verdict.why).toMatch(why);
  });

  test('a problem of a cut-off run is that it was not in time, and an audit afterwards finds it again', () => {
    const cut = { cutOffAfterSeconds: 60 };
    const { problems } = verdictOf(facts({ run: cut, audit: { exact: false, missing: 12 } }));
    expect(problems.map(({ id }) => id)).toContain('not-in-time');
    expect(problems.map(({ id }) => id)).not.toContain('lost-readings');
    const open = verdictOf(facts({ run: { ...cut, confirmedReadings: 900 }, audit: NOT_AUDITED })).problems;
    expect(open.find(({ id }) => id === 'not-in-time')?.evidence).toContain('100 of 1,000 readings that were sent (10 %)');
    const report = { ...BASE, run: { ...BASE.run, ...cut }, verdict: { ...BASE.verdict, problems } };
    const again = revisedVerdict(report, { ...BASE.audit, planned: 1000, exact: false, missing: 11 });
    expect(again.problems.filter(({ id }) => id === 'not-in-time').map(({ title }) => title)).toEqual(['11 readings not stored in time']);
  });

  test('an audit of an empty store is an audit', () => {
    expect(wasAudited({ ...BASE.audit, planned: 10, stored: 0, missing: 10, exact: false })).toBe(true);
    expect(wasAudited({ ...BASE.audit, ...NOT_AUDITED })).toBe(false);
  });
});

describe('a load that is not held, though all of it is stored in the end', () => {
  const grows = { id: 'backlog-growth', title: 'The backlog grows', from: 0, to: 10, evidence: 'It grows.', severity: 'critical' } as const;
  const saturated = { id: 'generator-saturated', title: 'The simulator itself was too slow', from: 0, to: 10, evidence: 'Late.', severity: 'critical' } as const;
  const due = (BASE.run.steps * BASE.run.intervalSeconds) / 2700;
  const run = { speed: 2700, wallSeconds: 2 * due, realTimeFactor: 1350 };

  test.each<[string, Parameters<typeof facts>[0], boolean | null, RegExp]>([
    ['it was late and fell behind', { run, findings: [grows] }, false, /the last was stored .* late at 2,700 times real time\. It took them at the pace of 1,350 times real time\./],
    ['it was late, and so was the simulator', { run, findings: [grows, saturated], lateMs: due * 1000 }, null, /too slow to tell: every reading is stored, but/],
    ['it had caught up at the end', { run: { ...run, wallSeconds: due + 1 }, findings: [grows] }, true, /at 2,700 times real time\.$/],
    ['its end took long, and nothing grew', { run, findings: [] }, true, /at 2,700 times real time\.$/],
    ['at max each takes its time', { run: { ...run, speed: 'max' }, findings: [grows] }, true, /faster than the grid/],
  ])('%s', (_, change, able, why) => {
    const verdict = verdictOf(facts(change));
    expect(verdict.able).toBe(able);
    expect(verdict.why).toMatch(why);
  });
});

describe('a generator that was late', () => {
  const findings = [{ id: 'generator-saturated', title: 'The simulator itself was too slow', from: 0, to: 10, evidence: 'Late.', severity: 'critical' }] as const;
  const run = { speed: 96, wallSeconds: 300_000 };
  const lateMs = 30_000_000;
  const short = { exact: false, missing: 12, attribution: { simulator: 0, network: 0, headend: 12 } };

  test.each<[string, Parameters<typeof facts>[0], boolean | null, RegExp]>([
    ['takes the blame for a run that took too long', { run, findings }, null, /^The simulator itself was too slow to tell: every reading is stored, but the run took/],
    ['and for what a cut-off run has not', { run: { speed: 96, cutOffAfterSeconds: 30 }, audit: short, findings }, null, /too slow to tell; of 1,000 planned readings 12 are not stored/],
    ['and for what was not confirmed by then', { run: { speed: 96, cutOffAfterSeconds: 30, confirmedReadings: 900 }, audit: { ...NOT_AUDITED, sent: 1000 }, findings }, null, /too slow to tell; 100 of 1,000/],
    ['not for what it can’t explain: it was late by less', { run: { speed: 96, cutOffAfterSeconds: 30 }, audit: short, findings, lateMs: 14_000 }, false, /12 not stored/],
    ['nor for a run that took much longer', { run, findings, lateMs: 60_000 }, false, /longer than the grid/],
    ['not for readings that are lost', { run: { speed: 96 }, audit: short, findings }, false, /12 lost/],
    ['not for wrong ones', { run: { speed: 96, cutOffAfterSeconds: 30 }, audit: { ...short, wrong: 1 }, findings }, false, /1 wrong/],
    ['and all is well when all is stored in time', { run: { speed: 96, wallSeconds: 2701 }, findings }, true, /at 96 times/],
    ['at max sets the pace, no more', { run: { speed: 'max', wallSeconds: 300_000 }, findings }, false, /longer than the grid/],
  ])('%s', (_, change, able, why) => {
    const verdict = verdictOf(facts({ lateMs, ...change }));
    expect(verdict.able).toBe(able);
    expect(verdict.why).toMatch(why);
    const ids = verdict.problems.map(({ id }) => id);
    expect(ids).toContain('generator-saturated');
    if (able === null) expect(ids).not.toEqual(expect.arrayContaining(['slower-than-real-time']));
    if (able === null) expect(ids).not.toEqual(expect.arrayContaining(['not-in-time']));
  });

  test('readings that never left are nobody else’s fault', () => {
    const { able, why } = verdictOf(facts({ audit: { exact: false, missing: 3, attribution: { simulator: 3, network: 0, headend: 0 } } }));
    expect({ able, why }).toMatchObject({ able: null, why: expect.stringMatching(/^Of 1,000 planned readings 3 never left their concentrators/) });
  });

  test('stays so when the store is audited again', () => {
    const report = sampleReport();
    const delays = { ...report.delays, intendedToSendingMs: { ...report.delays.arrivalToStoreMs, p99: lateMs } };
    const again = { ...report, delays, run: { ...report.run, ...run }, verdict: { ...report.verdict, problems: findings } };
    expect(revisedVerdict(again, report.audit)).toMatchObject({ able: null, problems: [{ id: 'generator-saturated' }] });
  });
});

describe('problems', () => {
  test('are those of the detectors too, with the severity that they say, the grave ones first', () => {
    const findings = [{ id: 'late-flood', title: 'x', from: 1, to: 2, evidence: 'y' }, { id: 'conntrack-near-full', title: 'x', from: 1, to: 2, evidence: 'y', severity: 'critical' }] as const;
    expect(verdictOf(facts({ findings })).problems).toEqual([
      { ...findings[1], remedy: expect.stringContaining('nf_conntrack_max') },
      { ...findings[0], severity: 'warning', remedy: expect.stringContaining('late rows') },
    ]);
  });

  test('a good run has none', () => expect(verdictOf(facts({})).problems).toEqual([]));

  test.each<[string, Parameters<typeof facts>[0], RegExp]>([
    ['lost-readings', { audit: { exact: false, missing: 12 } }, /12 of 1,000 planned readings \(1.2 %\)/],
    ['wrong-values', { audit: { exact: false, wrong: 3 } }, /In 3 stored readings/],
    ['stored-twice', { audit: { exact: false, duplicate: 1 } }, /stored already: 1\./],
    ['unplanned-readings', { audit: { exact: false, unexpected: 5 } }, /no planned reading: 5\./],
    ['slower-than-real-time', { run: { wallSeconds: 300_000 } }, /3 d of the grid took 3 d 11 h/],
    ['resent-messages', { run: { resentMessages: 7, reconnects: 1 } }, /: 7 of .*; 1 reconnect; .*: 0\./],
    ['connections-broken', { run: { reconnects: 3, confirmedReadings: null } }, /may be lost/],
    ['nothing-confirmed', { run: { confirmedReadings: 0 } }, /--unconfirmed/],
    ['malformed-messages', { malformed: 1 }, /^1 message could/],
    ['backpressure', { backpressure: BASE.run.messages }, /\(100 %\)/],
    ['backpressure', { run: { speed: 1 }, backpressure: 1 }, /After 1 of/],
    ['slow-store', { delays: { p99: 10_001, max: 20_000 } }, /10 s after its arrival .*20 s\); the mark is 10 s/],
    ['slow-store', { run: { speed: 900 }, delays: { p99: 1001 } }, /one interval of this run takes 1 s/],
    ['store-failed', { store: { faults: 3, lastFault: 'disk full' } }, /^3 faults; it said last: disk full\.$/],
  ])('%s', (id, change, evidence) => {
    const { problems } = verdictOf(facts(change));
    expect(problems.map((problem) => problem.id)).toEqual([id]);
    expect(problems[0]?.evidence).toMatch(evidence);
    expect(problems[0]).toMatchObject({ from: 0 });
    expect(problems[0]?.to).toBeGreaterThan(0);
  });

  describe('connections that did not come back', () => {
    const lost = { exact: false, missing: 12 };
    const storm = (made: number): VerdictFacts['links'] => {
      const sample = sampleLinks({ mode: 'carried', links: 1000, steps: 6 });
      return { ...sample, connectionsLost: [0, 0, 400, 0, 0, 0], connectionsMade: [1000, 0, 0, made, 0, 0] };
    };
    const found = (change: Parameters<typeof facts>[0]): string[] =>
      verdictOf(facts({ ...change, run: { steps: 6, speed: 900, ...change.run } }))
        .problems.filter(({ id }) => id === 'connections-not-back')
        .map(({ title, from, to, evidence }) => `${from} ${to} ${title}: ${evidence}`);

    test('and readings that are missing', () => {
      expect(found({ links: storm(312), audit: lost })).toEqual([
        '2000 9620 88 connections did not come back: Of 400 connections that were lost at one time (Tue 15 Jan 2013, 00:30 of the grid), 88 were not made again by the end of the run, and 12 planned readings are not in the store.',
      ]);
    });

    test('are none when all came back, when nothing is missing, or nobody could see the end', () => {
      expect(found({ links: storm(400), audit: lost })).toEqual([]);
      expect(found({ links: storm(312) })).toEqual([]);
      expect(found({ links: storm(312), audit: lost, run: { complete: false } })).toEqual([]);
      expect(found({ links: storm(312), audit: lost, run: { steps: 3 } })).toEqual([]);
      expect(found({ links: null, audit: lost })).toEqual([]);
    });
  });

  test('restarts are put in their time and the first ones named', () => {
    const restarts = Array.from({ length: 5 }, (_, i) => ({ process: `intake ${i}`, atMs: 1000 * (i + 1), why: 'SIGKILL' }));
    const { problems, able } = verdictOf(facts({ run: { restarts } }));
    expect(able).toBe(true);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatchObject({ id: 'process-restarted', title: '5 restarts of a process', from: 1000, to: 5000 });
    expect(problems[0]?.evidence).toMatch(/intake 0 at 1 s \(SIGKILL\).*intake 2.*and 2 more\.$/);
  });

  test('some pushing back at full speed is how it is meant', () => {
    expect(verdictOf(facts({ backpressure: 5 })).problems).toEqual([]);
  });

  test('quote an example', () => {
    const { verdict } = sampleReport({ faulty: true });
    const ids = verdict.problems.map((problem) => problem.id);
    expect(ids).toEqual(['lost-readings', 'wrong-values', 'stored-twice', 'process-restarted', 'resent-messages', 'malformed-messages']);
    expect(verdict.problems[0]?.evidence).toMatch(/E\.g\. missing: meter 4711/);
    expect(verdict.problems[2]?.evidence).not.toMatch(/E\.g\./);
  });
});

describe('after another audit', () => {
  const good = sampleReport();
  const bad = sampleReport({ faulty: true });

  test('a store that was spoilt is no longer able', () => {
    const verdict = revisedVerdict(good, { ...good.audit, exact: false, wrong: 1 });
    expect(verdict.able).toBe(false);
    expect(verdict.why).toMatch(/1 wrong/);
    expect(verdict.problems.map(({ id }) => id)).toEqual(['wrong-values']);
    expect(verdict.resources).toEqual(good.verdict.resources);
  });

  test('findings that are gone are gone, what was seen in the run stays', () => {
    const verdict = revisedVerdict(bad, good.audit);
    expect(verdict.able).toBe(true);
    expect(verdict.problems.map(({ id }) => id)).toEqual(['process-restarted', 'resent-messages', 'malformed-messages']);
  });
});

describe('resources', () => {
  test('are those of the head-end', () => {
    const process = { pid: 1, peakRssBytes: 100, wallMs: [], cpuCores: [], rssBytes: [] };
    const { resources } = verdictOf(
      facts({
        run: { wallSeconds: 4, storeBytes: 2600 },
        processes: [
          { ...process, name: 'store', group: 'headend', cpuSeconds: 3 },
          { ...process, name: 'intake 1', group: 'headend', cpuSeconds: 5 },
          { ...process, name: 'simulator 1', group: 'simulator', cpuSeconds: 6 },
          { ...process, name: 'runner', group: 'runner', cpuSeconds: 1 },
        ],
      }),
    );
    expect(resources).toEqual({
      cpuSecondsPerMillionReadings: 8000,
      coresUsed: 2,
      peakRssBytes: 200,
      storeBytesPerReading: 2.6,
      headendCpuSeconds: 8,
      simulatorCpuSeconds: 6,
    });
  });

  test('that were not seen are not known', () => {
    const { resources } = verdictOf(facts({ processes: [], run: { storeBytes: 0 } }));
    expect(Object.values(resources)).toEqual([null, null, null, null, null, null]);
  });
});
