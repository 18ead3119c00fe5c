/**
 * Reads on demand as a customer's or an operator's click makes them: one meter's register, at a moment that nobody planned, in
 * between the mass reading. Moments and meters are drawn from a seed; moments are those of a Poisson process, and do not wait
 * for answers (open loop): a read that begins late counts from when it was meant to.
 */

import { build, type Histogram } from 'hdr-histogram-js';
import type { Clock, Timer } from '../../base/clock.ts';
import { below, exponential, streamKey } from '../../base/random.ts';
import { readData } from '../../protocol/dlms/client/client-reader.ts';
import type { ClientAssociation } from '../../protocol/dlms/client/client-association.ts';
import type { Exchange } from '../../protocol/dlms/client/client-options.ts';
import type { Poller } from './poller.ts';

/** What is read, and how often. */
export interface OnDemandPlan {
  /** Mean time from one read to the next, on the machine's clock. */
  readonly everyMs: number;
  /** None before and none from then on: what comes after the grid's time is the rest of the mass reading. */
  readonly fromUnixMs: number;
  readonly toUnixMs: number;
  /** Longer than that nobody waits. */
  readonly limitMs: number;
  readonly seed: number;
}

/** Whose meters they are: numbers in a row. */
export interface MeterRow {
  readonly concentrator: number;
  readonly firstMeter: number;
  readonly meters: number;
}

interface OnDemandOptions extends OnDemandPlan {
  readonly clock: Clock;
  readonly poller: Pick<Poller, 'request'>;
  readonly devices: readonly MeterRow[];
}

/** Active energy, import, total: its value. */
const IMPORT_TOTAL = { classId: 3, logicalName: Uint8Array.of(1, 0, 1, 8, 0, 255), attribute: 2 } as const;
const ON_DEMAND_RANGE = { lowestDiscernibleValue: 1, highestTrackableValue: 2, autoResize: true, numberOfSignificantValueDigits: 3 } as const;

export class OnDemandReads {
  /** Until the answer was there, ms; one value for each read that was answered with a value. */
  readonly delays: Histogram = emptyOnDemandDelays();
  /** Reads that ended: with a value; without one, in time or not. */
  answered = 0;
  failed = 0;
  readonly #options: OnDemandOptions;
  /** Meters of the devices before each one. */
  readonly #before: readonly number[];
  readonly #meters: number;
  readonly #keys: { readonly time: number; readonly meter: number };
  #reads = 0;
  #dueUnixMs: number;
  #timer: Timer | null = null;

  constructor(options: OnDemandOptions) {
    this.#options = options;
    const { devices, seed, fromUnixMs } = options;
    let meters = 0;
    this.#before = devices.map((device) => (meters += device.meters) - device.meters);
    this.#meters = meters;
    this.#keys = { time: streamKey(seed, 'on-demand-time'), meter: streamKey(seed, 'on-demand-meter') };
    this.#dueUnixMs = fromUnixMs;
  }

  start(): void {
    if (this.#meters > 0) this.#next();
  }

  /** No further read begins; those under way are answered. */
  stop(): void {
    this.#timer?.cancel();
  }

  #next(): void {
    const { clock, everyMs, toUnixMs } = this.#options;
    const read = this.#reads++;
    this.#dueUnixMs += exponential(this.#keys.time, read) * everyMs;
    if (this.#dueUnixMs >= toUnixMs) return;
    this.#timer = clock.schedule(Math.max(0, this.#dueUnixMs - clock.unixMs()), () => {
      this.#read(below(this.#keys.meter, read, this.#meters), this.#dueUnixMs);
      this.#next();
    });
  }

  #read(index: number, dueUnixMs: number): void {
    const { clock, poller, devices, limitMs } = this.#options;
    const place = lastAtMost(this.#before, index);
    const device = devices[place];
    if (device === undefined) return;
    const meter = device.firstMeter + index - (this.#before[place] ?? 0);
    poller.request({ concentrator: device.concentrator, meter, priority: 'on-demand', limitMs }, readImport, (answer) => {
      if ('value' in answer) {
        this.answered++;
        this.delays.recordValue(Math.max(1, Math.round(clock.unixMs() - dueUnixMs)));
      } else if (answer.error.code !== 'stopped') this.failed++;
    });
  }
}

export function emptyOnDemandDelays(): Histogram {
  return build(ON_DEMAND_RANGE);
}

function* readImport(association: ClientAssociation): Exchange<unknown> {
  return yield* readData(association, IMPORT_TOTAL);
}

/** The last place whose value is at most `value`; devices without meters are passed over. */
function lastAtMost(ascending: readonly number[], value: number): number {
  let [low, high] = [0, ascending.length - 1];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((ascending[middle] ?? Infinity) <= value) low = middle;
    else high = middle - 1;
  }
  return low;
}
