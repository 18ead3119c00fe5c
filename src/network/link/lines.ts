/**
 * The lines under the links: a line drops by itself after exponential times, is disconnected by the operator once a day, or is down by plan, and
 * is there again some time later. Drawn from the seed; times in ms of the grid. Columns, and nothing at all where no category has sessions.
 */

import { draw, entityKey, exponential, streamKey, UNIT, uniform } from '../../base/random.ts';
import type { LinkParameters, LineSession } from './link-parameters.ts';
import type { LinkCategoryStats } from './link-stats.ts';

const DAY_MS = 86_400_000;
/** Draws of the life of a line before its first drop. */
const DAILY_DRAW = 0xffffffff;
const TIME_OF_DAY_DRAW = 0xfffffffe;

/** What happens to a line: it drops (of which neither side may be told), or it is there again. */
export type LineEvent = { readonly kind: 'drop'; readonly silent: boolean } | { readonly kind: 'attach' } | null;

export class Lines {
  readonly #sessions: readonly (LineSession | null)[];
  readonly #category: Uint8Array;
  readonly #stats: readonly LinkCategoryStats[];
  readonly #key: number;
  readonly #first: number;
  /** By link: when it drops; when the operator disconnects it; when it is there again, 0: it is there. Infinity: never. */
  readonly #dropMs: Float64Array;
  readonly #dailyMs: Float64Array;
  readonly #attachMs: Float64Array;
  readonly #detachedMs: Float64Array;
  readonly #draws: Uint32Array;
  /** By link: drops so far, which choose its address. */
  readonly #drops: Uint16Array;
  readonly #down: Uint8Array;

  constructor(options: {
    readonly seed: number;
    readonly categories: readonly LinkParameters[];
    readonly category: Uint8Array;
    readonly first: number;
    /** By category. */
    readonly stats: readonly LinkCategoryStats[];
  }) {
    const { categories, category } = options;
    this.#sessions = categories.map(({ session }) => session);
    this.#category = category;
    this.#stats = options.stats;
    this.#key = streamKey(options.seed, 'lines');
    this.#first = options.first;
    const links = this.live ? category.length : 0;
    this.#dropMs = new Float64Array(links).fill(Infinity);
    this.#dailyMs = new Float64Array(links).fill(Infinity);
    this.#attachMs = new Float64Array(links);
    this.#detachedMs = new Float64Array(links);
    this.#draws = new Uint32Array(links);
    this.#drops = new Uint16Array(links);
    this.#down = new Uint8Array(category.length);
  }

  /** From now on lines live. */
  begin(nowMs: number): void {
    for (let link = 0; link < this.#dropMs.length; link++) this.#begin(link, nowMs);
  }

  /** Whether lines do anything by themselves. */
  get live(): boolean {
    return this.#sessions.some((session) => session !== null);
  }

  isThere(link: number): boolean {
    return this.#down[link] === 0 && (this.#attachMs[link] ?? 0) === 0;
  }

  /** Number that chooses the address of a link: 0 until it drops for the first time. */
  addressOf(link: number): number {
    return this.#sessions[this.#category[link]!]?.newAddress === true ? (this.#drops[link] ?? 0) : 0;
  }

  /** How long nothing may go over a connection before it is forgotten, ms; Infinity: for ever. */
  idleMs(link: number): number {
    const seconds = this.#sessions[this.#category[link]!]?.idleSeconds ?? null;
    return seconds === null ? Infinity : seconds * 1000;
  }

  /** When something happens to the line by itself; Infinity: never. */
  nextMs(link: number): number {
    const attach = this.#attachMs[link] ?? 0;
    if (attach > 0) return this.#down[link] === 1 ? Infinity : attach;
    return Math.min(this.#dropMs[link] ?? Infinity, this.#dailyMs[link] ?? Infinity);
  }

  /** What happens to the line at `nowMs`, if anything does. */
  advance(link: number, nowMs: number): LineEvent {
    if (this.nextMs(link) > nowMs || !this.live) return null;
    const lines = this.#linesOf(link);
    if (this.#attachMs[link]! > 0) {
      this.#attach(link, nowMs);
      return { kind: 'attach' };
    }
    const daily = this.#dailyMs[link]! <= nowMs;
    if (daily) this.#dailyMs[link] = this.#dailyMs[link]! + DAY_MS * Math.ceil((nowMs - this.#dailyMs[link]! + 1) / DAY_MS);
    const session = this.#sessions[this.#category[link]!]!;
    const silent = !daily && this.#uniform(link) < session.silent;
    if (daily) lines.daily++;
    else lines.drops++;
    if (silent) lines.silentDrops++;
    this.#detach(link, nowMs, session);
    return { kind: 'drop', silent };
  }

  /** The line is down by plan. Whether the other side is not told. */
  down(link: number): boolean {
    this.#down[link] = 1;
    const session = this.#sessions[this.#category[link]!] ?? null;
    return session !== null && this.#uniform(link) < session.silent;
  }

  /** It could be there again by plan; answers whether it is: with sessions it takes its time. */
  up(link: number, nowMs: number): boolean {
    this.#down[link] = 0;
    const session = this.#sessions[this.#category[link]!] ?? null;
    if (session === null) return true;
    this.#detach(link, nowMs, session);
    return false;
  }

  #begin(link: number, nowMs: number): void {
    const session = this.#sessions[this.#category[link]!] ?? null;
    if (session === null) return;
    this.#dropMs[link] = this.#nextDrop(link, nowMs, session);
    const key = this.#keyOf(link);
    if (uniform(key, DAILY_DRAW) >= session.daily) return;
    const timeOfDay = uniform(key, TIME_OF_DAY_DRAW) * DAY_MS;
    this.#dailyMs[link] = timeOfDay + DAY_MS * Math.max(0, Math.ceil((nowMs - timeOfDay) / DAY_MS));
  }

  #detach(link: number, nowMs: number, session: LineSession): void {
    const { reattachSecondsMin: min, reattachSecondsMax: max } = session;
    if (this.#attachMs[link] === 0) this.#detachedMs[link] = nowMs;
    this.#attachMs[link] = Math.max(nowMs + 1000 * (min + (max - min) * this.#uniform(link)), Number.MIN_VALUE);
    this.#drops[link] = this.#drops[link]! + 1;
  }

  #attach(link: number, nowMs: number): void {
    this.#linesOf(link).detachedMs += nowMs - this.#detachedMs[link]!;
    this.#attachMs[link] = 0;
    const session = this.#sessions[this.#category[link]!]!;
    this.#dropMs[link] = this.#nextDrop(link, nowMs, session);
  }

  #nextDrop(link: number, nowMs: number, { upSeconds }: LineSession): number {
    if (upSeconds === null) return Infinity;
    return nowMs + 1000 * upSeconds * exponential(this.#keyOf(link), this.#nextDraw(link));
  }

  #linesOf(link: number): LinkCategoryStats['lines'] {
    return this.#stats[this.#category[link]!]!.lines;
  }

  #uniform(link: number): number {
    return draw(this.#keyOf(link), this.#nextDraw(link)) * UNIT;
  }

  #nextDraw(link: number): number {
    const counter = this.#draws[link]!;
    this.#draws[link] = counter + 1;
    return counter;
  }

  #keyOf(link: number): number {
    return entityKey(this.#key, this.#first + link);
  }
}
