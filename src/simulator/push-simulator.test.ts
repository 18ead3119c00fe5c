import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../base/clock.ts';
import { packageFile } from '../base/package-root.ts';
import { parseScenario } from '../grid/scenario/parse.ts';
import { MemoryWire } from '../network/wire/memory-wire.ts';
import type { Connection } from '../network/wire/wire.ts';
import { CONFIRMATION_BYTES, encodeConfirmation } from '../protocol/dlms/push/push-confirmation.ts';
import { PushDecoder } from '../protocol/dlms/push/push-decode.ts';
import { WrapperReceiver } from '../protocol/wrapper/wrapper-receiver.ts';
import { ReadingBatch } from '../reading/batch.ts';
import { buildSegment } from '../run/segment.ts';
import { PushMessages } from './push-messages.ts';
import { PushSimulator } from './push-simulator.ts';
import { LockStep, OpenLoop } from './schedule.ts';

const TARGET = { address: '127.0.0.1', port: 4059 };

interface Received {
  readonly address: string;
  readonly concentrator: number | null;
  readonly sentHundredths: number;
  readonly atMs: number;
  readonly meters: number[];
}

/** A head-end of a few lines: remembers messages, and answers each one as it is told. */
class SmallHeadend {
  readonly received: Received[] = [];
  readonly connections: Connection[] = [];
  answer: 'confirm' | 'nothing' | 'garbage' | 'close' = 'confirm';

  constructor(wire: MemoryWire, clock: VirtualClock) {
    const decoder = new PushDecoder();
    wire.listen(
      TARGET,
      (connection) => {
        this.connections.push(connection);
        const receiver = new WrapperReceiver({ apduBytesMax: 65535 });
        return {
          onData: (bytes) => {
            receiver.receive(bytes, (from, offset, length) => {
              const batch = new ReadingBatch(100_000);
              const decoded = decoder.decode(from, offset, length, batch);
              expect(decoded.status).toBe('push');
              const sentHundredths = (decoded.sentUnixSeconds ?? 0) * 100 + decoded.sentHundredths;
              const meters = Array.from(batch.meter.subarray(0, batch.length));
              const { concentrator } = decoded;
              this.received.push({ address: connection.remote.address, concentrator, sentHundredths, atMs: clock.nowMs(), meters });
              this.#answer(connection, sentHundredths);
              return this.answer !== 'close';
            });
          },
          onClose: () => {},
        };
      },
      () => {},
    );
  }

  #answer(connection: Connection, hundredths: number): void {
    if (this.answer === 'garbage') connection.write(Uint8Array.of(9, 9, 9, 9, 9, 9, 9, 9, 9));
    if (this.answer === 'close') connection.destroy();
    if (this.answer !== 'confirm') return;
    const bytes = new Uint8Array(CONFIRMATION_BYTES);
    const sentUnixSeconds = Math.floor(hundredths / 100);
    encodeConfirmation(bytes, 0, { sentUnixSeconds, sentHundredths: hundredths % 100, offsetMinutes: 60, invokeId: 0 });
    connection.write(bytes);
  }
}

function stage(options: { confirmed?: boolean; fromStep?: number; speed?: number; sets?: readonly string[] } = {}) {
  const sets = ['grid.stations=10', 'grid.meters=600', 'behaviour.steps=100', ...(options.sets ?? [])];
  const parsed = parseScenario({ file: packageFile('scenarios', 'small-grid.yaml'), sets });
  if (!parsed.ok) throw new Error(parsed.errors.map(String).join('\n'));
  const grid = buildSegment(parsed.scenario, { index: 0, count: 1 });
  const clock = new VirtualClock();
  const wire = new MemoryWire({ clock, delayMs: 1, seed: 3 });
  const { fromStation, toStation, steps } = grid.plan;
  const { fromStep = 0, confirmed = true, speed } = options;
  const state = { finished: false };
  const simulator = new PushSimulator({
    clock,
    plan: grid.plan,
    times: grid.times,
    messages: new PushMessages(grid),
    seed: 1,
    backOff: { baseMs: 20, capMs: 200 },
    confirmed,
    fromStep,
    connect: (station, handlers) => wire.connect({ from: `127.64.0.${station + 1}`, to: TARGET }, handlers),
    schedule: (onDue) => {
      const common = { fromStation, toStation, fromStep, steps, onDue };
      return speed === undefined
        ? new LockStep(common)
        : new OpenLoop({ ...common, clock, times: grid.times, speed, originMs: 0 });
    },
    onFinished: () => {
      state.finished = true;
    },
  });
  const headend = new SmallHeadend(wire, clock);
  const run = (until: () => boolean, limitMs = 600_000): boolean => clock.run(until, clock.nowMs() + limitMs);
  return { grid, clock, wire, simulator, headend, state, run };
}

describe('push simulator', () => {
  it('sends every planned row once, each concentrator from its own address, message times rising', () => {
    const { simulator, headend, state, run, grid } = stage();
    simulator.start();
    expect(run(() => state.finished)).toBe(true);
    const last = new Map<string, number>();
    const addressOf = new Map<number | null, string>();
    for (const { address, concentrator, sentHundredths } of headend.received) {
      expect(sentHundredths).toBeGreaterThan(last.get(address) ?? 0);
      last.set(address, sentHundredths);
      expect(addressOf.get(concentrator) ?? address).toBe(address);
      addressOf.set(concentrator, address);
    }
    expect(addressOf.size).toBe(10);
    const rows = headend.received.reduce((sum, message) => sum + message.meters.length, 0);
    expect(rows).toBe(simulator.stats.readings);
    expect(simulator.stats).toMatchObject({ resentMessages: 0, confirmedReadings: rows, malformed: 0, connected: 10 });
    expect(simulator.settledStep).toBe(100);
    let planned = 0;
    for (let station = 0; station < 10; station++) {
      grid.plan.seek(station, 0);
      while (grid.plan.nextStep(station) < 100) {
        grid.plan.step(station);
        planned += grid.plan.rows.currentCount + grid.plan.rows.lateCount;
      }
    }
    expect(rows).toBe(planned);
  });

  it('goes no further than the window while nothing is confirmed, then on', () => {
    const { simulator, headend, state, run } = stage();
    headend.answer = 'nothing';
    simulator.start();
    expect(run(() => state.finished, 60_000)).toBe(false);
    const held = headend.received.length;
    expect(Math.max(...simulator.ledger.sent)).toBe(64);
    expect(simulator.settledStep).toBe(0);
    headend.answer = 'confirm';
    // A reconnect makes everything be sent again, because nothing is settled.
    for (const connection of headend.connections) connection.destroy();
    expect(run(() => state.finished)).toBe(true);
    expect(simulator.stats.resentMessages).toBe(held);
    expect(simulator.settledStep).toBe(100);
  });

  it('without confirmations hands everything over and is done', () => {
    const { simulator, headend, state, run } = stage({ confirmed: false });
    headend.answer = 'nothing';
    simulator.start();
    expect(run(() => state.finished)).toBe(true);
    simulator.end();
    run(() => false);
    expect(headend.received.reduce((sum, { meters }) => sum + meters.length, 0)).toBe(simulator.stats.readings);
    expect(simulator.ledger.confirmed.every((step) => step === 100)).toBe(true);
  });

  it('closes a connection that talks nonsense, counts it, and comes back', () => {
    const { simulator, headend, state, run } = stage();
    headend.answer = 'garbage';
    simulator.start();
    expect(run(() => simulator.stats.malformed > 25)).toBe(true);
    expect(state.finished).toBe(false);
    headend.answer = 'confirm';
    expect(run(() => state.finished)).toBe(true);
    expect(simulator.stats.disconnects).toBeGreaterThanOrEqual(simulator.stats.malformed);
  });

  it('survives a head-end that closes after every message', () => {
    const { simulator, headend, state, run } = stage();
    headend.answer = 'close';
    simulator.start();
    expect(run(() => simulator.stats.disconnects > 50)).toBe(true);
    headend.answer = 'confirm';
    expect(run(() => state.finished)).toBe(true);
  });

  it('begins where it is told to', () => {
    const { simulator, headend, state, run, grid } = stage({ fromStep: 97 });
    simulator.start();
    expect(run(() => state.finished)).toBe(true);
    const { start } = grid.scenario.behaviour;
    const earliest = Math.min(...headend.received.map((message) => message.sentHundredths));
    expect(earliest).toBeGreaterThanOrEqual((start.unixSeconds + 97 * 900) * 100);
  });

  it('at a speed sends each message at its intended time, spread over the step', () => {
    const { simulator, headend, state, run, grid } = stage({ speed: 900, sets: ['behaviour.spread=5 min', 'behaviour.steps=5'] });
    simulator.start();
    expect(run(() => state.finished)).toBe(true);
    const { start } = grid.scenario.behaviour;
    for (const { sentHundredths, atMs } of headend.received) {
      const intendedMs = ((sentHundredths - start.unixSeconds * 100) * 10) / 900;
      // The first messages also wait for their connection; the others for the wire, which cuts and delays.
      expect(atMs - intendedMs).toBeGreaterThan(-1);
      expect(atMs - intendedMs).toBeLessThan(30);
    }
    expect(simulator.delays.lateness.maxValue).toBeLessThan(300);
  });
});
