/**
 * Asks one target at its period, and gives what it says to the collector: values, crossed limits, and when it stops and
 * begins to answer. After failures it asks less often, at most every BACK_OFF_MAX_MS. One question at a time; those that
 * fell due meanwhile are left out.
 *
 * Of every target there are two series more: `probe.up` (1 or 0) and `probe.milliseconds`, the time that an answer took.
 */

import type { Clock, Timer } from '../../base/clock.ts';
import type { Collector } from '../store/collector.ts';
import type { MonitorEvent } from '../store/monitor-source.ts';
import { bandText, isPossible, LimitWatch } from './limit-watch.ts';
import { RateKeeper } from './rate-keeper.ts';
import type { PartFault, ReadValue, ValueProbe } from './value-probe.ts';

export interface ProbeSchedule {
  readonly periodMs: number;
  readonly timeoutMs: number;
}

export interface ProbeRunnerOptions extends ProbeSchedule {
  readonly clock: Clock;
  readonly target: string;
  readonly probe: ValueProbe;
  readonly collector: Pick<Collector, 'sample' | 'event'>;
}

const BACK_OFF_MAX_MS = 60_000;
/** A value whose time is further from now than this has that of another clock, or seconds for milliseconds: then it is of now. */
const PLAUSIBLE = { agoMs: 3_600_000, aheadMs: 60_000 } as const;

export class ProbeRunner {
  readonly #options: ProbeRunnerOptions;
  readonly #rates = new RateKeeper();
  readonly #limits = new LimitWatch();
  /** Parts that did not answer the last time, with the reason. */
  #faults = new Map<string, string>();
  #failures = 0;
  #failedSinceMs = 0;
  #dueMs = 0;
  #timer: Timer | null = null;
  #ended = false;
  #abort: AbortController | null = null;

  constructor(options: ProbeRunnerOptions) {
    this.#options = options;
  }

  start(): void {
    this.#dueMs = this.#options.clock.nowMs();
    this.#wait();
  }

  /** What is being asked is not waited for. */
  stop(): void {
    this.#ended = true;
    this.#timer?.cancel();
    this.#abort?.abort(new Error('monitoring ended'));
    this.#options.probe.close();
  }

  #wait(): void {
    const { clock } = this.#options;
    this.#timer = clock.schedule(Math.max(0, this.#dueMs - clock.nowMs()), () => void this.#ask());
  }

  async #ask(): Promise<void> {
    const { clock, probe, timeoutMs } = this.#options;
    const abort = new AbortController();
    this.#abort = abort;
    const beganMs = clock.nowMs();
    const patience = clock.schedule(timeoutMs, () => abort.abort(new Error(`no answer within ${timeoutMs} ms`)));
    try {
      const { values, faults } = await probe.read(abort.signal);
      if (this.#ended) return;
      this.#answered(clock.nowMs() - beganMs);
      for (const value of values) this.#take(value);
      this.#takeFaults(faults);
    } catch (error) {
      if (this.#ended) return;
      this.#failed(reason(abort.signal.aborted ? abort.signal.reason : error));
    } finally {
      patience.cancel();
    }
    this.#next();
  }

  #next(): void {
    const { clock, periodMs } = this.#options;
    const everyMs = Math.max(periodMs, Math.min(BACK_OFF_MAX_MS, periodMs * 2 ** Math.max(0, this.#failures - 1)));
    const nowMs = clock.nowMs();
    this.#dueMs += everyMs * Math.max(1, Math.ceil((nowMs - this.#dueMs) / everyMs));
    this.#wait();
  }

  #answered(tookMs: number): void {
    this.#sampleOwn('probe.up', '', 1);
    this.#sampleOwn('probe.milliseconds', 'ms', tookMs);
    if (this.#failures === 0) return;
    const seconds = Math.round((this.#options.clock.nowMs() - this.#failedSinceMs) / 100) / 10;
    this.#tell('probe-recovered', 'info', `${this.#options.target} answers again, after ${seconds} s`, { seconds: String(seconds) });
    this.#failures = 0;
  }

  #failed(why: string): void {
    this.#sampleOwn('probe.up', '', 0);
    if (this.#failures++ > 0) return;
    this.#failedSinceMs = this.#options.clock.nowMs();
    this.#tell('probe-failed', 'error', `${this.#options.target} does not answer: ${why}`, { why });
  }

  #takeFaults(faults: readonly PartFault[]): void {
    const now = new Map(faults.map(({ part, why }) => [part, why]));
    for (const [part, why] of now) {
      if (this.#faults.has(part)) continue;
      this.#tell('part-failed', 'warning', `${part} of ${this.#options.target} does not answer: ${why}`, { part, why });
    }
    for (const part of this.#faults.keys()) {
      if (!now.has(part)) this.#tell('part-recovered', 'info', `${part} of ${this.#options.target} answers again`, { part });
    }
    this.#faults = now;
  }

  #take(read: ReadValue): void {
    const { target, collector, clock } = this.#options;
    const { name, unit, type, limits, convert } = read;
    const timeMs = plausibleTime(read.timeMs, clock.unixMs());
    const raw = this.#rates.rate(read, timeMs);
    if (raw === null || (limits !== undefined && !isPossible(raw, limits))) return;
    const value = convert === undefined ? raw : convert(raw);
    if (!Number.isFinite(value)) return;
    collector.sample({ target, name, unit, type }, timeMs, value);
    const crossing = limits === undefined ? null : this.#limits.judge(name, value, limits);
    if (crossing === null) return;
    const shown = Number(value.toPrecision(6));
    const inUnit = unit === '' ? '' : ` ${unit}`;
    const text =
      crossing.rule === 'limit-within'
        ? `${name} is ${shown}${inUnit}, within its limits again (${bandText(crossing.band)})`
        : `${name} is ${shown}${inUnit}, and should be ${bandText(crossing.band)}`;
    collector.event({ timeMs, target, rule: crossing.rule, severity: crossing.severity, text, fields: { series: name, value: String(shown) } });
  }

  #sampleOwn(name: string, unit: string, value: number): void {
    const { target, collector, clock } = this.#options;
    collector.sample({ target, name, unit, type: 'gauge' }, clock.unixMs(), value);
  }

  #tell(rule: string, severity: MonitorEvent['severity'], text: string, fields: Readonly<Record<string, string>>): void {
    const { target, collector, clock } = this.#options;
    collector.event({ timeMs: clock.unixMs(), target, rule, severity, text, fields });
  }
}

function plausibleTime(saidMs: number | null, nowMs: number): number {
  const said = saidMs ?? nowMs;
  return said >= nowMs - PLAUSIBLE.agoMs && said <= nowMs + PLAUSIBLE.aheadMs ? said : nowMs;
}

/** One line; what Node calls an AggregateError has its reasons inside. */
export function reason(error: unknown): string {
  if (error instanceof AggregateError && error.message === '' && error.errors.length > 0) return reason(error.errors[0]);
  const text = error instanceof Error ? error.message : String(error);
  return (text.split('\n')[0] ?? '').slice(0, 300);
}
