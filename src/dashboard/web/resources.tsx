/** What each component took of the machine, over time and in all. */

import type { VNode } from 'preact';
import { bytes, digits3, duration, milliseconds, whole } from '../../base/format.ts';
import { groupRows, machineFigures } from '../../report/report-content.ts';
import type { RunReport } from '../../report/run-report.ts';
import { machineCharts, PROCESSES_DRAWN } from '../../report/report-charts.ts';
import type { RunData } from './api.ts';
import { Plot } from './plot.tsx';
import { groupTitle, processCharts, resourceCharts } from './resource-charts.ts';
import type { Theme } from './theme.ts';

export function Resources({ data, theme }: { readonly data: RunData; readonly theme: Theme }): VNode {
  const { report } = data;
  const [, , processor, memory] = machineCharts(report);
  // Groups of a run that is over are known by more than their processes.
  const byGroup = [processor, ...(report.processes.length > PROCESSES_DRAWN ? [memory] : [])].filter((chart) => chart !== undefined);
  const groups = report.resources === null ? byGroup : resourceCharts(report);
  return (
    <main>
      <section class="first">
        <h2>By component</h2>
        {report.resources === null ? <ProcessGroups report={report} /> : <Groups report={report} />}
      </section>
      <section>
        <div class="charts">
          {[...groups, ...processCharts(report)].map((chart) => (
            <Plot key={chart.id} chart={chart} theme={theme} run={data.id} scenario={data.name} height={220} sync="resources" />
          ))}
        </div>
      </section>
      <section>
        <h2>Processes</h2>
        <Processes report={report} />
      </section>
      <section>
        <h2>The machine</h2>
        <dl class="rows">
          {machineFigures(report).map(([label, value]) => (
            <div key={label}>
              <dt>{label}</dt>
              <dd>{value}</dd>
            </div>
          ))}
        </dl>
      </section>
    </main>
  );
}

function ProcessGroups({ report }: { readonly report: RunReport }): VNode {
  const rows = groupRows(report);
  if (rows.length === 0) return <p class="empty">This system does not tell what processes take.</p>;
  return (
    <div class="scroll">
      <table>
        <thead>
          <tr>
            <th>component</th>
            <th class="n">processes</th>
            <th class="n">processor</th>
            <th class="n">memory, peak</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ group, processes, cpuSeconds, peakRssBytes }) => (
            <tr key={group}>
              <th scope="row">{groupTitle(group)}</th>
              <td class="n">{processes}</td>
              <td class="n">{duration(cpuSeconds)}</td>
              <td class="n">{bytes(peakRssBytes)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

const orDash = (value: number | null, text: (value: number) => string): string => (value === null ? '–' : text(value));

function Groups({ report }: { readonly report: RunReport }): VNode {
  const { groups } = report.resources ?? { groups: [] };
  return (
    <div class="scroll">
      <table>
        <thead>
          <tr>
            <th>component</th>
            <th class="n">processor</th>
            <th class="n">for a million readings</th>
            <th class="n">memory, peak</th>
            <th class="n">written</th>
            <th class="n">read</th>
            <th class="n">network</th>
            <th class="n">connections</th>
            <th class="n">descriptors</th>
            <th class="n">processes</th>
          </tr>
        </thead>
        <tbody>
          {groups.map((group) => (
            <tr key={group.name}>
              <th scope="row">
                {groupTitle(group.name)} <small>{group.what}</small>
              </th>
              <td class="n">{duration(group.cpuUserSeconds + group.cpuSystemSeconds)}</td>
              <td class="n">{orDash(group.perMillionReadings?.cpuSeconds ?? null, duration)}</td>
              <td class="n">{orDash(group.peakMemoryBytes, bytes)}</td>
              <td class="n">{orDash(group.diskWrittenBytes, bytes)}</td>
              <td class="n">{orDash(group.diskReadBytes, bytes)}</td>
              <td class="n">{orDash(group.networkBytes, bytes)}</td>
              <td class="n">{orDash(group.peakConnections, whole)}</td>
              <td class="n">{orDash(group.peakDescriptors, whole)}</td>
              <td class="n">{whole(group.peakProcesses)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Processes({ report }: { readonly report: RunReport }): VNode {
  const { processes, run } = report;
  return (
    <div class="scroll">
      <table>
        <thead>
          <tr>
            <th>process</th>
            <th>component</th>
            <th class="n">pid</th>
            <th class="n">processor</th>
            <th class="n">cores, mean</th>
            <th class="n">memory, peak</th>
            <th class="n">last seen</th>
          </tr>
        </thead>
        <tbody>
          {processes.map(({ name, group, pid, cpuSeconds, peakRssBytes, wallMs }) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td>{groupTitle(group)}</td>
              <td class="n">{pid}</td>
              <td class="n">{duration(cpuSeconds)}</td>
              <td class="n">{run.wallSeconds > 0 ? digits3(cpuSeconds / run.wallSeconds) : '–'}</td>
              <td class="n">{bytes(peakRssBytes)}</td>
              <td class="n">{wallMs.length === 0 ? '–' : milliseconds(wallMs.at(-1) ?? 0)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
