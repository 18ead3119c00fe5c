/** `/metrics`: counters of the runs in the text format of Prometheus 0.0.4, for whoever scrapes. */

import type { RunView } from './run-view.ts';

interface Metric {
  readonly name: string;
  readonly type: 'counter' | 'gauge';
  readonly help: string;
  /** Null: not known, and then left out. */
  readonly value: (run: RunView) => number | null;
}

const METRICS: readonly Metric[] = [
  { name: 'meterstorm_readings_sent_total', type: 'counter', help: 'Readings handed to the network.', value: ({ progress, report }) => progress?.sentReadings ?? report.audit.sent },
  {
    name: 'meterstorm_readings_confirmed_total',
    type: 'counter',
    help: 'Readings in steps that the head-end confirmed.',
    value: ({ progress, report }) => progress?.confirmedReadings ?? report.run.confirmedReadings,
  },
  {
    name: 'meterstorm_readings_stored_total',
    type: 'counter',
    help: 'Readings in the store.',
    value: ({ progress, report }) => (progress === null ? report.audit.stored : progress.storedReadings),
  },
  { name: 'meterstorm_backlog_readings', type: 'gauge', help: 'Readings that are confirmed and not yet in the store.', value: ({ progress }) => (progress === null ? 0 : progress.backlogReadings) },
  { name: 'meterstorm_readings_per_second', type: 'gauge', help: 'Readings per second of the machine, over about the last second.', value: ({ progress, report }) => progress?.readingsPerSecond ?? report.run.readingsPerSecond },
  { name: 'meterstorm_connections', type: 'gauge', help: 'Concentrators that are connected.', value: ({ progress }) => progress?.connected ?? 0 },
  { name: 'meterstorm_step', type: 'gauge', help: 'Steps that the average concentrator has settled.', value: ({ progress, report }) => progress?.step ?? report.run.steps },
  { name: 'meterstorm_steps', type: 'gauge', help: 'Steps of the scenario.', value: ({ report }) => report.run.steps },
  { name: 'meterstorm_grid_time_seconds', type: 'gauge', help: 'Time of the grid, Unix seconds.', value: ({ progress, report }) => progress?.gridUnixSeconds ?? report.series.stepUnixSeconds.at(-1) ?? null },
  { name: 'meterstorm_process_restarts_total', type: 'counter', help: 'Processes that ended unasked and were started again.', value: ({ report }) => report.run.restarts.length },
  { name: 'meterstorm_meters', type: 'gauge', help: 'Meters of the grid.', value: ({ report }) => report.run.meters },
  { name: 'meterstorm_concentrators', type: 'gauge', help: 'Concentrators of the grid.', value: ({ report }) => report.run.concentrators },
  { name: 'meterstorm_missing_readings', type: 'gauge', help: 'Planned readings that the audit did not find in the store.', value: ({ progress, report }) => (progress === null ? report.audit.missing : null) },
  { name: 'meterstorm_able', type: 'gauge', help: 'Verdict: 1 able, 0 not able; absent when it is not known.', value: ({ report }) => (report.verdict.able === null ? null : Number(report.verdict.able)) },
];

export function metricsText(runs: readonly RunView[]): string {
  const lines = METRICS.flatMap(({ name, type, help, value }) => {
    const samples = runs.flatMap((run) => sample(name, { run: run.id, scenario: run.report.run.scenario }, value(run)));
    return samples.length === 0 ? [] : [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`].concat(samples);
  });
  return [...lines, ...processLines(runs), ''].join('\n');
}

function processLines(runs: readonly RunView[]): readonly string[] {
  const each = runs.flatMap(({ id, report }) => report.processes.map((process) => ({ id, process })));
  if (each.length === 0) return [];
  const labels = ({ id, process }: (typeof each)[number]): Record<string, string> => ({ run: id, process: process.name, group: process.group });
  return [
    '# HELP meterstorm_process_cpu_seconds_total Processor time of a process of the run.',
    '# TYPE meterstorm_process_cpu_seconds_total counter',
    ...each.flatMap((item) => sample('meterstorm_process_cpu_seconds_total', labels(item), item.process.cpuSeconds)),
    '# HELP meterstorm_process_resident_memory_bytes Resident memory of a process of the run.',
    '# TYPE meterstorm_process_resident_memory_bytes gauge',
    ...each.flatMap((item) => sample('meterstorm_process_resident_memory_bytes', labels(item), item.process.rssBytes.at(-1) ?? null)),
  ];
}

function sample(name: string, labels: Readonly<Record<string, string>>, value: number | null): readonly string[] {
  if (value === null || !Number.isFinite(value)) return [];
  const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escaped(text)}"`);
  return [`${name}{${pairs.join(',')}} ${value}`];
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
