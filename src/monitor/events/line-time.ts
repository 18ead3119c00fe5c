/**
 * The time at the begin of a line, as PostgreSQL (`%m`, `%t`), syslog (RFC 5424) and most programs write it: a date, a time,
 * perhaps a fraction, and a zone that is UTC or a number. null: there is none, or its zone is not known.
 */

const FORM = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:[.,](\d{1,9}))? ?(Z\b|UTC\b|GMT\b|[+-]\d\d(?::?\d\d)?)/;

/** Unix ms. */
export function lineTimeMs(line: string): number | null {
  const [, day, time, fraction = '0', zone] = FORM.exec(line) ?? [];
  if (day === undefined || time === undefined || zone === undefined) return null;
  const ms = Date.parse(`${day}T${time}Z`) + Number(`0.${fraction}`) * 1000 - offsetMinutes(zone) * 60_000;
  return Number.isNaN(ms) ? null : ms;
}

function offsetMinutes(zone: string): number {
  const [, sign, hours, minutes = '0'] = /^([+-])(\d\d):?(\d\d)?$/.exec(zone) ?? [];
  return sign === undefined ? 0 : (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes));
}
