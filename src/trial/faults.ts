/** Things that go wrong in a trial, at times and places drawn from its seed. */

import type { Clock, Timer } from '../base/clock.ts';
import { below, exponential, streamKey } from '../base/random.ts';
import type { MemoryWire } from '../network/wire/memory-wire.ts';
import type { TrialHeadend } from './trial-headend.ts';
import type { TrialSimulator } from './trial-simulator.ts';

const KINDS = ['connections', 'intake', 'store', 'simulator'] as const;
export type FaultCounts = Record<(typeof KINDS)[number], number>;

/** Longest time for which a part of the head-end stays away. */
const AWAY_MS = 400;

export class Faults {
  readonly counts: FaultCounts = { connections: 0, intake: 0, store: 0, simulator: 0 };
  readonly #options: FaultsOptions;
  readonly #key: number;
  #draws = 0;
  #timer: Timer | null = null;

  constructor(options: FaultsOptions) {
    this.#options = options;
    this.#key = streamKey(options.seed, 'faults');
  }

  start(): void {
    const { clock, perSecond } = this.#options;
    if (perSecond === 0) return;
    const delayMs = (exponential(this.#key, this.#draws++) / perSecond) * 1000;
    this.#timer = clock.schedule(delayMs, () => {
      this.#strike();
      this.start();
    });
  }

  stop(): void {
    this.#timer?.cancel();
  }

  #strike(): void {
    const { wire, headend, simulators } = this.#options;
    const kind = KINDS[this.#below(KINDS.length)] ?? 'connections';
    this.counts[kind]++;
    if (kind === 'connections') {
      const one = this.#below(2) === 0;
      wire.breakConnections(() => this.#below(one ? 20 : 2) === 0);
    } else if (kind === 'intake') {
      headend.crashIntake(this.#below(headend.endpoints.length), this.#below(AWAY_MS));
    } else if (kind === 'store') {
      headend.crashStore(this.#below(AWAY_MS));
    } else {
      simulators[this.#below(simulators.length)]?.crash();
    }
  }

  #below(count: number): number {
    return below(this.#key, this.#draws++, count);
  }
}

interface FaultsOptions {
  readonly clock: Clock;
  readonly seed: number;
  readonly perSecond: number;
  readonly wire: MemoryWire;
  readonly headend: TrialHeadend;
  readonly simulators: readonly TrialSimulator[];
}
