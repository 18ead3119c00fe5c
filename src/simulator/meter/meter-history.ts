/**
 * What happened to a meter without anybody doing it: power failures, covers that were opened, and the adjustments of the
 * clock that the truth marks in the status of a row. Drawn from seed, meter and day, so any day is known alone.
 *
 * It begins HISTORY_DAYS before the run. Events have an end: what goes down comes up again, within the hour. None of them
 * shows in the registers.
 */

import { below, draw, entityKey, streamKey, UNIT } from '../../base/random.ts';
import type { Scenario } from '../../grid/scenario/scenario.ts';
import type { Truth } from '../../grid/truth/truth.ts';
import { dayOf, midnightOf } from './civil-times.ts';

export const HISTORY_DAYS = 120;
/** A power failure that lasts longer is a long one. */
export const LONG_FAILURE_SECONDS = 180;

const STANDARD = 0;
const FRAUD = 1;

export const PowerEvent = Object.freeze({ down: 1, up: 2 });
const CLOCK_EVENTS = [4, 5] as const;
const COVER_EVENTS = [44, 45] as const;
const MAGNET_EVENTS = [42, 43] as const;

const CLOCK_ADJUSTED = 0x20;
const SECONDS_PER_DAY = 86_400;

/** Chances of a day. */
const POWER_FAILURE = 1 / 60;
const LONG_SHARE = 0.1;
const TAMPERING = 1 / 1500;
const COVER_SHARE = 0.7;

export type HistoryVisit = (code: number, at: number) => void;

export class MeterHistory {
  readonly fromUnixSeconds: number;
  readonly #truth: Truth;
  readonly #behaviour: Scenario['behaviour'];
  readonly #powerKey: number;
  readonly #fraudKey: number;

  constructor(grid: { readonly scenario: Scenario; readonly truth: Truth }) {
    const { seed, behaviour } = grid.scenario;
    this.#truth = grid.truth;
    this.#behaviour = behaviour;
    this.#powerKey = streamKey(seed, 'meter-power-failures');
    this.#fraudKey = streamKey(seed, 'meter-tampering');
    this.fromUnixSeconds = Math.max(0, behaviour.start.unixSeconds - HISTORY_DAYS * SECONDS_PER_DAY);
  }

  /** Calls `visit` with the events of a log that happened in (after, to], day by day, those of one day in any order. */
  events(meter: number, log: number, span: { readonly after: number; readonly to: number }, visit: HistoryVisit): void {
    const within = { after: Math.max(span.after, this.fromUnixSeconds), to: span.to };
    const take: HistoryVisit = (code, at) => {
      if (at > within.after && at <= within.to) visit(code, at);
    };
    if (log === STANDARD) {
      this.#power(meter, within, (at, seconds) => pair(take, [PowerEvent.down, PowerEvent.up], at, seconds));
      this.#clock(meter, within, take);
    } else if (log === FRAUD) {
      this.#tampering(meter, within, take);
    }
  }

  /** Power failures that began in (after, to]: all, or the long ones alone. */
  powerFailures(meter: number, span: { readonly after: number; readonly to: number }, longOnly: boolean): number {
    let count = 0;
    this.#power(meter, span, (at, seconds) => {
      if (at > span.after && at <= span.to && (!longOnly || seconds > LONG_FAILURE_SECONDS)) count++;
    });
    return count;
  }

  #power(meter: number, span: { readonly after: number; readonly to: number }, visit: (at: number, seconds: number) => void): void {
    const key = entityKey(this.#powerKey, meter);
    this.#days(span, (day, midnight) => {
      if (draw(key, 4 * day) * UNIT >= POWER_FAILURE) return;
      const long = draw(key, 4 * day + 1) * UNIT < LONG_SHARE;
      const seconds = long ? LONG_FAILURE_SECONDS + 1 + below(key, 4 * day + 2, 3400) : 2 + below(key, 4 * day + 2, 60);
      visit(midnight + below(key, 4 * day + 3, SECONDS_PER_DAY), seconds);
    });
  }

  #tampering(meter: number, span: { readonly after: number; readonly to: number }, take: HistoryVisit): void {
    const key = entityKey(this.#fraudKey, meter);
    this.#days(span, (day, midnight) => {
      if (draw(key, 4 * day) * UNIT >= TAMPERING) return;
      const at = midnight + below(key, 4 * day + 1, SECONDS_PER_DAY);
      const cover = draw(key, 4 * day + 2) * UNIT < COVER_SHARE;
      const seconds = 10 + below(key, 4 * day + 3, cover ? 1800 : 300);
      pair(take, cover ? COVER_EVENTS : MAGNET_EVENTS, at, seconds);
    });
  }

  /** The row of `step` says that the clock was adjusted since the row before. */
  #clock(meter: number, span: { readonly after: number; readonly to: number }, take: HistoryVisit): void {
    const { start, intervalSeconds, steps } = this.#behaviour;
    const first = Math.max(0, Math.floor((span.after - start.unixSeconds) / intervalSeconds));
    const last = Math.min(steps - 1, Math.ceil((span.to - start.unixSeconds) / intervalSeconds));
    for (let step = first; step <= last; step++) {
      const time = start.unixSeconds + step * intervalSeconds;
      if ((this.#truth.status(meter, time) & CLOCK_ADJUSTED) === 0) continue;
      const at = time - below(entityKey(this.#powerKey, meter), time, intervalSeconds);
      for (const code of CLOCK_EVENTS) take(code, at);
    }
  }

  /** Each civil day that has a part in the span, and the one before it, whose events may reach into it. */
  #days(span: { readonly after: number; readonly to: number }, visit: (day: number, midnight: number) => void): void {
    const { offsetMinutes } = this.#behaviour.start;
    const first = dayOf(Math.max(span.after, this.fromUnixSeconds), offsetMinutes) - 1;
    const last = dayOf(span.to, offsetMinutes);
    for (let day = first; day <= last; day++) visit(day, midnightOf(day, offsetMinutes));
  }
}

function pair(take: HistoryVisit, codes: readonly [number, number], at: number, seconds: number): void {
  take(codes[0], at);
  take(codes[1], at + seconds);
}
