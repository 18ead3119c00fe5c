/** Main of a simulator process: plays one segment. Started by the runner, driven over IPC. */

import { encodeIntoCompressedBase64 } from 'hdr-histogram-js';
import { systemClock } from '../base/clock.ts';
import { LoopWatch } from '../monitor/loop-delay.ts';
import type { DelayLog } from '../simulator/delay-log.ts';
import type { Ledger, SimulatorStats } from '../simulator/simulator-stats.ts';
import { leaveSignalsToRunner } from './leave-signals.ts';
import { PullSegment } from './pull-segment.ts';
import { PushSegment } from './push-segment.ts';
import { buildSegment } from './segment.ts';
import type { SegmentLinks } from './segment-links.ts';
import type { FromSimulator, SimulatorProgress, ToSimulator } from './simulator-messages.ts';

const PROGRESS_MS = 200;
const LOOP = new LoopWatch();
/** After `hold`: how long confirmations are waited for. */
const LAST_CONFIRMATIONS_MS = 2000;
/** After the end: how long connections may take to send what they still hold. */
const CLOSE_MS = 10_000;

type Prepare = Extract<ToSimulator, { type: 'prepare' }>;

/** What a simulator of either kind can be asked. */
interface Simulator {
  readonly stats: SimulatorStats;
  readonly settledStep: number;
  readonly meanSettledStep: number;
  readonly ledger: Ledger;
  readonly delays: DelayLog;
  hold(): void;
  end(): void;
}

interface Playing {
  readonly simulator: Simulator;
  readonly links: SegmentLinks;
  start(): void;
}

class SimulatorProcess {
  #prepare: Prepare | null = null;
  #make: ((originUnixMs: number) => Playing) | null = null;
  #originUnixMs: number | null = null;
  #playing: Playing | null = null;

  receive(message: ToSimulator): void {
    if (message.type === 'prepare') {
      this.#prepare = message;
      this.#prepared(message);
    } else if (message.type === 'go') {
      this.#originUnixMs = message.originUnixMs;
      this.#play();
    } else if (message.type === 'hold') {
      this.#playing?.simulator.hold();
      systemClock.schedule(LAST_CONFIRMATIONS_MS, () => this.#finished());
    } else {
      this.#leave();
    }
  }

  /** When it is ready and has been told to, whichever comes last. */
  #play(): void {
    if (this.#make === null || this.#originUnixMs === null || this.#playing !== null) return;
    this.#playing = this.#make(this.#originUnixMs);
    this.#playing.start();
    LOOP.start();
    this.#report();
  }

  #prepared(prepare: Prepare): void {
    const grid = buildSegment(prepare.scenario, prepare.segment);
    if (prepare.listen === null) {
      const { fromStep, targets, confirmed } = prepare;
      this.#make = (originUnixMs) => {
        const push = new PushSegment({ grid, fromStep, targets, confirmed, originUnixMs, onFinished: () => this.#finished() });
        return { simulator: push.simulator, links: push.links, start: () => push.start() };
      };
      tell({ type: 'ready', listening: null });
      this.#play();
      return;
    }
    const pull = new PullSegment({ prepare, grid, listen: prepare.listen, onFinished: () => this.#finished() });
    pull.listen((result) => {
      if ('error' in result) {
        tell({ type: 'failed', why: result.error });
        return;
      }
      this.#make = (originUnixMs) => {
        const simulator = pull.play(originUnixMs);
        return { simulator, links: pull.links, start: () => simulator.start() };
      };
      tell({ type: 'ready', listening: result });
      this.#play();
    });
  }

  #report(): void {
    systemClock.schedule(PROGRESS_MS, () => {
      if (this.#playing === null) return;
      tell(progressOf(this.#playing, 'progress'));
      this.#report();
    });
  }

  #finished(): void {
    if (this.#playing === null) return;
    // Who is pulled goes on answering until the head-end is gone.
    if (this.#prepare?.listen !== null) tell(progressOf(this.#playing, 'finished'));
    else this.#leave();
  }

  /** Reports for the last time; the process ends by itself once its connections have. */
  #leave(): void {
    const playing = this.#playing;
    if (playing === null) {
      leave();
      return;
    }
    const last = progressOf(playing, 'finished');
    playing.simulator.end();
    this.#playing = null;
    process.send?.(last, () => {
      process.off('disconnect', leave);
      if (process.connected) process.disconnect();
    });
    playing.links.stop();
    const limit = setTimeout(leave, CLOSE_MS);
    limit.unref();
  }
}

function progressOf({ simulator, links }: Playing, type: 'progress' | 'finished'): SimulatorProgress {
  const last = type === 'finished';
  const { confirmation, lateness } = simulator.delays;
  return {
    type,
    stats: simulator.stats,
    loopDelay: LOOP.delay,
    settledStep: simulator.settledStep,
    meanSettledStep: simulator.meanSettledStep,
    ledger: last ? simulator.ledger : null,
    confirmation: last ? encodeIntoCompressedBase64(confirmation) : null,
    lateness: last ? encodeIntoCompressedBase64(lateness) : null,
    links: last ? links.encoded() : null,
  };
}

/** The runner is gone: nobody wants the rest. */
function leave(): void {
  process.exit();
}

function tell(message: FromSimulator): void {
  process.send?.(message);
}

const main = new SimulatorProcess();
process.on('message', (message) => main.receive(message as ToSimulator));
process.on('disconnect', leave);
// A signal to the whole group reaches the runner too, which decides what happens then.
leaveSignalsToRunner();
