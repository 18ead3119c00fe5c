/**
 * Rules that come with Meterstorm, by the name of their set. Of several that match a line the first one makes the event, so
 * that what is known more closely stands before what is not. An event that proves a failure makes a problem of the verdict.
 *
 * Messages are those of PostgreSQL 12 to 17 (lc_messages C or en), of Linux 4 to 6, of journald, and of our own head-end.
 */

import type { ProblemId } from '../problem-kinds.ts';
import type { Severity } from '../store/monitor-source.ts';
import { USUAL_MOST, USUAL_WITHIN_MS, type Rule } from './rule.ts';

const POSTGRESQL = [
  rule('checkpoints-too-frequent', 'warning', String.raw`checkpoints are occurring too frequently \((?<seconds>\d+) seconds? apart\)`, 'checkpoints-too-frequent'),
  rule('deadlock', 'error', String.raw`ERROR:\s+(?:\w{5}: )?deadlock detected`, 'deadlock'),
  rule('too-many-connections', 'error', String.raw`FATAL:\s+(?:\w{5}: )?(?:sorry, too many clients already|remaining connection slots are reserved|too many connections for)`, 'too-many-connections'),
  rule('disk-full', 'critical', 'No space left on device', 'disk-full'),
  rule('out-of-memory', 'error', String.raw`(?:ERROR|FATAL):\s+(?:\w{5}: )?out of (?:shared )?memory`, 'out-of-memory'),
  rule('lock-wait', 'warning', String.raw`process (?<pid>\d+) still waiting for (?<mode>\w+) on .{1,300} after (?<milliseconds>[\d.]+) ms`),
  rule('backend-killed', 'critical', String.raw`server process \(PID (?<pid>\d+)\) was terminated by signal (?<signal>\d+)`),
  rule('crash-recovery', 'error', 'database system was (?:interrupted|not properly shut down)'),
  rule('panic', 'critical', String.raw`PANIC:\s+(?<message>.*)`),
  rule('fatal', 'error', String.raw`FATAL:\s+(?<message>.*)`),
];

const KERNEL = [
  rule('conntrack-full', 'critical', '[ni][fp]_conntrack: (?:nf_conntrack: )?table full, dropping packet', 'conntrack-full'),
  rule('syn-flooding', 'warning', String.raw`[Pp]ossible SYN flooding on port (?<port>[\da-fA-F.:[\]]*[\da-fA-F])\.`, 'syn-flooding'),
  rule('oom-kill', 'critical', String.raw`[Oo]ut of memory: Kill(?:ed)? process (?<pid>\d+) \((?<process>[^)]*)\)`, 'out-of-memory'),
  rule('tcp-out-of-memory', 'critical', 'TCP: out of memory -- consider tuning tcp_mem'),
  rule('file-limit', 'critical', String.raw`VFS: file-max limit (?<max>\d+) reached`, 'file-limit-reached'),
  rule('neighbour-table-full', 'error', String.raw`neighbou?r: (?:\w{1,30}: neighbor )?table overflow`),
  rule('disk-error', 'critical', String.raw`I/O error, dev (?<device>[\w-]+)`),
  rule('hung-task', 'warning', String.raw`task (?<process>[^ ]+):(?<pid>\d+) blocked for more than (?<seconds>\d+) seconds`),
];

const JOURNALD = [rule('journal-suppressed', 'warning', String.raw`Suppressed (?<count>\d+) messages from (?<unit>[^ ]+)`, 'log-flood')];

const HEADEND = [
  rule('headend-process-died', 'error', String.raw`(?<process>(?:intake|poller) \d+|store) died \((?<why>[^)]*)\) and is started again`),
  rule('headend-fault', 'error', 'last fault: (?<fault>.*)'),
  rule('headend-malformed', 'warning', String.raw`(?<count>[1-9]\d{0,14}) malformed messages`),
  rule('headend-out-of-memory', 'critical', 'JavaScript heap out of memory', 'out-of-memory'),
  rule('headend-ended', 'critical', '^meterstorm: (?<message>.*)'),
];

export const RULE_SETS: Readonly<Record<string, readonly Rule[]>> = { postgresql: POSTGRESQL, kernel: KERNEL, journald: JOURNALD, headend: HEADEND };

/** What events prove, by the name of their rule. A rule of the user's that has such a name says the same. */
export const PROOFS: ReadonlyMap<string, ProblemId> = new Map(
  Object.values(RULE_SETS)
    .flat()
    .flatMap(({ name, problem }) => (problem === undefined ? [] : [[name, problem] as const])),
);

function rule(name: string, severity: Severity, pattern: string, problem?: ProblemId): Rule {
  const common = { name, severity, pattern, most: USUAL_MOST, withinMs: USUAL_WITHIN_MS };
  return problem === undefined ? common : { ...common, problem };
}
