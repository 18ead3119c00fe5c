/**
 * The consumption patterns of a scenario, tied to the calendar: which curve holds on which day, and what the day's energy is
 * in proportion to the others of the pattern. Nothing is normalised: a year may add up to anything.
 */

import { assert } from '../../base/assert.ts';
import type { Scenario } from '../scenario/scenario.ts';
import { BundledTables, isBundled } from './bundled-patterns.ts';
import { type CalendarYear, calendarYear } from './calendar.ts';
import { readCurveFile } from './curve-file.ts';
import { curveByDay, type DayCurves, sumOf } from './day-curves.ts';
import type { Pattern } from './topology.ts';

/** Parallel to `grid.consumption`. @throws PatternError when a CSV file of the user's is not a pattern. */
export function loadPatterns(scenario: Scenario): readonly Pattern[] {
  const tables = new BundledTables();
  return scenario.grid.consumption.map(({ pattern }) => {
    if (isBundled(pattern)) {
      const curves = tables.pattern(pattern);
      return patternOf(pattern, curves, curves.factor);
    }
    assert(pattern.toLowerCase().endsWith('.csv'), 'a pattern is a bundled name or a CSV file');
    return patternOf(pattern, readCurveFile(pattern), () => 1);
  });
}

/** A day has the energy of its curve times `factor` of the day. */
export function patternOf(
  name: string,
  { layout, curves }: DayCurves,
  factor: (calendar: CalendarYear, day: number) => number,
): Pattern {
  const sums = curves.map(sumOf);
  return {
    name,
    curves,
    days(year) {
      const calendar = calendarYear(year);
      const curve = curveByDay(layout, calendar);
      const energy = Float64Array.from(curve, (index, day) => sums[index]! * factor(calendar, day));
      return { curve, energy };
    },
  };
}
