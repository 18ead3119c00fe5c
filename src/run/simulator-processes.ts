/** All simulator processes of a run: starts them, restarts those that die where they stopped, adds their counters up. */

import { decodeFromCompressedBase64, build, type Histogram } from 'hdr-histogram-js';
import type { Clock } from '../base/clock.ts';
import type { Scenario } from '../grid/scenario/scenario.ts';
import type { NamedLoopDelay } from '../monitor/loop-delay.ts';
import type { Endpoint } from '../network/wire/wire.ts';
import { DELAY_RANGE } from '../simulator/delay-log.ts';
import { emptySimulatorStats, type SimulatorStats } from '../simulator/simulator-stats.ts';
import { ManagedProcess } from './managed-process.ts';
import type { EncodedLinks } from './segment-links.ts';
import type { FromSimulator, SimulatorProgress, ToSimulator } from './simulator-messages.ts';

export interface SimulatorProcessesOptions {
  readonly clock: Clock;
  readonly scenario: Scenario;
  readonly stations: number;
  /** Segments that this machine plays, of `segments` in all. */
  readonly segments: { readonly from: number; readonly to: number; readonly of: number };
  readonly targets: readonly Endpoint[];
  /** Pull: where processes listen, the i-th on port + i; port 0: on any free ones. Null: they push. */
  readonly listen: Endpoint | null;
  /** Address of the first concentrator; null: on loopback. */
  readonly firstAddress?: string | null;
  readonly masterKey: Uint8Array | null;
  readonly confirmed: boolean;
  readonly onReady: () => void;
  readonly onFinished: () => void;
  /** A process was started, for the first time or again. */
  readonly onProcess: (name: string, pid: number) => void;
  /** A process died and is started again. */
  readonly onRestart: (process: string, why: string) => void;
  /** A process keeps dying. */
  readonly onFailed: (why: string) => void;
}

/** Deaths of one process after which the run is given up. */
const RESTARTS_MAX = 50;
/** At `speed: max` they make as much as others can take, so they leave the processors to the others first. */
const MAX_SPEED_NICENESS = 5;

interface Member {
  readonly process: ManagedProcess<ToSimulator, FromSimulator>;
  readonly index: number;
  ready: boolean;
  finished: boolean;
  /** Pull: where it listens; it comes back there when it is started again. */
  listen: Endpoint | null;
  /** Counters of earlier lives of this process, and the newest of the present one. */
  past: SimulatorStats;
  last: SimulatorProgress | null;
  settledStep: number;
}

export class SimulatorProcesses {
  readonly #options: SimulatorProcessesOptions;
  readonly #members: Member[] = [];
  readonly #confirmation: Histogram = build(DELAY_RANGE);
  readonly #lateness: Histogram = build(DELAY_RANGE);
  readonly #links: EncodedLinks[] = [];
  readonly #sent: Uint32Array;
  readonly #confirmed: Uint32Array;
  #originUnixMs: number | null = null;
  #holding = false;
  #announcedReady = false;

  constructor(options: SimulatorProcessesOptions) {
    this.#options = options;
    this.#sent = new Uint32Array(options.stations);
    this.#confirmed = new Uint32Array(options.stations);
    const { from, to } = options.segments;
    for (let index = from; index < to; index++) this.#members.push(this.#member(index));
  }

  start(): void {
    for (const member of this.#members) member.process.start();
  }

  /** Begins to play; step 0 is due at `originUnixMs`. */
  go(originUnixMs: number): void {
    this.#originUnixMs = originUnixMs;
    for (const member of this.#members) member.process.send({ type: 'go', originUnixMs });
  }

  /** Pull: where each process listens, by index of its segment. Once all are ready. */
  get listening(): readonly (Endpoint & { readonly segment: number })[] {
    return this.#members.flatMap(({ index, listen }) => (listen === null ? [] : [{ ...listen, segment: index }]));
  }

  /** Pull: the head-end is gone. Resolves when all processes have reported once more and ended. */
  async end(): Promise<void> {
    await Promise.all(
      this.#members.map(
        (member) =>
          new Promise<void>((resolve) => {
            member.process.expectEnd(resolve);
            member.process.send({ type: 'end' });
          }),
      ),
    );
  }

  /** Ends early: sends nothing more, collects last confirmations, then `onFinished`. */
  hold(): void {
    this.#holding = true;
    for (const member of this.#members) if (!member.finished) member.process.send({ type: 'hold' });
  }

  kill(): void {
    for (const member of this.#members) member.process.kill();
  }

  /** Sums over all processes and all their lives. */
  stats(): SimulatorStats {
    const sum = emptySimulatorStats();
    for (const member of this.#members) {
      addStats(sum, member.past);
      if (member.last !== null) addStats(sum, member.last.stats);
    }
    return sum;
  }

  /** How long each process kept what was due waiting, of its present life. */
  get loopDelays(): readonly NamedLoopDelay[] {
    return this.#members.flatMap(({ process, last }) => (last === null ? [] : [{ process: process.name, ...last.loopDelay }]));
  }

  /** Steps that all concentrators have settled. */
  get settledStep(): number {
    return this.#members.reduce((least, member) => Math.min(least, member.settledStep), this.#options.scenario.behaviour.steps);
  }

  /** How far the average concentrator is; for people who wait. */
  get meanSettledStep(): number {
    const steps = this.#members.map((member) => member.last?.meanSettledStep ?? member.settledStep);
    return Math.floor(steps.reduce((sum, step) => sum + step, 0) / Math.max(1, steps.length));
  }

  /** By station: all steps below were sent; were confirmed. Of finished processes. */
  get ledger(): { readonly sent: Uint32Array; readonly confirmed: Uint32Array } {
    return { sent: this.#sent, confirmed: this.#confirmed };
  }

  /** From sending to confirmation, and lateness of sending; units of 0.1 ms. Of finished processes. */
  get histograms(): { readonly confirmation: Histogram; readonly lateness: Histogram } {
    return { confirmation: this.#confirmation, lateness: this.#lateness };
  }

  /** What the links did, of each finished process. */
  get links(): readonly EncodedLinks[] {
    return this.#links;
  }

  #member(index: number): Member {
    const { clock, scenario, targets, confirmed, segments } = this.#options;
    const process = new ManagedProcess<ToSimulator, FromSimulator>({
      clock,
      name: `simulator ${index + 1}`,
      module: new URL('./simulator-process.js', import.meta.url),
      niceness: scenario.speed === 'max' ? MAX_SPEED_NICENESS : 0,
      onStart: () => {
        if (member.process.pid !== null) this.#options.onProcess(member.process.name, member.process.pid);
        const segment = { index, count: segments.of };
        const { settledStep: fromStep } = member;
        const { masterKey, firstAddress = null } = this.#options;
        member.process.send({ type: 'prepare', scenario, segment, fromStep, targets, listen: member.listen, firstAddress, masterKey, confirmed });
        if (this.#originUnixMs !== null) member.process.send({ type: 'go', originUnixMs: this.#originUnixMs });
        if (this.#holding) member.process.send({ type: 'hold' });
      },
      onMessage: (message) => this.#received(member, message),
      onDied: (why) => this.#died(member, why),
    });
    const { listen } = this.#options;
    const port = listen === null || listen.port === 0 ? 0 : listen.port + index - segments.from;
    const member: Member = {
      process,
      index,
      ready: false,
      finished: false,
      listen: listen === null ? null : { address: listen.address, port },
      past: emptySimulatorStats(),
      last: null,
      settledStep: 0,
    };
    return member;
  }

  #received(member: Member, message: FromSimulator): void {
    if (message.type === 'failed') {
      this.#options.onFailed(`${member.process.name} can't listen: ${message.why}`);
      return;
    }
    if (message.type === 'ready') {
      member.ready = true;
      member.listen = message.listening;
      if (this.#announcedReady || !this.#members.every((m) => m.ready)) return;
      this.#announcedReady = true;
      this.#options.onReady();
      return;
    }
    member.last = message;
    member.settledStep = message.settledStep;
    const { ledger } = message;
    if (ledger !== null) {
      this.#sent.set(ledger.sent, ledger.fromStation);
      this.#confirmed.set(ledger.confirmed, ledger.fromStation);
    }
    if (message.type === 'finished') this.#finished(member, message);
  }

  #finished(member: Member, message: SimulatorProgress): void {
    // A process that is pulled reports twice: when all is settled, and when the head-end is gone.
    const last = this.#options.listen === null || member.finished;
    if (last && message.confirmation !== null) this.#confirmation.add(decodeFromCompressedBase64(message.confirmation));
    if (last && message.lateness !== null) this.#lateness.add(decodeFromCompressedBase64(message.lateness));
    if (last && message.links !== null) this.#links.push(message.links);
    const first = !member.finished;
    member.finished = true;
    if (first) member.process.expectEnd(() => {});
    if (first && this.#members.every((m) => m.finished)) this.#options.onFinished();
  }

  #died(member: Member, why: string): boolean {
    if (member.last !== null) {
      addStats(member.past, member.last.stats);
      member.past.connected = 0;
      member.last = null;
    }
    if (member.process.restarts >= RESTARTS_MAX) {
      this.#options.onFailed(`${member.process.name} died ${RESTARTS_MAX} times, last with ${why}`);
      return false;
    }
    this.#options.onRestart(member.process.name, why);
    return true;
  }
}

function addStats(sum: SimulatorStats, part: SimulatorStats): void {
  for (const name of Object.keys(sum) as (keyof SimulatorStats)[]) sum[name] += part[name];
}
