/**
 * Reads profiles (class 7): what their columns are, and rows by time or by number, with what the meter left out put back:
 * null-data and delta values (section "payload reduction" of the Blue Book).
 */

import { assert } from '../../../base/assert.ts';
import type { AttributeDescriptor, Selection } from '../apdu/descriptors.ts';
import type { Data } from '../data/data.ts';
import { encodeData } from '../data/data-codec.ts';
import { DATE_TIME_BYTES } from '../data/date-time.ts';
import { formatObis } from '../data/obis.ts';
import { expandProfile, type ProfileColumns } from '../data/profile-columns.ts';
import type { ClientAssociation } from './client-association.ts';
import type { Exchange } from './client-options.ts';
import { bytesOfResult, CLASS_CLOCK, CLASS_PROFILE, CLOCK_NAME, readData } from './client-reader.ts';
import { elementsIn, logicalNameIn, numberIn, structureIn } from './data-shape.ts';
import { DlmsError } from './dlms-error.ts';
import { type DateQuirks, putInstant } from './instant.ts';

export interface CaptureObject {
  readonly classId: number;
  readonly logicalName: Uint8Array;
  /** `1-0:1.8.0*255` */
  readonly obis: string;
  readonly attribute: number;
  /** 0: the whole attribute; n: its n-th element. */
  readonly dataIndex: number;
}

/** What a device wants otherwise than the standard has it. */
export interface ProfileQuirks extends DateQuirks {
  /** Type of data_index in a range; default `long-unsigned`. */
  readonly dataIndexType?: 'long-unsigned' | 'long';
  /** How from and to are written in a range; default `octet-string`. */
  readonly rangeTimeType?: 'octet-string' | 'date-time' | 'unix';
  /** Local time minus UTC in which from and to are written; default 0: in UTC. */
  readonly rangeOffsetMinutes?: number;
}

export interface TimeRange {
  /** UNIX seconds, both inclusive; fractions are cut off. */
  readonly from: number;
  readonly to: number;
  /** The column that the range speaks of; default the clock, attribute 2. */
  readonly column?: Pick<CaptureObject, 'classId' | 'logicalName' | 'attribute' | 'dataIndex'>;
  /** Columns wanted; none: all. */
  readonly columns?: readonly CaptureObject[];
}

export interface EntryRange {
  /** 1 is the oldest in a profile that is sorted first in, first out; both inclusive; `to` 0: the last. */
  readonly from: number;
  readonly to: number;
  /** 1-based; `toColumn` 0: the last. Default all. */
  readonly fromColumn?: number;
  readonly toColumn?: number;
}

/** Selector 1, range_descriptor. */
export function rangeSelection(range: TimeRange, quirks: ProfileQuirks = {}): Selection {
  const column = range.column ?? { classId: CLASS_CLOCK, logicalName: CLOCK_NAME, attribute: 2, dataIndex: 0 };
  const columns = (range.columns ?? []).map((each) => captureObjectData(each, quirks));
  const value: readonly Data[] = [
    captureObjectData(column, quirks),
    timeData(range.from, quirks),
    timeData(range.to, quirks),
    { type: 'array', value: columns },
  ];
  return { selector: 1, parameter: encodeData({ type: 'structure', value }) };
}

/** Selector 2, entry_descriptor. */
export function entrySelection(range: EntryRange): Selection {
  const value: readonly Data[] = [
    { type: 'double-long-unsigned', value: range.from },
    { type: 'double-long-unsigned', value: range.to },
    { type: 'long-unsigned', value: range.fromColumn ?? 1 },
    { type: 'long-unsigned', value: range.toColumn ?? 0 },
  ];
  return { selector: 2, parameter: encodeData({ type: 'structure', value }) };
}

/** The columns of a profile. Errors: data-access, data. */
export function* readCaptureObjects(association: ClientAssociation, logicalName: Uint8Array): Exchange<readonly CaptureObject[]> {
  const data = yield* readData(association, { classId: CLASS_PROFILE, logicalName, attribute: 3 });
  return elementsIn(data, 'capture objects').map(captureObjectOf);
}

export function captureObjectOf(data: Data): CaptureObject {
  const [classId, name, attribute, dataIndex] = structureIn(data, 3, 'a capture object');
  const logicalName = logicalNameIn(name, 'the name of a capture object');
  return {
    classId: numberIn(classId, 'the class of a capture object'),
    logicalName,
    obis: formatObis(logicalName),
    attribute: numberIn(attribute, 'the attribute of a capture object'),
    dataIndex: dataIndex === undefined ? 0 : numberIn(dataIndex, 'the data index of a capture object'),
  };
}

/** Seconds between rows; 0: rows come with events. */
export function* readCapturePeriod(association: ClientAssociation, logicalName: Uint8Array): Exchange<number> {
  return numberIn(yield* readData(association, { classId: CLASS_PROFILE, logicalName, attribute: 4 }), 'a capture period');
}

export interface ProfileRequest {
  readonly logicalName: Uint8Array;
  /** Neither: the whole buffer. */
  readonly range?: TimeRange;
  readonly entries?: EntryRange;
  /** When they are known; else they are read first. */
  readonly captureObjects?: readonly CaptureObject[];
  readonly capturePeriodSeconds?: number;
  readonly quirks?: ProfileQuirks;
}

export interface Profile {
  /** Columns of the rows, in their order. */
  readonly columns: readonly CaptureObject[];
  readonly rows: readonly (readonly Data[])[];
}

/** The encoded buffer, for whoever decodes columns without objects. Errors: data-access. */
export function* readProfileBuffer(
  association: ClientAssociation,
  request: Pick<ProfileRequest, 'logicalName' | 'range' | 'entries' | 'quirks'>,
): Exchange<Uint8Array> {
  const attribute = bufferAttribute(request.logicalName);
  return bytesOfResult(attribute, yield* association.get(attribute, selectionOf(request)));
}

/**
 * Rows of a profile. Reads the capture objects first unless they are given, and the capture period when the clock was left
 * out of rows. Errors: data-access, data.
 */
export function* readProfile(association: ClientAssociation, request: ProfileRequest): Exchange<Profile> {
  const { logicalName, range, entries } = request;
  const all = request.captureObjects ?? (yield* readCaptureObjects(association, logicalName));
  const columns = columnsOf(all, range, entries);
  const buffer = yield* readData(association, bufferAttribute(logicalName), selectionOf(request));
  const clock = columns.findIndex(({ classId, attribute }) => classId === CLASS_CLOCK && attribute === 2);
  const isShort = clock >= 0 && elementsIn(buffer, 'a buffer').some((row) => elementsIn(row, 'a row')[clock]?.type === 'null-data');
  const periodSeconds = request.capturePeriodSeconds ?? (isShort ? yield* readCapturePeriod(association, logicalName) : 0);
  return { columns, rows: expanded(buffer, { clock: clock < 0 ? null : clock, periodSeconds }) };
}

function bufferAttribute(logicalName: Uint8Array): AttributeDescriptor {
  return { classId: CLASS_PROFILE, logicalName, attribute: 2 };
}

function expanded(buffer: Data, columns: ProfileColumns): readonly (readonly Data[])[] {
  const expansion = expandProfile(buffer, columns);
  if (expansion.status === 'rows') return expansion.rows;
  const { reason, row, column } = expansion;
  throw new DlmsError('data', `row ${row + 1}, column ${column + 1} of a profile can not be put back: ${reason}`);
}

function selectionOf({ range, entries, quirks = {} }: Pick<ProfileRequest, 'range' | 'entries' | 'quirks'>): Selection | null {
  assert(range === undefined || entries === undefined, 'a profile is read by time or by number');
  if (range !== undefined) return rangeSelection(range, quirks);
  return entries === undefined ? null : entrySelection(entries);
}

/** Which columns the rows have: those asked for, in the order of the profile. */
function columnsOf(all: readonly CaptureObject[], range: TimeRange | undefined, entries: EntryRange | undefined): readonly CaptureObject[] {
  const wanted = range?.columns ?? [];
  if (wanted.length > 0) return all.filter((column) => wanted.some((one) => isSameColumn(one, column)));
  const { fromColumn = 1, toColumn = 0 } = entries ?? {};
  return all.slice(fromColumn - 1, toColumn === 0 ? undefined : toColumn);
}

function isSameColumn(one: CaptureObject, other: CaptureObject): boolean {
  return one.classId === other.classId && one.attribute === other.attribute && one.dataIndex === other.dataIndex && one.obis === other.obis;
}

function captureObjectData(column: Pick<CaptureObject, 'classId' | 'logicalName' | 'attribute' | 'dataIndex'>, quirks: ProfileQuirks): Data {
  return {
    type: 'structure',
    value: [
      { type: 'long-unsigned', value: column.classId },
      { type: 'octet-string', value: column.logicalName },
      { type: 'integer', value: column.attribute },
      { type: quirks.dataIndexType ?? 'long-unsigned', value: column.dataIndex },
    ],
  };
}

function timeData(unixSeconds: number, quirks: ProfileQuirks): Data {
  const { rangeTimeType = 'octet-string', rangeOffsetMinutes = 0 } = quirks;
  const whole = Math.floor(unixSeconds);
  if (rangeTimeType === 'unix') return { type: 'double-long-unsigned', value: whole };
  const value = new Uint8Array(DATE_TIME_BYTES);
  putInstant(value, { unixSeconds: whole, offsetMinutes: rangeOffsetMinutes }, quirks);
  return { type: rangeTimeType, value };
}
