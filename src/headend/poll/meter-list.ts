/**
 * The meters behind one concentrator, from its SAP assignment: number, port, and the time of the first row that is not
 * collected yet. Columns by place, ascending by number.
 */

import { decodeData } from '../../protocol/dlms/data/data-codec.ts';
import { meterNumber } from '../../protocol/dlms/push/logical-device-name.ts';

export class MeterList {
  readonly number: Uint32Array;
  readonly sap: Uint16Array;
  /** Unix seconds: as far as the round that runs has come, and as it was when the last one was settled. */
  readonly next: Uint32Array;
  readonly #settled: Uint32Array;

  /** `since`: of meters that `before` does not know. */
  constructor(entries: readonly SapEntry[], since: number, before: MeterList | null) {
    const sorted = [...entries].sort((a, b) => a.number - b.number);
    this.number = Uint32Array.from(sorted, (entry) => entry.number);
    this.sap = Uint16Array.from(sorted, (entry) => entry.sap);
    this.next = Uint32Array.from(sorted, (entry) => {
      const place = before?.placeOf(entry.number) ?? -1;
      return before === null || place < 0 ? since : before.next[place]!;
    });
    this.#settled = Uint32Array.from(this.next);
  }

  /** What was collected until now is safe. */
  settle(): void {
    this.#settled.set(this.next);
  }

  /** What was collected since the last round will be collected again. */
  restore(): void {
    this.next.set(this.#settled);
  }

  /** -1: not here. */
  placeOf(number: number): number {
    let low = 0;
    let high = this.number.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.number[middle]! < number) low = middle + 1;
      else high = middle;
    }
    return this.number[low] === number ? low : -1;
  }
}

export interface SapEntry {
  readonly number: number;
  readonly sap: number;
}

/** Meters in an encoded SAP_assignment_list; devices with other names are passed over. Null: it is no such list. */
export function sapEntries(list: Uint8Array): readonly SapEntry[] | null {
  const decoded = decodeData(list);
  if (decoded.status !== 'frame' || decoded.value.type !== 'array') return null;
  const entries: SapEntry[] = [];
  for (const element of decoded.value.value) {
    if (element.type !== 'structure') return null;
    const [sap, name] = element.value;
    if (sap?.type !== 'long-unsigned' || name?.type !== 'octet-string') return null;
    const number = meterNumber(name.value, 0, name.value.length);
    if (number !== null && number < 2 ** 32) entries.push({ number, sap: sap.value });
  }
  return entries;
}
