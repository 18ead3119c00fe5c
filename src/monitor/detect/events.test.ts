import { describe, expect, test } from 'vitest';
import { VirtualClock } from '../../base/clock.ts';
import { RuleWatch } from '../events/rule-watch.ts';
import { PROOFS, RULE_SETS } from '../events/shipped-rules.ts';
import type { MonitorEvent } from '../store/monitor-source.ts';
import { detect } from './detectors.ts';
import { eventDetectors } from './events.ts';
import { sampleSignals } from './sample-signals.fixture.ts';
import type { Finding, SeenEvent } from './signals.ts';

const BEGAN_MS = Date.UTC(2026, 10, 28, 17);
const PG = '2026-11-28 17:00:30.500 UTC [4711]';

/** What the rules of a set make of lines of a log, each ten milliseconds after the other, from 30.5 s after the begin of the run. */
function eventsOf(set: string, lines: readonly string[], target = set): SeenEvent[] {
  const made: MonitorEvent[] = [];
  const clock = new VirtualClock(BEGAN_MS + 30_500);
  const watch = new RuleWatch({ clock, target, rules: RULE_SETS[set] ?? [], collector: { event: (event) => made.push(event) } });
  lines.forEach((text, i) => watch.look({ text, timeMs: BEGAN_MS + 30_500 + i * 10, fields: {} }));
  watch.stop();
  return made.map(({ timeMs, target: of, rule, severity, text, fields }) => ({ atMs: timeMs - BEGAN_MS, target: of, rule, severity, text, fields }));
}

const found = (seen: readonly SeenEvent[], total = seen.length): readonly Finding[] => detect(sampleSignals({ events: { seen, total } }));

describe('a line that proves a failure is a problem', () => {
  test.each([
    ['kernel', 'nf_conntrack: nf_conntrack: table full, dropping packet', 'conntrack-full'],
    ['kernel', 'TCP: request_sock_TCP: Possible SYN flooding on port 4059. Sending cookies.  Check SNMP counters.', 'syn-flooding'],
    ['kernel', 'Out of memory: Killed process 1234 (node) total-vm:9999kB, anon-rss:8888kB', 'out-of-memory'],
    ['kernel', 'Memory cgroup out of memory: Killed process 99 (postgres) total-vm:1kB', 'out-of-memory'],
    ['kernel', 'VFS: file-max limit 9223 reached', 'file-limit-reached'],
    ['postgresql', `${PG} LOG:  checkpoints are occurring too frequently (9 seconds apart)`, 'checkpoints-too-frequent'],
    ['postgresql', `${PG} FATAL:  sorry, too many clients already`, 'too-many-connections'],
    ['postgresql', `${PG} FATAL:  remaining connection slots are reserved for roles with the SUPERUSER attribute`, 'too-many-connections'],
    ['postgresql', `${PG} ERROR:  could not extend file "base/5/16384": No space left on device`, 'disk-full'],
    ['postgresql', `${PG} ERROR:  deadlock detected`, 'deadlock'],
    ['postgresql', `${PG} ERROR:  out of shared memory`, 'out-of-memory'],
    ['headend', 'FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory', 'out-of-memory'],
    ['journald', 'Suppressed 1234 messages from nginx.service', 'log-flood'],
  ])('%s: %s', (set, line, id) => {
    expect(found(eventsOf(set, [line]))).toEqual([expect.objectContaining({ id, from: 30_500, to: 30_500, evidence: `1 line in ${set}: “${line}”.` })]);
  });

  test.each([
    ['kernel', 'eth0: link up'],
    ['kernel', 'INFO: task jbd2/sda1-8:212 blocked for more than 120 seconds.'],
    ['postgresql', `${PG} LOG:  checkpoint complete: wrote 46 buffers (0.3%)`],
    ['postgresql', `${PG} FATAL:  password authentication failed for user "x"`],
    ['headend', 'intake 1 died (SIGKILL) and is started again'],
  ])('and others are not: %s: %s', (set, line) => expect(found(eventsOf(set, [line]))).toEqual([]));

  test('each that a shipped rule names has a detector, and the other way round', () => {
    expect(eventDetectors.map(({ id }) => id).toSorted()).toEqual([...new Set(PROOFS.values())].toSorted());
  });
});

describe('many lines', () => {
  const checkpoints = (count: number): string[] => Array.from({ length: count }, (_, i) => `LOG:  checkpoints are occurring too frequently (${i + 1} seconds apart)`);

  test('are one problem, from the first to the last, and those that were capped count', () => {
    const [problem] = found(eventsOf('postgresql', checkpoints(60)));
    // 20 of them became events; that 40 were suppressed is said at the end.
    expect(problem).toMatchObject({ id: 'checkpoints-too-frequent', from: 30_500 });
    expect(problem?.evidence).toBe('60 lines in postgresql, the first: “LOG:  checkpoints are occurring too frequently (1 seconds apart)”.');
  });

  test('of several logs are told apart', () => {
    const events = [...eventsOf('postgresql', checkpoints(2), 'db 1'), ...eventsOf('postgresql', checkpoints(1), 'db 2')];
    expect(found(events)[0]?.evidence).toMatch(/^3 lines in db 1 \(2\), db 2 \(1\), the first: /);
    expect(found(events, 5000)[0]?.evidence).toMatch(/^At least 3 lines in /);
  });

  test('before and after the run are put at its edges', () => {
    const [one] = eventsOf('kernel', ['nf_conntrack: table full, dropping packet']);
    const at = (atMs: number): SeenEvent[] => (one === undefined ? [] : [{ ...one, atMs }]);
    expect(found([...at(-700), ...at(1e9)])[0]).toMatchObject({ from: 0, to: 200_000 });
  });

  test('bring no signs of control into the report', () => {
    expect(found(eventsOf('kernel', ['\u001B[31mnf_conntrack: table full, dropping packet\u0007']))[0]?.evidence).toBe('1 line in kernel: “[31mnf_conntrack: table full, dropping packet”.');
  });
});

describe('a target', () => {
  const probe = (atMs: number, rule: 'probe-failed' | 'probe-recovered', target = 'database'): SeenEvent => {
    return { atMs, target, rule, severity: rule === 'probe-failed' ? 'error' : 'info', text: '', fields: rule === 'probe-failed' ? { why: 'no answer within 5000 ms' } : {} };
  };

  test('that did not answer for a part of the run was not seen', () => {
    const events = [probe(20_000, 'probe-failed'), probe(40_000, 'probe-recovered'), probe(60_000, 'probe-failed'), probe(70_000, 'probe-recovered')];
    expect(found(events)).toEqual([
      { id: 'target-not-seen', title: 'database was not seen', from: 20_000, to: 70_000, evidence: 'Of a run of 3 min 20 s there was no answer from database for 30 s (no answer within 5000 ms).' },
    ]);
  });

  test('that did not come back was not seen to the end', () => {
    expect(found([probe(150_000, 'probe-failed'), probe(180_000, 'probe-failed', 'other')])).toMatchObject([{ title: '2 targets were not seen', from: 150_000, to: 200_000 }]);
  });

  test('that missed a moment, or was late before the run, is no problem', () => {
    expect(found([probe(20_000, 'probe-failed'), probe(29_000, 'probe-recovered')])).toEqual([]);
    expect(found([probe(-9000, 'probe-failed'), probe(100, 'probe-recovered')])).toEqual([]);
  });

  test('is not said to be away when nobody can tell', () => expect(found([probe(20_000, 'probe-failed')], 5000)).toEqual([]));
});
