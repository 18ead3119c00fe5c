/**
 * Quantities as people write them: `15 min`, `600 ms +- 200 ms`, `12.5%`, `2.2 MWh`, `1..20`, `15 packets/s`,
 * `2013-01-15T00:00:00+01:00`, `22:00-06:00`. Each parser takes the whole text and answers null when it is not of the form;
 * each form is a regular expression that the JSON schema for editors shows too. Decimals are read without binary residue:
 * `0.07 h` is 252 s.
 */

export const DURATION_FORM = /^\d+(?:\.\d+)? ?(?:ms|s|min|h|d)$/;
export const DURATION_RANGE_FORM = /^\d+(?:\.\d+)? ?(?:ms|s|min|h|d)(?:\.\.\d+(?:\.\d+)? ?(?:ms|s|min|h|d))?$/;
export const LATENCY_FORM =
  /^\d+(?:\.\d+)? ?(?:ms|s|min|h|d)(?: ?(?:\+-|\+\/-|±) ?\d+(?:\.\d+)? ?(?:ms|s|min|h|d))?$/;
export const PERCENT_FORM = /^\d+(?:\.\d+)? ?%$/;
export const ENERGY_FORM = /^\d+(?:\.\d+)? ?(?:Wh|kWh|MWh|GWh)$/;
export const RANGE_FORM = /^\d+\.\.\d+$/;
export const RATE_FORM = /^\d+(?:\.\d+)? ?packets?\/s$/;
export const INSTANT_FORM = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2})?(?:Z|[+-]\d{2}:\d{2})$/;
/** Roughly, for editors: an indicator, a comparison, a limit. */
export const THRESHOLD_FORM = /^\s*[A-Za-z][\w.-]*\s*(?:<=|>=|==|!=|<|>)\s*\d.*$/;
export const WINDOW_FORM = /^\d{1,2}:\d{2}-\d{1,2}:\d{2}$/;

/** Seconds of `15 min`; units ms, s, min, h, d. */
export function parseDuration(text: string): number | null {
  const ms = parseDurationMs(text);
  return ms === null ? null : ms / 1000;
}

/** Milliseconds of `15 min`. */
export function parseDurationMs(text: string): number | null {
  return DURATION_FORM.test(text) ? scaled(text, MS_PER_UNIT) : null;
}

/** Seconds of `20 s..90 s`, or of one duration for both. Not checked: that min is at most max. */
export function parseDurationRange(text: string): Range | null {
  if (!DURATION_RANGE_FORM.test(text)) return null;
  const [from = '', to = from] = text.split('..');
  return { min: scaled(from, MS_PER_UNIT) / 1000, max: scaled(to, MS_PER_UNIT) / 1000 };
}

export interface Latency {
  readonly latencyMs: number;
  /** Standard deviation. */
  readonly jitterMs: number;
}

/** `600 ms +- 200 ms` (also `±` and `+/-`), or `600 ms` alone. */
export function parseLatency(text: string): Latency | null {
  if (!LATENCY_FORM.test(text)) return null;
  const [mean = '', deviation = '0 s'] = text.split(/ ?(?:\+-|\+\/-|±) ?/);
  return { latencyMs: scaled(mean, MS_PER_UNIT), jitterMs: scaled(deviation, MS_PER_UNIT) };
}

/** 0.125 of `12.5%`. Not bounded above. */
export function parsePercent(text: string): number | null {
  return PERCENT_FORM.test(text) ? Number(`${Number.parseFloat(text)}e-2`) : null;
}

/** Whole Wh of `2.2 MWh`. */
export function parseEnergy(text: string): number | null {
  return ENERGY_FORM.test(text) ? Math.round(scaled(text, WH_PER_UNIT)) : null;
}

export interface Range {
  readonly min: number;
  readonly max: number;
}

/** `1..20`, both included. Not checked: that min is at most max. */
export function parseRange(text: string): Range | null {
  if (!RANGE_FORM.test(text)) return null;
  const [min = 0, max = 0] = text.split('..').map(Number);
  return { min, max };
}

/** Packets a second of `15 packets/s`. */
export function parseRate(text: string): number | null {
  return RATE_FORM.test(text) ? Number.parseFloat(text) : null;
}

export interface Instant {
  /** Can be outside of u32. */
  readonly unixSeconds: number;
  /** Local time minus UTC. */
  readonly offsetMinutes: number;
}

/** ISO 8601 date and time with an offset of at most 14 h, a day that exists and no leap second. */
export function parseInstant(text: string): Instant | null {
  if (!INSTANT_FORM.test(text)) return null;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0] = text.slice(0, 16).split(/[-T:]/).map(Number);
  const second = text[16] === ':' ? Number(text.slice(17, 19)) : 0;
  if (month < 1 || month > 12 || day < 1 || day > daysOfMonth(year, month)) return null;
  if (hour > 23 || minute > 59 || second > 59) return null;
  const offsetMinutes = parseOffset(text);
  if (offsetMinutes === null) return null;
  const local = daysFromCivil(year, month, day) * 86400 + hour * 3600 + minute * 60 + second;
  return { unixSeconds: local - offsetMinutes * 60, offsetMinutes };
}

export interface Window {
  /** 0 .. 1439 */
  readonly fromMinute: number;
  /** 1 .. 1440; at most `fromMinute` when the window goes over midnight. */
  readonly toMinute: number;
}

/** Minutes after midnight of `22:00-06:00`. A window that ends where it begins is none; the whole day is `00:00-24:00`. */
export function parseWindow(text: string): Window | null {
  if (!WINDOW_FORM.test(text)) return null;
  const [fromHour = 0, fromMinutes = 0, toHour = 0, toMinutes = 0] = text.split(/[:-]/).map(Number);
  const fromMinute = fromHour * 60 + fromMinutes;
  const end = toHour * 60 + toMinutes;
  if (fromMinutes > 59 || toMinutes > 59 || fromMinute > 1439 || end > 1440 || fromMinute === end) return null;
  return { fromMinute, toMinute: end === 0 ? 1440 : end };
}

const MS_PER_UNIT = { ms: 1, s: 1000, min: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const WH_PER_UNIT = { Wh: 1, kWh: 1e3, MWh: 1e6, GWh: 1e9 } as const;
const OFFSET_MINUTES_MAX = 14 * 60;

/** The number before the unit times the unit's factor; fifteen digits drop the residue of binary fractions. */
function scaled(text: string, factors: Readonly<Record<string, number>>): number {
  const unit = text.replace(/^[\d.]+ ?/, '');
  return Number((Number.parseFloat(text) * (factors[unit] ?? Number.NaN)).toPrecision(15));
}

function parseOffset(text: string): number | null {
  if (text.endsWith('Z')) return 0;
  const [hours = 0, minutes = 0] = text.slice(-5).split(':').map(Number);
  const offset = hours * 60 + minutes;
  if (minutes > 59 || offset > OFFSET_MINUTES_MAX) return null;
  return text.at(-6) === '-' && offset !== 0 ? -offset : offset;
}

function daysOfMonth(year: number, month: number): number {
  const next = month === 12 ? daysFromCivil(year + 1, 1, 1) : daysFromCivil(year, month + 1, 1);
  return next - daysFromCivil(year, month, 1);
}

/** Days since 1970-01-01 in the Gregorian calendar (H. Hinnant, "chrono-compatible low-level date algorithms"). */
function daysFromCivil(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146097 + dayOfEra - 719468;
}
