/**
 * Operations for people: Data values instead of bytes, a DlmsError instead of a result code, and the objects that every
 * meter has. Each is an exchange over a ClientAssociation, as sans-IO as it is.
 */

import type { AttributeDescriptor, MethodDescriptor, Selection } from '../apdu/descriptors.ts';
import { DataAccessResult, type GetResult } from '../apdu/results.ts';
import type { Data } from '../data/data.ts';
import { decodeData, encodeData } from '../data/data-codec.ts';
import { formatObis } from '../data/obis.ts';
import { DATE_TIME_BYTES } from '../data/date-time.ts';
import type { ClientAssociation } from './client-association.ts';
import type { Exchange, GetItem } from './client-options.ts';
import { DlmsError } from './dlms-error.ts';
import { bytesIn, numberIn, structureIn } from './data-shape.ts';
import { type DateQuirks, type Instant, instantOf, putInstant } from './instant.ts';
import { actionResultName, dataAccessResultName } from './result-names.ts';
import { unitName } from './unit-names.ts';

export const CLASS_DATA = 1;
export const CLASS_REGISTER = 3;
export const CLASS_EXTENDED_REGISTER = 4;
export const CLASS_DEMAND_REGISTER = 5;
export const CLASS_PROFILE = 7;
export const CLASS_CLOCK = 8;
export const CLASS_ASSOCIATION = 15;

/** The clock of a meter, 0.0.1.0.0.255. */
export const CLOCK_NAME: Uint8Array = Uint8Array.of(0, 0, 1, 0, 0, 255);

/** The value of an attribute. Errors: data-access with the result, beside those of `get`. */
export function* readData(association: ClientAssociation, attribute: AttributeDescriptor, selection: Selection | null = null): Exchange<Data> {
  return dataOf(bytesOfResult(attribute, yield* association.get(attribute, selection)));
}

/** The encoded value in a result of an attribute. Errors: data-access. */
export function bytesOfResult(attribute: AttributeDescriptor, result: GetResult): Uint8Array {
  if ('error' in result) throw dataAccessError(attribute, result.error);
  return result.data;
}

/** Several values in one request; null where the server refuses one. */
export function* readDataList(association: ClientAssociation, items: readonly GetItem[]): Exchange<readonly (Data | null)[]> {
  const results = yield* association.getList(items);
  return results.map((result) => ('error' in result ? null : dataOf(result.data)));
}

/** Errors: data-access with the result, beside those of `set`. */
export function* writeData(
  association: ClientAssociation,
  attribute: AttributeDescriptor,
  value: Data,
  selection: Selection | null = null,
): Exchange<void> {
  const result = yield* association.set(attribute, encodeData(value), selection);
  if (result !== DataAccessResult.success) throw dataAccessError(attribute, result);
}

/** What the method answers; null: nothing. Errors: action, or data-access when only its answer is refused. */
export function* invokeMethod(association: ClientAssociation, method: MethodDescriptor, parameter: Data | null): Exchange<Data | null> {
  const { result, data } = yield* association.action(method, parameter === null ? null : encodeData(parameter));
  const name = `${method.classId}/${formatObis(method.logicalName)}/${method.method}`;
  if (result !== 0) throw new DlmsError('action', `method ${name}: ${actionResultName(result)}`, { result });
  if (data === null) return null;
  if ('error' in data) throw new DlmsError('data-access', `answer of method ${name}: ${dataAccessResultName(data.error)}`, { result: data.error });
  return dataOf(data.data);
}

/** What a clock says. Errors: data when it says no instant. */
export function* readClock(association: ClientAssociation, quirks: DateQuirks = {}, logicalName = CLOCK_NAME): Exchange<Instant> {
  const data = yield* readData(association, { classId: CLASS_CLOCK, logicalName, attribute: 2 });
  const instant = instantOf(data, quirks);
  if (instant === null) throw new DlmsError('data', 'the clock says no date and time');
  return instant;
}

export function* writeClock(
  association: ClientAssociation,
  instant: { readonly unixSeconds: number; readonly offsetMinutes: number },
  quirks: DateQuirks = {},
  logicalName = CLOCK_NAME,
): Exchange<void> {
  const value = new Uint8Array(DATE_TIME_BYTES);
  putInstant(value, instant, quirks);
  yield* writeData(association, { classId: CLASS_CLOCK, logicalName, attribute: 2 }, { type: 'octet-string', value });
}

/** A physical value is the number times ten to the `scaler`, in `unit`. */
export interface ScalerUnit {
  readonly scaler: number;
  /** Code of the unit: 30 is Wh. */
  readonly unit: number;
  /** `Wh`; `unit 99` when the code has no name here. */
  readonly unitName: string;
}

export function* readScalerUnit(association: ClientAssociation, register: { readonly classId: number; readonly logicalName: Uint8Array }): Exchange<ScalerUnit> {
  const { classId, logicalName } = register;
  const attribute = classId === CLASS_DEMAND_REGISTER ? 4 : 3;
  return scalerUnitOf(yield* readData(association, { classId, logicalName, attribute }));
}

export function scalerUnitOf(data: Data): ScalerUnit {
  const [scaler, unit] = structureIn(data, 2, 'a scaler_unit');
  const code = numberIn(unit, 'a unit');
  return { scaler: numberIn(scaler, 'a scaler'), unit: code, unitName: unitName(code) };
}

export interface RegisterReading extends ScalerUnit {
  /** As the meter has it. */
  readonly raw: number | bigint;
  /** `raw` times ten to the scaler, as near as a number can be. */
  readonly value: number;
}

/** Value and unit of a register (classes 3, 4, 5): two requests. */
export function* readRegister(association: ClientAssociation, register: { readonly classId: number; readonly logicalName: Uint8Array }): Exchange<RegisterReading> {
  const data = yield* readData(association, { ...register, attribute: 2 });
  if (!('value' in data) || (typeof data.value !== 'number' && typeof data.value !== 'bigint')) {
    throw new DlmsError('data', `register ${formatObis(register.logicalName)} holds no number but ${data.type}`);
  }
  const scale = yield* readScalerUnit(association, register);
  return { ...scale, raw: data.value, value: scaled(Number(data.value), scale.scaler) };
}

/** The invocation counter that the server keeps for a client: the last one that it accepted; a message takes the next. */
export function* readInvocationCounter(association: ClientAssociation, logicalName: Uint8Array): Exchange<number> {
  const data = yield* readData(association, { classId: CLASS_DATA, logicalName, attribute: 2 });
  return numberIn(data, 'an invocation counter');
}

/** The logical device name, 0.0.42.0.0.255. */
export function* readLogicalDeviceName(association: ClientAssociation): Exchange<Uint8Array> {
  const data = yield* readData(association, { classId: CLASS_DATA, logicalName: Uint8Array.of(0, 0, 42, 0, 0, 255), attribute: 2 });
  return bytesIn(data, 'a logical device name');
}

/** Ten to the scaler without the rounding of 0.1: 2345 with -1 is 234.5 and not 234.50000000000003. */
export function scaled(raw: number, scaler: number): number {
  return scaler < 0 ? raw / 10 ** -scaler : raw * 10 ** scaler;
}

/** One Data out of its bytes, which were found well-formed before. */
function dataOf(bytes: Uint8Array): Data {
  const decoded = decodeData(bytes);
  if (decoded.status === 'frame') return decoded.value;
  throw new DlmsError('malformed', decoded.status === 'malformed' ? `a value can't be read: ${decoded.reason}` : 'a value is cut off');
}

function dataAccessError(attribute: AttributeDescriptor, result: number): DlmsError {
  const name = `${attribute.classId}/${formatObis(attribute.logicalName)}/${attribute.attribute}`;
  return new DlmsError('data-access', `attribute ${name}: ${dataAccessResultName(result)}`, { result });
}
