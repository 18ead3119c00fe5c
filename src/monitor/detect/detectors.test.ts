import { describe, expect, test } from 'vitest';
import { PROBLEM_KINDS } from '../problem-kinds.ts';
import { detect, DETECTORS } from './detectors.ts';
import { progressOf, sampleGroup, sampleHost, samplePlaces, sampleProcess, sampleSignals, sampleTraffic, WALL_MS } from './sample-signals.fixture.ts';
import type { Signals } from './signals.ts';

function found(change: Parameters<typeof sampleSignals>[0]): string[] {
  return detect(sampleSignals(change)).map(({ id, severity }) => (severity === undefined ? id : `${id} (${severity})`));
}

function evidence(change: Parameters<typeof sampleSignals>[0]): string {
  return detect(sampleSignals(change)).map(({ from, to, evidence: text }) => `${from} ${to} ${text}`).join('\n');
}

describe('a healthy run', () => {
  test.each<[string, Parameters<typeof sampleSignals>[0]]>([
    ['at a speed', {}],
    ['at max', { speed: 'max', lateness: { count: 0, p50: 0, p99: 0 }, counts: { firstMinuteReadings: 0 } }],
    ['in pull', { mode: 'pull', lateness: { count: 0, p50: 0, p99: 0 }, traffic: sampleTraffic({ connects: [[0, 100]], refused: [[30, 5]] }) }],
    ['without /proc', { host: null, groups: [], processes: [] }],
    ['with a head-end that nobody sees and that does not confirm', { progress: { ...progressOf(2), stored: null, confirmed: null } }],
    ['in which nothing happened', { progress: { wallMs: [], sent: [], confirmed: [], stored: [] }, traffic: { wallMs: [], connects: [], disconnects: [], refused: [], withoutDescriptor: [] }, counts: { messages: 0, readings: 0, firstMinuteReadings: 0, storedReadings: 0, lateReadings: 0 } }],
  ])('%s has no problem', (_, change) => expect(found(change)).toEqual([]));

  test('every detector tells a problem of the table, and no two the same', () => {
    const ids = DETECTORS.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const id of ids) expect(PROBLEM_KINDS).toHaveProperty([id]);
  });
});

describe('backlog', () => {
  test('that grows from interval to interval', () => {
    expect(found({ progress: progressOf(0.6) })).toEqual(['backlog-growth (critical)']);
    // 400 of 1,000 are left of each interval.
    expect(evidence({ progress: progressOf(0.6) })).toMatch(/^100000 195000 From one interval of 10 s to the next 400 readings more were not in the store: 40 % of those that came\..*of work at the pace so far\.$/);
  });

  test('that comes and goes with the intervals does not grow', () => {
    expect(found({ progress: progressOf(1.01) })).toEqual([]);
    expect(found({ progress: progressOf(0.97) })).toEqual([]);
    expect(found({ progress: progressOf(0.93) })).toEqual(['backlog-growth (critical)']);
  });

  test('that is high from the begin does not grow', () => {
    const { sent, confirmed } = progressOf(2);
    expect(found({ progress: { wallMs: WALL_MS, sent, confirmed, stored: sent.map((count) => Math.max(0, count - 5000)) } })).toEqual([]);
  });

  test('of confirmations, where nobody sees the store', () => {
    const { sent, stored } = progressOf(0.5);
    expect(evidence({ progress: { wallMs: WALL_MS, sent, confirmed: stored, stored: null } })).toContain('not confirmed');
  });

  test('of what was sent, where a confirmation says that it is stored', () => {
    const { sent, stored } = progressOf(0.6);
    expect(evidence({ progress: { wallMs: WALL_MS, sent, confirmed: null, stored } })).toContain('400 readings more were not in the store');
  });

  test('needs some intervals to be seen', () => expect(found({ speed: 30, progress: progressOf(0.6) })).toEqual([]));

  test('at max is one when the store needs long for the rest', () => {
    const rest = (drainMs: number): Signals['progress'] => {
      const sent = WALL_MS.map((ms) => Math.min(100_000, ms));
      return { wallMs: WALL_MS, sent, confirmed: sent, stored: WALL_MS.map((ms) => Math.min(100_000, (ms * 100_000) / (100_000 + drainMs))) };
    };
    expect(found({ speed: 'max', progress: rest(50_000) })).toEqual([]);
    expect(evidence({ speed: 'max', progress: rest(80_000) })).toMatch(/^0 180000 When the last reading was sent, \d\d,\d\d\d were not in the store; that took 1 min 20 s more, 40 % of the run\.$/);
  });
});

describe('readings', () => {
  test.each<[string, Parameters<typeof sampleSignals>[0], string[]]>([
    ['twice, below the mark', { counts: { duplicatesDropped: 2 } }, []],
    ['twice', { counts: { duplicatesDropped: 3 } }, ['duplicates-received']],
    ['late, below the mark', { counts: { lateReadings: 1000 } }, []],
    ['late', { counts: { lateReadings: 1001 } }, ['late-flood']],
    ['spread enough', { counts: { firstMinuteReadings: 10_666 } }, []],
    ['all at once', { counts: { firstMinuteReadings: 10_667 } }, ['quarter-hour-herd']],
    ['all at once, asked for', { mode: 'pull', counts: { firstMinuteReadings: 20_000 } }, []],
    ['all at once, of five minutes', { intervalSeconds: 300, counts: { firstMinuteReadings: 20_000 } }, []],
  ])('%s', (_, change, ids) => expect(found(change)).toEqual(ids));
});

describe('connections', () => {
  test('refused, and when', () => {
    const traffic = sampleTraffic({ connects: [[0, 100]], refused: [[20, 3], [30, 4]] });
    expect(found({ traffic })).toEqual(['refused-connections']);
    expect(evidence({ traffic })).toMatch(/^10000 15500 The head-end refused 7 connections of 100 concentrators/);
  });

  test('made again by most within a short time', () => {
    const storm = (count: number) => sampleTraffic({ connects: [[0, 60], [1, 40], [100, count], [102, 10]] });
    expect(found({ traffic: storm(39) })).toEqual([]);
    expect(found({ traffic: storm(40) })).toEqual(['reconnect-storm']);
    expect(evidence({ traffic: storm(90) })).toMatch(/^50000 51500 Within 1.5 s 100 connections were made again, by 100 concentrators; at most 180 in a second, 0 at other times\.$/);
  });

  test('made again all the time are no storm, nor are few, nor over a long time', () => {
    expect(found({ traffic: sampleTraffic({ connects: [[0, 100], ...samplePlaces(WALL_MS.length, 10)] }) })).toEqual([]);
    expect(found({ stations: 8, traffic: sampleTraffic({ connects: [[0, 8], [50, 8]] }) })).toEqual([]);
    expect(found({ traffic: sampleTraffic({ connects: [[0, 100], [100, 30], [150, 30], [200, 30]] }) })).toEqual([]);
  });

  test('at real time have two minutes for it', () => {
    expect(found({ speed: 1, traffic: sampleTraffic({ connects: [[0, 100], [100, 30], [150, 30]] }) })).toEqual(['reconnect-storm']);
  });

  test.each<[string, Parameters<typeof sampleSignals>[0], string[]]>([
    ['a few segments again', { host: sampleHost({ tcp: { retransmissions: 99, segments: 1000 }, retransmissions: [[5, 99]] }) }, []],
    ['a small share again', { host: sampleHost({ tcp: { retransmissions: 999 }, retransmissions: [[5, 999]] }) }, []],
    ['much again', { host: sampleHost({ tcp: { retransmissions: 1000 }, retransmissions: [[5, 1000]] }) }, ['retransmissions']],
    ['one that found a queue full', { host: sampleHost({ tcp: { listenOverflows: 9 }, listenOverflows: [[5, 9]] }) }, []],
    ['queues full twice', { host: sampleHost({ tcp: { listenOverflows: 2 }, listenOverflows: [[5, 1], [9, 1]] }) }, ['accept-queue-full']],
    ['a queue full for many', { host: sampleHost({ tcp: { listenOverflows: 10 }, listenOverflows: [[5, 10]] }) }, ['accept-queue-full']],
    ['tracked, with room', { host: sampleHost({ conntrack: { peak: 800, max: 1000 } }) }, []],
    ['tracked, little room', { host: sampleHost({ conntrack: { peak: 801, max: 1000 } }) }, ['conntrack-near-full (warning)']],
    ['tracked, no room', { host: sampleHost({ conntrack: { peak: 901, max: 1000 } }) }, ['conntrack-near-full (critical)']],
  ])('%s', (_, change, ids) => expect(found(change)).toEqual(ids));
});

describe('limits', () => {
  const holding = (kind: 'own' | 'pid', descriptors: number) => ({ groups: [sampleGroup({ kind, fullest: { process: 'p', descriptors, descriptorsMax: 1000 } })] });

  test.each<[string, Parameters<typeof sampleSignals>[0], string[]]>([
    ['descriptors of a watched process', holding('pid', 801), ['descriptors-near-limit (warning)']],
    ['descriptors with room', holding('pid', 800), []],
    ['descriptors of ours, which are sized to fit', holding('own', 871), []],
    ['descriptors of ours when the rest goes', holding('own', 873), ['descriptors-near-limit (warning)']],
    ['no descriptor left', { traffic: sampleTraffic({ connects: [[0, 100]], withoutDescriptor: [[3, 7]] }) }, ['descriptors-near-limit (critical)']],
    ['disk with room for another run', { host: sampleHost({ series: { diskFreeBytes: [900e6, 500e6] } }) }, []],
    ['disk without', { host: sampleHost({ series: { diskFreeBytes: [900e6, 400e6] } }) }, ['disk-full-soon (warning)']],
    ['disk nearly full', { host: sampleHost({ series: { diskFreeBytes: [900e6, 40e6] } }) }, ['disk-full-soon (critical)']],
    ['a small disk that nobody fills', { host: sampleHost({ series: { diskFreeBytes: [45e6, 1e6] } }) }, []],
    ['an intake that keeps waiting', { takerLoops: [{ process: 'intake 1', p99Ms: 201, maxMs: 500 }] }, ['event-loop-delay']],
    ['an intake at max', { speed: 'max', lateness: { count: 0, p50: 0, p99: 0 }, takerLoops: [{ process: 'intake 1', p99Ms: 1900, maxMs: 2500 }] }, []],
  ])('%s', (_, change, ids) => expect(found(change)).toEqual(ids));

  test('the worst process is named', () => {
    const takerLoops = [{ process: 'intake 1', p99Ms: 250, maxMs: 900 }, { process: 'intake 2', p99Ms: 300, maxMs: 400 }];
    expect(evidence({ takerLoops })).toMatch(/In intake 2 and 1 more one look in 100 .* 300 ms late or more \(longest 900 ms\)/);
  });
});

describe('the generator', () => {
  const late = { count: 2000, p50: 100, p99: 600 };
  const slow = [{ process: 'simulator 1', p99Ms: 260, maxMs: 900 }];
  const full = [sampleProcess('simulator', 0.95), sampleProcess('headend', 0.4)];

  test.each<[string, Parameters<typeof sampleSignals>[0], string[]]>([
    ['late, and with time: the line or the head-end kept it', { lateness: late }, []],
    ['short of time, and not late', { simulatorLoops: slow, processes: full }, []],
    ['late, its loop too', { lateness: late, simulatorLoops: slow }, ['generator-saturated (critical)']],
    ['late, its core full', { lateness: late, processes: full }, ['generator-saturated (critical)']],
    ['late by less than 5 % of an interval', { speed: 30, progress: progressOf(2), lateness: late, processes: full }, []],
    ['pulled, its loop late', { mode: 'pull', lateness: { count: 0, p50: 0, p99: 0 }, simulatorLoops: slow }, ['generator-saturated (critical)']],
    ['at max, full, nobody else is', { speed: 'max', processes: full }, ['generator-saturated']],
    ['at max, full, pushed back', { speed: 'max', processes: full, counts: { backpressure: 20 } }, []],
    ['at max, full, the head-end busy', { speed: 'max', processes: [full[0], sampleProcess('headend', 0.8)].filter((process) => process !== undefined) }, []],
    ['at max, not full', { speed: 'max', processes: [sampleProcess('simulator', 0.85)] }, []],
  ])('%s', (_, change, ids) => expect(found(change)).toEqual(ids));

  test('is told with what kept it', () => {
    expect(evidence({ lateness: late, simulatorLoops: slow, processes: full })).toMatch(
      /One message in 100 left 600 ms or more after its time \(the mark is 500 ms; half of them 100 ms\)\. .* up to 260 ms late in 99 of 100 times, and filled its core in 100 % of the samples\. On average 1 of 2 cores of this machine were busy, 0\.6 of them with what is not part of the run\./,
    );
  });
});
