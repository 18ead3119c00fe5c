/** Everything that a run tells its monitoring: phases, processes and their restarts, planned blackouts, values as time goes. */

import type { Clock } from '../../base/clock.ts';
import type { Scenario } from '../../grid/scenario/scenario.ts';
import type { MonitorPlan } from '../../monitor/monitor-plan.ts';
import type { MonitorSource } from '../../monitor/store/monitor-source.ts';
import type { RunEvents } from '../../report/run-report.ts';
import { OwnSeries, type OwnFacts } from './own-series.ts';
import type { Progress } from '../progress.ts';
import { eventsSince, PlannedBlackouts, runEvents } from './run-events.ts';
import { RunMonitor } from './run-monitor.ts';

export interface Monitoring {
  /** What is watched beside the run itself; null: nothing. */
  readonly plan: MonitorPlan | null;
  /** For who looks at the run while it goes on. */
  readonly onSource?: (source: MonitorSource) => void;
}

export interface RunWatchOptions {
  readonly clock: Clock;
  readonly directory: string;
  readonly scenario: Scenario;
  readonly plan: MonitorPlan | null;
  /** The monitoring process was started. */
  readonly onProcess: (name: string, pid: number) => void;
}

export class RunWatch {
  readonly #options: RunWatchOptions;
  readonly #monitor: RunMonitor;
  readonly #own: OwnSeries;
  readonly #blackouts: PlannedBlackouts;
  readonly #firstUnixMs: number;
  #beganUnixMs: number | null = null;

  constructor(options: RunWatchOptions) {
    const { clock, directory, scenario, plan } = options;
    this.#options = options;
    this.#firstUnixMs = clock.unixMs();
    this.#monitor = new RunMonitor({
      clock,
      directory,
      plan,
      onProcess: (name, pid) => {
        this.process(name, pid);
        options.onProcess(name, pid);
      },
    });
    this.#own = new OwnSeries({ clock, monitor: this.#monitor });
    this.#blackouts = new PlannedBlackouts(this.#monitor, scenario.network.blackouts);
  }

  /** For who looks at the run while it goes on. */
  get source(): MonitorSource {
    return this.#monitor;
  }

  phase(phase: Progress['phase']): void {
    if (phase === 'playing') this.#beganUnixMs ??= this.#options.clock.unixMs();
    this.#monitor.event({ rule: 'phase', severity: 'info', text: `the run is ${phase}`, fields: { phase } });
  }

  process(name: string, pid: number): void {
    this.#own.watch(name, pid);
  }

  restarted(name: string, why: string): void {
    this.#monitor.event({
      rule: 'process-restarted',
      severity: 'error',
      text: `${name} ended with ${why} and was started again`,
      fields: { process: name, why },
    });
  }

  /** At `step`, as far as the average concentrator has come. */
  tick(facts: OwnFacts, last: boolean): void {
    const { clock, scenario } = this.#options;
    this.#own.tick(facts, last);
    if (this.#beganUnixMs === null) return;
    const { speed } = scenario;
    const gridSeconds = speed === 'max' ? facts.step * scenario.behaviour.intervalSeconds : ((clock.unixMs() - this.#beganUnixMs) / 1000) * speed;
    this.#blackouts.reach(gridSeconds);
  }

  /** Writes all; null: it could not be. */
  async finish(): Promise<RunEvents | null> {
    const answer = await this.#monitor.stop(eventsSince(this.#firstUnixMs));
    if (answer === null) process.stderr.write(`meterstorm: monitoring: ${this.#monitor.failure ?? 'failed'}\n`);
    return answer === null ? null : runEvents(answer, this.#beganUnixMs ?? this.#firstUnixMs);
  }

  kill(): void {
    this.#monitor.kill();
  }
}
