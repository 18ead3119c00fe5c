/**
 * Compares every stored reading with plan and truth. It shares no code with the simulator's sending path or the head-end:
 * it asks the plan which rows must be there and the truth what they must say, and streams what is there from any source.
 *
 *   pass 1  the plan, step by step      -> one bit for each reading that must be stored
 *   pass 2  the stored rows, any order  -> seen bits; duplicate, wrong, unexpected
 *   pass 3  only if a reading is missing: the plan again, to say when it was to be sent and who lost it
 *
 * Of a run that was cut short only what the head-end confirmed must be there; what the plan sends later may be there, if it
 * is right (`inFlight`).
 *
 * Memory: two bits for each (meter, step, channel). Exact: no sampling, no hash that could collide.
 */

import type { ReadingBatch } from '../reading/batch.ts';
import type { ReadingSource } from '../reading/source.ts';
import type { Plan } from '../grid/plan/plan.ts';
import type { Scenario } from '../grid/scenario/scenario.ts';
import { channelCount } from '../grid/scenario/scenario.ts';
import type { Meters, Stations } from '../grid/topology/topology.ts';
import type { Truth } from '../grid/truth/truth.ts';
import { AuditFindings, type Culprit, type Example, type FindingCounts } from './findings.ts';
import { BitField } from './bit-field.ts';
import { wrongValue } from './wrong-value.ts';
import { StepSeries, type StepCounts } from './step-series.ts';

export interface AuditorOptions {
  readonly scenario: Scenario;
  readonly stations: Stations;
  /** All meters of the stations that the plan covers. */
  readonly meters: Meters;
  readonly plan: Plan;
  readonly truth: Truth;
  readonly ledger: SentLedger;
}

/** How far each concentrator came, by station id; all steps below were handed to the network; were confirmed. */
export interface SentLedger {
  readonly sent: Uint32Array;
  readonly confirmed: Uint32Array;
  /** False: the run was cut short. Only what was confirmed until then is expected. */
  readonly complete: boolean;
  /** False: this head-end confirms nothing; a lost reading can't be told from an unsent one beyond the connection. */
  readonly confirms: boolean;
  /** The head-end asks, and may have asked otherwise than step by step: what it did not fetch is its own loss. */
  readonly asked?: boolean;
  /** True: it came to its end but the head-end did not, and was not waited for any longer. Left out: no. */
  readonly cutOff?: boolean;
}

/** Plain data, so that segments audited by several processes can be put together by `mergeAudits`. */
export interface AuditResult {
  readonly findings: FindingCounts;
  readonly examples: readonly Example[];
  readonly series: StepCounts;
}

/** Rows of one time that are compared at once with the truth of a run of neighbouring meters. */
const SPAN_METERS = 2048;

export class Auditor {
  readonly #options: AuditorOptions;
  readonly #findings = new AuditFindings();
  readonly #series: StepSeries;
  readonly #channels: number;
  readonly #steps: number;
  readonly #startSeconds: number;
  readonly #intervalSeconds: number;
  readonly #planned: BitField;
  /** Readings that may be there or not; null: there are none. */
  readonly #allowed: BitField | null;
  readonly #seen: BitField;
  #comparesStatus = true;
  readonly #expectedWh = new Float64Array(SPAN_METERS);
  readonly #expectedStatus = new Uint8Array(SPAN_METERS);

  constructor(options: AuditorOptions) {
    this.#options = options;
    const { behaviour } = options.scenario;
    this.#channels = channelCount(behaviour.registers);
    this.#steps = behaviour.steps;
    this.#startSeconds = behaviour.start.unixSeconds;
    this.#intervalSeconds = behaviour.intervalSeconds;
    this.#series = new StepSeries(behaviour);
    const bits = options.meters.count * behaviour.steps * this.#channels;
    this.#planned = new BitField(bits);
    this.#seen = new BitField(bits);
    this.#allowed = options.ledger.complete ? null : new BitField(bits);
  }

  /** `source` null: nobody can look at what is stored; the result then says only what was planned and sent. */
  async run(source: ReadingSource | null): Promise<AuditResult> {
    this.#expect();
    if (source === null) return this.#result();
    this.#comparesStatus = source.keepsStatus !== false;
    for await (const batch of source.batches()) this.#check(batch);
    if (source.unreadable !== undefined) this.#findings.addUnreadable(source.unreadable);
    const missing = this.#planned.countWithout(this.#seen);
    this.#findings.missing = missing;
    if (missing > 0) this.#explainMissing();
    return this.#result();
  }

  #result(): AuditResult {
    const findings = this.#findings;
    return { findings: findings.counts(), examples: findings.examples, series: this.#series.counts() };
  }

  /** Pass 1. */
  #expect(): void {
    const { plan } = this.#options;
    const findings = this.#findings;
    for (let station = plan.fromStation; station < plan.toStation; station++) {
      plan.seek(station, 0);
      const horizon = this.#horizon(station);
      const sent = this.#options.ledger.sent[station]!;
      for (let step = 0; step < this.#steps; step++) {
        plan.step(station);
        const { rows } = plan;
        findings.lostByPlan += rows.lost * this.#channels;
        const count = (rows.currentCount + rows.lateCount) * this.#channels;
        if (step < sent) findings.sent += count;
        const field = step < horizon ? this.#planned : this.#allowed;
        if (field === null) continue;
        for (let i = 0; i < rows.currentCount; i++) this.#mark(field, rows.current[i]!, step);
        for (let i = 0; i < rows.lateCount; i++) this.#mark(field, rows.lateMeter[i]!, rows.lateStep[i]!);
        if (step >= horizon) continue;
        findings.planned += count;
        findings.late += rows.lateCount * this.#channels;
        this.#series.addPlanned(step, rows, this.#channels);
      }
      findings.neverAvailable += plan.withheld(station) * this.#channels;
    }
  }

  /** What is sent at the steps below must be stored. */
  #horizon(station: number): number {
    const { ledger } = this.#options;
    if (ledger.complete) return this.#steps;
    return ledger.confirms ? ledger.confirmed[station]! : 0;
  }

  #mark(field: BitField, meter: number, step: number): void {
    const bit = this.#bit(meter, step);
    for (let channel = 0; channel < this.#channels; channel++) field.set(bit + channel);
  }

  #bit(meter: number, step: number): number {
    return ((meter - this.#options.meters.first) * this.#steps + step) * this.#channels;
  }

  /** Pass 2, one batch. */
  #check(batch: ReadingBatch): void {
    let from = 0;
    while (from < batch.length) {
      const to = spanEnd(batch, from);
      this.#checkSpan(batch, from, to);
      from = to;
    }
  }

  /** Rows of one channel and one time, of ascending meters less than SPAN_METERS apart. */
  #checkSpan(batch: ReadingBatch, from: number, to: number): void {
    const { meters, truth } = this.#options;
    const channel = batch.channel[from]!;
    const time = batch.time[from]!;
    const since = time - this.#startSeconds;
    const step = since / this.#intervalSeconds;
    const first = batch.meter[from]!;
    const last = batch.meter[to - 1]!;
    const inside = first >= meters.first && last < meters.first + meters.count;
    if (!inside || channel >= this.#channels || step < 0 || step >= this.#steps || !Number.isInteger(step)) {
      for (let i = from; i < to; i++) this.#checkStranger(batch, i, step);
      return;
    }
    this.#findings.stored += to - from;
    const count = last - first + 1;
    truth.registers(first, count, channel, time, this.#expectedWh, 0, 1);
    truth.statuses(first, count, time, this.#expectedStatus, 0);
    const stride = this.#steps * this.#channels;
    const base = this.#bit(first, step) + channel;
    const { meter, value, status } = batch;
    const comparesStatus = this.#comparesStatus;
    for (let i = from; i < to; i++) {
      const offset = meter[i]! - first;
      const bit = base + offset * stride;
      const required = this.#planned.has(bit);
      if (!required && this.#allowed?.has(bit) !== true) {
        this.#unplanned(batch, i);
        continue;
      }
      if (!required) this.#findings.inFlight++;
      if (this.#seen.testAndSet(bit)) this.#twice(batch, i);
      else if (value[i] !== this.#expectedWh[offset] || (comparesStatus && status[i] !== this.#expectedStatus[offset])) this.#differs(batch, i, offset);
    }
  }

  /** A row outside the plan's rectangle, or one of a span that reaches over its edge. */
  #checkStranger(batch: ReadingBatch, i: number, step: number): void {
    const { meters } = this.#options;
    const meter = batch.meter[i]!;
    const known = meter >= meters.first && meter < meters.first + meters.count;
    const inTime = step >= 0 && step < this.#steps && Number.isInteger(step);
    if (known && inTime && batch.channel[i]! < this.#channels) {
      this.#checkSpan(batch, i, i + 1);
      return;
    }
    this.#findings.stored++;
    this.#findings.unexpected++;
    const why = known
      ? inTime
        ? 'the scenario does not read this channel'
        : 'the scenario has no step at this time'
      : 'the grid has no such meter';
    this.#findings.addExample({ kind: 'unexpected', found: this.#found(batch, i), expected: null, concentrator: null, cause: 'headend', why });
  }

  #unplanned(batch: ReadingBatch, i: number): void {
    this.#findings.unexpected++;
    const found = this.#found(batch, i);
    this.#findings.addExample({
      kind: 'unexpected',
      found,
      expected: null,
      concentrator: this.#stationOf(found.meter),
      cause: 'headend',
      why: 'the plan withholds this reading until after the run, so nobody can have sent it',
    });
  }

  #twice(batch: ReadingBatch, i: number): void {
    this.#findings.duplicate++;
    const found = this.#found(batch, i);
    this.#findings.addExample({
      kind: 'duplicate',
      found,
      expected: this.#expected(found.meter, found.channel, found.time),
      concentrator: this.#stationOf(found.meter),
      cause: 'headend',
      why: 'the store holds this reading more than once',
    });
  }

  #differs(batch: ReadingBatch, i: number, offset: number): void {
    const { truth } = this.#options;
    const found = this.#found(batch, i);
    const expected = { value: this.#expectedWh[offset]!, status: this.#expectedStatus[offset]! };
    const { meter, channel, time } = found;
    const truthAt = (other: number, seconds: number): number => truth.register(meter, other, time + seconds);
    const { kind, why } = wrongValue({ found: found.value, expected: expected.value, channel, channels: this.#channels, truthAt });
    this.#findings.addWrong(kind);
    this.#findings.addExample({
      kind: 'wrong',
      found,
      expected,
      concentrator: this.#stationOf(meter),
      cause: 'headend',
      why,
    });
  }

  /** Pass 3. */
  #explainMissing(): void {
    const { plan } = this.#options;
    for (let station = plan.fromStation; station < plan.toStation; station++) {
      const horizon = this.#horizon(station);
      plan.seek(station, 0);
      for (let step = 0; step < horizon; step++) {
        plan.step(station);
        const { rows } = plan;
        for (let i = 0; i < rows.currentCount; i++) {
          this.#explainRow({ meter: rows.current[i]!, measured: step, sentAt: step, station });
        }
        for (let i = 0; i < rows.lateCount; i++) {
          this.#explainRow({ meter: rows.lateMeter[i]!, measured: rows.lateStep[i]!, sentAt: step, station });
        }
        this.#series.takeSilent(step, rows, (meter, measured) => this.#seen.has(this.#bit(meter, measured)));
      }
    }
  }

  #explainRow(row: PlannedRow): void {
    const bit = this.#bit(row.meter, row.measured);
    for (let channel = 0; channel < this.#channels; channel++) {
      if (this.#seen.has(bit + channel)) continue;
      const { culprit, why } = this.#culprit(row);
      this.#findings.blame(culprit);
      if (row.measured < row.sentAt) this.#findings.late--;
      this.#series.takeMissing(row.sentAt, row.sentAt - row.measured);
      const time = this.#startSeconds + row.measured * this.#intervalSeconds;
      this.#findings.addExample({
        kind: 'missing',
        found: { meter: row.meter, channel, time, value: null, status: null },
        expected: this.#expected(row.meter, channel, time),
        concentrator: row.station,
        cause: culprit,
        why,
      });
    }
  }

  #culprit(row: PlannedRow): { readonly culprit: Culprit; readonly why: string } {
    const { ledger } = this.#options;
    if (ledger.asked === true) return this.#culpritWhoAsks(row);
    if (ledger.cutOff === true && ledger.confirms) return this.#culpritOfCutOff(row);
    if (row.sentAt >= ledger.sent[row.station]!) {
      return { culprit: 'simulator', why: `it was to be sent at step ${row.sentAt} and never was` };
    }
    if (ledger.confirms && row.sentAt < ledger.confirmed[row.station]!) {
      return { culprit: 'headend', why: `it was sent at step ${row.sentAt}, the head-end confirmed it and does not have it` };
    }
    const doubt = ledger.confirms ? 'and never confirmed' : 'to a head-end that confirms nothing';
    return { culprit: 'network', why: `it was sent at step ${row.sentAt} ${doubt}` };
  }

  #culpritWhoAsks(row: PlannedRow): { readonly culprit: Culprit; readonly why: string } {
    const { sent, confirmed } = this.#options.ledger;
    const there = `it was there to be read from step ${row.sentAt} on`;
    if (row.sentAt < confirmed[row.station]!) return { culprit: 'headend', why: `${there}, the head-end asked for what comes after it, and does not have it` };
    if (row.sentAt < sent[row.station]!) return { culprit: 'headend', why: `${there}, the concentrator was read then, and the head-end does not have it` };
    return { culprit: 'headend', why: `${there}, and the concentrator was not read any more` };
  }

  /** Nobody waits for a simulator that was never kept waiting itself. */
  #culpritOfCutOff(row: PlannedRow): { readonly culprit: Culprit; readonly why: string } {
    const { sent, confirmed } = this.#options.ledger;
    const [left, settled] = [sent[row.station]!, confirmed[row.station]!];
    if (row.sentAt < settled) {
      return { culprit: 'headend', why: `it was sent at step ${row.sentAt} and confirmed, and was not stored when the run was cut off` };
    }
    if (row.sentAt < left) {
      return { culprit: 'headend', why: `it was sent at step ${row.sentAt} and not confirmed when the run was cut off` };
    }
    if (settled < left) {
      return { culprit: 'headend', why: `it waited behind step ${settled}, which was not confirmed when the run was cut off` };
    }
    return { culprit: 'simulator', why: `it was to be sent at step ${row.sentAt} and never was` };
  }

  #found(batch: ReadingBatch, i: number): FoundReading {
    const row = batch.row(i);
    return this.#comparesStatus ? row : { ...row, status: null };
  }

  #expected(meter: number, channel: number, time: number): { readonly value: number; readonly status: number } {
    const { truth } = this.#options;
    return { value: truth.register(meter, channel, time), status: truth.status(meter, time) };
  }

  #stationOf(meter: number): number {
    const { firstMeter } = this.#options.stations;
    let low = 0;
    let high = firstMeter.length - 1;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (firstMeter[middle]! <= meter) low = middle;
      else high = middle;
    }
    return low;
  }
}

interface FoundReading {
  readonly meter: number;
  readonly channel: number;
  readonly time: number;
  readonly value: number;
  /** null: the source keeps none. */
  readonly status: number | null;
}

interface PlannedRow {
  readonly meter: number;
  readonly measured: number;
  readonly sentAt: number;
  readonly station: number;
}

/** End of the longest run from `from` of one channel and time whose meters ascend within SPAN_METERS and half densely. */
function spanEnd(batch: ReadingBatch, from: number): number {
  const { meter, channel, time } = batch;
  const first = meter[from]!;
  const [theChannel, theTime] = [channel[from]!, time[from]!];
  let to = from + 1;
  while (to < batch.length && channel[to] === theChannel && time[to] === theTime) {
    const offset = meter[to]! - first;
    if (offset >= SPAN_METERS || meter[to]! <= meter[to - 1]! || offset > 8 + 2 * (to - from)) break;
    to++;
  }
  return to;
}
