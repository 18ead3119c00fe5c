/** A chart with its title, legend, tools and caption. */

import { useEffect, useRef, useState } from 'preact/hooks';
import type { VNode } from 'preact';
import { saveCsv, savePng } from './export-plot.ts';
import { type Chart, momentText, PlotPainter, valueText, type View } from './plot-painter.ts';
import type { Theme } from './theme.ts';

interface PlotProps {
  readonly chart: Chart;
  readonly theme: Theme;
  /** For the names of exported files. */
  readonly run: string;
  readonly scenario: string;
  readonly height?: number;
  readonly sync?: string;
}

interface Pointed {
  readonly index: number;
  readonly left: number;
}

export function Plot({ chart, theme, run, scenario, height = 250, sync }: PlotProps): VNode {
  const box = useRef<HTMLDivElement>(null);
  const painter = useRef<PlotPainter | null>(null);
  const [view, setView] = useState<View | null>(null);
  const [pointed, setPointed] = useState<Pointed | null>(null);
  const shape = [...chart.series, ...(chart.dots ?? [])].map(({ name, colour }) => `${name}:${colour}`).join('|');

  useEffect(() => {
    const target = box.current;
    if (target === null || chart.series.length === 0) return undefined;
    const made = new PlotPainter(target, {
      chart,
      height,
      sync: sync ?? null,
      lane: false,
      onView: setView,
      onCursor: (at) => setPointed(at === null ? null : { index: at.index, left: at.left }),
    });
    painter.current = made;
    if (view !== null) made.zoom(view);
    const watch = new ResizeObserver(() => made.resize(target.clientWidth));
    watch.observe(target);
    return () => {
      watch.disconnect();
      made.destroy();
      painter.current = null;
    };
  }, [theme, shape, chart.stacked, height]);

  useEffect(() => painter.current?.update(chart), [chart]);
  useEffect(() => painter.current?.zoom(view), [view]);

  const png = (): void => {
    const canvas = painter.current?.canvas;
    if (canvas !== undefined) savePng(chart, { canvas, run, scenario });
  };
  const empty = chart.series.length === 0;
  return (
    <figure class={`chart ${chart.wide}`} id={chart.id} data-zoomed={view === null ? undefined : 'yes'}>
      <header>
        <h3>{chart.title}</h3>
        {!empty && (
          <span class="tools">
            {view !== null && (
              <button type="button" onClick={() => setView(null)} title="Show all (or double-click the plot)">
                show all
              </button>
            )}
            <button type="button" onClick={png} title="Save as a picture" aria-label={`Save ${chart.title} as PNG`}>
              PNG
            </button>
            <button type="button" onClick={() => saveCsv(chart, run)} title="Save the values" aria-label={`Save ${chart.title} as CSV`}>
              CSV
            </button>
          </span>
        )}
      </header>
      <Legend chart={chart} />
      {empty ? <p class="empty">Nothing was recorded.</p> : <div class="plot" ref={box} role="img" aria-label={`${chart.title}. ${chart.caption}`} />}
      {pointed !== null && !empty && <Tip chart={chart} pointed={pointed} />}
      {!empty && <figcaption>{chart.caption}</figcaption>}
    </figure>
  );
}

function Legend({ chart }: { readonly chart: Chart }): VNode | null {
  const all = [...chart.series, ...(chart.dots ?? [])];
  if (all.length < 2) return null;
  return (
    <ul class="legend">
      {all.map(({ name, colour }) => (
        <li key={name}>
          <span class={`swatch b${colour}`} />
          {name}
        </li>
      ))}
    </ul>
  );
}

function Tip({ chart, pointed }: { readonly chart: Chart; readonly pointed: Pointed }): VNode | null {
  const at = chart.x[pointed.index];
  if (at === undefined) return null;
  const all = [...chart.series, ...(chart.dots ?? [])];
  const one = all.length === 1;
  // On the side where there is room.
  const style = pointed.left > 260 ? { left: `${pointed.left - 12}px`, transform: 'translateX(-100%)' } : { left: `${pointed.left + 12}px` };
  return (
    <div class="tip" style={style}>
      <div>{momentText(at, chart.axis)}</div>
      {all.map(({ name, colour, values }) => {
        const value = values[pointed.index] ?? null;
        return (
          <div key={name}>
            {!one && <span class={`swatch b${colour}`} />}
            {one ? '' : `${name} `}
            <b>{value === null || Number.isNaN(value) ? '–' : valueText(value, chart)}</b>
          </div>
        );
      })}
    </div>
  );
}
