/** One station: what was planned, sent and stored, step by step and meter by meter. */

import type { VNode } from 'preact';
import type { GridFacts, StationDetail, StationStored } from '../server/run-view.ts';
import { counted, percent, whole } from '../../base/format.ts';
import { api, type Loaded, type Stored, useLoaded } from './api.ts';
import { Message } from './message.tsx';
import { NumberForm } from './number-form.tsx';
import { Plot } from './plot.tsx';
import type { Chart } from './plot-painter.ts';
import { routeTo } from './route.ts';
import type { Theme } from './theme.ts';

interface StationViewProps {
  readonly run: string;
  readonly number: number | null;
  readonly theme: Theme;
}

export function StationView({ run, number, theme }: StationViewProps): VNode | null {
  const station = number ?? 0;
  const loaded = useLoaded(`station ${run} ${station}`, async (signal) => {
    const [facts, detail] = await Promise.all([api.grid(run, signal), api.station(run, station, signal)]);
    return { facts, detail };
  });
  const asked = useLoaded(`station store ${run} ${station}`, (signal) => api.stationStored(run, station, signal));
  if (loaded.error !== null) {
    return (
      <main>
        <NumberForm run={run} kind="station" />
        <Message title={`Station ${station}`} text={loaded.error} />
      </main>
    );
  }
  if (loaded.value === null) return <Message title="Loading" text="The plan is being asked." />;
  const { facts, detail } = loaded.value;
  // That of the station before stays until the next is there.
  const stored = asked.loading ? null : (asked.value?.stored ?? null);
  return (
    <main class={loaded.loading ? 'stale' : ''}>
      <NumberForm run={run} kind="station" />
      <div class="title">
        <h1>Station {detail.station}</h1>
        <span class="steps">
          {station > 0 && <a href={routeTo({ run, view: 'station', number: station - 1 })}>← {station - 1}</a>}
          {station + 1 < facts.stations && <a href={routeTo({ run, view: 'station', number: station + 1 })}>{station + 1} →</a>}
          <a href={routeTo({ run, view: 'map', params: { station: String(station) } })}>on the map</a>
        </span>
      </div>
      <p class="size">
        {counted(detail.meters, 'meter')} ({whole(detail.firstMeter)} to {whole(detail.firstMeter + detail.meters - 1)}), size {detail.size}; line {detail.link}, accessibility {detail.accessibility};{' '}
        {detail.latitude.toFixed(4)}° N, {detail.longitude.toFixed(4)}° E
      </p>
      <Figures detail={detail} facts={facts} stored={stored} note={storeText(asked)} asking={asked.loading} />
      <section>
        <div class="charts">
          {chartsOf(detail, facts, stored).map((chart) => (
            <Plot key={chart.id} chart={chart} theme={theme} run={`${run}-station-${station}`} scenario={`station ${station}`} height={220} />
          ))}
        </div>
      </section>
      <section>
        <h2>Meters</h2>
        <MeterGrid detail={detail} facts={facts} run={run} stored={stored} />
      </section>
    </main>
  );
}

/** What is said in place of what is stored. */
export function storeText({ loading, error, value }: Loaded<Stored<unknown>>): string {
  if (loading) return 'the store is being asked';
  return error ?? value?.note ?? '';
}

interface FiguresProps {
  readonly detail: StationDetail;
  readonly facts: GridFacts;
  readonly stored: StationStored | null;
  readonly note: string;
  readonly asking: boolean;
}

function Figures({ detail, facts, stored, note, asking }: FiguresProps): VNode {
  const { planned, sent, lostByPlan, linkUp, confirmedSteps, sentSteps, meters, askedSteps } = detail;
  const up = linkUp.filter(Boolean).length;
  const all = meters * facts.steps * facts.channels;
  const withheld = all - planned - lostByPlan;
  const rest = askedSteps < facts.steps ? 'the rest not before the run was interrupted' : `${whole(withheld)} only after the end`;
  return (
    <dl class="figures small">
      <div>
        <dt>Planned</dt>
        <dd>{whole(planned)}</dd>
        <dd>
          readings of {whole(all)}; {rest}{lostByPlan > 0 ? `, ${whole(lostByPlan)} lost by plan` : ''}
        </dd>
      </div>
      <div>
        <dt>Sent</dt>
        <dd>{sent === null ? 'not known yet' : whole(sent)}</dd>
        <dd>{sentSteps === null ? 'before the end of the run' : `in ${whole(sentSteps)} of ${whole(facts.steps)} steps, ${confirmedSteps ?? 0} confirmed`}</dd>
      </div>
      <div>
        <dt>Stored</dt>
        <dd>{stored === null ? (asking ? '…' : 'unknown') : whole(stored.total)}</dd>
        <dd>{stored === null ? note : storedText(detail, stored.total)}</dd>
      </div>
      <div>
        <dt>Line up</dt>
        <dd>{percent(facts.steps > 0 ? up / facts.steps : 0)}</dd>
        <dd>
          {whole(up)} of {counted(facts.steps, 'step')}
        </dd>
      </div>
    </dl>
  );
}

function storedText({ planned, openByMeter }: StationDetail, stored: number): string {
  const open = openByMeter.reduce((sum, count) => sum + count, 0);
  if (stored < planned) return `${whole(planned - stored)} missing`;
  if (stored === planned) return 'all that was planned';
  return stored <= planned + open ? `all that was planned, ${whole(stored - planned)} not confirmed yet` : `${whole(stored - planned - open)} too many`;
}

function chartsOf(detail: StationDetail, facts: GridFacts, stored: StationStored | null): readonly Chart[] {
  const { startUnixSeconds, intervalSeconds, offsetMinutes, steps } = facts;
  const x = Array.from({ length: steps }, (_, step) => startUnixSeconds + step * intervalSeconds);
  const axis = { kind: 'grid', from: startUnixSeconds - intervalSeconds, to: x.at(-1) ?? startUnixSeconds, offsetMinutes } as const;
  const base = { axis, x, physical: false, whole: true, unit: 'readings', steps: true, reference: null, fromLowest: false, wide: 'full' } as const;
  const down = detail.linkUp.filter((isUp) => !isUp).length;
  return [
    {
      ...base,
      id: 'station-sent',
      title: 'Planned by step of sending',
      caption: `What the concentrator sends at each step: readings of that step, and older ones that could not be had before. Its line is ${down === 0 ? 'never down' : `down in ${counted(down, 'step')}`}.`,
      stacked: true,
      series: [
        { name: 'in time', colour: 0, values: detail.sentInTime },
        { name: 'late', colour: 1, values: detail.sentLate },
      ],
    },
    {
      ...base,
      id: 'station-measured',
      title: 'By step of measurement',
      caption: 'Readings that were measured at each step and can be had within the run, and those of them that are in the store.',
      stacked: true,
      series: [{ name: 'planned', colour: 5, values: detail.available }],
      ...(stored === null ? {} : { dots: [{ name: 'stored', colour: 2, values: stored.byStep }] }),
    },
  ];
}

/** A cell for each meter, so that one that lacks something stands out. */
function MeterGrid({ detail, facts, run, stored: found }: { readonly detail: StationDetail; readonly facts: GridFacts; readonly run: string; readonly stored: StationStored | null }): VNode {
  const all = facts.steps * facts.channels;
  return (
    <>
      <p class="lead">The bar says which share of all its readings is planned; a red edge, that the store has not as many as planned.</p>
      <ul class="meters">
        {detail.plannedByMeter.map((planned, i) => {
          const meter = detail.firstMeter + i;
          const stored = found?.byMeter[i] ?? null;
          const fault = stored !== null && (stored < planned || stored > planned + (detail.openByMeter[i] ?? 0));
          const text = `meter ${meter}: ${whole(planned)} of ${whole(all)} planned${stored === null ? '' : `, ${whole(stored)} stored`}`;
          return (
            <li key={meter} class={fault ? 'fault' : ''}>
              <a href={routeTo({ run, view: 'meter', number: meter })} title={text} aria-label={text}>
                {meter}
                <span style={{ width: `${all > 0 ? (planned / all) * 100 : 0}%` }} />
              </a>
            </li>
          );
        })}
      </ul>
    </>
  );
}
