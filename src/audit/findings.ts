/** What an audit found: counts of readings, and a bounded number of examples of each kind. */

import { CHANNELS } from '../reading/batch.ts';
import type { UnreadableRows } from '../reading/source.ts';
import type { WrongCounts, WrongKind } from './wrong-value.ts';

export type FindingKind = 'missing' | 'duplicate' | 'wrong' | 'unexpected';
export type Culprit = 'simulator' | 'network' | 'headend';

export interface Example {
  readonly kind: FindingKind;
  /** null, as are channel and time: a row that can't be the reading of any meter; `text` says what it is. */
  readonly meter: number | null;
  readonly concentrator: number | null;
  readonly channel: string | null;
  readonly timeUnixSeconds: number | null;
  readonly expectedWh: number | null;
  readonly expectedStatus: number | null;
  readonly foundWh: number | null;
  readonly foundStatus: number | null;
  readonly cause: Culprit;
  readonly text: string;
}

/** Numbers of readings. `missing`, `duplicate`, `wrong` and `unexpected` are all 0 when the store is exact. */
export interface FindingCounts {
  readonly planned: number;
  readonly sent: number;
  readonly stored: number;
  readonly missing: number;
  readonly duplicate: number;
  readonly wrong: number;
  /** The wrong ones by what was done to them. */
  readonly wrongBy: WrongCounts;
  readonly unexpected: number;
  /** Of the unexpected: rows that can't be the reading of any meter. */
  readonly unreadable: number;
  /** Stored rows that the plan made available only after their own step. */
  readonly late: number;
  readonly lostByPlan: number;
  /** Rows that the plan makes available only after the end of the run. */
  readonly neverAvailable: number;
  /** Of a run that was cut short: stored readings whose confirmation had not arrived. */
  readonly inFlight: number;
  /** All findings by who is to blame. */
  readonly attribution: Readonly<Record<Culprit, number>>;
}

/** Examples kept of each kind; all are counted. */
export const EXAMPLES_PER_KIND = 10;

/** How the text of an example begins that is the reading of no meter. */
export const NO_READING = 'unexpected: a row that is no reading: ';

export class AuditFindings {
  planned = 0;
  sent = 0;
  stored = 0;
  missing = 0;
  duplicate = 0;
  wrong = 0;
  readonly #wrongBy: Record<WrongKind, number> = { status: 0, none: 0, rounded: 0, scaled: 0, shifted: 0, swapped: 0, other: 0 };
  unexpected = 0;
  unreadable = 0;
  late = 0;
  lostByPlan = 0;
  neverAvailable = 0;
  inFlight = 0;
  /** Missing readings by who lost them; wrong, duplicate and unexpected ones are the head-end's. */
  readonly #attribution: Record<Culprit, number> = { simulator: 0, network: 0, headend: 0 };
  readonly examples: Example[] = [];
  readonly #perKind: Record<FindingKind, number> = { missing: 0, duplicate: 0, wrong: 0, unexpected: 0 };

  counts(): FindingCounts {
    const { planned, sent, stored, missing, duplicate, wrong, unexpected } = this;
    const { unreadable, late, lostByPlan, neverAvailable, inFlight } = this;
    const found = { planned, sent, stored, missing, duplicate, wrong, wrongBy: { ...this.#wrongBy }, unexpected };
    return { ...found, unreadable, late, lostByPlan, neverAvailable, inFlight, attribution: { ...this.#attribution } };
  }

  addWrong(kind: WrongKind): void {
    this.wrong++;
    this.#wrongBy[kind]++;
  }

  blame(culprit: Culprit): void {
    this.#attribution[culprit]++;
  }

  addUnreadable({ count, examples }: UnreadableRows): void {
    this.stored += count;
    this.unexpected += count;
    this.unreadable += count;
    this.#attribution.headend += count;
    const room = Math.max(0, EXAMPLES_PER_KIND - this.#perKind.unexpected);
    for (const why of examples.slice(0, room)) {
      this.#perKind.unexpected++;
      this.examples.push({ ...BLANK, text: `${NO_READING}${why}` });
    }
  }

  addExample(example: {
    readonly kind: FindingKind;
    readonly found: {
      readonly meter: number;
      readonly channel: number;
      readonly time: number;
      readonly value: number | null;
      readonly status: number | null;
    };
    readonly expected: { readonly value: number; readonly status: number } | null;
    readonly concentrator: number | null;
    readonly cause: Culprit;
    readonly why: string;
  }): void {
    const { kind, found, expected, concentrator } = example;
    if (kind !== 'missing') this.blame(example.cause);
    if (this.#perKind[kind] >= EXAMPLES_PER_KIND) return;
    this.#perKind[kind]++;
    const channel = CHANNELS[found.channel] ?? `channel ${found.channel}`;
    this.examples.push({
      kind,
      meter: found.meter,
      concentrator,
      channel,
      timeUnixSeconds: found.time,
      expectedWh: expected?.value ?? null,
      expectedStatus: expected?.status ?? null,
      foundWh: found.value,
      foundStatus: found.status,
      cause: example.cause,
      text: sentence({ kind, meter: found.meter, channel, time: found.time, why: example.why }),
    });
  }
}

const BLANK = {
  kind: 'unexpected',
  meter: null,
  concentrator: null,
  channel: null,
  timeUnixSeconds: null,
  expectedWh: null,
  expectedStatus: null,
  foundWh: null,
  foundStatus: null,
  cause: 'headend',
} as const;

function sentence(facts: {
  readonly kind: FindingKind;
  readonly meter: number;
  readonly channel: string;
  readonly time: number;
  readonly why: string;
}): string {
  const at = new Date(facts.time * 1000).toISOString().replace('.000Z', 'Z');
  return `${facts.kind}: meter ${facts.meter}, ${facts.channel}, ${at}: ${facts.why}`;
}
