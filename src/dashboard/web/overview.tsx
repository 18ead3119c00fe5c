/** The three answers so far, and the pictures that carry them. */

import type { VNode } from 'preact';
import { progressText } from '../server/progress-text.ts';
import type { LiveProgress } from '../server/run-view.ts';
import { duration, percent, short, whole } from '../../base/format.ts';
import { backlogChart, gridCharts, machineCharts } from '../../report/report-charts.ts';
import { auditRows, delayRows, DELAY_COLUMNS, isGrave, keyFigures, needs, sizeOfRun, spanOfRun, verdictWord, whenOf, type Figure } from '../../report/report-content.ts';
import { KPI_COLUMNS, kpiLead, kpiRows } from '../../report/kpi-content.ts';
import type { RunReport } from '../../report/run-report.ts';
import { thresholdRows, thresholdSummary } from '../../report/thresholds.ts';
import { wasAudited } from '../../report/verdict.ts';
import { api, type RunData } from './api.ts';
import { connectionsChart } from './more-charts.ts';
import { withCode } from './message.tsx';
import { Plot } from './plot.tsx';
import { routeTo } from './route.ts';
import type { Theme } from './theme.ts';

interface OverviewProps {
  readonly data: RunData;
  readonly progress: LiveProgress | null;
  readonly theme: Theme;
}

export function Overview({ data, progress, theme }: OverviewProps): VNode {
  const { report } = data;
  const live = progress !== null;
  const charts = live ? [] : gridCharts(report);
  const [progressChart, rateChart] = machineCharts(report);
  const shown = [charts[0], backlogChart(report), rateChart, live ? connectionsChart(report) : charts[1], progressChart].filter((chart) => chart !== undefined && chart !== null);
  return (
    <main>
      {live ? <Going progress={progress} /> : <Verdict report={report} />}
      <dl class="figures">{(live ? liveFigures(progress) : keyFigures(report)).map((figure) => <FigureItem key={figure.label} {...figure} />)}</dl>
      <p class="size">
        {sizeOfRun(report)}. {spanOfRun(report)}.
      </p>
      <section class="columns">
        <div>
          <h2>How many computing resources does it need?</h2>
          <dl class="rows">{(live ? needsSoFar(report) : needs(report)).map((figure) => <FigureItem key={figure.label} {...figure} />)}</dl>
        </div>
        <div>
          <h2>What problems are characteristic of it?</h2>
          <Problems data={data} />
        </div>
      </section>
      <section>
        <div class="charts">{shown.map((chart) => <Plot key={chart.id} chart={chart} theme={theme} run={data.id} scenario={data.name} height={chart.wide === 'full' ? 270 : 230} />)}</div>
      </section>
      {!live && <Thresholds report={report} />}
      {!live && <Audit report={report} />}
      {!live && <DelayTable report={report} />}
      <p class="downloads">
        All series of this run: <a href={api.seriesAddress(data.id, 'csv')}>CSV</a>, <a href={api.seriesAddress(data.id, 'parquet')}>Parquet</a>
      </p>
    </main>
  );
}

function Verdict({ report }: { readonly report: RunReport }): VNode {
  const { able, why } = report.verdict;
  const kind = able === null ? 'unknown' : able ? 'able' : 'unable';
  return (
    <div class={`verdict ${kind}`}>
      <p class="question">Is it able to process this many meters?</p>
      <h1>
        <Mark kind={kind} />
        {verdictWord(able)}
      </h1>
      <p class="why">{why}</p>
    </div>
  );
}

const MARKS = { able: 'M3 13l6 6L21 6', unable: 'M4 4l16 16M20 4L4 20', unknown: 'M7 8a5 5 0 1 1 7 4.6c-1.5.8-2 1.6-2 3.4M12 19.5v3' } as const;

export function Mark({ kind }: { readonly kind: keyof typeof MARKS }): VNode {
  return (
    <svg viewBox="0 0 24 24" aria-hidden="true">
      <path d={MARKS[kind]} fill="none" stroke="currentColor" stroke-width="3.4" />
    </svg>
  );
}

const PHASES = { preparing: 'Preparing', playing: 'Running', storing: 'Storing the rest', auditing: 'Auditing' } as const;

function Going({ progress }: { readonly progress: LiveProgress }): VNode {
  const share = progress.steps === 0 ? 0 : Math.min(1, progress.step / progress.steps);
  return (
    <div class="verdict going">
      <p class="question">Is it able to process this many meters?</p>
      <h1>{PHASES[progress.phase]}</h1>
      <p class="why">{progressText(progress)}</p>
      <div class="bar" role="progressbar" aria-label="steps that are settled" aria-valuemin={0} aria-valuemax={progress.steps} aria-valuenow={progress.step}>
        <span style={{ width: `${share * 100}%` }} />
      </div>
    </div>
  );
}

function liveFigures(progress: LiveProgress): readonly Figure[] {
  const { step, steps, sentReadings, confirmedReadings, readingsPerSecond, backlogReadings, connected, elapsedMs, etaMs, storedReadings } = progress;
  return [
    { label: 'Readings sent', value: short(sentReadings), note: `${short(confirmedReadings)} confirmed${storedReadings === null ? '' : `, ${short(storedReadings)} stored`}` },
    { label: 'Readings per second', value: short(Math.round(readingsPerSecond)), note: `${whole(connected)} concentrators connected` },
    { label: 'Backlog', value: backlogReadings === null ? 'unknown' : short(backlogReadings), note: backlogReadings === null ? 'this head-end tells nobody' : 'confirmed, not yet in the store' },
    { label: 'Step', value: whole(step), note: `of ${whole(steps)}; ${duration(elapsedMs / 1000)} so far${etaMs === null ? '' : `, ${duration(etaMs / 1000)} to go`}` },
  ];
}

/** What is known before the end: processor and memory. */
function needsSoFar(report: RunReport): readonly Figure[] {
  return needs(report).filter(({ label }) => label === 'Processor' || label === 'Memory');
}

function FigureItem({ label, value, note }: Figure): VNode {
  return (
    <div>
      <dt>{label}</dt>
      <dd>{value}</dd>
      {note !== '' && <dd>{note}</dd>}
    </div>
  );
}

function Problems({ data }: { readonly data: RunData }): VNode {
  const { problems } = data.report.verdict;
  if (problems.length === 0) return <p>{data.progress === null ? 'None was seen in this run.' : 'None was seen so far. Readings are checked when the run is over.'}</p>;
  return (
    <ul class="problems">
      {problems.map((problem, i) => (
        <li key={problem.id} class={isGrave(problem) ? 'grave' : 'noted'}>
          <a href={routeTo({ run: data.id, view: 'timeline', params: { event: `problem-${i}` } })}>{problem.title}</a> <span class="when">{whenOf(problem, data.report)}</span>
          <p>
            {problem.evidence} <code>{problem.id}</code>
          </p>
          {problem.remedy !== undefined && (
            <p>
              <b>What to do</b> {withCode(problem.remedy)}
            </p>
          )}
        </li>
      ))}
    </ul>
  );
}

function Audit({ report }: { readonly report: RunReport }): VNode | null {
  const { audit } = report;
  if (!wasAudited(audit)) return null;
  return (
    <section class="columns">
      <div>
        <h2>Audit</h2>
        <p class={`result ${audit.exact ? 'good' : 'bad'}`}>
          {audit.exact ? 'Exact: every reading is where it must be.' : `Not exact. ${percent(audit.planned > 0 ? audit.missing / audit.planned : 0)} of the planned readings are missing.`}
        </p>
        <div class="scroll">
        <table>
          <tbody>
            {auditRows(report).map(({ label, count, meaning, finding }) => (
              <tr key={label} class={finding && count > 0 ? 'fault' : ''} title={meaning}>
                <th scope="row">{label}</th>
                <td class="n">{whole(count)}</td>
              </tr>
            ))}
          </tbody>
        </table>
        </div>
      </div>
      <InTime report={report} />
    </section>
  );
}

function DelayTable({ report }: { readonly report: RunReport }): VNode | null {
  if (delayRows(report).every(({ count }) => count === 'none')) return null;
  return (
    <section>
      <h2>Delays</h2>
      <div class="scroll">
        <table class="delays">
          <thead>
            <tr>
              <th />
              {DELAY_COLUMNS.map((name) => (
                <th key={name} class="n">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {delayRows(report).map(({ label, clock, values }) => (
              <tr key={label}>
                <th scope="row">
                  {label} <small>{clock}</small>
                </th>
                {values.map((value, i) => (
                  <td key={DELAY_COLUMNS[i]} class="n">
                    {value}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function InTime({ report }: { readonly report: RunReport }): VNode | null {
  if (report.kpi === null) return null;
  return (
    <div>
      <h2>In time</h2>
      <p class="lead">{kpiLead(report)}</p>
      <div class="scroll">
      <table>
        <thead>
          <tr>
            {KPI_COLUMNS.map((name, i) => (
              <th key={name} class={i > 0 ? 'n' : ''}>
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {kpiRows(report).map(({ label, stored, possible }) => (
            <tr key={label}>
              <th scope="row">{label}</th>
              <td class="n">{stored}</td>
              <td class="n">{possible}</td>
            </tr>
          ))}
        </tbody>
      </table>
      </div>
    </div>
  );
}

function Thresholds({ report }: { readonly report: RunReport }): VNode | null {
  const summary = thresholdSummary(report);
  if (summary === null) return null;
  return (
    <section>
      <h2>Thresholds</h2>
      <p class="result">{summary}</p>
      <div class="scroll">
        <table>
          <tbody>
            {thresholdRows(report).map(({ text, value, result, held }) => (
              <tr key={text} class={held ? '' : 'fault'}>
                <th scope="row">
                  <code>{text}</code>
                </th>
                <td class="n">{value}</td>
                <td class="after">{result}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
