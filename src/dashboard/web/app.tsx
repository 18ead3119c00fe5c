/** The frame of the page: which run, which view, the way to a station or meter, keys. */

import { useEffect, useRef, useState } from 'preact/hooks';
import type { VNode } from 'preact';
import { api, type RunList, type RunSummary, useLoaded } from './api.ts';
import { Compare } from './compare.tsx';
import { GridMap } from './grid-map.tsx';
import { Help } from './help.tsx';
import { Message } from './message.tsx';
import { MeterView } from './meter.tsx';
import { Overview } from './overview.tsx';
import { Resources } from './resources.tsx';
import { go, parseRoute, type Route, routeTo, useRoute, type ViewName } from './route.ts';
import { StationView } from './station.tsx';
import { type Theme, useTheme } from './theme.ts';
import { Timeline } from './timeline.tsx';
import { type FollowedRun, useRun } from './use-run.ts';

const TABS: readonly { readonly view: ViewName; readonly label: string }[] = [
  { view: 'overview', label: 'Overview' },
  { view: 'timeline', label: 'Timeline' },
  { view: 'map', label: 'Map' },
  { view: 'station', label: 'Station, meter' },
  { view: 'resources', label: 'Resources' },
  { view: 'compare', label: 'Compare' },
];

export function App(): VNode {
  const route = useRoute();
  const { theme, toggle } = useTheme();
  const list = useLoaded('runs', (signal) => api.runs(signal));
  const runs = list.value?.runs ?? [];
  const current = runs.find(({ id }) => id === route.run) ?? (route.run === '' ? runs[0] : undefined);
  const run = useRun(current?.id ?? null);
  const [help, setHelp] = useState(false);
  useKeys({ runs, current: current?.id ?? null, toggle, help: () => setHelp((shown) => !shown), search: () => current !== undefined && findNumber(current.id) });
  useEffect(() => {
    document.title = current === undefined ? 'Meterstorm' : `${current.name} – ${route.view} – Meterstorm`;
  }, [current?.name, route.view]);
  const tabs = useRef<HTMLElement>(null);
  // On a narrow page the tabs are scrolled.
  useEffect(() => tabs.current?.querySelector('[aria-current]')?.scrollIntoView({ block: 'nearest', inline: 'nearest' }), [route.view, current?.id]);
  return (
    <>
      <header class="top">
        <a class="brand" href={current === undefined ? '#/' : routeTo({ run: current.id, view: 'overview' })}>
          <img src="./icon.svg" alt="" />
          <span>Meterstorm</span>
        </a>
        <RunPicker runs={runs} current={current} run={run} view={route.view} />
        <nav aria-label="Views" ref={tabs}>
          {current !== undefined &&
            TABS.map(({ view, label }) => (
              <a key={view} href={routeTo({ run: current.id, view })} aria-current={isTab(view, route.view) ? 'page' : undefined}>
                {label}
              </a>
            ))}
        </nav>
        <button type="button" class="plain" onClick={toggle} title="Light or dark (d)" aria-label={theme === 'dark' ? 'Light page' : 'Dark page'}>
          {theme === 'dark' ? '☀' : '☾'}
        </button>
        <button type="button" class="plain keys-button" onClick={() => setHelp(true)} title="Keys (?)" aria-label="Keys">
          ?
        </button>
      </header>
      {run.lost && <p class="banner">The connection to the run is lost; trying again.</p>}
      <Content route={route} list={list} current={current} run={run} theme={theme} />
      {help && <Help close={() => setHelp(false)} version={list.value?.version ?? ''} />}
    </>
  );
}

/** A meter is looked at in the tab of stations. */
function isTab(tab: ViewName, view: ViewName): boolean {
  return tab === view || (tab === 'station' && view === 'meter');
}

interface RunPickerProps {
  readonly runs: readonly RunSummary[];
  readonly current: RunSummary | undefined;
  readonly run: FollowedRun;
  readonly view: ViewName;
}

function RunPicker({ runs, current, run, view }: RunPickerProps): VNode | null {
  if (current === undefined) return null;
  const able = run.data?.report.verdict.able ?? current.able;
  const live = run.progress !== null;
  const kind = live ? 'live' : able === null ? '' : able ? 'able' : 'unable';
  const text = live ? 'running' : able === null ? 'not known' : able ? 'able' : 'not able';
  return (
    <>
      {runs.length > 1 ? (
        <select aria-label="Run" value={current.id} onChange={(event) => go(routeTo({ run: event.currentTarget.value, view }))}>
          {runs.map(({ id, name }) => (
            <option key={id} value={id}>
              {name}
            </option>
          ))}
        </select>
      ) : (
        <span>{current.name}</span>
      )}
      <span class={`state ${kind}`}>{text}</span>
    </>
  );
}

interface ContentProps {
  readonly route: Route;
  readonly list: { readonly value: RunList | null; readonly error: string | null };
  readonly current: RunSummary | undefined;
  readonly run: FollowedRun;
  readonly theme: Theme;
}

function Content({ route, list, current, run, theme }: ContentProps): VNode | null {
  const error = list.error ?? run.error;
  if (error !== null) return <Message title="Nothing to show" text={error} />;
  if (list.value === null) return null;
  if (current === undefined) return <Message title="No such run" text={`There is no run \`${route.run}\` here.`} />;
  if (run.data === null) return null;
  const { data, progress } = run;
  if (route.view === 'timeline') return <Timeline data={data} route={route} theme={theme} />;
  if (route.view === 'map') return <GridMap key={current.id} run={current.id} route={route} theme={theme} progress={progress} />;
  if (route.view === 'station') return <StationView run={current.id} number={route.number} theme={theme} />;
  if (route.view === 'meter') return <MeterView run={current.id} route={route} theme={theme} />;
  if (route.view === 'resources') return <Resources data={data} theme={theme} />;
  if (route.view === 'compare') return <Compare runs={list.value.runs} current={current} route={route} theme={theme} />;
  return <Overview data={data} progress={progress} theme={theme} />;
}

interface Keys {
  readonly runs: readonly RunSummary[];
  readonly current: string | null;
  readonly toggle: () => void;
  readonly help: () => void;
  readonly search: () => void;
}

function useKeys(keys: Keys): void {
  const newest = useRef(keys);
  newest.current = keys;
  useEffect(() => {
    const pressed = (event: KeyboardEvent): void => {
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
      if (!keyDone(event.key, newest.current)) return;
      event.preventDefault();
    };
    addEventListener('keydown', pressed);
    return () => removeEventListener('keydown', pressed);
  }, []);
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.matches('input:not([type=range]), select, textarea') || target.closest('dialog') !== null);
}

/** To the field for a number, in the view that has one. */
function findNumber(run: string): void {
  const { view } = parseRoute(location.hash);
  if (view !== 'station' && view !== 'meter') go(routeTo({ run, view: 'station' }));
  const focus = (tries: number): void => {
    const field = document.getElementById('number');
    if (field !== null) field.focus();
    else if (tries > 0) requestAnimationFrame(() => focus(tries - 1));
  };
  focus(FOCUS_TRIES);
}

/** Pictures until the view is there. */
const FOCUS_TRIES = 120;

/** True when the key meant something. */
function keyDone(key: string, { runs, current, toggle, help, search }: Keys): boolean {
  const view = /^[1-9]$/.test(key) ? TABS[Number(key) - 1]?.view : undefined;
  if (view !== undefined && current !== null) go(routeTo({ run: current, view }));
  else if (key === '?') help();
  else if (key === 'd') toggle();
  else if (key === '/') search();
  else if ((key === '[' || key === ']') && current !== null && runs.length > 1) {
    const place = runs.findIndex(({ id }) => id === current) + (key === ']' ? 1 : -1);
    const next = runs[(place + runs.length) % runs.length];
    // As the address has it: the page may be about to follow another key.
    if (next !== undefined) go(routeTo({ run: next.id, view: parseRoute(location.hash).view }));
  } else return false;
  return true;
}
