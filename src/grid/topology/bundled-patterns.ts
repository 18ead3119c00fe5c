/**
 * What the names of the bundled consumption patterns stand for, and the tables they are read from (`data/profiles`):
 *
 *   vdew-*     VDEW M-32/99, season x type of day; H0 times the day function F(t)
 *   bdew-*     BDEW 2025, month x type of day; H25, P25 and S25 times F(t)
 *   the rest   own day shapes, not measured data; how their days differ is said at each
 *
 * A table that can't be read is a broken package, not a user's mistake: assertions.
 */

import { readFileSync } from 'node:fs';
import { assert, present } from '../../base/assert.ts';
import { packageFile } from '../../base/package-root.ts';
import { BUNDLED_PATTERNS, type BundledPattern } from '../scenario/bundled-names.ts';
import { type CalendarYear, DAY_TYPES, SEASONS } from './calendar.ts';
import { curveCount, type DayCurves, SLOTS, sumOf } from './day-curves.ts';

/** A pattern before it is tied to the calendar. */
export interface BundledCurves extends DayCurves {
  /** Multiplies the energy of a day's curve. */
  factor(calendar: CalendarYear, day: number): number;
}

export function isBundled(pattern: string): pattern is BundledPattern {
  return BUNDLED_PATTERNS.some((name) => name === pattern);
}

/** How many hours of low tariff a pattern wants: 0 none, 1 some (charged at night), 2 most of the day (electric heating). */
export function lowTariffNeed(pattern: string): 0 | 1 | 2 {
  if (pattern === 'boiler' || pattern === 'ev-night') return 1;
  return pattern === 'heating' || pattern === 'heat-pump' ? 2 : 0;
}

/** Reads each table at most once. */
export class BundledTables {
  readonly #tables = new Map<string, string>();

  pattern(name: BundledPattern): BundledCurves {
    const [source, profile] = name.split('-');
    const code = (profile ?? '').toUpperCase();
    if (source === 'vdew') return { ...this.#vdew(code), factor: code === 'H0' ? dayFunction : always };
    if (source === 'bdew') return { ...this.#bdew(code), factor: /^[HPS]25$/.test(code) ? dayFunction : always };
    return this.#own(name);
  }

  #own(name: BundledPattern): BundledCurves {
    switch (name) {
      case 'boiler':
        return { ...this.#shape('boiler_lt8'), factor: always };
      case 'heating':
        return { ...this.#shape('direct_heating_lt20'), factor: heatingDemand };
      case 'heat-pump':
        return { ...this.#shape('heat_pump_lt22'), factor: heatingDemand };
      case 'ev':
        return { ...this.#shape('ev_evening'), factor: always };
      case 'ev-night':
        return { ...this.#shape('ev_lt_start_22'), factor: always };
      case 'street-lighting':
        return { ...this.#streetLighting(), factor: always };
      default:
        assert(name === 'flat', 'each bundled name has a pattern');
        return { ...this.#shape('flat'), factor: always };
    }
  }

  #vdew(profile: string): DayCurves {
    const rows = this.#rows('vdew1999_slp.csv', profile);
    return curvesOf('season', rows, (season) => SEASONS.findIndex((name) => name === season));
  }

  #bdew(profile: string): DayCurves {
    return curvesOf('month', this.#rows('bdew2025_slp.csv', profile), (month) => Number(month) - 1);
  }

  #shape(shape: string): DayCurves {
    const row = present(this.#rows('default_shapes_96.csv', shape)[0], 'the shape is in its table');
    assert(row.length === SLOTS + 1, 'a shape has 96 values');
    return { layout: 'single', curves: [Float64Array.from(row.slice(1), Number)] };
  }

  /** Lamps have the same power on every night, so a long night takes more energy; the transition lies half way. */
  #streetLighting(): DayCurves {
    const lit = (shape: string): Float64Array => {
      const curve = present(this.#shape(shape).curves[0], 'a shape is one curve');
      const power = Math.max(...curve);
      return curve.map((value) => value / power);
    };
    const winter = lit('street_lighting_winter');
    const summer = lit('street_lighting_summer');
    const transition = winter.map((value, slot) => (value + summer[slot]!) / 2);
    return { layout: 'season', curves: [winter, transition, summer].flatMap((curve) => DAY_TYPES.map(() => curve)) };
  }

  /** Rows whose first field is `key`, split into fields. */
  #rows(table: string, key: string): string[][] {
    const text = this.#tables.get(table) ?? readFileSync(packageFile('data', 'profiles', table), 'utf8');
    this.#tables.set(table, text);
    const rows: string[][] = [];
    const prefix = `\n${key},`;
    for (let at = text.indexOf(prefix); at >= 0; at = text.indexOf(prefix, at + 1)) {
      const end = text.indexOf('\n', at + 1);
      rows.push(text.slice(at + 1, end < 0 ? text.length : end).trimEnd().split(','));
    }
    return rows;
  }
}

/** From rows profile,period,daytype,slot,start,value. */
function curvesOf(
  layout: 'season' | 'month',
  rows: readonly (readonly string[])[],
  periodIndex: (period: string) => number,
): DayCurves {
  assert(rows.length === curveCount(layout) * SLOTS, 'the table has each slot of the profile once');
  const curves = Array.from({ length: curveCount(layout) }, () => new Float64Array(SLOTS));
  for (const [, period, dayType, slot, , value] of rows) {
    const type = DAY_TYPES.findIndex((name) => dayType?.startsWith(name));
    const curve = curves[periodIndex(period ?? '') * DAY_TYPES.length + type];
    assert(curve !== undefined && type >= 0, 'the table has known periods and types of day');
    curve[Number(slot)] = Number(value);
  }
  assert(curves.every((curve) => sumOf(curve) > 0), 'each curve of the table has energy');
  return { layout, curves };
}

function always(): number {
  return 1;
}

/** F(t) of VDEW M-32/99, t = 1 on 1 January: households take 1.24 of the mean day in January and 0.79 in July. */
export function dayFunction(_calendar: CalendarYear, day: number): number {
  const t = day + 1;
  return 1.24 + t * (2.1e-3 + t * (-7.02e-5 + t * (3.2e-7 - t * 3.92e-10)));
}

/**
 * Long-term mean temperatures of the months, degrees Celsius, rounded: the country's inhabited heights (compare OTE's daily
 * normals 1994-2023, www.ote-cr.cz, gas load profiles). They hold in the middle of the month, straight lines between.
 */
const MONTH_TEMPERATURE = [-0.5, 0.5, 4, 9, 14, 17, 19, 18.5, 14, 9, 4, 0.5] as const;

/** Heating begins below this temperature. */
const HEATING_LIMIT = 15;

/** What a heated home also takes on every day, for hot water and appliances, in the same degrees: a fifth of the year. */
const BASE_DEMAND = 1.7;

/** Energy of a day of electric heating: degrees below the heating limit, plus the base. */
export function heatingDemand(calendar: CalendarYear, day: number): number {
  const month = calendar.month[day]!;
  const fromMiddle = (calendar.dayOfMonth[day]! - 15.5) / 30.5;
  const neighbour = (month + (fromMiddle < 0 ? 11 : 1)) % 12;
  const here = MONTH_TEMPERATURE[month]!;
  const temperature = here + (MONTH_TEMPERATURE[neighbour]! - here) * Math.abs(fromMiddle);
  return BASE_DEMAND + Math.max(0, HEATING_LIMIT - temperature);
}
