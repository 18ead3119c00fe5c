/** Carries a monitoring plan out: a probe for each target, rules for each log, all into one collector. */

import type { Clock } from '../base/clock.ts';
import { CommandLines } from './events/command-lines.ts';
import { journalLines } from './events/journal-lines.ts';
import type { LineSource } from './events/line-source.ts';
import { LogFiles } from './events/log-files.ts';
import { RuleWatch } from './events/rule-watch.ts';
import type { LogPlan, MonitorPlan, TargetPlan } from './monitor-plan.ts';
import { MuninProbe } from './munin/munin-probe.ts';
import { PostgresProbe } from './postgres/postgres-probe.ts';
import { procFiles } from './proc-file.ts';
import { PrometheusProbe } from './prometheus/prometheus-probe.ts';
import type { Collector } from './store/collector.ts';
import { HostProbe } from './value/host-probe.ts';
import { ProbeRunner } from './value/probe-runner.ts';
import type { ValueProbe } from './value/value-probe.ts';

export interface PlanWatchOptions {
  readonly clock: Clock;
  readonly plan: MonitorPlan;
  readonly collector: Collector;
}

export class PlanWatch {
  readonly #probes: readonly ProbeRunner[];
  readonly #logs: readonly LogWatch[];

  constructor({ clock, plan, collector }: PlanWatchOptions) {
    this.#probes = plan.targets.map((target) => {
      const { name, periodMs, timeoutMs } = target;
      return new ProbeRunner({ clock, collector, target: name, periodMs, timeoutMs, probe: probeOf(target, clock) });
    });
    this.#logs = plan.logs.map((log) => new LogWatch(log, { clock, collector }));
  }

  start(): void {
    for (const probe of this.#probes) probe.start();
    for (const log of this.#logs) log.start();
  }

  /** What was suppressed so far is told of. */
  stop(): void {
    for (const probe of this.#probes) probe.stop();
    for (const log of this.#logs) log.stop();
  }
}

class LogWatch {
  readonly #log: LogPlan;
  readonly #clock: Clock;
  readonly #collector: Collector;
  readonly #rules: RuleWatch;
  readonly #source: LineSource;

  constructor(log: LogPlan, { clock, collector }: Omit<PlanWatchOptions, 'plan'>) {
    this.#log = log;
    this.#clock = clock;
    this.#collector = collector;
    this.#rules = new RuleWatch({ clock, collector, target: log.name, rules: log.rules });
    this.#source = sourceOf(log, clock);
  }

  start(): void {
    const { name } = this.#log;
    const note = `log:${name}`;
    const sink = {
      line: this.#rules.look.bind(this.#rules),
      event: (event: Parameters<Parameters<LineSource['start']>[0]['event']>[0]) =>
        this.#collector.event({ timeMs: this.#clock.unixMs(), target: name, ...event }),
      note: (text: string) => this.#collector.note(note, text),
    };
    this.#source.start(sink, this.#collector.noted(note));
  }

  stop(): void {
    this.#source.stop();
    this.#rules.stop();
  }
}

function probeOf({ source, timeoutMs }: TargetPlan, clock: Clock): ValueProbe {
  const nowMs = (): number => clock.nowMs();
  if (source.kind === 'munin') return new MuninProbe(source, nowMs);
  if (source.kind === 'prometheus') return new PrometheusProbe(source);
  return source.kind === 'postgres' ? new PostgresProbe({ url: source.url, timeoutMs }, nowMs) : new HostProbe(procFiles);
}

function sourceOf({ source }: LogPlan, clock: Clock): LineSource {
  if (source.kind === 'file') return new LogFiles({ clock, path: source.path });
  if (source.kind === 'journal') return journalLines({ clock, kernel: source.kernel, unit: source.unit });
  return new CommandLines({ clock, command: () => ['sh', '-c', source.command] });
}
