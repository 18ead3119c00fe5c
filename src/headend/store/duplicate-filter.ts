/**
 * Knows which readings are stored, exactly, by (meter, channel, time): a bit for each slot of the interval.
 *
 *   period   96 slots, a day at 15 minutes (fewer if it were longer than 24 days); the unit that memory is given back in
 *   table    one channel of a period
 *   page     1,024 neighbouring meters of a table: 96 * 32 words; while it has few readings, a list of them instead
 *
 * Slots begin where the first reading says. Readings at other times are kept as numbers in a set of their table, exactly but
 * for more memory. Memory follows the number of readings even if meters or times are nonsense: at most some 300 bytes each.
 *
 * A period that is not in memory but lies within the times that the store has is asked for (`stop` is `period`): the caller
 * scans the store for its times and gives them to `restore`. `evict` drops the periods that were not used for longest, and
 * may only be called when all that was admitted is in the store. So the filter can begin empty on a store of any size.
 */

import { assert, present } from '../../base/assert.ts';
import type { TimeRange } from './store.ts';

export interface ReadingKeys {
  readonly meter: Uint32Array;
  readonly channel: Uint8Array;
  readonly time: Uint32Array;
}

/** Why `admit` went no further: at the end, at a duplicate, or at a period that must be restored. */
export type AdmitStop = 'end' | 'duplicate' | 'period';

const SLOTS = 96;
const PAGE_METERS_BITS = 10;
const WORDS_PER_SLOT = 2 ** PAGE_METERS_BITS / 32;
const PAGE_WORDS = SLOTS * WORDS_PER_SLOT;
/** Readings of a page that are kept as a list. */
const FEW = 16;
const PAGE_BYTES = PAGE_WORDS * 4 + 200;
const FEW_BYTES = 300;
const ODD_BYTES = 40;
/** Times 2^32 meters this is 2^53: a meter and a second of a period make an exact number. */
const SPAN_SECONDS_MAX = 2 ** 21;
/** A slot index that stands for "between slots". */
const ODD = -1;

interface Page {
  words: Uint32Array;
  /** Bit indices, until there are more than FEW. */
  readonly few: number[];
}

interface Table {
  readonly pages: Map<number, Page>;
  /** meter * span + seconds since the period began. */
  readonly odd: Set<number>;
}

interface Period {
  readonly index: number;
  readonly tables: (Table | undefined)[];
  bytes: number;
  lastUse: number;
}

const NO_WORDS = new Uint32Array(0);
const NO_PAGE: Page = { words: NO_WORDS, few: [] };

export class DuplicateFilter {
  readonly #intervalSeconds: number;
  readonly #spanSeconds: number;
  readonly #periods = new Map<number, Period>();
  /** Unix seconds at which some slot begins; -1: no reading was seen yet. */
  #originSeconds = -1;
  /** Periods from .. to may have readings in the store. */
  #storedFrom = Infinity;
  #storedTo = -Infinity;
  #bytes = 0;
  #uses = 0;
  #stop: AdmitStop = 'end';
  #wanted = 0;
  // Where the row before was: rows of one message share channel and time, and their meters are neighbours.
  #time = -1;
  #channel = -1;
  #period: Period | null = null;
  #table: Table | null = null;
  #slot = 0;
  #page: Page = NO_PAGE;
  #pageNumber = -1;

  constructor(options: { readonly intervalSeconds: number }) {
    const { intervalSeconds } = options;
    assert(Number.isInteger(intervalSeconds) && intervalSeconds > 0, 'an interval is a whole number of seconds');
    assert(intervalSeconds <= SPAN_SECONDS_MAX, 'an interval is 24 days at most');
    this.#intervalSeconds = intervalSeconds;
    this.#spanSeconds = intervalSeconds * Math.min(SLOTS, Math.floor(SPAN_SECONDS_MAX / intervalSeconds));
  }

  /** Memory in use, estimated from above. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Why the last `admit` stopped. */
  get stop(): AdmitStop {
    return this.#stop;
  }

  /** The times to restore when `stop` is `period`. */
  get wanted(): TimeRange {
    const from = this.#originSeconds + this.#wanted * this.#spanSeconds;
    return { from: Math.max(0, from), to: from + this.#spanSeconds - 1 };
  }

  /** Says which times a store has readings of, before anything is admitted. */
  begin(stored: TimeRange | null): void {
    assert(this.#originSeconds < 0, 'a filter begins once');
    if (stored === null) return;
    this.#originSeconds = stored.from % this.#intervalSeconds;
    this.#storedFrom = this.#periodOf(stored.from);
    this.#storedTo = this.#periodOf(stored.to);
  }

  /**
   * Takes rows in as new, from `from` on, until `to`, or until a row that is no new one (`duplicate`), or that can't be
   * judged yet (`period`). Answers the index of that row; the rows before it are new.
   */
  admit(keys: ReadingKeys, from: number, to: number): number {
    const { meter, channel, time } = keys;
    let i = from;
    while (i < to) {
      const theTime = time[i]!;
      const theChannel = channel[i]!;
      if ((theTime !== this.#time || theChannel !== this.#channel) && !this.#seek(theChannel, theTime)) {
        return this.#stopAt('period', i);
      }
      const pageNumber = meter[i]! >>> PAGE_METERS_BITS;
      this.#turn(pageNumber);
      const { words } = this.#page;
      if (words.length === 0 || this.#slot === ODD) {
        if (!this.#addSlowly(meter[i]!)) return this.#stopAt('duplicate', i);
        i++;
        continue;
      }
      // The rows of one message: same time and channel, neighbouring meters.
      const slot = this.#slot;
      do {
        const m = meter[i]!;
        if (m >>> PAGE_METERS_BITS !== pageNumber) break;
        const at = slot + ((m >>> 5) & (WORDS_PER_SLOT - 1));
        const word = words[at]!;
        const bit = 1 << (m & 31);
        if ((word & bit) !== 0) return this.#stopAt('duplicate', i);
        words[at] = word | bit;
        i++;
      } while (i < to && time[i] === theTime && channel[i] === theChannel);
    }
    this.#stop = 'end';
    return to;
  }

  /** The wanted period is in memory from now on; give it what the store has of it with `restore`. */
  beginRestore(): void {
    this.#makePeriod(this.#wanted);
  }

  /** Stored rows, which all lie in periods in memory. */
  restore(keys: ReadingKeys, rows: number): void {
    let at = 0;
    while (at < rows) {
      at = this.admit(keys, at, rows);
      assert(this.#stop !== 'period', 'only wanted times are restored');
      if (this.#stop === 'duplicate') at++;
    }
  }

  /** Drops periods until at most `bytesMax` are in use, but never the one that was used last. */
  evict(bytesMax: number): void {
    if (this.#bytes <= bytesMax) return;
    const byUse = Array.from(this.#periods.values()).sort((a, b) => a.lastUse - b.lastUse);
    byUse.pop();
    for (const period of byUse) {
      if (this.#bytes <= bytesMax) break;
      this.#periods.delete(period.index);
      this.#bytes -= period.bytes;
      this.#storedFrom = Math.min(this.#storedFrom, period.index);
      this.#storedTo = Math.max(this.#storedTo, period.index);
    }
    this.#forgetPlace();
  }

  #stopAt(why: AdmitStop, row: number): number {
    this.#stop = why;
    return row;
  }

  /** Goes to the table and slot of a channel and time; false: its period must be restored first. */
  #seek(channel: number, time: number): boolean {
    if (this.#originSeconds < 0) this.#originSeconds = time % this.#intervalSeconds;
    const index = this.#periodOf(time);
    let period = this.#period;
    if (period === null || period.index !== index) {
      period = this.#findPeriod(index);
      if (period === null) return false;
      this.#period = period;
      period.lastUse = ++this.#uses;
    }
    this.#time = time;
    this.#channel = channel;
    const table = (period.tables[channel] ??= { pages: new Map(), odd: new Set() });
    const slotBefore = this.#slot;
    const since = time - this.#originSeconds - index * this.#spanSeconds;
    const slot = since / this.#intervalSeconds;
    this.#slot = Number.isInteger(slot) ? slot * WORDS_PER_SLOT : ODD;
    // Rows between slots make no pages, so a page that was not needed then may be needed now.
    if (table !== this.#table || (slotBefore === ODD) !== (this.#slot === ODD)) this.#pageNumber = -1;
    this.#table = table;
    return true;
  }

  #findPeriod(index: number): Period | null {
    const period = this.#periods.get(index);
    if (period !== undefined) return period;
    if (index < this.#storedFrom || index > this.#storedTo) return this.#makePeriod(index);
    this.#wanted = index;
    this.#forgetPlace();
    return null;
  }

  #makePeriod(index: number): Period {
    const period: Period = { index, tables: [], bytes: 0, lastUse: ++this.#uses };
    this.#periods.set(index, period);
    return period;
  }

  #periodOf(time: number): number {
    return Math.floor((time - this.#originSeconds) / this.#spanSeconds);
  }

  /** Goes to a page of the present table. */
  #turn(pageNumber: number): void {
    if (pageNumber === this.#pageNumber) return;
    this.#pageNumber = pageNumber;
    const { pages } = present(this.#table, 'a page belongs to a table');
    let page = pages.get(pageNumber);
    if (page === undefined) {
      page = NO_PAGE;
      if (this.#slot !== ODD) {
        page = { words: NO_WORDS, few: [] };
        pages.set(pageNumber, page);
        this.#grow(FEW_BYTES);
      }
    }
    this.#page = page;
  }

  /** Between slots, or in a page with few readings; false: it was there. */
  #addSlowly(meter: number): boolean {
    if (this.#slot === ODD) return this.#addOdd(meter);
    const page = this.#page;
    const bit = this.#slot * 32 + (meter & (2 ** PAGE_METERS_BITS - 1));
    if (page.few.includes(bit)) return false;
    page.few.push(bit);
    if (page.few.length > FEW) {
      page.words = new Uint32Array(PAGE_WORDS);
      for (const each of page.few) page.words[each >>> 5]! |= 1 << (each & 31);
      page.few.length = 0;
      this.#grow(PAGE_BYTES);
    }
    return true;
  }

  #addOdd(meter: number): boolean {
    const { odd } = present(this.#table, 'a reading belongs to a table');
    const { index } = present(this.#period, 'a table belongs to a period');
    const since = this.#time - this.#originSeconds - index * this.#spanSeconds;
    const key = meter * this.#spanSeconds + since;
    if (odd.has(key)) return false;
    odd.add(key);
    this.#grow(ODD_BYTES);
    return true;
  }

  #grow(bytes: number): void {
    this.#bytes += bytes;
    present(this.#period, 'memory belongs to a period').bytes += bytes;
  }

  #forgetPlace(): void {
    this.#time = -1;
    this.#channel = -1;
    this.#period = null;
    this.#table = null;
    this.#page = NO_PAGE;
    this.#pageNumber = -1;
  }
}
