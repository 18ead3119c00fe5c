/**
 * Main of the monitoring process: watches the targets and writes the run's `monitor.duckdb`, apart from the runner so that it
 * can't disturb it. Started by the runner over IPC.
 */

import { systemClock } from '../../base/clock.ts';
import { PlanWatch } from '../../monitor/plan-watch.ts';
import { Collector } from '../../monitor/store/collector.ts';
import type { MonitorQueries } from '../../monitor/store/monitor-queries.ts';
import type { EventQuery } from '../../monitor/store/monitor-source.ts';
import { MonitorStore } from '../../monitor/store/monitor-store.ts';
import type { FromMonitor, OwnBatch, Question, ToMonitor } from './monitor-messages.ts';
import { leaveSignalsToRunner } from '../leave-signals.ts';

/** Note of the last batch of the runner that is in the file. */
const NOTE = 'own';

class MonitorProcess {
  #store: MonitorStore | null = null;
  #collector: Collector | null = null;
  #watch: PlanWatch | null = null;
  #taken = 0;
  /** What came while the file was being opened. */
  #early: ToMonitor[] = [];

  receive(message: ToMonitor): void {
    if (message.type === 'start') this.#start(message).catch(fail);
    else if (message.type === 'end') this.end();
    else if (this.#store === null) this.#early.push(message);
    else if (message.type === 'batch') this.#take(message.batch);
    else if (message.type === 'ask') void this.#answer(message.id, message.question);
    else this.#stop(message.events).catch(fail);
  }

  /** Commands that give lines don't end by themselves. */
  end(): void {
    this.#watch?.stop();
    process.exit();
  }

  async #start(message: Extract<ToMonitor, { type: 'start' }>): Promise<void> {
    const store = await MonitorStore.open(message.database);
    const collector = new Collector({
      clock: systemClock,
      store,
      onWritten: () => tell({ type: 'written', number: Number(store.noted(NOTE) ?? 0) }),
    });
    this.#taken = Number(store.noted(NOTE) ?? 0);
    this.#store = store;
    this.#collector = collector;
    this.#watch = message.plan === null ? null : new PlanWatch({ clock: systemClock, plan: message.plan, collector });
    this.#watch?.start();
    for (const early of this.#early.splice(0)) this.receive(early);
  }

  /** The runner gives again what it does not know to be in the file. */
  #take(batch: OwnBatch): void {
    const collector = this.#collector;
    if (collector === null || batch.number <= this.#taken) return;
    this.#taken = batch.number;
    for (const { timeMs, value, ...identity } of batch.samples) {
      timeMs.forEach((ms, i) => collector.sample(identity, ms, value[i] ?? 0));
    }
    for (const event of batch.events) collector.event(event);
    collector.note(NOTE, String(batch.number));
  }

  async #answer(id: number, question: Question): Promise<void> {
    try {
      await this.#collector?.flush();
      const queries = this.#store?.queries;
      if (queries !== undefined) tell({ type: 'answer', id, answer: await answerOf(queries, question) });
    } catch (error) {
      tell({ type: 'refused', id, why: (error as Error).message, outOfBounds: error instanceof RangeError });
    }
  }

  async #stop(query: EventQuery): Promise<void> {
    this.#watch?.stop();
    await this.#collector?.stop();
    const events = (await this.#store?.queries.queryEvents(query)) ?? { events: [], total: 0 };
    this.#store?.close();
    tell({ type: 'stopped', events }, () => process.exit());
  }
}

function answerOf(queries: MonitorQueries, question: Question): Promise<unknown> {
  if (question.kind === 'listSeries') return queries.listSeries();
  if (question.kind === 'timeRange') return queries.timeRange();
  return question.kind === 'querySeries' ? queries.querySeries(question.query) : queries.queryEvents(question.query);
}

function tell(message: FromMonitor, then: () => void = () => {}): void {
  process.send?.(message, () => then());
}

function fail(error: unknown): void {
  tell({ type: 'failed', why: error instanceof Error ? error.message : String(error) }, () => process.exit(1));
}

const main = new MonitorProcess();
process.on('message', (message) => main.receive(message as ToMonitor));
process.on('disconnect', () => main.end());
// A signal to the whole group reaches the parent too, which ends its processes in order.
leaveSignalsToRunner();
