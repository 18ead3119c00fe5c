/** Times that name no zone, in a zone that is known: civil seconds (as if it were UTC) to Unix seconds. */

import { assert } from '../base/assert.ts';

/** Unix seconds of a civil time; NaN: the zone has no such time, or has it twice, when clocks are put back. */
export type ToUnix = (civilSeconds: number) => number;

const OFFSET = /^([+-])(\d\d):?(\d\d)$/;
const HOUR = 3600;
/** Zones change their offset at full quarter hours. */
const SPAN = 900;
/** What no reading can have: before 1970 and after 2106 wherever it is, and what is no time at all. `Intl` throws at the worst of these. */
const CIVIL = { least: -86_400, most: 2 ** 32 + 86_400 } as const;

export function isTimeZone(name: string): boolean {
  if (OFFSET.test(name)) return true;
  if (name === 'UTC') return true;
  // Abbreviations such as CET are taken for a zone with or without daylight saving, depending on whom one asks.
  if (!name.includes('/')) return false;
  try {
    new Intl.DateTimeFormat('en', { timeZone: name }).format(0);
    return true;
  } catch {
    return false;
  }
}

export function zoneToUnix(zone: string): ToUnix {
  assert(isTimeZone(zone), 'the zone is known');
  const offset = zone === 'UTC' ? 0 : offsetOf(zone);
  return offset === null ? namedZone(zone) : (civil) => civil - offset;
}

function offsetOf(zone: string): number | null {
  const match = OFFSET.exec(zone);
  if (match === null) return null;
  const seconds = Number(match[2]) * HOUR + Number(match[3]) * 60;
  return match[1] === '-' ? -seconds : seconds;
}

function namedZone(zone: string): ToUnix {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  const offsetAt = (unix: number): number => {
    const parts = new Map(format.formatToParts(unix * 1000).map(({ type, value }) => [type, Number(value)]));
    const part = (name: Intl.DateTimeFormatPartTypes): number => parts.get(name) ?? 0;
    return Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'), part('second')) / 1000 - unix;
  };
  const spanOffset = (civil: number): number => {
    // Offsets a day before and after are all that can hold.
    const offsets = new Set([offsetAt(civil - 86_400), offsetAt(civil + 86_400)]);
    const fitting = [...offsets].filter((offset) => offsetAt(civil - offset) === offset);
    return fitting.length === 1 ? (fitting[0] ?? Number.NaN) : Number.NaN;
  };
  const known = new Map<number, number>();
  return (civil) => {
    if (!(civil >= CIVIL.least && civil <= CIVIL.most)) return Number.NaN;
    const span = Math.floor(civil / SPAN);
    let offset = known.get(span);
    if (offset === undefined) {
      offset = spanOffset(span * SPAN);
      known.set(span, offset);
    }
    return civil - offset;
  };
}
