/** The reference head-end of a trial: intakes and store on the virtual clock, each of which can crash and come back. */

import type { Clock } from '../base/clock.ts';
import { draw, streamKey } from '../base/random.ts';
import type { Scenario } from '../grid/scenario/scenario.ts';
import { MemoryBufferFiles, MemoryDisk } from '../headend/buffer/memory-buffer-files.ts';
import { DirectIntake } from '../headend/direct/direct-intake.ts';
import { StoreMessageStore } from '../headend/direct/store-message-store.ts';
import { Intake } from '../headend/intake/intake.ts';
import { credentialsOf } from '../headend/poll/credentials.ts';
import { Poller } from '../headend/poll/poller.ts';
import { MemoryStore, MemoryStoreContent } from '../headend/store/memory-store.ts';
import type { StoreFault } from '../headend/store/store.ts';
import { StoreLoader } from '../headend/store/store-loader.ts';
import type { MemoryWire } from '../network/wire/memory-wire.ts';
import type { Endpoint } from '../network/wire/wire.ts';
import type { ReadingSource } from '../reading/source.ts';
import type { PollPlan } from '../run/headend-messages.ts';

export interface TrialHeadendOptions {
  readonly clock: Clock;
  readonly wire: MemoryWire;
  readonly seed: number;
  readonly intakes: number;
  readonly scenario: Scenario;
  /** One intake that stores by itself, each message in a transaction; a crash of the store is a time in which it answers with faults. */
  readonly direct: boolean;
  /** Pull: what each poller is told; then there are no intakes. */
  readonly plans: readonly PollPlan[];
}

/** What one process holds that is gone when it crashes. */
interface Life<T> {
  readonly work: T;
  readonly crash: () => void;
}

/** An intake or a poller. */
interface Taker {
  stop(onStopped: () => void): void;
}

const DISK_DELAY_MS = 2;
const STORE_DELAY_MS = 5;
/** A message takes a few of them. */
const DIRECT_DELAY_MS = 1;

export class TrialHeadend {
  readonly endpoints: readonly Endpoint[];
  readonly #options: TrialHeadendOptions;
  readonly #disk = new MemoryDisk();
  readonly #content = new MemoryStoreContent();
  readonly #intakes: (Life<Taker> | null)[];
  #store: Life<StoreLoader> | null = null;
  #lives = 0;
  #draws = 0;
  #intakesStopped = 0;
  #stopping = false;
  #stopped = false;
  #duplicates = 0;
  #storeAwayUntilMs = -Infinity;

  constructor(options: TrialHeadendOptions) {
    this.#options = options;
    const takers = options.direct ? 1 : options.plans.length > 0 ? options.plans.length : options.intakes;
    this.endpoints = Array.from({ length: takers }, (_, i) => ({ address: '127.0.0.1', port: 4059 + i }));
    this.#intakes = this.endpoints.map(() => null);
  }

  /** What is committed. */
  get readings(): ReadingSource {
    return this.#content;
  }

  get stopped(): boolean {
    return this.#stopped;
  }

  get duplicatesDropped(): number {
    const direct = this.#intakes.map((life) => (life?.work instanceof DirectIntake ? life.work.stats().duplicatesDropped : 0));
    return this.#duplicates + (this.#store?.work.stats().duplicatesDropped ?? 0) + direct.reduce((sum, count) => sum + count);
  }

  start(): void {
    if (!this.#options.direct) this.#startStore();
    for (let i = 0; i < this.endpoints.length; i++) this.#startIntake(i);
  }

  /** In order: intakes take what has arrived, then the store loads all of it. */
  stop(): void {
    this.#stopping = true;
    for (const life of this.#intakes) {
      if (life === null) this.#intakeStopped();
      else life.work.stop(() => this.#intakeStopped());
    }
  }

  crashIntake(index: number, awayMs: number): void {
    const { clock, wire } = this.#options;
    const [life, endpoint] = [this.#intakes[index], this.endpoints[index]];
    if (life === null || life === undefined || endpoint === undefined) return;
    this.#intakes[index] = null;
    if (life.work instanceof DirectIntake) this.#duplicates += life.work.stats().duplicatesDropped;
    life.crash();
    wire.crashEndpoint(endpoint);
    clock.schedule(awayMs, () => {
      if (!this.#stopping) this.#startIntake(index);
    });
  }

  crashStore(awayMs: number): void {
    this.#storeAwayUntilMs = this.#options.clock.nowMs() + awayMs;
    const life = this.#store;
    if (life === null) return;
    this.#duplicates += life.work.stats().duplicatesDropped;
    this.#store = null;
    life.crash();
    this.#options.clock.schedule(awayMs, () => {
      if (this.#store === null) this.#startStore();
    });
  }

  #startIntake(index: number): void {
    const { clock, wire } = this.#options;
    const endpoint = this.endpoints[index];
    if (endpoint === undefined) return;
    if (this.#options.direct) {
      this.#startDirect(index, endpoint);
      return;
    }
    const files = this.#files();
    const plan = this.#options.plans[index];
    if (plan !== undefined) {
      this.#startPoller(index, plan, files);
      return;
    }
    const work = new Intake({ clock, wire, files, number: index, endpoint, groupRows: 4096, confirmEveryMs: 20 });
    this.#intakes[index] = { work, crash: () => files.crash() };
    work.start((result) => {
      if ('error' in result) throw new Error(`intake ${index}: ${result.error}`);
    });
  }

  #startDirect(index: number, endpoint: Endpoint): void {
    const { clock, wire, scenario } = this.#options;
    const away = (): StoreFault | null => (clock.nowMs() < this.#storeAwayUntilMs ? { error: 'the store is away' } : null);
    const store = new MemoryStore({ clock, content: this.#content, delayMs: DIRECT_DELAY_MS, fault: away });
    const messages = new StoreMessageStore({ store, intervalSeconds: scenario.behaviour.intervalSeconds });
    const work = new DirectIntake({ clock, wire, store: messages, endpoint, confirmEveryMs: 20, retryMs: 50, queueReadingsMax: 2000 });
    this.#intakes[index] = { work, crash: () => store.crash() };
    work.start((result) => {
      if ('error' in result) throw new Error(`intake ${index}: ${result.error}`);
    });
  }

  #startPoller(index: number, plan: PollPlan, files: MemoryBufferFiles): void {
    const { clock, wire, seed } = this.#options;
    const { security, ...rest } = plan;
    const key = streamKey(seed, 'poller-random');
    const random = (bytes: number): Uint8Array => Uint8Array.from({ length: bytes }, () => draw(key, this.#draws++) & 0xff);
    const work = new Poller({ ...rest, clock, wire, files, number: index, credentials: credentialsOf(security), random, groupRows: 4096 });
    this.#intakes[index] = {
      work,
      crash: () => {
        work.crash();
        files.crash();
      },
    };
    work.start((error) => {
      if (error !== null) throw new Error(`poller ${index}: ${error}`);
    });
  }

  #startStore(): void {
    const { clock, scenario } = this.#options;
    const files = this.#files();
    const store = new MemoryStore({ clock, content: this.#content, delayMs: STORE_DELAY_MS });
    const { intervalSeconds } = scenario.behaviour;
    const work = new StoreLoader({ clock, files, store, intervalSeconds, commitRows: 20_000, commitMs: 100 });
    this.#store = {
      work,
      crash: () => {
        files.crash();
        store.crash();
      },
    };
    work.start();
  }

  #intakeStopped(): void {
    this.#intakesStopped++;
    if (this.#intakesStopped < this.endpoints.length) return;
    if (this.#options.direct) {
      this.#stopped = true;
      return;
    }
    if (this.#store === null) this.#startStore();
    // An intake that was away when all ended left its file open; the next one of its name seals it.
    this.#sealLeftovers(() => {
      this.#store?.work.stop(() => {
        this.#stopped = true;
      });
    });
  }

  #sealLeftovers(done: () => void): void {
    let away = 0;
    this.#intakes.forEach((life, index) => {
      if (life !== null) return;
      away++;
      this.#startIntake(index);
      const { work } = this.#intakes[index] ?? {};
      this.#options.clock.schedule(100, () =>
        work?.stop(() => {
          away--;
          if (away === 0) done();
        }),
      );
    });
    if (away === 0) done();
  }

  #files(): MemoryBufferFiles {
    const { clock, seed } = this.#options;
    return new MemoryBufferFiles({ clock, disk: this.#disk, seed: seed + this.#lives++, delayMs: DISK_DELAY_MS });
  }
}
