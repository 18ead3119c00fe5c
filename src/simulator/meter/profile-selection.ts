/**
 * What of a profile buffer a client asks for (class 7, attribute 2): all of it, the rows of a range of a column (selector 1),
 * or rows and columns by number (selector 2). Reads the parameter, leniently where clients differ, and says what is wrong
 * with it as a data-access-result.
 */

import { DataAccessResult } from '../../protocol/dlms/apdu/results.ts';
import type { Data } from '../../protocol/dlms/data/data.ts';
import { DATE_TIME_BYTES, decodeDateTime, emptyDateTime } from '../../protocol/dlms/data/date-time.ts';

export interface CaptureObject {
  readonly classId: number;
  readonly logicalName: Uint8Array;
  readonly attribute: number;
  /** 0: the whole attribute. */
  readonly dataIndex: number;
}

/** What the selection needs to know of a column. */
export interface SelectableColumn {
  readonly capture: CaptureObject;
  /** `clock`: ranges are times. `number`: ranges are values. `other`: can't be restricted. */
  readonly kind: 'clock' | 'number' | 'other';
}

/** Rows whose `column` lies in from .. to, both included; an open end is infinite. For a clock these are Unix seconds. */
export interface RangeSelection {
  readonly kind: 'range';
  readonly column: number;
  readonly from: number;
  readonly to: number;
  readonly columns: readonly number[];
}

/** Rows `from` .. `to`, counted from 1; `to` may be infinite. */
export interface EntrySelection {
  readonly kind: 'entries';
  readonly from: number;
  readonly to: number;
  readonly columns: readonly number[];
}

export interface SelectionRefused {
  readonly kind: 'refused';
  /** A data-access-result. */
  readonly result: number;
}

export type RowsSelection = RangeSelection | EntrySelection;
export type ProfileSelection = RowsSelection | SelectionRefused;

/** Null: everything. `offsetMinutes`: of times whose deviation is not specified. */
export function profileSelection(
  selection: { readonly selector: number; readonly parameter: Data } | null,
  columns: readonly SelectableColumn[],
  offsetMinutes: number,
): ProfileSelection {
  if (selection === null) return { kind: 'entries', from: 1, to: Infinity, columns: columns.map((_, i) => i) };
  if (selection.selector === RANGE) return rangeSelection(selection.parameter, columns, offsetMinutes);
  return selection.selector === ENTRIES ? entrySelection(selection.parameter, columns) : OTHER_REASON;
}

const RANGE = 1;
const ENTRIES = 2;
const OTHER_REASON: SelectionRefused = { kind: 'refused', result: DataAccessResult.otherReason };
const TYPE_UNMATCHED: SelectionRefused = { kind: 'refused', result: DataAccessResult.typeUnmatched };

function rangeSelection(parameter: Data, columns: readonly SelectableColumn[], offsetMinutes: number): ProfileSelection {
  if (parameter.type !== 'structure' || parameter.value.length !== 4) return TYPE_UNMATCHED;
  const [restricting, first, last, selected] = parameter.value as readonly [Data, Data, Data, Data];
  const capture = captureObjectIn(restricting);
  if (capture === null || selected.type !== 'array') return TYPE_UNMATCHED;
  const column = columnOf(capture, columns);
  const kind = columns[column]?.kind ?? 'other';
  if (kind === 'other') return OTHER_REASON;
  const wanted = selectedColumns(selected.value, columns);
  if (wanted === null) return OTHER_REASON;
  const ends: number[] = [];
  for (const [value, open] of [[first, -Infinity], [last, Infinity]] as const) {
    const end = kind === 'clock' ? instant(value, open, offsetMinutes) : quantity(value, open);
    if (end === null) return TYPE_UNMATCHED;
    if (Number.isNaN(end)) return OTHER_REASON;
    ends.push(end);
  }
  const [from, to] = ends as [number, number];
  return { kind: 'range', column, from, to, columns: wanted };
}

function entrySelection(parameter: Data, columns: readonly SelectableColumn[]): ProfileSelection {
  if (parameter.type !== 'structure' || parameter.value.length !== 4) return TYPE_UNMATCHED;
  const numbers = parameter.value.map(numberIn);
  if (!numbers.every((number) => Number.isInteger(number))) return TYPE_UNMATCHED;
  const [from, to, fromColumn, toColumn] = numbers as [number, number, number, number];
  if (numbers.some((number) => Number(number) < 0)) return OTHER_REASON;
  const lastColumn = toColumn === 0 ? columns.length : toColumn;
  const firstColumn = Math.max(fromColumn, 1);
  if (firstColumn > lastColumn || lastColumn > columns.length) return OTHER_REASON;
  const wanted = columns.map((_, i) => i).slice(firstColumn - 1, lastColumn);
  return { kind: 'entries', from: Math.max(from, 1), to: to === 0 ? Infinity : to, columns: wanted };
}

/** An empty list is all columns; null: one of them is none of the profile's. */
function selectedColumns(selected: readonly Data[], columns: readonly SelectableColumn[]): readonly number[] | null {
  if (selected.length === 0) return columns.map((_, i) => i);
  if (selected.length > columns.length) return null;
  const wanted: number[] = [];
  for (const element of selected) {
    const capture = captureObjectIn(element);
    const column = capture === null ? -1 : columnOf(capture, columns);
    if (column < 0) return null;
    wanted.push(column);
  }
  return wanted;
}

function columnOf(capture: CaptureObject, columns: readonly SelectableColumn[]): number {
  return columns.findIndex(
    ({ capture: own }) =>
      own.classId === capture.classId &&
      own.attribute === capture.attribute &&
      own.dataIndex === capture.dataIndex &&
      own.logicalName.every((byte, i) => capture.logicalName[i] === byte),
  );
}

/** { class, logical name, attribute, data index }, numbers of any integer type: clients differ. */
function captureObjectIn(data: Data): CaptureObject | null {
  if (data.type !== 'structure' || data.value.length !== 4) return null;
  const [theClass, name, theAttribute, index] = data.value as readonly [Data, Data, Data, Data];
  const [classId, attribute, dataIndex] = [numberIn(theClass), numberIn(theAttribute), numberIn(index)];
  if (classId === null || attribute === null || dataIndex === null) return null;
  if (name.type !== 'octet-string' || name.value.length !== LOGICAL_NAME_BYTES) return null;
  return { classId, logicalName: name.value, attribute, dataIndex };
}

const LOGICAL_NAME_BYTES = 6;

function numberIn(data: Data): number | null {
  if (!('value' in data)) return null;
  if (typeof data.value === 'number') return data.value;
  return typeof data.value === 'bigint' ? Number(data.value) : null;
}

/** Unix seconds; `open` where the end is open; null: of another type; NaN: no date. */
function instant(data: Data, open: number, offsetMinutes: number): number | null {
  if (data.type === 'null-data' || data.type === 'dont-care') return open;
  if (data.type !== 'octet-string' && data.type !== 'date-time') return numberIn(data);
  if (data.value.length === 0) return open;
  if (data.value.length !== DATE_TIME_BYTES) return null;
  const time = emptyDateTime();
  const decoded = decodeDateTime(data.value, 0, time, offsetMinutes);
  if (decoded === 'unspecified') return open;
  return decoded === 'date-time' ? time.unixSeconds : Number.NaN;
}

function quantity(data: Data, open: number): number | null {
  return data.type === 'null-data' || data.type === 'dont-care' ? open : numberIn(data);
}
