/**
 * A profile (class 7 version 1) whose rows are computed and not stored. A profile finds the times of its rows; what stands in
 * them follows from device and time. So a buffer costs nothing until it is read.
 *
 *   FIFO: row 1 is the oldest; `entries_in_use` are the rows that there are now, at most `profile_entries`
 */

import { present } from '../../base/assert.ts';
import { ActionResult, DataAccessResult } from '../../protocol/dlms/apdu/results.ts';
import type { ByteWriter } from '../../protocol/dlms/data/byte-writer.ts';
import type { Data } from '../../protocol/dlms/data/data.ts';
import type { AccessLevel, CosemAttribute, CosemMethod, CosemObject, ReadRequest } from '../../protocol/dlms/server/cosem-object.ts';
import { constant, cosemObject, live } from './cosem-builder.ts';
import { array, integer, longUnsigned, octets, structure, u32, enumeration } from './data-values.ts';
import type { Device } from './device.ts';
import { type CaptureObject, profileSelection, type RowsSelection, type SelectableColumn } from './profile-selection.ts';

export interface ProfileColumn<D> extends SelectableColumn {
  /** The number that a range of this column is compared with; of a clock the row's Unix seconds. Columns of `other`: 0. */
  readonly value: (device: D, rows: FoundRows, index: number) => number;
  readonly put: (device: D, rows: FoundRows, index: number, out: ByteWriter) => void;
}

/** Rows of a profile, oldest first; reused from one reading to the next. */
export class FoundRows {
  count = 0;
  /** Unix seconds that the row's clock column shows. */
  time: Float64Array = new Float64Array(256);
  /** What else the profile needs to know of a row: a step, an event code. */
  detail: Float64Array = new Float64Array(256);

  clear(): void {
    this.count = 0;
  }

  add(time: number, detail: number): void {
    if (this.count === this.time.length) {
      this.time = grown(this.time);
      this.detail = grown(this.detail);
    }
    this.time[this.count] = time;
    this.detail[this.count++] = detail;
  }

  /** Keeps rows `from` .. `to - 1`. */
  cut(from: number, to: number): void {
    const end = Math.max(from, Math.min(to, this.count));
    this.time.copyWithin(0, from, end);
    this.detail.copyWithin(0, from, end);
    this.count = Math.max(0, end - from);
  }
}

export interface ProfileOptions<D> {
  readonly logicalName: string;
  readonly columns: readonly ProfileColumn<D>[];
  readonly periodSeconds: number;
  readonly entriesMax: number;
  /** Adds the rows whose clock shows from .. to (Unix seconds, may be infinite), oldest first. */
  readonly find: (device: D, from: number, to: number, rows: FoundRows) => void;
  /** Before rows are looked for. */
  readonly asked?: (device: D, selection: RowsSelection) => void;
  /** Before rows are written: whether there are not too many. A data-access-result. */
  readonly admit?: (device: D, rows: FoundRows, selection: RowsSelection) => number;
  /** After they were written. */
  readonly answered?: (device: D, rows: FoundRows, selection: RowsSelection) => void;
  /** It is kept where it is read, so that it can be had although the device is out of reach. */
  readonly mirrored?: boolean;
  readonly read?: AccessLevel;
  /** Method 1; without it nobody may reset. */
  readonly reset?: (device: D) => void;
  /** Scratch; profiles of one process may share it. */
  readonly rows: FoundRows;
}

export function profileObject<D extends Device>(options: ProfileOptions<D>): CosemObject<D> {
  const { columns, read = 'reader', mirrored = false } = options;
  const buffer: CosemAttribute<D> = {
    id: 2,
    read,
    write: 'never',
    selectors: [1, 2],
    get: (device, request, out) =>
      mirrored || device.reachable ? putBuffer(device, options, request, out) : DataAccessResult.temporaryFailure,
  };
  const inUse = (device: D, out: ByteWriter): void => {
    options.rows.clear();
    options.find(device, -Infinity, Infinity, options.rows);
    out.doubleLongUnsigned(options.rows.count);
  };
  const methods: readonly CosemMethod<D>[] = [resetMethod(options), { id: 2, access: 'never', invoke: () => ActionResult.readWriteDenied }];
  return cosemObject<D>(7, 1, options.logicalName, [
    buffer,
    constant(3, array(columns.map(({ capture }) => captureData(capture))), read),
    constant(4, u32(options.periodSeconds), read),
    constant(5, enumeration(FIFO), read),
    // Some clients restrict ranges by whatever stands here, so it is the clock, although FIFO is sorted by nothing.
    constant(6, captureData(present(columns[0], 'a profile has columns').capture), read),
    live(7, inUse, { read, mirrored }),
    constant(8, u32(options.entriesMax), read),
  ], methods);
}

export function captureData(capture: CaptureObject): Data {
  const { classId, logicalName, attribute, dataIndex } = capture;
  return structure([longUnsigned(classId), octets(logicalName), integer(attribute), longUnsigned(dataIndex)]);
}

const FIFO = 1;

function resetMethod<D extends Device>(options: ProfileOptions<D>): CosemMethod<D> {
  const { reset } = options;
  if (reset === undefined) return { id: 1, access: 'never', invoke: () => ActionResult.readWriteDenied };
  return {
    id: 1,
    access: 'manager',
    invoke: (device) => {
      if (!device.reachable) return ActionResult.temporaryFailure;
      reset(device);
      return ActionResult.success;
    },
  };
}

function putBuffer<D extends Device>(device: D, options: ProfileOptions<D>, request: ReadRequest, out: ByteWriter): number {
  const selection = profileSelection(request.selection, options.columns, device.kind.offsetMinutes);
  if (selection.kind === 'refused') return selection.result;
  const { rows, columns } = options;
  options.asked?.(device, selection);
  findRows(device, options, selection);
  const admitted = options.admit?.(device, rows, selection) ?? DataAccessResult.success;
  if (admitted !== DataAccessResult.success) return admitted;
  out.array(rows.count);
  for (let i = 0; i < rows.count; i++) {
    out.structure(selection.columns.length);
    for (const column of selection.columns) columns[column]!.put(device, rows, i, out);
  }
  options.answered?.(device, rows, selection);
  return DataAccessResult.success;
}

function findRows<D extends Device>(device: D, options: ProfileOptions<D>, selection: RowsSelection): void {
  const { rows } = options;
  rows.clear();
  if (selection.kind === 'entries') {
    options.find(device, -Infinity, Infinity, rows);
    rows.cut(selection.from - 1, selection.to);
    return;
  }
  const column = options.columns[selection.column]!;
  if (column.kind === 'clock') {
    options.find(device, selection.from, selection.to, rows);
    return;
  }
  options.find(device, -Infinity, Infinity, rows);
  let kept = 0;
  for (let i = 0; i < rows.count; i++) {
    const value = column.value(device, rows, i);
    if (value < selection.from || value > selection.to) continue;
    rows.time[kept] = rows.time[i]!;
    rows.detail[kept++] = rows.detail[i]!;
  }
  rows.count = kept;
}

function grown(column: Float64Array): Float64Array {
  const larger = new Float64Array(column.length * 2);
  larger.set(column);
  return larger;
}
