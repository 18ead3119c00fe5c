/**
 * The objects of a kind of device, made once and shared by all devices of that kind and all associations with them. Objects
 * are found by the six bytes of their logical name where they stand in a request: an open hash table over integers, no
 * strings, nothing allocated. The object_list, which is long, is encoded once for each access level.
 */

import { assert } from '../../../base/assert.ts';
import { ByteWriter } from '../data/byte-writer.ts';
import { OBIS_BYTES } from '../data/obis.ts';
import type { AccessLevel, CosemAttribute, CosemMethod, CosemObject } from './cosem-object.ts';
import { putObjectList } from './object-list.ts';

/** Order of access levels, so that a right is a comparison; `none`: there is no such attribute or method. */
export const Rank = Object.freeze({ public: 0, reader: 1, manager: 2, never: 3, none: 4 });

export function rankOf(level: AccessLevel | 'never'): number {
  return Rank[level];
}

export class CatalogueEntry<D> {
  readonly object: CosemObject<D>;
  readonly classId: number;
  readonly logicalName: Uint8Array;
  /** The lowest rank that may do anything with the object; the logical name can be read from there on. */
  readonly visible: number;
  /** By number; 1, the logical name, is not among them. */
  readonly attributes: readonly (CosemAttribute<D> | null)[];
  readonly methods: readonly (CosemMethod<D> | null)[];
  readonly #read: Uint8Array;
  readonly #write: Uint8Array;
  readonly #invoke: Uint8Array;

  constructor(object: CosemObject<D>) {
    const { classId, logicalName, attributes, methods } = object;
    assert(logicalName.length === OBIS_BYTES, 'a logical name has 6 bytes');
    assert(classId >= 0 && classId <= 0xffff, 'a class id is a u16');
    this.object = object;
    this.classId = classId;
    this.logicalName = logicalName;
    this.attributes = byId(attributes, 2);
    this.methods = byId(methods, 1);
    this.#read = ranks(this.attributes, ({ read }) => read);
    this.#write = ranks(this.attributes, ({ write }) => write);
    this.#invoke = ranks(this.methods, ({ access }) => access);
    this.visible = Math.min(Rank.never, ...this.#read, ...this.#write, ...this.#invoke);
  }

  /** The rank that may read attribute `id`, any i8 but 0 and 1; Rank.none: there is none of this number. */
  readRank(id: number): number {
    return this.#read[id] ?? Rank.none;
  }

  writeRank(id: number): number {
    return this.#write[id] ?? Rank.none;
  }

  invokeRank(id: number): number {
    return this.#invoke[id] ?? Rank.none;
  }
}

export class ObjectCatalogue<D> {
  readonly entries: readonly CatalogueEntry<D>[];
  /** Index + 1 of an entry; 0: free. */
  readonly #slots: Uint16Array;
  readonly #lists = new Map<AccessLevel, Uint8Array>();

  constructor(objects: readonly CosemObject<D>[]) {
    assert(objects.length < 0x4000, 'a device has fewer than 16384 objects');
    this.entries = objects.map((object) => new CatalogueEntry(object));
    this.#slots = new Uint16Array(2 ** Math.ceil(Math.log2(2 * objects.length + 2)));
    const mask = this.#slots.length - 1;
    this.entries.forEach(({ logicalName }, index) => {
      assert(this.find(logicalName, 0) === null, 'no two objects of a device have one logical name');
      let slot = hash(logicalName, 0) & mask;
      while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
      this.#slots[slot] = index + 1;
    });
  }

  /** The object whose logical name stands in `bytes` at `at`; null: there is none. */
  find(bytes: Uint8Array, at: number): CatalogueEntry<D> | null {
    const slots = this.#slots;
    const mask = slots.length - 1;
    for (let slot = hash(bytes, at) & mask; ; slot = (slot + 1) & mask) {
      const index = slots[slot]!;
      if (index === 0) return null;
      const entry = this.entries[index - 1]!;
      if (isName(entry.logicalName, bytes, at)) return entry;
    }
  }

  /** The object_list (class 15, attribute 2) of that level, one encoded Data; always the same bytes. */
  objectList(level: AccessLevel): Uint8Array {
    let list = this.#lists.get(level);
    if (list === undefined) {
      const writer = new ByteWriter(4096);
      const visible = this.entries.filter((entry) => entry.visible <= rankOf(level));
      putObjectList(writer, visible.map(({ object }) => object), level);
      list = writer.copy();
      this.#lists.set(level, list);
    }
    return list;
  }
}

function ranks<T>(parts: readonly (T | null)[], right: (part: T) => AccessLevel | 'never'): Uint8Array {
  return Uint8Array.from(parts, (part) => (part === null ? Rank.none : rankOf(right(part))));
}

function byId<T extends { readonly id: number }>(parts: readonly T[], first: number): readonly (T | null)[] {
  const found: (T | null)[] = Array.from({ length: Math.max(0, ...parts.map(({ id }) => id)) + 1 }, () => null);
  for (const part of parts) {
    assert(Number.isInteger(part.id) && part.id >= first && part.id <= 0x7f, 'attributes are numbered from 2, methods from 1, to 127');
    assert(found[part.id] === null, 'a number stands for one attribute or method');
    found[part.id] = part;
  }
  return found;
}

/** FNV-1a over the six bytes. */
function hash(bytes: Uint8Array, at: number): number {
  let value = 0x811c9dc5;
  for (let i = at; i < at + OBIS_BYTES; i++) value = Math.imul(value ^ bytes[i]!, 0x01000193);
  return (value ^ (value >>> 15)) >>> 0;
}

function isName(name: Uint8Array, bytes: Uint8Array, at: number): boolean {
  for (let i = 0; i < OBIS_BYTES; i++) if (name[i] !== bytes[at + i]) return false;
  return true;
}
