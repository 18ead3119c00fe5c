/** Events of the timeline, a row for each of their sources, and what one of them says when it is opened. */

import { useEffect, useRef, useState } from 'preact/hooks';
import type { VNode } from 'preact';
import type { RunReport } from '../../report/run-report.ts';
import { type LaneEvent, type Level, whenText } from './lanes.ts';
import { withCode } from './message.tsx';
import { LEFT_PIXELS, RIGHT_PIXELS, type View } from './plot-painter.ts';
import type { TimeMap } from './time-map.ts';

interface EventRowsProps {
  readonly events: readonly LaneEvent[];
  readonly view: View;
  readonly toAxis: (seconds: number) => number;
  readonly chosen: string | null;
  readonly cursor: number | null;
  readonly choose: (id: string) => void;
}

/** Marks that are nearer to each other are one, with a number. */
const APART_PIXELS = 14;
const ROW_PIXELS = 24;
const RANK: Readonly<Record<Level, number>> = { info: 0, warning: 1, error: 2, critical: 3 };

interface Mark {
  readonly first: LaneEvent;
  readonly from: number;
  to: number;
  level: Level;
  readonly ids: string[];
  /** Of those that last: where it does not lie on another. */
  readonly row: number;
}

export function EventRows({ events, view, toAxis, chosen, cursor, choose }: EventRowsProps): VNode {
  const lanes = [...new Set(events.map(({ lane }) => lane))];
  const [row, width] = useWidth();
  const span = view.to - view.from;
  const share = (at: number): number => (at - view.from) / span;
  return (
    <div ref={row}>
      {lanes.length === 0 && <p class="empty">No event was recorded.</p>}
      {lanes.map((lane) => {
        const own = events.filter((event) => event.lane === lane);
        const marks = marksOf(own, { toAxis, pixelsPerUnit: width / span });
        const height = ROW_PIXELS * (1 + Math.max(0, ...marks.map(({ row: place }) => place)));
        return (
          <div class="lane events" key={lane}>
            <div class="lane-name">
              <b>{lane}</b>
              <small>{own.length}</small>
            </div>
            <div class="event-row" style={{ marginLeft: `${LEFT_PIXELS}px`, marginRight: `${RIGHT_PIXELS}px`, height: `${height + 8}px` }}>
              {marks.map((mark) => {
                const [from, to] = [share(mark.from), share(mark.to)];
                if (to < -0.01 || from > 1.01) return null;
                return <EventMark key={mark.first.id} mark={mark} from={from} to={to} chosen={chosen} choose={choose} />;
              })}
              {cursor !== null && cursor >= view.from && cursor <= view.to && <span class="event-cursor" style={{ left: `${share(cursor) * 100}%` }} />}
            </div>
          </div>
        );
      })}
    </div>
  );
}

interface EventMarkProps {
  readonly mark: Mark;
  /** Shares of the row. */
  readonly from: number;
  readonly to: number;
  readonly chosen: string | null;
  readonly choose: (id: string) => void;
}

function EventMark({ mark, from, to, chosen, choose }: EventMarkProps): VNode {
  const { ids, level, first } = mark;
  const one = ids.length === 1;
  const left = Math.max(0, from);
  const wide = Math.min(1, to) - left;
  // A mark of several leads to one after the other.
  const next = ids[(ids.indexOf(chosen ?? '') + 1) % ids.length] ?? first.id;
  const top = `${7 + mark.row * ROW_PIXELS}px`;
  const style = wide > 0.004 ? { top, left: `${left * 100}%`, width: `${wide * 100}%` } : { top, left: `${left * 100}%` };
  return (
    <button
      type="button"
      class={`event ${level} ${wide > 0.004 ? 'long' : 'point'}`}
      style={style}
      aria-pressed={ids.includes(chosen ?? '')}
      title={one ? `${first.title}: ${first.evidence}` : `${ids.length} events`}
      aria-label={one ? first.title : `${ids.length} events from ${first.title} on`}
      onClick={() => choose(next)}
    >
      {one ? (wide > 0.12 ? first.title : '') : ids.length}
    </button>
  );
}

function marksOf(events: readonly LaneEvent[], of: { readonly toAxis: (seconds: number) => number; readonly pixelsPerUnit: number }): readonly Mark[] {
  const { toAxis, pixelsPerUnit } = of;
  const marks: Mark[] = [];
  /** Where each row is free again. */
  const rows: number[] = [];
  for (const event of events.toSorted((a, b) => a.from - b.from)) {
    const [from, to] = [toAxis(event.from), toAxis(event.to)];
    const last = marks.at(-1);
    const point = from === to;
    const joins = last !== undefined && point && last.from === last.to && (from - last.from) * pixelsPerUnit < APART_PIXELS;
    if (!joins) {
      const free = rows.findIndex((end) => end <= from);
      const row = point ? 0 : free >= 0 ? free : rows.length;
      if (!point) rows[row] = to;
      marks.push({ first: event, from, to, level: event.level, ids: [event.id], row });
      continue;
    }
    last.ids.push(event.id);
    if (RANK[event.level] > RANK[last.level]) last.level = event.level;
  }
  return marks;
}

interface EvidenceProps {
  readonly event: LaneEvent;
  readonly map: TimeMap;
  readonly report: RunReport;
  readonly close: () => void;
  readonly lookAt: () => void;
}

export function Evidence({ event, map, report, close, lookAt }: EvidenceProps): VNode {
  const { title, evidence, remedy, fields, level, lane } = event;
  return (
    <aside class={`evidence ${level}`} aria-label="Evidence">
      <header>
        <b>{title}</b>
        <small>
          {lane}, {level}
        </small>
        <span class="tools">
          <button type="button" onClick={lookAt}>
            look there
          </button>
          <button type="button" onClick={close}>
            close
          </button>
        </span>
      </header>
      <p class="when">{whenText(event, map, report)}</p>
      <p>{evidence}</p>
      {remedy !== '' && (
        <p>
          <b>What to do</b> {withCode(remedy)}
        </p>
      )}
      {fields.length > 0 && (
        <dl>
          {fields.map(([name, value]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>
                <code>{value}</code>
              </dd>
            </div>
          ))}
        </dl>
      )}
    </aside>
  );
}

function useWidth(): [{ current: HTMLDivElement | null }, number] {
  const box = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(800);
  useEffect(() => {
    const target = box.current;
    if (target === null) return undefined;
    const watch = new ResizeObserver(() => setWidth(target.querySelector('.event-row')?.clientWidth ?? target.clientWidth));
    watch.observe(target);
    return () => watch.disconnect();
  }, []);
  return [box, width];
}
