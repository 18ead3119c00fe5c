/** Lines of several runs in one plot, each over its own time since it began. */

import type { RunReport } from '../../report/run-report.ts';
import type { Chart } from '../../report/svg-chart.ts';
import { coresIn, memoryAt, momentsOf } from '../../report/process-series.ts';
import { stepsPlayed } from '../../report/report-charts.ts';
import { sawStoring } from '../../report/verdict.ts';
import type { RunData } from './api.ts';

interface Line {
  readonly x: readonly number[];
  readonly values: readonly number[];
}

interface Kind {
  readonly id: string;
  readonly title: string;
  readonly caption: string;
  readonly unit: string;
  readonly physical: boolean;
  readonly whole: boolean;
  readonly of: (report: RunReport) => Line;
}

const STRETCHES_MAX = 240;
/** No line. */
const NONE: readonly number[] = [];

const seconds = ({ series }: RunReport): readonly number[] => series.wallMs.map((ms) => ms / 1000);
const headend = ({ processes }: RunReport): RunReport['processes'] => processes.filter(({ group }) => group === 'headend');

const KINDS: readonly Kind[] = [
  {
    id: 'compare-meters',
    title: 'Share of communicating meters',
    caption: 'Meters of which at least one reading, sent in the step, is stored, by all meters; over the time of the grid since the start of each scenario.',
    unit: '% of the meters',
    physical: false,
    whole: false,
    of: (report) => {
      const { series, run } = report;
      const steps = stepsPlayed(report);
      return {
        x: series.stepUnixSeconds.slice(0, steps).map((at) => at - run.startUnixSeconds + run.intervalSeconds),
        values: series.communicatingMeters.slice(0, steps).map((count) => (run.meters > 0 ? (100 * count) / run.meters : 0)),
      };
    },
  },
  {
    id: 'compare-stored',
    title: 'Readings stored',
    caption: 'In the store, over the time of the machine since each run began.',
    unit: 'readings',
    physical: false,
    whole: true,
    of: (report) => ({ x: seconds(report), values: sawStoring(report) ? report.series.storedReadings : NONE }),
  },
  {
    id: 'compare-backlog',
    title: 'Backlog',
    caption: 'Readings that are confirmed and not yet in the store.',
    unit: 'readings',
    physical: false,
    whole: true,
    of: (report) => ({ x: seconds(report), values: sawStoring(report) ? report.series.confirmedReadings.map((confirmed, i) => Math.max(0, confirmed - (report.series.storedReadings[i] ?? 0))) : NONE }),
  },
  {
    id: 'compare-processor',
    title: 'Processor use of the head-end',
    caption: 'Cores that are busy with its processes.',
    unit: 'cores',
    physical: false,
    whole: false,
    of: (report) => {
      const moments = momentsOf(headend(report), STRETCHES_MAX);
      return { x: moments.endsMs.map((ms) => ms / 1000), values: coresIn(headend(report), moments) };
    },
  },
  {
    id: 'compare-memory',
    title: 'Memory of the head-end',
    caption: 'Resident memory of its processes together.',
    unit: 'B',
    physical: true,
    whole: false,
    of: (report) => {
      const moments = momentsOf(headend(report), STRETCHES_MAX);
      return { x: moments.endsMs.map((ms) => ms / 1000), values: memoryAt(headend(report), moments) };
    },
  },
];

export function comparedCharts(runs: readonly RunData[]): readonly Chart[] {
  return KINDS.map((kind, i) => chartOf(kind, runs, i === 0 ? 'full' : 'half'));
}

function chartOf({ of, ...kind }: Kind, runs: readonly RunData[], wide: Chart['wide']): Chart {
  const lines = runs.map(({ report }) => of(report)).map(({ x, values }) => (x.length === values.length ? { x, values } : { x: [], values: [] }));
  const x = [...new Set(lines.flatMap((line) => line.x))].sort((a, b) => a - b);
  return {
    ...kind,
    axis: { kind: 'wall', from: 0, to: x.at(-1) ?? 1 },
    x,
    series: lines.map((line, colour) => ({ name: runs[colour]?.name ?? '', colour, values: resampled(line, x) })).filter((_, colour) => (lines[colour]?.x.length ?? 0) > 0),
    stacked: false,
    steps: false,
    reference: null,
    fromLowest: true,
    wide,
  };
}

/** The line at other times, straight between its points; beyond its end nothing, which uPlot draws as a gap. */
function resampled({ x: own, values }: Line, x: readonly number[]): readonly number[] {
  let next = 0;
  return x.map((time) => {
    while (next < own.length && own[next]! < time) next++;
    if (next === own.length) return NaN;
    const [before, after] = [own[next - 1], own[next]!];
    if (before === undefined) return own[0] === time ? (values[0] ?? 0) : NaN;
    const share = (time - before) / (after - before);
    return (values[next - 1] ?? 0) * (1 - share) + (values[next] ?? 0) * share;
  });
}
