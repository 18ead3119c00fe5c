import { describe, expect, test } from 'vitest';
import { VirtualClock } from '../../base/clock.ts';
import { patternFault } from './rule.ts';
import { RuleWatch } from './rule-watch.ts';
import { RULE_SETS } from './shipped-rules.ts';

function found(set: string, text: string): string | null {
  let rule: string | null = null;
  const collector = { event: (event: { readonly rule: string; readonly fields: Readonly<Record<string, string>> }) => (rule = [event.rule, ...Object.values(event.fields)].join(' ')) };
  new RuleWatch({ clock: new VirtualClock(), target: 'x', rules: RULE_SETS[set] ?? [], collector }).look({ text, timeMs: null, fields: {} });
  return rule;
}

/** Message texts of PostgreSQL's sources (bufmgr, checkpointer, deadlock, postmaster, proc, xlog). */
describe('postgresql', () => {
  const at = '2026-11-28 17:00:00.123 UTC [4711]';
  test.each([
    [`${at} LOG:  checkpoints are occurring too frequently (9 seconds apart)`, 'checkpoints-too-frequent 9'],
    [`${at} LOG:  checkpoints are occurring too frequently (1 second apart)`, 'checkpoints-too-frequent 1'],
    [`${at} meterstorm@db ERROR:  deadlock detected`, 'deadlock'],
    [`${at} ERROR:  40P01: deadlock detected`, 'deadlock'],
    [`${at} FATAL:  sorry, too many clients already`, 'too-many-connections'],
    [`${at} FATAL:  remaining connection slots are reserved for roles with the SUPERUSER attribute`, 'too-many-connections'],
    [`${at} FATAL:  too many connections for role "hes"`, 'too-many-connections'],
    [`${at} ERROR:  could not extend file "base/5/16384": No space left on device`, 'disk-full'],
    [`${at} PANIC:  could not write to file "pg_wal/xlogtemp.12": No space left on device`, 'disk-full'],
    [`${at} ERROR:  out of memory`, 'out-of-memory'],
    [`${at} ERROR:  out of shared memory`, 'out-of-memory'],
    [`${at} LOG:  process 12 still waiting for ShareLock on transaction 744 after 1000.123 ms`, 'lock-wait 12 ShareLock 1000.123'],
    [`${at} LOG:  server process (PID 77) was terminated by signal 9: Killed`, 'backend-killed 77 9'],
    [`${at} LOG:  database system was interrupted; last known up at 2026-11-28 16:00:00 UTC`, 'crash-recovery'],
    [`${at} LOG:  database system was not properly shut down; automatic recovery in progress`, 'crash-recovery'],
    [`${at} PANIC:  could not locate a valid checkpoint record`, 'panic could not locate a valid checkpoint record'],
    [`${at} FATAL:  password authentication failed for user "x"`, 'fatal password authentication failed for user "x"'],
    [`${at} LOG:  checkpoint complete: wrote 46 buffers (0.3%)`, null],
    [`${at} ERROR:  relation "x" does not exist at character 15`, null],
  ])('%s', (text, expected) => expect(found('postgresql', text)).toBe(expected));
});

/** As Linux writes them: net/netfilter/nf_conntrack_core.c, net/ipv4/tcp_input.c, mm/oom_kill.c, block/blk-core.c, kernel/hung_task.c. */
describe('kernel', () => {
  test.each([
    ['nf_conntrack: nf_conntrack: table full, dropping packet', 'conntrack-full'],
    ['[  12.5] nf_conntrack: table full, dropping packet.', 'conntrack-full'],
    ['TCP: request_sock_TCP: Possible SYN flooding on port 4059. Sending cookies.  Check SNMP counters.', 'syn-flooding 4059'],
    ['TCP: request_sock_TCP: Possible SYN flooding on port 0.0.0.0:4059. Sending cookies.', 'syn-flooding 0.0.0.0:4059'],
    ['TCP: request_sock_TCPv6: Possible SYN flooding on port [::]:4059. Dropping request.', 'syn-flooding [::]:4059'],
    ['Out of memory: Killed process 1234 (node) total-vm:9999kB, anon-rss:8888kB', 'oom-kill 1234 node'],
    ['Memory cgroup out of memory: Killed process 99 (postgres) total-vm:1kB', 'oom-kill 99 postgres'],
    ['Out of memory: Kill process 5 (a b) score 900 or sacrifice child', 'oom-kill 5 a b'],
    ['TCP: out of memory -- consider tuning tcp_mem', 'tcp-out-of-memory'],
    ['VFS: file-max limit 9223 reached', 'file-limit 9223'],
    ['neighbour: arp_cache: neighbor table overflow!', 'neighbour-table-full'],
    ['blk_update_request: I/O error, dev sda, sector 123 op 0x0:(READ)', 'disk-error sda'],
    ['INFO: task jbd2/sda1-8:212 blocked for more than 120 seconds.', 'hung-task jbd2/sda1-8 212 120'],
    ['eth0: link up', null],
  ])('%s', (text, expected) => expect(found('kernel', text)).toBe(expected));
});

test('journald and our own head-end', () => {
  expect(found('journald', 'Suppressed 1234 messages from nginx.service')).toBe('journal-suppressed 1234 nginx.service');
  expect(found('headend', 'intake 1 died (SIGKILL) and is started again')).toBe('headend-process-died intake 1 SIGKILL');
  expect(found('headend', 'store died (exit code 1) and is started again')).toBe('headend-process-died store exit code 1');
  expect(found('headend', '5 connections, 9 readings stored, 0 duplicates dropped, 3 malformed messages (bad-tag 3)')).toBe('headend-malformed 3');
  expect(found('headend', '5 connections, 9 readings stored, 0 duplicates dropped, 0 malformed messages; last fault: ENOSPC')).toBe('headend-fault ENOSPC');
  expect(found('headend', '5 connections, 9 readings stored, 0 duplicates dropped, 0 malformed messages')).toBeNull();
  expect(found('headend', 'FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory')).toBe('headend-out-of-memory');
  expect(found('headend', 'meterstorm: intake 1 can’t listen: EADDRINUSE')).toMatch(/^headend-ended/);
});

test('all are patterns, each of another name', () => {
  const rules = Object.values(RULE_SETS).flat();
  expect(rules.map(({ pattern }) => patternFault(pattern)).filter((fault) => fault !== null)).toEqual([]);
  expect(new Set(rules.map(({ name }) => name)).size).toBe(rules.length);
});

test('none takes long for a long line that it almost matches', () => {
  const lines = ['FATAL:'.repeat(17_000), `Out of memory: Killed process ${'1'.repeat(100_000)}`, `${'task '.repeat(20_000)}`, `SYN flooding on port ${'1.'.repeat(50_000)}x`, 'nf_conntrack: '.repeat(7000), 'neighbour: a'.repeat(8000), 'process 1 still waiting for a on '.repeat(3000)];
  for (const text of lines) {
    const began = performance.now();
    for (const set of Object.keys(RULE_SETS)) found(set, text.slice(0, 102_400));
    expect(performance.now() - began, text.slice(0, 20)).toBeLessThan(2000);
  }
});
