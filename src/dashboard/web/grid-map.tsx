/** All stations at their places, coloured by how they are at a step of the plan. */

import { useCallback, useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { VNode } from 'preact';
import type { GridFacts, LiveProgress } from '../server/run-view.ts';
import { counted, dateTime, whole } from '../../base/format.ts';
import { api, type Places, type States, useLoaded } from './api.ts';
import { COLOURING_NAMES, COLOURINGS, type Colouring, coloursOf } from './map-colours.ts';
import { MapPainter } from './map-painter.ts';
import { MapPointer } from './map-pointer.ts';
import { Message } from './message.tsx';
import { go, type Route, routeTo } from './route.ts';
import { colour, type Theme } from './theme.ts';

interface GridMapProps {
  readonly run: string;
  readonly route: Route;
  readonly theme: Theme;
  readonly progress: LiveProgress | null;
}

interface Ground {
  readonly facts: GridFacts;
  readonly places: Places;
  readonly outline: readonly (readonly number[])[];
}

export function GridMap({ run, route, theme, progress }: GridMapProps): VNode | null {
  const ground = useLoaded(`ground ${run}`, async (signal): Promise<Ground> => {
    const facts = await api.grid(run, signal);
    const [places, outline] = await Promise.all([api.places(run, facts.stations, signal), api.outline(run, signal)]);
    return { facts, places, outline };
  });
  if (ground.error !== null) return <Message title="No map" text={ground.error} />;
  if (ground.value === null) return <Message title="Loading" text="The grid is being made." />;
  return <Ready run={run} route={route} theme={theme} progress={progress} ground={ground.value} />;
}

const PLAY_MS = 250;

function Ready({ run, route, theme, progress, ground }: GridMapProps & { readonly ground: Ground }): VNode {
  const { facts, places } = ground;
  const by: Colouring = COLOURINGS.find((name) => name === route.params.get('by')) ?? 'accessibility';
  const asked = route.params.get('step');
  // A run that goes on is shown where it is.
  const newest = progress === null ? Math.floor(facts.steps / 2) : Math.min(facts.steps - 1, progress.step);
  const step = asked === null ? newest : Math.min(facts.steps - 1, Math.max(0, Math.floor(Number(asked)) || 0));
  const chosen = numberOf(route.params.get('station'), facts.stations);
  const set = useCallback(
    (change: { readonly by?: Colouring; readonly step?: number; readonly station?: number | null }) => {
      const station = change.station === undefined ? chosen : change.station;
      const params = { by: change.by ?? by, step: change.step === undefined ? asked : String(change.step), station: station === null ? null : String(station) };
      go(routeTo({ run, view: 'map', params }), 'replace');
    },
    [run, by, asked, chosen],
  );
  const states = useLoaded(`states ${run} ${step}`, (signal) => api.states(run, { step, stations: facts.stations }, signal));
  const colours = useMemo(() => coloursOf(by, { facts, places, states: states.value }), [by, facts, places, states.value, theme]);
  const [playing, setPlaying] = useState(false);
  useEffect(() => {
    if (!playing || states.loading) return undefined;
    if (step >= facts.steps - 1) {
      setPlaying(false);
      return undefined;
    }
    const timer = setTimeout(() => set({ step: step + 1 }), PLAY_MS);
    return () => clearTimeout(timer);
  }, [playing, step, states.loading, set]);

  const canvas = useRef<HTMLCanvasElement>(null);
  const painter = useRef<MapPainter | null>(null);
  const [hovered, setHovered] = useState<number | null>(null);
  const [, moved] = useState(0);
  const newestSet = useRef(set);
  newestSet.current = set;

  useEffect(() => {
    const target = canvas.current;
    const box = target?.parentElement;
    if (target === null || box === null || box === undefined) return undefined;
    const made = new MapPainter(target, { places, outline: ground.outline, onCamera: () => moved((count) => count + 1) });
    painter.current = made;
    // For whoever measures how fast it draws.
    Object.assign(target, { painter: made });
    const pointer = new MapPointer(target, made, { onHover: setHovered, onClick: (station) => newestSet.current({ station }) });
    const watch = new ResizeObserver(() => made.resize(box.clientWidth, box.clientHeight));
    watch.observe(box);
    made.resize(box.clientWidth, box.clientHeight);
    if (chosen !== null) made.showStation(chosen);
    return () => {
      watch.disconnect();
      pointer.end();
      made.destroy();
      painter.current = null;
    };
  }, [ground]);

  useEffect(() => {
    if (colours !== null) painter.current?.paint(colours.dots, { sea: colour('--sea'), border: colour('--strong'), ink: colour('--ink') });
  }, [colours, ground]);
  useEffect(() => painter.current?.choose(chosen), [chosen, ground]);
  useMapKeys(painter, { step, steps: facts.steps, set: (next) => set({ step: next }), play: () => setPlaying((on) => !on) });

  const tips = [...(chosen === null ? [] : [{ station: chosen, fixed: true }]), ...(hovered === null || hovered === chosen ? [] : [{ station: hovered, fixed: false }])];
  return (
    <main class="map-view">
      <div class="controls">
        <span class="buttons" role="group" aria-label="Colour by">
          {COLOURINGS.map((name) => (
            <button key={name} type="button" aria-pressed={name === by} onClick={() => set({ by: name })}>
              {COLOURING_NAMES[name]}
            </button>
          ))}
        </span>
        <label class="step">
          <button type="button" class="small-button" onClick={() => setPlaying(!playing)} aria-label={playing ? 'Stop' : 'Play the steps'}>
            {playing ? '❚❚' : '▶'}
          </button>
          <input
            type="range"
            min={0}
            max={facts.steps - 1}
            value={step}
            aria-label="Step"
            onInput={(event) => set({ step: Number(event.currentTarget.value) })}
          />
          <span class="when">
            step {step}, {dateTime(facts.startUnixSeconds + step * facts.intervalSeconds, facts.offsetMinutes)}
          </span>
        </label>
      </div>
      {colours !== null && <Legend by={by} legend={colours.legend} />}
      <div class="map">
        <canvas ref={canvas} tabIndex={0} aria-label={`Map of ${whole(facts.stations)} stations`} />
        <div class="zoom-buttons">
          <button type="button" aria-label="Nearer" onClick={() => zoomBy(painter.current, 1.6)}>
            +
          </button>
          <button type="button" aria-label="Further away" onClick={() => zoomBy(painter.current, 1 / 1.6)}>
            −
          </button>
          <button type="button" aria-label="Show all" onClick={() => painter.current?.showAll()}>
            ⤢
          </button>
        </div>
        {states.error !== null && <p class="map-note">{states.error}</p>}
        {tips.map(({ station, fixed }) => (
          <StationTip
            key={fixed ? 'chosen' : 'hovered'}
            run={run}
            station={station}
            place={painter.current?.placeOf(station) ?? { left: 0, top: 0 }}
            width={2 * (painter.current?.middle.left ?? 0)}
            height={2 * (painter.current?.middle.top ?? 0)}
            ground={ground}
            states={states.value}
            fixed={fixed}
            close={() => set({ station: null })}
          />
        ))}
      </div>
    </main>
  );
}

function Legend({ by, legend }: { readonly by: Colouring; readonly legend: readonly { readonly label: string; readonly colour: string; readonly count: number }[] }): VNode {
  const titles = { accessibility: 'Meters that can be reached', backlog: 'Steps since the line was up', link: 'Line of the concentrator' } as const;
  return (
    <div class="map-legend">
      <b>{titles[by]}</b>
      <ul>
        {legend.map(({ label, colour: shade, count }) => (
          <li key={label}>
            <span class="dot" style={{ background: shade }} />
            <span>{label}</span>
            <span class="n">{whole(count)}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}

interface StationTipProps {
  readonly run: string;
  readonly station: number;
  readonly place: { readonly left: number; readonly top: number };
  /** Of the map, pixels. */
  readonly width: number;
  readonly height: number;
  readonly ground: Ground;
  readonly states: States | null;
  /** It was clicked: it stays, and leads on. */
  readonly fixed: boolean;
  readonly close: () => void;
}

function StationTip({ run, station, place, width, height, ground, states, fixed, close }: StationTipProps): VNode {
  const { facts, places } = ground;
  const reached = states?.reachedPercent[station] ?? null;
  const behind = states?.behindSteps[station] ?? null;
  // Not beyond the edge.
  const left = Math.max(4, Math.min(place.left + 14, width - TIP_PIXELS));
  const vertical = place.top > height - TIP_HIGH_PIXELS ? { bottom: `${Math.max(4, height - place.top + 10)}px` } : { top: `${place.top + 10}px` };
  const style = { left: `${left}px`, ...vertical };
  return (
    <div class={`tip station-tip${fixed ? ' fixed' : ''}`} style={style}>
      <b>Station {station}</b>
      <div>
        {whole(places.meters[station] ?? 0)} meters, {facts.links[places.link[station] ?? 0]}
      </div>
      <div>accessibility {facts.accessibility[places.accessibility[station] ?? 0]}</div>
      {behind !== null && <div>{behind === 0 ? `line up, ${reached === NO_METERS ? 0 : (reached ?? 0)} % of the meters reached` : `line down, ${behind === BEHIND_MAX ? '255 steps or more' : counted(behind, 'step')} behind`}</div>}
      {fixed && (
        <div>
          <a href={routeTo({ run, view: 'station', number: station })}>Open</a>{' '}
          <button type="button" class="small-button" onClick={close}>
            close
          </button>
        </div>
      )}
    </div>
  );
}

const TIP_PIXELS = 280;
const TIP_HIGH_PIXELS = 130;
const NO_METERS = 255;
const BEHIND_MAX = 255;

function numberOf(text: string | null, below: number): number | null {
  return text !== null && /^\d{1,10}$/.test(text) && Number(text) < below ? Number(text) : null;
}

function zoomBy(painter: MapPainter | null, factor: number): void {
  if (painter !== null) painter.zoomAt(factor, painter.middle.left, painter.middle.top);
}

const PAN_PIXELS = 80;

interface MapKeys {
  readonly step: number;
  readonly steps: number;
  readonly set: (step: number) => void;
  readonly play: () => void;
}

function useMapKeys(painter: { readonly current: MapPainter | null }, keys: MapKeys): void {
  const newest = useRef(keys);
  newest.current = keys;
  useEffect(() => {
    const pressed = (event: KeyboardEvent): void => {
      const made = painter.current;
      if (made === null || event.ctrlKey || event.metaKey || event.altKey) return;
      const { target } = event;
      // A button that has the focus is pressed by the space bar; fields take all keys.
      if (target instanceof HTMLElement && target.matches(event.key === ' ' ? 'input, select, button, dialog *' : 'input, select, dialog *')) return;
      const { step, steps, set, play } = newest.current;
      const doing: Readonly<Record<string, () => void>> = {
        '+': () => zoomBy(made, 1.6),
        '=': () => zoomBy(made, 1.6),
        '-': () => zoomBy(made, 1 / 1.6),
        0: () => made.showAll(),
        ArrowLeft: () => made.pan(PAN_PIXELS, 0),
        ArrowRight: () => made.pan(-PAN_PIXELS, 0),
        ArrowUp: () => made.pan(0, PAN_PIXELS),
        ArrowDown: () => made.pan(0, -PAN_PIXELS),
        ',': () => set(Math.max(0, step - 1)),
        '.': () => set(Math.min(steps - 1, step + 1)),
        ' ': play,
      };
      const todo = doing[event.key];
      if (todo === undefined) return;
      todo();
      event.preventDefault();
    };
    addEventListener('keydown', pressed);
    return () => removeEventListener('keydown', pressed);
  }, []);
}
