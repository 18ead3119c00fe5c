/** A few meters of every kind with patterns made by hand, for tests of the truth. */

import { paperGrid } from '../topology/paper-grid.fixture.ts';
import type { Scenario, Tariff } from '../scenario/scenario.ts';
import type { Meters, Pattern } from '../topology/topology.ts';
import { daysInYear, firstDay } from './civil-day.ts';
import { Truth } from './truth.ts';

/** Tuesday, 15 January 2013, 00:00 in UTC+1. */
export const START = Date.UTC(2013, 0, 14, 23) / 1000;
export const DAY = 86_400;

export const HOME = 0;
export const BOILER = 1;
export const SINGLE = 0;
export const NIGHT = 1;
/** Windows that cut quarter hours, one of them within itself. */
export const CUT = 2;

const TARIFFS: readonly Tariff[] = [
  { name: 'single', share: 0.5, low: [] },
  { name: 'night', share: 0.3, low: [{ fromMinute: 0, toMinute: 360 }, { fromMinute: 1320, toMinute: 1440 }] },
  { name: 'cut', share: 0.2, low: [{ fromMinute: 100, toMinute: 313 }, { fromMinute: 722, toMinute: 726 }] },
];

/** Homes have one curve for workdays and one for weekends, and more energy in winter. A boiler only runs at night. */
export const PATTERNS: readonly Pattern[] = [
  {
    name: 'home',
    curves: [homeCurve(70), homeCurve(48)],
    days: (year) => ({
      // 1 January 1970 was a Thursday.
      curve: Uint8Array.from({ length: daysInYear(year) }, (_, d) => ((firstDay(year) + d + 3) % 7 >= 5 ? 1 : 0)),
      energy: Float64Array.from({ length: daysInYear(year) }, (_, d) => 1 + 0.3 * Math.abs(1 - d / 182)),
    }),
  },
  {
    name: 'boiler',
    curves: [Float64Array.from({ length: 96 }, (_, slot) => (slot < 20 || slot >= 90 ? 2 : 0))],
    days: (year) => ({ curve: new Uint8Array(daysInYear(year)), energy: new Float64Array(daysInYear(year)).fill(5) }),
  },
];

export function smallScenario(changes: { readonly seed?: number } = {}): Scenario {
  const paper = paperGrid('small', { seed: changes.seed ?? 7 });
  return {
    ...paper,
    grid: {
      ...paper.grid,
      consumption: PATTERNS.map(({ name }) => ({ pattern: name, share: 0.5, annualWh: 2_500_000 })),
      tariffs: TARIFFS,
    },
    behaviour: { ...paper.behaviour, start: { unixSeconds: START, offsetMinutes: 60 } },
  };
}

/** Meters of one kind, or of all kinds in turn. */
export function someMeters(
  count: number,
  kind: { readonly consumption?: number; readonly tariff?: number; readonly annualWh?: number; readonly first?: number } = {},
): Meters {
  const { first = 0 } = kind;
  const column = (value: (meter: number) => number): Uint8Array => Uint8Array.from({ length: count }, (_, i) => value(first + i));
  return {
    first,
    count,
    consumption: column((meter) => kind.consumption ?? (meter >> 2) % PATTERNS.length),
    tariff: column((meter) => kind.tariff ?? meter % TARIFFS.length),
    accessibility: column(() => 0),
    annualWh: Uint32Array.from({ length: count }, (_, i) => kind.annualWh ?? 500_000 + 37_123 * ((first + i) % 100)),
  };
}

export function truthOf(meters: Meters, seed = 7): Truth {
  return new Truth({ scenario: smallScenario({ seed }), meters, patterns: PATTERNS });
}

/** Low at night, a bump at noon, a peak at `peak`. */
function homeCurve(peak: number): Float64Array {
  return Float64Array.from({ length: 96 }, (_, slot) => 0.4 + 0.8 * bump(slot - 50, 20) + 1.5 * bump(slot - peak, 14));
}

function bump(slotsAway: number, width: number): number {
  return Math.max(0, 1 - Math.abs(slotsAway) / width);
}
