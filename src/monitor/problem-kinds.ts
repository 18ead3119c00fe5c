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
} as const satisfies Readonly<Record<string, ProblemKind>>;

export type ProblemId = keyof typeof PROBLEM_KINDS;

/** The table of all problems in Markdown, a row each. */
export function problemTable(): string {
  const rows = Object.entries<ProblemKind>(PROBLEM_KINDS).map(([id, { what, threshold, severity, decides, remedy }]) => {
    return `| \`${id}\` | ${what} | ${threshold === '' ? 'any' : threshold} | ${severity} | ${decides ? 'yes' : 'no'} | ${remedy} |`;
  });
  return ['| id | what it says | from which mark on | severity | makes the verdict | what to do |', '|---|---|---|---|---|---|', ...rows].join('\n');
}
