/** The pictures of a comparison: all alternatives on one axis. */

import { duration, short } from '../../base/format.ts';
import { extent, type Chart, type ChartSeries } from '../svg-chart.ts';
import type { ComparedSeries, Comparison } from './comparison.ts';

/** Colours that the page has. */
const LINES_MAX = 6;

export function comparisonCharts(comparison: Comparison): readonly Chart[] {
  const { series, load } = comparison;
  const stored = chart(comparison, {
    id: 'stored-readings',
    title: 'Stored readings',
    lead: 'Readings in the store since the begin of the run.',
    valuesOf: ({ storedReadings }) => storedReadings,
  });
  const since = load.run?.speed === 'max' ? 'was sent to it' : 'was due by then';
  const backlog = chart(comparison, {
    id: 'backlog',
    title: 'Backlog',
    lead: `Readings that are not stored yet, of what ${since}; a line that rises for as long as they come does not hold.`,
    valuesOf: ({ backlogReadings }) => backlogReadings,
  });
  return series.seconds.length === 0 ? [] : [stored, backlog];
}

function chart(
  { series, alternatives }: Comparison,
  kind: {
    readonly id: string;
    readonly title: string;
    readonly lead: string;
    readonly valuesOf: (column: ComparedSeries['alternatives'][number]) => readonly number[] | null;
  },
): Chart {
  const lines: readonly ChartSeries[] = series.alternatives.flatMap((column) => {
    const values = kind.valuesOf(column);
    const colour = alternatives.findIndex(({ name }) => name === column.name);
    return values === null || colour >= LINES_MAX ? [] : [{ name: column.name, colour, values }];
  });
  const most = lines.map(({ name, values }) => `${name} ${short(extent([values]).highest)}`);
  const left = alternatives.length > LINES_MAX ? ` The first ${LINES_MAX} alternatives are drawn.` : '';
  const seconds = series.seconds.at(-1) ?? 0;
  return {
    id: kind.id,
    title: kind.title,
    caption: `${kind.lead} At most: ${most.join(', ')}; over ${duration(seconds)} of this machine.${left}`,
    unit: 'readings',
    physical: false,
    whole: true,
    axis: { kind: 'wall', from: 0, to: Math.max(seconds, 0.001) },
    x: series.seconds,
    series: lines,
    stacked: false,
    steps: false,
    reference: null,
    fromLowest: false,
    wide: 'half',
  };
}
