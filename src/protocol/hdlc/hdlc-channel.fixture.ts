/**
 * One direction of a bad line, from a seed: keeps the order of frames, but loses, doubles, cuts and falsifies them, puts noise
 * between them, and hands everything on in random pieces.
 */

import { below, streamKey, uniform } from '../../base/random.ts';

export interface LineFaults {
  /** Shares of frames, 0 .. 1. */
  readonly lost: number;
  readonly doubled: number;
  readonly cut: number;
  readonly flipped: number;
  readonly noise: number;
}

export const GOOD_LINE: LineFaults = { lost: 0, doubled: 0, cut: 0, flipped: 0, noise: 0 };

export class Dice {
  readonly #key: number;
  #draws = 0;

  constructor(seed: number, name: string) {
    this.#key = streamKey(seed, name);
  }

  below(count: number): number {
    return below(this.#key, this.#draws++, count);
  }

  chance(share: number): boolean {
    return uniform(this.#key, this.#draws++) < share;
  }

  bytes(count: number): Uint8Array {
    return Uint8Array.from({ length: count }, () => this.below(256));
  }
}

export class Channel {
  frames = 0;
  readonly #dice: Dice;
  readonly #faults: LineFaults;
  readonly #queue: Uint8Array[] = [];

  constructor(dice: Dice, faults: LineFaults) {
    this.#dice = dice;
    this.#faults = faults;
  }

  get empty(): boolean {
    return this.#queue.length === 0;
  }

  /** Takes whole frames, one behind the other. */
  send(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; ) {
      const end = at + 2 + (((bytes[at + 1]! & 7) << 8) | bytes[at + 2]!);
      this.frames++;
      this.#frame(bytes.slice(at, end));
      at = end;
    }
  }

  /** The next piece. */
  take(): Uint8Array {
    const first = this.#queue.shift() ?? new Uint8Array(0);
    const count = this.#dice.chance(0.5) ? first.length : 1 + this.#dice.below(first.length);
    if (count < first.length) this.#queue.unshift(first.slice(count));
    return first.slice(0, count);
  }

  #frame(bytes: Uint8Array): void {
    const { lost, doubled, cut, flipped, noise } = this.#faults;
    const dice = this.#dice;
    if (dice.chance(noise)) this.#queue.push(dice.bytes(1 + dice.below(20)));
    const copies = dice.chance(lost) ? 0 : dice.chance(doubled) ? 2 : 1;
    for (let i = 0; i < copies; i++) {
      const copy = bytes.slice();
      if (dice.chance(flipped)) copy[dice.below(copy.length)]! ^= 1 << dice.below(8);
      this.#queue.push(dice.chance(cut) ? copy.slice(0, 1 + dice.below(copy.length - 1)) : copy);
    }
  }
}
