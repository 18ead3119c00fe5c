/**
 * Which column of somebody else's table says what, as plain data: it goes to the processes that read.
 *
 *   meter=device_serial,channel=obis,time=ts,value:kWh=energy,status=flags
 *
 *   part     unit behind a colon                                           left out
 *   meter    -                                                             refused
 *   channel  -                                                             all rows are of 1-0:1.8.0
 *   time     s, ms: since 1970; a zone for times that name none:           by itself, when it has a zone or is in seconds
 *            UTC, +01:00, Europe/Prague
 *   value    Wh, kWh, MWh                                                  Wh
 *   status   -                                                             not compared
 */

import { isTimeZone } from './local-time.ts';
import { SourceError } from './source-error.ts';

export interface ColumnMapping {
  readonly meter: string;
  /** null: the table has no such column, and all rows are of the first channel. */
  readonly channel: string | null;
  readonly time: string;
  /** `ms`: numbers are milliseconds; otherwise the zone of times that name none. null: numbers are seconds, times name theirs. */
  readonly timeUnit: string | null;
  readonly value: string;
  readonly whPerUnit: number;
  /** null: there is none, and it is not compared. */
  readonly status: string | null;
}

/** The columns of our own table. */
export const OWN_COLUMNS: ColumnMapping = {
  meter: 'meter',
  channel: 'channel',
  time: 'time',
  timeUnit: null,
  value: 'value',
  whPerUnit: 1,
  status: 'status',
};

const PARTS: readonly string[] = ['meter', 'channel', 'time', 'value', 'status'];
const WH_PER_UNIT: Readonly<Record<string, number>> = { Wh: 1, kWh: 1000, MWh: 1_000_000 };
const EXAMPLE = 'such as `meter=serial,channel=obis,time=ts,value:kWh=energy`';

/** Throws SourceError. */
export function parseColumnMapping(text: string): ColumnMapping {
  const columns = new Map<string, { readonly column: string; readonly unit: string | null }>();
  for (const item of text.split(',')) {
    const match = /^\s*(\w+)(?::([^=]*))?=(.*)$/.exec(item);
    const [, part = '', unit = null, column = ''] = match ?? [];
    if (match === null || column.trim() === '') throw new SourceError(`found \`${item.trim()}\`, allowed is part=column, ${EXAMPLE}`);
    if (!PARTS.includes(part)) throw new SourceError(`there is no \`${part}\`; a reading has ${PARTS.join(', ')}`);
    if (columns.has(part)) throw new SourceError(`\`${part}\` is there twice`);
    columns.set(part, { column: column.trim(), unit: unit === null ? null : unit.trim() });
  }
  for (const part of ['meter', 'time', 'value']) {
    if (!columns.has(part)) throw new SourceError(`no column for \`${part}\`; allowed is a list ${EXAMPLE}`);
  }
  const columnOf = (part: string): string | null => columns.get(part)?.column ?? null;
  const unitOf = (part: string): string | null => columns.get(part)?.unit ?? null;
  for (const part of ['meter', 'channel', 'status']) {
    if (unitOf(part) !== null) throw new SourceError(`\`${part}\` has no unit; leave \`:${unitOf(part)}\` out`);
  }
  const whPerUnit = WH_PER_UNIT[unitOf('value') ?? 'Wh'];
  if (whPerUnit === undefined) {
    throw new SourceError(`the unit of \`value\`: found \`${unitOf('value')}\`, allowed are ${Object.keys(WH_PER_UNIT).join(', ')}`);
  }
  return {
    meter: columnOf('meter') ?? '',
    channel: columnOf('channel'),
    time: columnOf('time') ?? '',
    timeUnit: timeUnitOf(unitOf('time')),
    value: columnOf('value') ?? '',
    whPerUnit,
    status: columnOf('status'),
  };
}

function timeUnitOf(unit: string | null): string | null {
  if (unit === null || unit === 's') return null;
  if (unit === 'ms' || isTimeZone(unit)) return unit;
  throw new SourceError(`the unit of \`time\`: found \`${unit}\`, allowed are s, ms, UTC, an offset such as +01:00, and a zone such as Europe/Prague`);
}

/** The columns in the order meter, channel, time, value, status; without those that are not there. */
export function columnsOf(mapping: ColumnMapping): readonly string[] {
  const { meter, channel, time, value, status } = mapping;
  return [meter, channel, time, value, status].filter((column) => column !== null);
}
