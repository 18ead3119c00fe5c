/** One meter on one day: what it said, what is stored, and when it left. */

import type { VNode } from 'preact';
import type { GridFacts, MeterDetail, MeterStored } from '../server/run-view.ts';
import { dateTime, digits3, duration, localTime, whole } from '../../base/format.ts';
import { api, useLoaded } from './api.ts';
import { Message } from './message.tsx';
import { NumberForm } from './number-form.tsx';
import { Plot } from './plot.tsx';
import type { Chart } from './plot-painter.ts';
import { type Route, routeTo } from './route.ts';
import { storeText } from './station.tsx';
import type { Theme } from './theme.ts';

interface MeterViewProps {
  readonly run: string;
  readonly route: Route;
  readonly theme: Theme;
}

export function MeterView({ run, route, theme }: MeterViewProps): VNode | null {
  const meter = route.number ?? 0;
  const asked = route.params.get('day');
  const day = asked !== null && /^\d{1,5}$/.test(asked) ? Number(asked) : 0;
  const loaded = useLoaded(`meter ${run} ${meter} ${day}`, async (signal) => {
    const [facts, detail] = await Promise.all([api.grid(run, signal), api.meter(run, { meter, day }, signal)]);
    return { facts, detail };
  });
  const wanted = useLoaded(`meter store ${run} ${meter} ${day}`, (signal) => api.meterStored(run, { meter, day }, signal));
  if (loaded.error !== null) {
    return (
      <main>
        <NumberForm run={run} kind="meter" />
        <Message title={`Meter ${meter}`} text={loaded.error} />
      </main>
    );
  }
  if (loaded.value === null) return <Message title="Loading" text="The truth is being computed." />;
  const { facts, detail } = loaded.value;
  // That of the day before stays until the next is there.
  const stored = wanted.loading ? null : (wanted.value?.stored ?? null);
  const dayTo = (to: number): string => routeTo({ run, view: 'meter', number: meter, params: { day: String(to) } });
  const { day: name } = localTime(detail.unixSeconds[0] ?? facts.startUnixSeconds, facts.offsetMinutes);
  return (
    <main class={loaded.loading ? 'stale' : ''}>
      <NumberForm run={run} kind="meter" />
      <div class="title">
        <h1>Meter {detail.meter}</h1>
        <span class="steps">
          {day > 0 && <a href={dayTo(day - 1)}>← day before</a>}
          <b>{name}</b>
          {day + 1 < facts.days && <a href={dayTo(day + 1)}>day after →</a>}
          <a href={routeTo({ run, view: 'station', number: detail.station })}>station {detail.station}</a>
        </span>
      </div>
      <p class="size">
        Pattern {detail.pattern}, tariff {detail.tariff}, accessibility {detail.accessibility}, {whole(Math.round(detail.annualWh / 1000))} kWh in a normal year
      </p>
      <Summary detail={detail} stored={stored} note={storeText(wanted)} asking={wanted.loading} />
      <section>
        <div class="charts">
          {chartsOf(detail, facts, stored).map((chart) => (
            <Plot key={chart.id} chart={chart} theme={theme} run={`${run}-meter-${meter}`} scenario={`meter ${meter}`} height={240} />
          ))}
        </div>
      </section>
      <section>
        <h2>Readings of the day</h2>
        <Rows detail={detail} facts={facts} stored={stored} />
      </section>
    </main>
  );
}

interface Row {
  readonly time: number;
  readonly trueWh: number;
  readonly storedWh: number | null;
  readonly kind: 'right' | 'wrong' | 'missing' | 'not confirmed' | 'out of reach' | 'not looked at';
  readonly delaySteps: number | null;
}

function rowsOf(detail: MeterDetail, found: MeterStored | null): readonly Row[] {
  const { unixSeconds, trueWh, trueStatus, sentStep, firstStep, askedSteps } = detail;
  return unixSeconds.map((time, i): Row => {
    const stored = found?.wh[i] ?? null;
    const left = sentStep[i] ?? -1;
    const right = stored === trueWh[i] && found?.status[i] === trueStatus[i];
    const absent = left < 0 ? 'out of reach' : left < askedSteps ? 'missing' : 'not confirmed';
    const kind = found === null ? 'not looked at' : stored === null ? absent : right ? 'right' : 'wrong';
    return { time, trueWh: trueWh[i] ?? 0, storedWh: stored, kind, delaySteps: left < 0 ? null : left - (firstStep + i) };
  });
}

function Summary({ detail, stored, note, asking }: { readonly detail: MeterDetail; readonly stored: MeterStored | null; readonly note: string; readonly asking: boolean }): VNode {
  const rows = rowsOf(detail, stored);
  const count = (kind: Row['kind']): number => rows.filter((row) => row.kind === kind).length;
  const late = rows.filter(({ delaySteps }) => delaySteps !== null && delaySteps > 0).length;
  const energy = (detail.trueWh.at(-1) ?? 0) - detail.beforeWh;
  const faults = count('wrong') + count('missing');
  return (
    <dl class="figures small">
      <div>
        <dt>Energy of the day</dt>
        <dd>{digits3(energy / 1000)} kWh</dd>
        <dd>in {rows.length} intervals</dd>
      </div>
      <div>
        <dt>Stored and right</dt>
        <dd>{stored === null ? (asking ? '…' : 'unknown') : `${count('right')} of ${rows.length}`}</dd>
        <dd>{stored === null ? note : faults === 0 ? `${count('out of reach')} out of reach until the end` : `${count('wrong')} wrong, ${count('missing')} missing`}</dd>
      </div>
      <div>
        <dt>Late</dt>
        <dd>{late}</dd>
        <dd>sent in a later step</dd>
      </div>
    </dl>
  );
}

/** Mean power of each interval, and the register itself. */
function chartsOf(detail: MeterDetail, facts: GridFacts, stored: MeterStored | null): readonly Chart[] {
  const { unixSeconds, trueWh, beforeWh } = detail;
  const storedWh = stored?.wh ?? null;
  const hours = facts.intervalSeconds / 3600;
  const power = (values: readonly (number | null)[], i: number): number | null => {
    const [now, before] = [values[i] ?? null, i === 0 ? beforeWh : (values[i - 1] ?? null)];
    return now === null || before === null ? null : (now - before) / hours;
  };
  const axis = { kind: 'grid', from: (unixSeconds[0] ?? 0) - facts.intervalSeconds, to: unixSeconds.at(-1) ?? 1, offsetMinutes: facts.offsetMinutes } as const;
  const base = { axis, x: unixSeconds, physical: true, whole: false, stacked: false, reference: null, wide: 'full' } as const;
  const truePower = unixSeconds.map((_, i) => power(trueWh, i) ?? 0);
  const storedPower = storedWh === null ? null : unixSeconds.map((_, i) => power(storedWh, i));
  return [
    {
      ...base,
      id: 'meter-power',
      title: 'Load of the meter',
      caption: 'Mean power in each interval: the truth, and from the registers that are stored. Where one of two neighbours is not stored there is no dot.',
      unit: 'W',
      steps: true,
      fromLowest: false,
      series: [{ name: 'truth', colour: 0, values: truePower }],
      ...(storedPower === null ? {} : { dots: [{ name: 'stored', colour: 1, values: storedPower }] }),
    },
    {
      ...base,
      id: 'meter-energy',
      title: 'Energy of the day',
      caption: `Register 1.8.0 at the end of each interval, less the ${whole(beforeWh)} Wh that it showed when the day began.`,
      unit: 'Wh',
      steps: false,
      fromLowest: false,
      series: [{ name: 'truth', colour: 0, values: trueWh.map((wh) => wh - beforeWh) }],
      ...(storedWh === null ? {} : { dots: [{ name: 'stored', colour: 1, values: storedWh.map((wh) => (wh === null ? null : wh - beforeWh)) }] }),
    },
  ];
}

function Rows({ detail, facts, stored }: { readonly detail: MeterDetail; readonly facts: GridFacts; readonly stored: MeterStored | null }): VNode {
  return (
    <div class="scroll tall">
      <table>
        <thead>
          <tr>
            <th>time</th>
            <th class="n">truth, Wh</th>
            <th class="n">stored, Wh</th>
            <th class="n">sent after</th>
            <th class="after">found</th>
          </tr>
        </thead>
        <tbody>
          {rowsOf(detail, stored).map(({ time, trueWh, storedWh, kind, delaySteps }) => (
            <tr key={time} class={kind === 'wrong' || kind === 'missing' ? 'fault' : ''}>
              <th scope="row">{dateTime(time, facts.offsetMinutes)}</th>
              <td class="n">{whole(trueWh)}</td>
              <td class="n">{storedWh === null ? '–' : whole(storedWh)}</td>
              <td class="n">{delaySteps === null ? 'not within the run' : delaySteps === 0 ? 'at once' : duration(delaySteps * facts.intervalSeconds)}</td>
              <td class="after">{kind}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
