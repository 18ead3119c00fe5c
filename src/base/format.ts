/** Numbers, quantities and times as people read them. The same in every language setting: no Intl, no locale. */

/** `28,123,456` */
export function whole(value: number): string {
  const digits = Math.round(Math.abs(value)).toString();
  const sign = value < 0 && digits !== '0' ? '-' : '';
  return sign + digits.replaceAll(/\B(?=(\d{3})+$)/g, ',');
}

/** Whole below 10,000, from there on three digits and an SI prefix: `1,430`, `100 k`, `28.1 M`. */
export function short(value: number): string {
  if (Math.abs(value) < 9999.5) return Number.isInteger(value) ? whole(value) : digits3(value);
  return withPrefix(value, '');
}

/** Three digits with an SI prefix before `unit`: `2.61 MB`, `950 W`. */
export function withPrefix(value: number, unit: string): string {
  let scaled = Number(value.toPrecision(3));
  let prefix = 0;
  while (Math.abs(scaled) >= 1000 && prefix < PREFIXES.length - 1) {
    scaled = Number((scaled / 1000).toPrecision(3));
    prefix++;
  }
  return `${digits3(scaled)} ${PREFIXES[prefix] ?? ''}${unit}`.trimEnd();
}

const PREFIXES = ['', 'k', 'M', 'G', 'T', 'P'] as const;

/** The largest SI prefix in which `value` is at least 1, and what it stands for. */
export function prefixOf(value: number): { readonly prefix: string; readonly factor: number } {
  let factor = 1;
  let index = 0;
  while (Math.abs(value) >= factor * 1000 && index < PREFIXES.length - 1) {
    factor *= 1000;
    index++;
  }
  return { prefix: PREFIXES[index] ?? '', factor };
}

export function bytes(value: number): string {
  return withPrefix(value, 'B');
}

/** Three significant digits, no exponent, no trailing zeros: `0.0123`, `8.4`, `259,200`. */
export function digits3(value: number): string {
  if (!Number.isFinite(value)) return 'unknown';
  const rounded = Number(value.toPrecision(3));
  if (Math.abs(rounded) >= 1000) return whole(value);
  if (rounded !== 0 && Math.abs(rounded) < 1e-6) return 'below 0.000001';
  return Number(rounded.toFixed(8)).toString();
}

/** A share of 0 .. 1: `99.2 %`. Says 0 and 100 only when it is exactly that. */
export function percent(share: number): string {
  if (share === 0 || share === 1) return `${share * 100} %`;
  if (share < 0.0001) return 'below 0.01 %';
  if (share > 0.9999 && share < 1) return 'above 99.99 %';
  return `${Number((share * 100).toFixed(2))} %`;
}

/** `0.8 ms`, `8.4 s`, `1 min 5 s`, `1 h 30 min`, `3 d 2 h`. */
export function duration(seconds: number): string {
  if (seconds === 0) return '0 s';
  if (seconds < 0.000_999_5) return `${digits3(seconds * 1e6)} µs`;
  if (seconds < 0.9995) return `${digits3(seconds * 1e3)} ms`;
  if (seconds < 59.95) return `${digits3(seconds)} s`;
  for (const { from, major, majorUnit, minor, minorUnit } of DURATION_UNITS) {
    if (seconds < from) continue;
    const minors = Math.round(seconds / minor);
    const perMajor = major / minor;
    const rest = minors % perMajor;
    const head = `${whole(Math.floor(minors / perMajor))} ${majorUnit}`;
    return rest === 0 ? head : `${head} ${rest} ${minorUnit}`;
  }
  return `${digits3(seconds)} s`;
}

/** `from`: seconds from which on the pair is used, after rounding to its smaller unit. */
const DURATION_UNITS = [
  { from: 86_400 - 30, major: 86_400, majorUnit: 'd', minor: 3600, minorUnit: 'h' },
  { from: 3600 - 0.5, major: 3600, majorUnit: 'h', minor: 60, minorUnit: 'min' },
  { from: 59.95, major: 60, majorUnit: 'min', minor: 1, minorUnit: 's' },
] as const;

export function milliseconds(ms: number): string {
  return duration(ms / 1000);
}

const WEEKDAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'] as const;
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'] as const;

/** Civil time of the grid: Unix seconds plus the offset that its meters keep. */
export interface LocalTime {
  /** `Tue 15 Jan` */
  readonly day: string;
  readonly year: number;
  /** `06:15` */
  readonly clock: string;
  readonly hour: number;
}

export function localTime(unixSeconds: number, offsetMinutes: number): LocalTime {
  const date = new Date((unixSeconds + offsetMinutes * 60) * 1000);
  const month = MONTHS[date.getUTCMonth()] ?? '';
  return {
    day: `${WEEKDAYS[date.getUTCDay()] ?? ''} ${date.getUTCDate()} ${month}`,
    year: date.getUTCFullYear(),
    clock: `${two(date.getUTCHours())}:${two(date.getUTCMinutes())}`,
    hour: date.getUTCHours(),
  };
}

/** `Tue 15 Jan 2013, 00:15` */
export function dateTime(unixSeconds: number, offsetMinutes: number): string {
  const { day, year, clock } = localTime(unixSeconds, offsetMinutes);
  return `${day} ${year}, ${clock}`;
}

/** `UTC+01:00` */
export function offset(minutes: number): string {
  const absolute = Math.abs(minutes);
  return `UTC${minutes < 0 ? '-' : '+'}${two(Math.floor(absolute / 60))}:${two(absolute % 60)}`;
}

/** `1 reading`, `2 readings`, `28.1 M readings` for a word that takes an s. */
export function counted(count: number, noun: string): string {
  return `${whole(count)} ${noun}${count === 1 ? '' : 's'}`;
}

function two(value: number): string {
  return value.toString().padStart(2, '0');
}
