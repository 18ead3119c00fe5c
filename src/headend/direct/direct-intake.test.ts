import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../base/clock.ts';
import { MemoryWire } from '../../network/wire/memory-wire.ts';
import { expectedRows, push, Sender, T0 } from '../intake/sender.fixture.ts';
import { MemoryStore, MemoryStoreContent } from '../store/memory-store.ts';
import type { StoreFault } from '../store/store.ts';
import { DirectIntake, type DirectIntakeOptions } from './direct-intake.ts';
import { StoreMessageStore } from './store-message-store.ts';

const ENDPOINT = { address: '127.0.0.1', port: 4059 };

interface World {
  readonly clock: VirtualClock;
  readonly wire: MemoryWire;
  readonly content: MemoryStoreContent;
  readonly intake: DirectIntake;
  fault: StoreFault | null;
}

function world(options: Partial<DirectIntakeOptions> & { readonly storeMs?: number; readonly content?: MemoryStoreContent } = {}): World {
  const clock = new VirtualClock(T0 * 1000);
  const wire = new MemoryWire({ clock, delayMs: 1, seed: 5 });
  const content = options.content ?? new MemoryStoreContent();
  const store = new StoreMessageStore({
    store: new MemoryStore({ clock, content, delayMs: options.storeMs ?? 1, fault: (operation) => (operation === 'commit' ? made.fault : null) }),
    intervalSeconds: 900,
  });
  const made: World = { clock, wire, content, intake: new DirectIntake({ clock, wire, store, endpoint: ENDPOINT, confirmEveryMs: 10, ...options }), fault: null };
  made.intake.start((result) => expect(result).toEqual({ endpoint: ENDPOINT }));
  reach(made, () => clock.nowMs() > 20);
  return made;
}

/** Lets the world go on until the condition holds; ten minutes of it must be enough. */
function reach({ clock }: Pick<World, 'clock'>, condition: () => boolean): void {
  const end = clock.nowMs() + 600_000;
  const tick = (): void => {
    clock.schedule(5, tick);
  };
  tick();
  clock.run(() => condition() || clock.nowMs() > end);
  expect(condition()).toBe(true);
}

function connect(on: World, count: number): Sender[] {
  const senders = Array.from({ length: count }, () => new Sender({ wire: on.wire, clock: on.clock, to: ENDPOINT }));
  reach(on, () => senders.every((sender) => sender.open || sender.closed !== null));
  return senders;
}

function rows({ content }: World): string[] {
  const { readings } = content;
  return Array.from({ length: readings.length }, (_, i) => {
    const { meter, time, value } = readings.row(i);
    return `${meter} ${time} ${value}`;
  });
}

describe('direct intake', () => {
  it('confirms a message after its transaction, and not before', () => {
    const on = world({ storeMs: 50 });
    const [sender] = connect(on, 1);
    sender?.connection.write(push(100, 70, 1));
    reach(on, () => on.intake.stats().backlogReadings === 70);
    on.fault = { error: 'disk full' };
    reach(on, () => on.intake.stats().faults === 3);
    expect(sender?.confirmed).toEqual([]);
    expect(on.content.rows).toBe(0);
    expect(on.intake.stats()).toMatchObject({ lastFault: 'disk full', storedReadings: 0, backlogReadings: 70 });
    on.fault = null;
    reach(on, () => sender?.last === 1);
    expect(rows(on)).toEqual(expectedRows(100, 70, 1));
    expect(on.intake.stats()).toMatchObject({ storedReadings: 70, duplicatesDropped: 0, transactions: 1, backlogReadings: 0, messages: 1 });
    expect(on.intake.transactions.totalCount).toBe(1);
    expect(on.intake.delays.totalCount).toBe(70);
  });

  it('makes each message a transaction, those of a connection in their order, and takes turns', () => {
    const on = world();
    const senders = connect(on, 5);
    for (let at = 1; at <= 8; at++) senders.forEach((sender, i) => sender.connection.write(push(i * 100, 3, at)));
    reach(on, () => senders.every((sender) => sender.last === 8));
    for (const { confirmed } of senders) expect(confirmed).toEqual(confirmed.toSorted((a, b) => a - b));
    expect(on.intake.stats()).toMatchObject({ transactions: 40, storedReadings: 120 });
    expect(rows(on).slice(0, 15).toSorted()).toEqual([0, 100, 200, 300, 400].flatMap((first) => expectedRows(first, 3, 1)).toSorted());
    senders[2]?.connection.write(push(200, 4, 8));
    reach(on, () => on.intake.stats().transactions === 41);
    expect(on.intake.stats()).toMatchObject({ storedReadings: 121, duplicatesDropped: 3 });
  });

  it('reads no further when many readings wait, and goes on when half of them are stored', () => {
    const on = world({ storeMs: 20, queueReadingsMax: 1000 });
    const senders = connect(on, 20);
    for (let at = 1; at <= 10; at++) {
      for (const [i, sender] of senders.entries()) sender.connection.write(push(i * 100, 70, at));
      reach(on, () => on.clock.nowMs() >= at * 10);
    }
    reach(on, () => on.intake.stats().storedReadings > 0);
    const { pauses, backlogReadings } = on.intake.stats();
    expect(pauses).toBe(1);
    // Twenty messages of 71 are there before anybody can be told to wait.
    expect(backlogReadings).toBeLessThan(3000);
    reach(on, () => senders.every((sender) => sender.last === 10));
    const stats = on.intake.stats();
    expect(stats.storedReadings).toBe(14_000);
    expect(stats.backlogReadingsPeak).toBeLessThan(3000);
    expect(stats.pauses).toBeGreaterThan(1);
    expect(stats.pausedMs).toBeGreaterThan(1000);
    expect(on.content.rows).toBe(14_000);
  });

  it('closes the connection of who sends nonsense, and stores what came before it', () => {
    const on = world();
    const [good, bad] = connect(on, 2);
    bad?.connection.write(push(0, 5, 1));
    bad?.connection.write(new Uint8Array(50).fill(7));
    reach(on, () => bad?.closed !== null);
    good?.connection.write(push(100, 5, 1));
    reach(on, () => good?.last === 1);
    expect(on.intake.stats()).toMatchObject({ malformedMessages: 1, storedReadings: 10, connections: 1 });
  });

  it('stores and confirms what has arrived before it stops', () => {
    const on = world({ storeMs: 30 });
    const senders = connect(on, 10);
    for (const [i, sender] of senders.entries()) sender.connection.write(push(i * 100, 10, 1));
    reach(on, () => on.intake.stats().messages === 10);
    let stopped = false;
    on.intake.stop(() => {
      stopped = true;
    });
    reach(on, () => stopped);
    expect(senders.map((sender) => sender.last)).toEqual(senders.map(() => 1));
    expect(senders.every((sender) => sender.closed !== null)).toBe(true);
    expect(on.content.rows).toBe(100);
    const late = new Sender({ wire: on.wire, clock: on.clock, to: ENDPOINT });
    reach(on, () => late.closed !== null);
  });
});
