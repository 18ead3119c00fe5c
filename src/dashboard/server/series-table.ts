/** All series of a run as one long table: `series,unit,clock,time,value`, one row a value. */

import type { RunReport } from '../../report/run-report.ts';

interface Column {
  readonly series: string;
  readonly unit: string;
  /** `grid`: Unix seconds; `machine`: seconds since the run began. */
  readonly clock: 'grid' | 'machine';
  readonly times: readonly number[];
  readonly values: readonly number[];
}

const SERIES_HEADER = 'series,unit,clock,time_seconds,value';

export function seriesCsv(report: RunReport): string {
  const lines = [SERIES_HEADER];
  for (const { series, unit, clock, times, values } of columns(report)) {
    const head = `${cell(series)},${unit},${clock}`;
    values.forEach((value, i) => lines.push(`${head},${times[i] ?? ''},${value}`));
  }
  return `${lines.join('\n')}\n`;
}

function columns({ series, links, processes }: RunReport): readonly Column[] {
  const grid = (name: string, unit: string, values: readonly number[]): Column => ({ series: name, unit, clock: 'grid', times: series.stepUnixSeconds, values });
  const seconds = series.wallMs.map((ms) => ms / 1000);
  const machine = (name: string, values: readonly number[], unit = 'readings'): Column => ({ series: name, unit, clock: 'machine', times: seconds, values });
  return [
    grid('communicating_meters', 'meters', series.communicatingMeters),
    grid('communicating_concentrators', 'concentrators', series.communicatingConcentrators),
    grid('arrived_in_time', 'readings', series.arrivedInTime),
    grid('arrived_late', 'readings', series.arrivedLate),
    grid('energy', 'Wh', series.energyWh),
    grid('connections_lost', 'connections', links?.connectionsLost ?? []),
    grid('connections_made', 'connections', links?.connectionsMade ?? []),
    machine('sent', series.sentReadings),
    machine('confirmed', series.confirmedReadings),
    machine('stored', series.storedReadings),
    machine('settled_steps', series.settledSteps, 'steps'),
    machine('connections', series.connections, 'connections'),
    ...processes.flatMap(({ name, wallMs, cpuCores, rssBytes }): Column[] => {
      const times = wallMs.map((ms) => ms / 1000);
      return [
        { series: `${name} processor`, unit: 'cores', clock: 'machine', times, values: cpuCores },
        { series: `${name} memory`, unit: 'B', clock: 'machine', times, values: rssBytes },
      ];
    }),
  ];
}

/** RFC 4180. */
function cell(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
