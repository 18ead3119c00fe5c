/** Runs beside each other: their figures in a table, their lines in one plot. */

import type { VNode } from 'preact';
import { useMemo, useState } from 'preact/hooks';
import { INDICATORS, indicatorText, type Indicator } from '../../report/indicators.ts';
import { sizeOfRun, verdictWord } from '../../report/report-content.ts';
import type { Chart } from '../../report/svg-chart.ts';
import { api, type RunData, type RunSummary, useLoaded } from './api.ts';
import { comparedCharts } from './compared-charts.ts';
import { Message } from './message.tsx';
import { Plot } from './plot.tsx';
import { go, type Route, routeTo } from './route.ts';
import type { Theme } from './theme.ts';

interface CompareProps {
  readonly runs: readonly RunSummary[];
  readonly current: RunSummary;
  readonly route: Route;
  readonly theme: Theme;
}

/** As many as there are colours. */
const RUNS_MAX = 6;

const MAIN_FIGURES: readonly string[] = [
  'run.meters',
  'run.wallSeconds',
  'run.readingsPerSecond',
  'run.realTimeFactor',
  'audit.planned',
  'audit.stored',
  'audit.missing',
  'audit.wrong',
  'audit.duplicate',
  'audit.late',
  'kpi.storedSameInterval',
  'kpi.storedWithin1h',
  'kpi.storedWithin24h',
  'kpi.storedBy06',
  'delays.sendingToConfirmationMs.p50',
  'delays.sendingToConfirmationMs.p99',
  'delays.arrivalToStoreMs.p50',
  'delays.arrivalToStoreMs.p99',
  'resources.cpuSecondsPerMillionReadings',
  'resources.coresUsed',
  'resources.peakRssBytes',
  'resources.storeBytesPerReading',
  'run.reconnects',
  'run.resentMessages',
  'run.restarts',
  'problems.count',
];

export function Compare({ runs, current, route, theme }: CompareProps): VNode {
  const chosen = (route.params.get('runs') ?? '').split(',').filter((id) => runs.some((run) => run.id === id));
  const ids = chosen.length > 0 ? chosen : runs.slice(0, RUNS_MAX).map(({ id }) => id);
  const loaded = useLoaded(`compare ${ids.join(' ')}`, (signal) => Promise.all(ids.map((id) => api.report(id, signal))));
  const [all, setAll] = useState(false);
  const data = loaded.value ?? [];
  const charts = useMemo((): readonly Chart[] => comparedCharts(data), [loaded.value]);
  const toggle = (id: string): void => {
    const next = ids.includes(id) ? ids.filter((one) => one !== id) : [...ids, id];
    if (next.length > 0 && next.length <= RUNS_MAX) go(routeTo({ run: current.id, view: 'compare', params: { runs: next.join(',') } }), 'replace');
  };
  if (loaded.error !== null) return <Message title="No comparison" text={loaded.error} />;
  return (
    <main>
      <div class="controls">
        {runs.length === 1 ? (
          <span class="lead">One run is open; <code>meterstorm dashboard</code> with several directories compares them.</span>
        ) : (
          runs.map(({ id, name }) => (
            <label key={id}>
              <input type="checkbox" checked={ids.includes(id)} onChange={() => toggle(id)} />
              {ids.includes(id) && <span class={`swatch b${ids.indexOf(id)}`} />}
              {name}
            </label>
          ))
        )}
      </div>
      <div class="scroll">
        <Table data={data} all={all} />
      </div>
      <p class="empty">
        <button type="button" class="small-button" onClick={() => setAll(!all)}>
          {all ? 'main figures' : 'all figures'}
        </button>
      </p>
      <section>
        <div class="charts">
          {charts.map((chart) => (
            <Plot key={chart.id} chart={chart} theme={theme} run="comparison" scenario={data.map(({ name }) => name).join(', ')} height={250} />
          ))}
        </div>
      </section>
    </main>
  );
}

function Table({ data, all }: { readonly data: readonly RunData[]; readonly all: boolean }): VNode {
  const shown = INDICATORS.filter(({ name }) => all || MAIN_FIGURES.includes(name)).filter((indicator) => data.some(({ report }) => indicator.read(report) !== null));
  const ordered = all ? shown : shown.toSorted((a, b) => MAIN_FIGURES.indexOf(a.name) - MAIN_FIGURES.indexOf(b.name));
  return (
    <table class="compare">
      <thead>
        <tr>
          <th />
          {data.map(({ id, name }, i) => (
            <th key={id} class="n">
              <span class={`swatch b${i}`} />
              <a href={routeTo({ run: id, view: 'overview' })}>{name}</a>
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        <tr>
          <th scope="row">verdict</th>
          {data.map(({ id, report, progress }) => {
            const { able } = report.verdict;
            return (
              <td key={id} class={`n ${able === null ? '' : able ? 'good' : 'bad'}`} title={report.verdict.why}>
                {progress === null ? verdictWord(able) : 'running'}
              </td>
            );
          })}
        </tr>
        <tr>
          <th scope="row">grid</th>
          {data.map(({ id, report }) => (
            <td key={id} class="n soft">
              {sizeOfRun(report)}
            </td>
          ))}
        </tr>
        {ordered.map((indicator) => (
          <IndicatorRow key={indicator.name} indicator={indicator} data={data} />
        ))}
      </tbody>
    </table>
  );
}

function IndicatorRow({ indicator, data }: { readonly indicator: Indicator; readonly data: readonly RunData[] }): VNode {
  const { name, unit, meaning, read } = indicator;
  const first = data[0] === undefined ? null : read(data[0].report);
  return (
    <tr>
      <th scope="row" title={meaning}>
        {name} <small>{meaning}</small>
      </th>
      {data.map(({ id, report }, i) => {
        const value = read(report);
        return (
          <td key={id} class="n">
            {value === null ? '–' : indicatorText(unit, value)}
            {i > 0 && <small> {changeText(value, first)}</small>}
          </td>
        );
      })}
    </tr>
  );
}

/** Against the first run: `+12 %`, `x 3.1`; empty where it says nothing. */
function changeText(value: number | null, first: number | null): string {
  if (value === null || first === null || first === 0 || value === first) return '';
  const ratio = value / first;
  if (ratio >= 2) return `× ${Number(ratio.toPrecision(2))}`;
  const percent = Math.round((ratio - 1) * 1000) / 10;
  return percent === 0 ? '' : `${percent > 0 ? '+' : '−'}${Math.abs(percent)} %`;
}
