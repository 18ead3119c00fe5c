/**
 * One attribute read or written, one method invoked, with everything that may forbid it, in this order: is there such an
 * object (4), of this class (9), with such a part (4); may this client (3); does the association have selective access, and
 * the attribute such a selector (250), can the parameter be read (12). Then the object itself answers.
 */

import { assert } from '../../../base/assert.ts';
import { Conformance } from '../acse/conformance.ts';
import type { Selection } from '../apdu/descriptors.ts';
import { ActionResult, DataAccessResult } from '../apdu/results.ts';
import type { ByteWriter } from '../data/byte-writer.ts';
import type { Data } from '../data/data.ts';
import { decodeData } from '../data/data-codec.ts';
import type { Association } from './association.ts';
import type { DecodedSelection } from './cosem-object.ts';
import { type CatalogueEntry, Rank } from './object-catalogue.ts';

/** What is meant, with the logical name where it stands: 6 bytes of `bytes` from `at`. */
export interface Named {
  readonly classId: number;
  readonly bytes: Uint8Array;
  readonly at: number;
}

const LOGICAL_NAME = 1;
const ALL = 0;

/** Appends one Data and answers 0; or a data-access-result, with nothing appended. */
export function readAttribute<D>(association: Association<D>, named: Named, id: number, selection: Selection | null, out: ByteWriter): number {
  association.owner.stats.reads++;
  const entry = association.logical.catalogue.find(named.bytes, named.at);
  if (entry === null) return DataAccessResult.objectUndefined;
  if (entry.classId !== named.classId) return DataAccessResult.objectClassInconsistent;
  if (id === LOGICAL_NAME) return readName(association, entry, selection, out);
  if (id === ALL && association.has(Conformance.attribute0WithGet)) return readAll(association, entry, selection, out);
  return readOne(association, entry, id, selection, out);
}

function readOne<D>(association: Association<D>, entry: CatalogueEntry<D>, id: number, selection: Selection | null, out: ByteWriter): number {
  const rank = entry.readRank(id);
  if (rank === Rank.none) return DataAccessResult.objectUndefined;
  const attribute = entry.attributes[id];
  if (rank > association.rank || attribute?.get === undefined) return DataAccessResult.readWriteDenied;
  const decoded = selection === null ? null : decodedSelection(association, attribute.selectors, selection);
  if (typeof decoded === 'number') return decoded;
  const from = out.at;
  const result = attribute.get(association.logical.device, association.owner.scratch.request.set(association, decoded), out);
  assert(result !== DataAccessResult.success || out.at > from, 'an attribute that was read has a value');
  if (result !== DataAccessResult.success) out.at = from;
  return result;
}

function readName<D>(association: Association<D>, entry: CatalogueEntry<D>, selection: Selection | null, out: ByteWriter): number {
  if (entry.visible > association.rank) return DataAccessResult.readWriteDenied;
  if (selection !== null) return DataAccessResult.otherReason;
  out.octetString(entry.logicalName);
  return DataAccessResult.success;
}

/** Attribute 0: all of them as a structure in their order; null-data for what can't be read. */
function readAll<D>(association: Association<D>, entry: CatalogueEntry<D>, selection: Selection | null, out: ByteWriter): number {
  if (entry.visible > association.rank) return DataAccessResult.readWriteDenied;
  if (selection !== null) return DataAccessResult.otherReason;
  const attributes = entry.attributes.filter((attribute) => attribute !== null);
  const from = out.at;
  out.structure(attributes.length + 1);
  out.octetString(entry.logicalName);
  for (const { id } of attributes) {
    if (readOne(association, entry, id, null, out) !== DataAccessResult.success) out.nullData();
    if (out.at - from > association.owner.settings.answerBytesMax) {
      out.at = from;
      return DataAccessResult.otherReason;
    }
  }
  return DataAccessResult.success;
}

/** `value`: one encoded Data. Answers a data-access-result. */
export function writeAttribute<D>(
  association: Association<D>,
  named: Named,
  id: number,
  selection: Selection | null,
  value: Uint8Array,
): number {
  association.owner.stats.writes++;
  const entry = association.logical.catalogue.find(named.bytes, named.at);
  if (entry === null) return DataAccessResult.objectUndefined;
  if (entry.classId !== named.classId) return DataAccessResult.objectClassInconsistent;
  if (id === LOGICAL_NAME) return DataAccessResult.readWriteDenied;
  const decoded = decodeData(value);
  if (id === ALL && association.has(Conformance.attribute0WithSet)) {
    return decoded.status === 'frame' && selection === null ? writeAll(association, entry, decoded.value) : DataAccessResult.typeUnmatched;
  }
  const refused = writeRefusal(association, entry, id);
  if (refused !== DataAccessResult.success) return refused;
  if (decoded.status !== 'frame') return DataAccessResult.typeUnmatched;
  return writeOne(association, entry, id, selection, decoded.value);
}

function writeRefusal<D>(association: Association<D>, entry: CatalogueEntry<D>, id: number): number {
  const rank = entry.writeRank(id);
  if (rank === Rank.none) return DataAccessResult.objectUndefined;
  return rank > association.rank || entry.attributes[id]?.set === undefined ? DataAccessResult.readWriteDenied : DataAccessResult.success;
}

function writeOne<D>(association: Association<D>, entry: CatalogueEntry<D>, id: number, selection: Selection | null, value: Data): number {
  const attribute = entry.attributes[id];
  if (attribute?.set === undefined) return DataAccessResult.readWriteDenied;
  const decoded = selection === null ? null : decodedSelection(association, attribute.selectors, selection);
  if (typeof decoded === 'number') return decoded;
  return attribute.set(association.logical.device, value, association.owner.scratch.request.set(association, decoded));
}

/** Attribute 0: a structure of all; null-data for what stays. Either all that are given may be written, or none is. */
function writeAll<D>(association: Association<D>, entry: CatalogueEntry<D>, data: Data): number {
  const ids = [LOGICAL_NAME, ...entry.attributes.filter((attribute) => attribute !== null).map(({ id }) => id)];
  if (data.type !== 'structure' || data.value.length !== ids.length) return DataAccessResult.typeUnmatched;
  const given = ids.flatMap((id, i) => {
    const value = data.value[i];
    return value === undefined || value.type === 'null-data' ? [] : [{ id, value }];
  });
  for (const { id } of given) {
    const refused = id === LOGICAL_NAME ? DataAccessResult.readWriteDenied : writeRefusal(association, entry, id);
    if (refused !== DataAccessResult.success) return refused;
  }
  for (const { id, value } of given) {
    const result = writeOne(association, entry, id, null, value);
    if (result !== DataAccessResult.success) return result;
  }
  return DataAccessResult.success;
}

/**
 * `parameter`: one encoded Data; null: none. Answers an action-result; with 0 one Data is appended, or nothing when the
 * method returns nothing.
 */
export function invokeMethod<D>(association: Association<D>, named: Named, id: number, parameter: Uint8Array | null, out: ByteWriter): number {
  association.owner.stats.invocations++;
  const entry = association.logical.catalogue.find(named.bytes, named.at);
  if (entry === null) return ActionResult.objectUndefined;
  if (entry.classId !== named.classId) return ActionResult.objectClassInconsistent;
  const rank = entry.invokeRank(id);
  const method = entry.methods[id] ?? null;
  if (method === null) return ActionResult.objectUndefined;
  if (rank > association.rank) return ActionResult.readWriteDenied;
  const decoded = parameter === null ? null : decodeData(parameter);
  if (decoded !== null && decoded.status !== 'frame') return ActionResult.typeUnmatched;
  const data = decoded === null || decoded.value.type === 'null-data' ? null : decoded.value;
  const from = out.at;
  const result = method.invoke(association.logical.device, data, association.owner.scratch.request.set(association, null), out);
  if (result !== ActionResult.success) out.at = from;
  return result;
}

/** A number: a data-access-result. */
function decodedSelection<D>(
  association: Association<D>,
  selectors: readonly number[] | undefined,
  selection: Selection,
): DecodedSelection | number {
  if (!association.has(Conformance.selectiveAccess)) return DataAccessResult.otherReason;
  if (selectors?.includes(selection.selector) !== true) return DataAccessResult.otherReason;
  const decoded = decodeData(selection.parameter);
  if (decoded.status !== 'frame') return DataAccessResult.typeUnmatched;
  return { selector: selection.selector, parameter: decoded.value };
}
