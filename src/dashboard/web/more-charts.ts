/** A chart that the report does not have: who is connected. */

import { counted, whole } from '../../base/format.ts';
import type { RunReport } from '../../report/run-report.ts';
import { extent, type Chart } from '../../report/svg-chart.ts';

function overRun({ run, series }: RunReport): Pick<Chart, 'axis' | 'x' | 'stacked' | 'steps' | 'reference' | 'fromLowest' | 'wide' | 'physical' | 'whole'> {
  const x = series.wallMs.map((ms) => ms / 1000);
  const axis = { kind: 'wall', from: 0, to: Math.max(run.wallSeconds, x.at(-1) ?? 0, 0.001) } as const;
  return { axis, x, stacked: false, steps: false, reference: null, fromLowest: false, wide: 'half', physical: false, whole: true };
}

export function connectionsChart(report: RunReport): Chart {
  const { series, run } = report;
  const values = series.connections;
  return {
    ...overRun(report),
    id: 'connected',
    title: 'Connections',
    caption: `Concentrators that are connected, at most ${counted(extent([values]).highest, 'connection')} of ${whole(run.concentrators)}.`,
    unit: 'connections',
    series: values.length === series.wallMs.length && values.length > 0 ? [{ name: 'connected', colour: 0, values }] : [],
    reference: { value: run.concentrators, label: `all: ${whole(run.concentrators)}` },
  };
}
