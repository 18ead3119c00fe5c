/** What happens in a run by itself, as events of its monitoring, and the events that its report shows. */

import type { Blackout } from '../../grid/scenario/scenario.ts';
import type { EventAnswer, EventQuery, Severity } from '../../monitor/store/monitor-source.ts';
import { SEVERITIES } from '../../monitor/store/monitor-source.ts';
import type { RunEvent, RunEvents } from '../../report/run-report.ts';
import type { RunMonitor } from './run-monitor.ts';

/** Events that are looked at for problems, and those of them that a report holds. */
const READ_MAX = 2000;
const REPORTED_MAX = 200;

/** Tells of the blackouts of the plan as time of the grid passes them. */
export class PlannedBlackouts {
  readonly #monitor: RunMonitor;
  readonly #changes: readonly { readonly atSeconds: number; readonly tell: () => void }[];
  #next = 0;

  constructor(monitor: RunMonitor, blackouts: readonly Blackout[]) {
    this.#monitor = monitor;
    this.#changes = blackouts.flatMap((blackout) => this.#changesOf(blackout)).toSorted((a, b) => a.atSeconds - b.atSeconds);
  }

  /** Seconds of grid time since the start of the scenario. */
  reach(gridSeconds: number): void {
    for (; this.#next < this.#changes.length; this.#next++) {
      const change = this.#changes[this.#next];
      if (change === undefined || change.atSeconds > gridSeconds) return;
      change.tell();
    }
  }

  #changesOf(blackout: Blackout): { readonly atSeconds: number; readonly tell: () => void }[] {
    const { fromSeconds, seconds, share } = blackout;
    const percent = `${Number((share * 100).toPrecision(4))} %`;
    const fields = { gridSeconds: String(fromSeconds), seconds: String(seconds), share: String(share) };
    const tell = (rule: string, severity: Severity, text: string) => () => this.#monitor.event({ rule, severity, text, fields });
    return [
      { atSeconds: fromSeconds, tell: tell('blackout-began', 'warning', `planned blackout of ${percent} of the stations for ${seconds} s of grid time began`) },
      { atSeconds: fromSeconds + seconds, tell: tell('blackout-ended', 'info', `planned blackout of ${percent} of the stations ended`) },
    ];
  }
}

/** All events since `fromMs`, the most severe ones of too many. */
export function eventsSince(fromMs: number): EventQuery {
  return { from: fromMs, to: fromMs + CENTURY_MS, limit: READ_MAX };
}

/** As far as a report holds them. */
export function reportedEvents({ total, shown }: RunEvents): RunEvents {
  return { total, shown: shown.slice(0, REPORTED_MAX) };
}

const CENTURY_MS = 3.2e12;

/** The most severe ones first. `beganUnixMs`: the run began then. */
export function runEvents(answer: EventAnswer, beganUnixMs: number): RunEvents {
  const shown = answer.events
    .map(({ timeMs, target, rule, severity, text, fields }): RunEvent => {
      return { atMs: Math.round(timeMs - beganUnixMs), target, rule, severity, text, fields };
    })
    .toSorted((a, b) => SEVERITIES.indexOf(b.severity) - SEVERITIES.indexOf(a.severity) || a.atMs - b.atMs);
  return { total: answer.total, shown };
}
