/**
 * Time of the grid while a head-end pulls: at which step a concentrator is, and whether it can be reached.
 *
 * At a speed, all concentrators are at the step that the clock says, and a concentrator whose link is down at that step can't
 * be reached. At `max` each concentrator has a time of its own: it stands at a step until the head-end asks for what comes
 * after it, which says that everything up to it is safe, and goes on by a turn of steps at which its link is up. So the head-end
 * sets the pace, and asks for exactly the steps at which it could have.
 */

import type { Clock, Timer } from '../base/clock.ts';
import type { Presence } from '../grid/plan/presence.ts';
import type { Scenario } from '../grid/scenario/scenario.ts';
import { TURN_STEPS } from './schedule.ts';

export interface PullTime {
  /** Step at which the concentrator is. */
  step(station: number): number;
  reachable(station: number): boolean;
  /** Grid time at the concentrator, Unix seconds. */
  unixSeconds(station: number): number;
  /** The head-end has everything of the steps below `settled`. */
  settled(station: number, settled: number): void;
  /** How long ago the step began, ms on the machine's clock; 0 when that has no meaning. */
  sinceStepMs(station: number): number;
  /** Unix ms on the machine's clock at which the last step is over; 0: whenever all is settled. */
  readonly endUnixMs: number;
  /** Whether the end is waited with until all is settled. */
  readonly waits: boolean;
  start(): void;
  stop(): void;
}

interface PullTimeOptions {
  readonly scenario: Scenario;
  readonly presence: Presence;
  readonly fromStation: number;
  readonly toStation: number;
}

/** `speed: max`. */
export class AskedTime implements PullTime {
  readonly endUnixMs = 0;
  readonly waits = true;
  readonly #options: PullTimeOptions;
  readonly #step: Uint32Array;
  readonly #reachable: Uint8Array;
  readonly #turn: number;

  constructor(options: PullTimeOptions & { readonly fromStep: number }) {
    this.#options = options;
    const { presence, fromStation, toStation, fromStep } = options;
    this.#step = new Uint32Array(toStation - fromStation);
    this.#reachable = new Uint8Array(toStation - fromStation);
    // A turn ends later than the steps in it, and a concentrator that may have forgotten something by then has none.
    this.#turn = presence.steps <= options.scenario.behaviour.concentratorMemoryRows ? TURN_STEPS : 1;
    for (let i = 0; i < this.#step.length; i++) {
      const up = presence.nextLinkUp(fromStation + i, fromStep);
      this.#reachable[i] = up < presence.steps ? 1 : 0;
      this.#step[i] = this.#endOfTurn(fromStation + i, Math.min(up, presence.steps - 1));
    }
  }

  /** The last step of a turn that begins at `step`, as far as the link stays up. */
  #endOfTurn(station: number, step: number): number {
    const { presence } = this.#options;
    let end = step;
    while (end + 1 < Math.min(step + this.#turn, presence.steps) && presence.linkUp(station, end + 1)) end++;
    return end;
  }

  step(station: number): number {
    return this.#step[station - this.#options.fromStation]!;
  }

  /** False: its link is up at no step. */
  reachable(station: number): boolean {
    return this.#reachable[station - this.#options.fromStation] === 1;
  }

  unixSeconds(station: number): number {
    const { start, intervalSeconds } = this.#options.scenario.behaviour;
    return start.unixSeconds + this.step(station) * intervalSeconds;
  }

  settled(station: number, settled: number): void {
    if (settled <= this.step(station)) return;
    const next = this.#options.presence.nextLinkUp(station, settled);
    if (next < this.#options.presence.steps) this.#step[station - this.#options.fromStation] = this.#endOfTurn(station, next);
  }

  sinceStepMs(): number {
    return 0;
  }

  start(): void {}

  stop(): void {}
}

/**
 * `speed: n`. Where lines drop by themselves, a head-end may have missed what the plan says that it could have read. Then all are reachable once
 * the last step is over, each at the last step at which its link was up, so that nothing stays behind and nothing more comes.
 */
export class ClockTime implements PullTime {
  readonly endUnixMs: number;
  readonly #options: PullTimeOptions & {
    readonly clock: Clock;
    readonly originUnixMs: number;
    readonly waits: boolean;
    readonly onStep: (step: number) => void;
  };
  readonly #stepMs: number;
  #timer: Timer | null = null;

  /** `onStep`: a step has begun; links may have gone down or up. */
  constructor(
    options: PullTimeOptions & {
      readonly clock: Clock;
      readonly speed: number;
      /** Unix ms on the machine's clock at which step 0 begins. */
      readonly originUnixMs: number;
      /** After the last step everything can still be read that could have been read before. */
      readonly waits: boolean;
      readonly onStep: (step: number) => void;
    },
  ) {
    this.#options = options;
    this.#stepMs = (options.scenario.behaviour.intervalSeconds * 1000) / options.speed;
    this.endUnixMs = options.originUnixMs + options.presence.steps * this.#stepMs;
  }

  get waits(): boolean {
    return this.#options.waits;
  }

  /** After the end the last step stays. */
  step(station: number): number {
    if (this.#isWaiting) return Math.max(0, this.#options.presence.lastLinkUp(station));
    return this.#stepNow();
  }

  #stepNow(): number {
    const { clock, originUnixMs, presence } = this.#options;
    const step = Math.floor((clock.unixMs() - originUnixMs) / this.#stepMs);
    return Math.min(Math.max(0, step), presence.steps - 1);
  }

  reachable(station: number): boolean {
    const { clock, originUnixMs, presence } = this.#options;
    if (this.#isWaiting) return presence.lastLinkUp(station) >= 0;
    return clock.unixMs() >= originUnixMs && presence.linkUp(station, this.#stepNow());
  }

  unixSeconds(station: number): number {
    const { clock, originUnixMs, presence, scenario } = this.#options;
    const { start, intervalSeconds } = scenario.behaviour;
    if (this.#isWaiting) return start.unixSeconds + (this.step(station) + 1) * intervalSeconds - 1;
    const steps = Math.min(Math.max(0, (clock.unixMs() - originUnixMs) / this.#stepMs), presence.steps);
    return start.unixSeconds + Math.min(Math.floor(steps * intervalSeconds), presence.steps * intervalSeconds - 1);
  }

  settled(): void {}

  sinceStepMs(): number {
    const { clock, originUnixMs } = this.#options;
    return Math.max(0, clock.unixMs() - originUnixMs - this.#stepNow() * this.#stepMs);
  }

  start(): void {
    this.#tickLater();
  }

  stop(): void {
    this.#timer?.cancel();
  }

  get #isWaiting(): boolean {
    return this.#options.waits && this.#options.clock.unixMs() >= this.endUnixMs;
  }

  #tickLater(): void {
    const { clock, originUnixMs, presence, onStep } = this.#options;
    const since = clock.unixMs() - originUnixMs;
    const next = since < 0 ? 0 : Math.floor(since / this.#stepMs) + 1;
    if (next >= presence.steps) return;
    this.#timer = clock.schedule(Math.max(1, next * this.#stepMs - since), () => {
      onStep(this.#stepNow());
      this.#tickLater();
    });
  }
}
