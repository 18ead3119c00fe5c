/**
 * Links alone, one core: the model (delay, loss, bucket, TCP) in packets; and whole connections over links on the clock, from `write` to the
 * real socket's `write`, which goes nowhere.
 */

import { type Clock, VirtualClock } from '../src/base/clock.ts';
import { Lines } from '../src/network/link/lines.ts';
import { LinkModel } from '../src/network/link/link-model.ts';
import { UP } from '../src/network/link/link-parameters.ts';
import { LinkWire } from '../src/network/link/link-wire.ts';
import type { Connection, ConnectionHandlers, Wire } from '../src/network/wire/wire.ts';
import type { Scenario } from '../src/grid/scenario/scenario.ts';
import { unitsPerSecond } from './rounds.ts';

const LINKS = 10_000;
const NOWHERE = { address: '127.0.0.1', port: 9 };
const PUSH_BYTES = 700;
/** A day of back-fill, as in the reference figures. */
const LONG_SEGMENTS = 72;
const SEGMENT_BYTES = 1400;

export function benchLinks(scenario: Scenario): Record<string, number> {
  return {
    modelPacketsPerSecond: modelPackets(scenario, 1),
    modelLongMessagePacketsPerSecond: modelPackets(scenario, LONG_SEGMENTS),
    wirePacketsPerSecond: wirePackets(scenario),
  };
}

function common(scenario: Scenario) {
  const categories = scenario.grid.links;
  return { seed: scenario.seed, categories, category: Uint8Array.from({ length: LINKS }, (_, i) => i % categories.length), first: 0 };
}

function modelPackets(scenario: Scenario, segments: number): number {
  const { direction, tcp } = scenario.network;
  const model = new LinkModel({ ...common(scenario), direction, tcp });
  let atMs = 0;
  return unitsPerSecond(LINKS * segments, () => {
    for (let link = 0; link < LINKS; link++) model.send(link, UP, atMs, segments === 1 ? PUSH_BYTES : segments * SEGMENT_BYTES);
    atMs += 900_000;
  });
}

/** Takes everything, and opens at once. */
class NullWire implements Wire {
  connect(_: unknown, handlers: ConnectionHandlers): Connection {
    handlers.onOpen?.();
    return { local: NOWHERE, remote: NOWHERE, queuedBytes: 0, write: () => true, pause: () => {}, resume: () => {}, end: () => {}, destroy: () => {} };
  }

  listen(): void {
    throw new Error('nobody listens on a null wire');
  }
}

/** Each link carries a push in each quarter hour. */
function wirePackets(scenario: Scenario): number {
  const { direction, tcp } = scenario.network;
  const clock: Clock & { run(done: () => boolean, limitMs?: number): boolean } = new VirtualClock();
  const model = new LinkModel({ ...common(scenario), direction, tcp });
  const lines = new Lines({ ...common(scenario), stats: model.stats });
  const wire = new LinkWire({ clock, wire: new NullWire(), model, lines, speed: 1, linkAt: () => 0 });
  wire.start(0);
  const nobody: ConnectionHandlers = { onData: () => {}, onClose: () => {} };
  const connections = Array.from({ length: LINKS }, (_, link) => wire.connectLink(link, { from: () => undefined, to: NOWHERE }, nobody));
  clock.run(() => false, clock.nowMs() + 200_000);
  const push = new Uint8Array(PUSH_BYTES);
  return unitsPerSecond(LINKS, () => {
    for (const connection of connections) connection.write(push);
    clock.run(() => false, clock.nowMs() + 900_000);
  });
}
