/** A simulator of a trial: it can crash, and begins again at the step that it had settled, as a process would. */

import type { Clock } from '../base/clock.ts';
import { draw, streamKey } from '../base/random.ts';
import type { Endpoint, Wire } from '../network/wire/wire.ts';
import { PullSegment } from '../run/pull-segment.ts';
import { PushSegment } from '../run/push-segment.ts';
import type { SegmentGrid } from '../run/segment.ts';
import type { Ledger, SimulatorStats } from '../simulator/simulator-stats.ts';

const RESTART_MS = 200;

export interface TrialSimulatorOptions {
  readonly clock: Clock;
  readonly wire: Wire;
  readonly grid: SegmentGrid;
  /** Push: where to; pull: none. */
  readonly targets: readonly Endpoint[];
  /** Pull: where it listens. */
  readonly listen: Endpoint | null;
  readonly masterKey: Uint8Array | null;
  readonly seed: number;
}

/** A simulator of either kind. */
interface Simulator {
  readonly ledger: Ledger;
  readonly stats: SimulatorStats;
  readonly settledStep: number;
  start(): void;
  crash(): void;
}

export class TrialSimulator {
  finished = false;
  readonly #options: TrialSimulatorOptions;
  /** Step 0 begins then, in every life. */
  readonly #originUnixMs: number;
  #simulator: Simulator;
  #lives = 0;
  #resent = 0;
  #draws = 0;

  constructor(options: TrialSimulatorOptions) {
    this.#options = options;
    this.#originUnixMs = options.clock.unixMs();
    this.#simulator = this.#make(0);
  }

  get ledger(): Ledger {
    return this.#simulator.ledger;
  }

  get resentMessages(): number {
    return this.#resent + this.#simulator.stats.resentMessages;
  }

  start(): void {
    this.#simulator.start();
  }

  /** Dies now; another one takes over a little later. */
  crash(): void {
    if (this.finished) return;
    const { settledStep } = this.#simulator;
    this.#resent += this.#simulator.stats.resentMessages;
    this.#simulator.crash();
    const next = this.#make(settledStep);
    this.#simulator = next;
    this.#options.clock.schedule(RESTART_MS, () => {
      if (this.#simulator === next) next.start();
    });
  }

  toString(): string {
    return `settled ${this.#simulator.settledStep}, ${JSON.stringify(this.#simulator.stats)}`;
  }

  #make(fromStep: number): Simulator {
    this.#lives++;
    const { listen } = this.#options;
    return listen === null ? this.#makePush(fromStep) : this.#makePull(fromStep, listen);
  }

  #makePull(fromStep: number, listen: Endpoint): Simulator {
    const { clock, wire, grid, seed, masterKey } = this.#options;
    const key = streamKey(seed + this.#lives, 'trial-random');
    const pull = new PullSegment({
      prepare: { scenario: grid.scenario, fromStep, masterKey, firstAddress: null },
      grid,
      listen,
      clock,
      wire,
      random: (bytes) => Uint8Array.from({ length: bytes }, () => draw(key, this.#draws++) & 0xff),
      onFinished: () => {
        this.finished = true;
      },
    });
    const simulator = pull.play(this.#originUnixMs);
    return {
      get ledger() {
        return simulator.ledger;
      },
      get stats() {
        return simulator.stats;
      },
      get settledStep() {
        return simulator.settledStep;
      },
      start: () =>
        pull.listen((result) => {
          if ('error' in result) throw new Error(`simulator: ${result.error}`);
          simulator.start();
        }),
      crash: () => {
        simulator.end();
        pull.links.stop();
      },
    };
  }

  #makePush(fromStep: number): Simulator {
    const { clock, wire, grid, targets, seed } = this.#options;
    const push = new PushSegment({
      grid,
      fromStep,
      targets,
      confirmed: true,
      originUnixMs: this.#originUnixMs,
      clock,
      wire,
      seed: seed + this.#lives,
      backOff: { baseMs: 20, capMs: 500 },
      onFinished: () => {
        this.finished = true;
      },
    });
    const { simulator } = push;
    return {
      get ledger() {
        return simulator.ledger;
      },
      get stats() {
        return simulator.stats;
      },
      get settledStep() {
        return simulator.settledStep;
      },
      start: () => push.start(),
      crash: () => {
        simulator.crash();
        push.links.stop();
      },
    };
  }
}
