/**
 * All problems that a run can show: what each says, from which mark on, whether it is grave, and what to do about it. The ids are stable:
 * people search and count by them. `docs/problems.md` is this table.
 */

export type Severity = 'warning' | 'critical';

export interface ProblemKind {
  readonly what: string;
  /** From where on it is said; empty: any is too many. */
  readonly threshold: string;
  readonly severity: Severity;
  /** The head-end is not able because of it. */
  readonly decides: boolean;
  readonly remedy: string;
}

export const PROBLEM_KINDS = {
  'lost-readings': {
    what: 'planned readings are not in the store',
    threshold: '',
    severity: 'critical',
    decides: true,
    remedy: 'Confirm a message only once it is durable, and look at the examples: they name meter, time and who had the reading last.',
  },
  'not-in-time': {
    what: 'the run was cut off after its last step (`--drain`), and planned readings were not stored, or not confirmed where nobody can look',
    threshold: '',
    severity: 'critical',
    decides: true,
    remedy: 'Look what the backlog grew from: the head-end took readings more slowly than the grid makes them. `meterstorm capacity` finds the grid that it holds.',
  },
  'wrong-values': {
    what: 'value or status of a stored reading differs from the truth',
    threshold: '',
    severity: 'critical',
    decides: true,
    remedy: 'Compare the examples with what was sent: a shifted value points at scaler and unit, a shifted time at the clock or at daylight saving.',
  },
  'stored-twice': {
    what: 'rows repeat a meter, channel and time',
    threshold: '',
    severity: 'critical',
    decides: true,
    remedy: 'Make the store idempotent by (meter, channel, time): what is sent again after a reconnect must not become a second row.',
  },
  'unplanned-readings': {
    what: 'stored rows that no plan has',
    threshold: '',
    severity: 'critical',
    decides: true,
    remedy: 'Begin with an empty store, and check the mapping of meters and channels.',
  },
  'slower-than-real-time': {
    what: 'the run took longer than the grid itself would have',
    threshold: 'longer than the grid plus one interval',
    severity: 'critical',
    decides: true,
    remedy: 'Give the head-end what it ran out of (see resources), or find its largest grid with `meterstorm capacity`.',
  },
  'process-restarted': {
    what: 'a process ended unasked and was started again',
    threshold: '',
    severity: 'warning',
    decides: false,
    remedy: 'Look for who ended it: SIGKILL is most often the kernel out of memory (`dmesg`), an exit code a fault that stands on stderr.',
  },
  'resent-messages': {
    what: 'messages were unconfirmed when a connection ended, and left again',
    threshold: '',
    severity: 'warning',
    decides: false,
    remedy: 'Expected after an outage. Without one: find out why connections end, and confirm sooner so that less is sent twice.',
  },
  'connections-broken': {
    what: 'connections to a head-end that confirms nothing broke: what they had taken may be lost',
    threshold: '',
    severity: 'warning',
    decides: false,
    remedy: 'Let the head-end confirm (last_confirmation_date_time); only then can a concentrator know what to send again.',
  },
  'nothing-confirmed': {
    what: 'readings were sent and none was confirmed',
    threshold: '',
    severity: 'warning',
    decides: false,
    remedy: 'Say --unconfirmed for a head-end that does not confirm; otherwise check that it writes attribute 13 of the push setup (class 40).',
  },
  'malformed-messages': {
    what: 'one side could not understand the other',
    threshold: '',
    severity: 'warning',
    decides: false,
    remedy: 'Record a session and decode it: the reason is in the statistics of the side that refused the message.',
  },
  'backpressure': {
    what: 'connections took no more for a while',
    threshold: 'any at a given speed; at `max` after one write in ten',
    severity: 'warning',
    decides: false,
    remedy: 'The head-end reads more slowly than it is sent to: look which of its processes is at a full core, and start more of them.',
  },
  'connections-not-back': {
    what: 'connections that many links lost at once were not made again by the end of the run, and planned readings are missing',
    threshold: 'more than one link in a hundred is away',
    severity: 'warning',
    decides: false,
    remedy: 'Look at the accept queue and at limits for each client; let the test run longer after the outage.',
  },
  'slow-store': {
    what: 'readings are late in the store',
    threshold: 'one in 100 was queryable later than one interval of the run; at `max`, later than 10 s',
    severity: 'warning',
    decides: false,
    remedy: 'Load in larger batches, drop indexes that the load does not need, and give the store a disk and a core of its own.',
  },
  'generator-saturated': {
    what: 'the simulator itself was too slow, so that the run says nothing against the head-end',
    threshold: 'at a speed: one message in 100 left later than 5 % of an interval (250 ms at least), and a simulator kept what was due waiting for 200 ms (p99) or filled a core in a quarter of the samples; at `max`: filled a core in three quarters of them while the head-end neither pushed back (1 %) nor was busy (0.7 cores a process). Critical at a speed',
    severity: 'warning',
    decides: false,
    remedy: 'Give the generator more: run it on another machine (`meterstorm simulate`), more `--simulators`, a smaller grid or a lower speed; end what else keeps this machine busy.',
  },
  'descriptors-near-limit': {
    what: 'a process holds nearly as many descriptors as it may',
    threshold: 'more than 80 % of its limit; of our own, which are made to fit, fewer than 128 left; critical: a connection could not be made for it',
    severity: 'warning',
    decides: false,
    remedy: 'Raise the limit (`ulimit -n`, LimitNOFILE= of the service), or spread the connections over more processes.',
  },
  'disk-full-soon': {
    what: 'where the run writes there is less room left than it took',
    threshold: 'more than 50 MB were taken and less is left; critical: less than a tenth of it',
    severity: 'warning',
    decides: false,
    remedy: 'Free some room or name another disk with --out; for a head-end of yours, mind its logs and its write-ahead log.',
  },
  'backlog-growth': {
    what: 'more and more readings wait for the store, or for their confirmation where nobody sees the store',
    threshold: 'at a speed: in the second half the low points of the intervals rise (99 % sure) by more than 5 % of what arrives (critical); at `max`: 60 s and a fifth of the run to store the rest',
    severity: 'warning',
    decides: false,
    remedy: 'This load is beyond what the head-end holds for long: speed up what it waits for (see slow-store and resources), or find its largest grid with `meterstorm capacity`.',
  },
  'event-loop-delay': {
    what: 'processes of the built-in head-end keep connections waiting',
    threshold: 'one look in 100 is more than 200 ms late; at `max` 2 s',
    severity: 'warning',
    decides: false,
    remedy: 'Start more intakes (--intakes), and end what else keeps the cores busy; pauses of garbage collection show as memory near its limit.',
  },
  'refused-connections': {
    what: 'the head-end refused connections of concentrators',
    threshold: '',
    severity: 'warning',
    decides: false,
    remedy: 'Look whether its listener was there all the time (restarts), and whether it limits clients.',
  },
  'reconnect-storm': {
    what: 'most concentrators connect again within a short time',
    threshold: 'half of them within 120 s of the grid (5 s at least), at more than five times the usual rate',
    severity: 'warning',
    decides: false,
    remedy: 'Let concentrators wait a random time that doubles with each try (5 s up to 10 min), and give the head-end an accept queue that holds them all.',
  },
  'accept-queue-full': {
    what: 'connections found no room in the accept queue of a listener on this machine',
    threshold: 'in two samples, or ten of them',
    severity: 'warning',
    decides: false,
    remedy: 'Raise the backlog of the listener and net.core.somaxconn together, and accept faster.',
  },
  'conntrack-near-full': {
    what: 'the kernel’s table of tracked connections is nearly full',
    threshold: 'more than 80 % of nf_conntrack_max; critical: more than 90 %',
    severity: 'warning',
    decides: false,
    remedy: 'Raise net.netfilter.nf_conntrack_max, or take this traffic out of tracking (`notrack`), also on hypervisors and firewalls on the way.',
  },
  'retransmissions': {
    what: 'TCP of this machine sends much again',
    threshold: 'more than 1 % of the segments, and 100 at least',
    severity: 'warning',
    decides: false,
    remedy: 'Look for loss on the way (`ip -s link`, `tc -s qdisc`), for full receive buffers, and for a listener that drops.',
  },
  'duplicates-received': {
    what: 'the head-end received readings twice, and dropped the second copies',
    threshold: 'more than 0.01 % of what is stored',
    severity: 'warning',
    decides: false,
    remedy: 'Harmless when the store is idempotent; confirm sooner, so that less is unconfirmed when a connection ends.',
  },
  'late-flood': {
    what: 'many readings were old when they were sent: what outages held back comes at once',
    threshold: 'more than 5 % are more than an hour old',
    severity: 'warning',
    decides: false,
    remedy: 'A property of the scenario; make sure that the store takes late rows into old partitions without rewriting them, and that recent readings go first.',
  },
  'quarter-hour-herd': {
    what: 'concentrators push all at once, at the begin of each interval',
    threshold: 'the first minute has more than 8 times the mean of a minute',
    severity: 'warning',
    decides: false,
    remedy: 'Spread the pushes (`behaviour.spread`; randomisation_start_interval of the push setup), or size the head-end for the peak.',
  },
  'store-failed': {
    what: 'the store of the built-in head-end failed, and was tried again until it took the readings',
    threshold: '',
    severity: 'warning',
    decides: false,
    remedy: 'Read what it said, and the log of the database at that time: it was restarted, had no disk or no connection left, or lost one.',
  },
  'conntrack-full': {
    what: 'a kernel that was watched dropped packets because its table of tracked connections was full',
    threshold: '',
    severity: 'critical',
    decides: false,
    remedy: 'Raise net.netfilter.nf_conntrack_max there, or take this traffic out of tracking (`notrack`); look at hypervisors and firewalls too, their tables fill first.',
  },
  'syn-flooding': {
    what: 'a kernel that was watched took a rush of connections for SYN flooding: a listener was too slow for them',
    threshold: '',
    severity: 'warning',
    decides: false,
    remedy: 'Raise the backlog of the listener on that port, net.core.somaxconn and net.ipv4.tcp_max_syn_backlog together, and accept faster.',
  },
  'out-of-memory': {
    what: 'a log that was watched tells of a process that had no memory left, or was killed for it',
    threshold: '',
    severity: 'critical',
    decides: false,
    remedy: 'See in the timeline whose memory grew before. For a database lower work_mem or the number of connections; for shared memory raise max_locks_per_transaction.',
  },
  'file-limit-reached': {
    what: 'a kernel that was watched had no file handle left for any process',
    threshold: '',
    severity: 'critical',
    decides: false,
    remedy: 'Raise fs.file-max, and find out who holds them: each connection is one.',
  },
  'disk-full': {
    what: 'a database that was watched could not write: no space was left on its disk',
    threshold: '',
    severity: 'critical',
    decides: false,
    remedy: 'Free some room; give the write-ahead log and other logs a disk of their own, and drop replication slots that nobody reads.',
  },
  'checkpoints-too-frequent': {
    what: 'a database that was watched wrote checkpoints one after the other, because its write-ahead log was full',
    threshold: 'as checkpoint_warning says, 30 s if it is not set',
    severity: 'warning',
    decides: false,
    remedy: 'Raise max_wal_size until checkpoints come by time (checkpoint_timeout), and put the write-ahead log on a disk of its own.',
  },
  'too-many-connections': {
    what: 'a database that was watched refused clients: all its connections were taken',
    threshold: '',
    severity: 'critical',
    decides: false,
    remedy: 'Let the head-end share fewer connections (a pool in it, or PgBouncer) before max_connections is raised.',
  },
  'deadlock': {
    what: 'transactions of a database that was watched waited for each other, and one was ended',
    threshold: '',
    severity: 'warning',
    decides: false,
    remedy: 'Let all writers take rows in the same order (sorted by meter, channel, time), and do again what was ended.',
  },
  'log-flood': {
    what: 'a machine that was watched got more log lines than its journal takes, and dropped some',
    threshold: 'as RateLimitBurst= of journald says',
    severity: 'warning',
    decides: false,
    remedy: 'Find what is said so often, and log it once with a count: lines for each message cost more than the message.',
  },
  'target-not-seen': {
    what: 'a target that was to be watched did not answer',
    threshold: 'more than 5 % of the run',
    severity: 'warning',
    decides: false,
    remedy: 'Check its address and whether it was overloaded: what is said of it has a gap.',
  },
} as const satisfies Readonly<Record<string, ProblemKind>>;

export type ProblemId = keyof typeof PROBLEM_KINDS;

/** The table of all problems in Markdown, a row each. */
export function problemTable(): string {
  const rows = Object.entries<ProblemKind>(PROBLEM_KINDS).map(([id, { what, threshold, severity, decides, remedy }]) => {
    return `| \`${id}\` | ${what} | ${threshold === '' ? 'any' : threshold} | ${severity} | ${decides ? 'yes' : 'no'} | ${remedy} |`;
  });
  return ['| id | what it says | from which mark on | severity | makes the verdict | what to do |', '|---|---|---|---|---|---|', ...rows].join('\n');
}
