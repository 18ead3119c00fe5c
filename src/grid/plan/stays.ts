/**
 * The stays of devices: up or down from one step to another. Any step can be asked for, in any order: of each device the stay
 * that was asked for last is remembered, so steps that follow each other cost next to nothing, and going back replays the
 * device's stays from the beginning. Devices that are neighbours may have one chain together; each still remembers for itself,
 * so that it doesn't matter how far its neighbours are. State: 8 bytes a device.
 */

import type { Outages } from './outages.ts';

export class Stays {
  readonly #outages: Outages;
  readonly #first: number;
  readonly #category: Uint8Array;
  readonly #together: number;
  /** By device: first step of the stay; twice the step of its end, plus 1 when the device is down. */
  readonly #from: Uint32Array;
  readonly #state: Uint32Array;

  /** Devices `first` on, one for each entry of `category`; `together` neighbours have one chain. */
  constructor(options: { readonly outages: Outages; readonly first: number; readonly category: Uint8Array; readonly together?: number }) {
    const { outages, first, category, together = 1 } = options;
    this.#outages = outages;
    this.#first = first;
    this.#category = category;
    this.#together = together;
    this.#from = new Uint32Array(category.length);
    this.#state = new Uint32Array(category.length);
    for (let i = 0; i < category.length; i++) this.#state[i] = outages.initial(this.#chain(i), category[i]!);
  }

  isUp(device: number, step: number): boolean {
    return (this.#at(device, step) & 1) === 0;
  }

  /** End of the stay that `step` lies in. */
  until(device: number, step: number): number {
    return this.#at(device, step) >>> 1;
  }

  #chain(i: number): number {
    return Math.floor((this.#first + i) / this.#together);
  }

  #at(device: number, step: number): number {
    const i = device - this.#first;
    let state = this.#state[i]!;
    if (step < this.#from[i]!) {
      state = this.#outages.initial(this.#chain(i), this.#category[i]!);
      this.#from[i] = 0;
      this.#state[i] = state;
    }
    if (state >>> 1 > step) return state;
    while (state >>> 1 <= step) {
      this.#from[i] = state >>> 1;
      state = this.#outages.advance(state, this.#chain(i), this.#category[i]!, state >>> 1);
    }
    this.#state[i] = state;
    return state;
  }
}
