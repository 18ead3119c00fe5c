/**
 * The whole system in one process: scenario to audit on a virtual clock, over a wire in memory, with faults drawn from a
 * seed. The classes are those of the real run; only clock, wire, files and store are others. What a seed does once it does
 * always, so a failure is found again by its seed.
 */

import { Auditor, type AuditResult } from '../audit/auditor.ts';
import { VirtualClock } from '../base/clock.ts';
import { draw, streamKey } from '../base/random.ts';
import type { Scenario } from '../grid/scenario/scenario.ts';
import { generateStations } from '../grid/topology/stations.ts';
import { MemoryWire } from '../network/wire/memory-wire.ts';
import type { Endpoint } from '../network/wire/wire.ts';
import type { PollPlan } from '../run/headend-messages.ts';
import { devicesOf, pollPlans } from '../run/poll-plans.ts';
import { buildSegment } from '../run/segment.ts';
import { Faults, type FaultCounts } from './faults.ts';
import { TrialHeadend } from './trial-headend.ts';
import { TrialSimulator } from './trial-simulator.ts';

export interface TrialOptions {
  readonly scenario: Scenario;
  /** Decides on faults, on where the wire cuts, and on what a crash leaves; not on the grid. */
  readonly seed: number;
  readonly simulators: number;
  readonly intakes: number;
  /** Push without a buffer, into one intake. */
  readonly direct?: boolean;
  /** Faults on average in a second of the clock; 0: none. */
  readonly faultsPerSecond: number;
}

export interface TrialResult {
  readonly audit: AuditResult;
  readonly faults: FaultCounts;
  readonly clockMs: number;
  readonly duplicatesDropped: number;
  readonly resentMessages: number;
}

/** A trial that takes longer than this on the clock hangs. */
const LIMIT_MS = 3_600_000;

export async function runTrial(options: TrialOptions): Promise<TrialResult> {
  const { scenario, seed } = options;
  const clock = new VirtualClock(scenario.behaviour.start.unixSeconds * 1000);
  const wire = new MemoryWire({ clock, delayMs: 1, seed });
  const pull = scenario.behaviour.communication === 'pull';
  const masterKey = scenario.security === null ? null : Uint8Array.from({ length: 32 }, (_, i) => draw(streamKey(seed, 'master-key'), i) & 0xff);
  const headend = new TrialHeadend({
    clock,
    wire,
    seed,
    intakes: options.intakes,
    scenario,
    direct: options.direct === true,
    plans: pull ? plansOf(scenario, { options, originUnixMs: clock.unixMs(), masterKey }) : [],
  });
  const simulators = Array.from(
    { length: options.simulators },
    (_, index) =>
      new TrialSimulator({
        clock,
        wire,
        grid: buildSegment(scenario, { index, count: options.simulators }),
        targets: pull ? [] : headend.endpoints,
        listen: pull ? listenOf(index) : null,
        masterKey,
        seed: seed + index,
      }),
  );
  const faults = new Faults({ clock, seed, perSecond: options.faultsPerSecond, wire, headend, simulators });
  headend.start();
  for (const simulator of simulators) simulator.start();
  faults.start();
  const played = clock.run(() => simulators.every((simulator) => simulator.finished), LIMIT_MS);
  faults.stop();
  if (!played) throw new Error(`seed ${seed}: the simulators never finished; ${simulators.map(String).join('; ')}`);
  headend.stop();
  if (!clock.run(() => headend.stopped, LIMIT_MS)) throw new Error(`seed ${seed}: the head-end never stopped`);
  const grid = buildSegment(scenario, { index: 0, count: 1 });
  const ledger = ledgerOf(simulators, grid.stations.count);
  const audit = await new Auditor({ ...grid, ledger }).run(headend.readings);
  return {
    audit,
    faults: faults.counts,
    clockMs: clock.nowMs(),
    duplicatesDropped: headend.duplicatesDropped,
    resentMessages: simulators.reduce((sum, simulator) => sum + simulator.resentMessages, 0),
  };
}

function listenOf(index: number): Endpoint {
  return { address: '0.0.0.0', port: 5000 + index };
}

function plansOf(
  scenario: Scenario,
  of: { readonly options: TrialOptions; readonly originUnixMs: number; readonly masterKey: Uint8Array | null },
): readonly PollPlan[] {
  const { options, originUnixMs, masterKey } = of;
  const { simulators, intakes } = options;
  const listening = Array.from({ length: simulators }, (_, segment) => ({ port: listenOf(segment).port, segment }));
  const devices = devicesOf(generateStations(scenario), listening, simulators);
  const security = masterKey === null || scenario.security === null ? null : { masterKey, suite: scenario.security };
  return pollPlans({ scenario, devices, originUnixMs, security }, intakes);
}

function ledgerOf(simulators: readonly TrialSimulator[], stations: number) {
  const sent = new Uint32Array(stations);
  const confirmed = new Uint32Array(stations);
  for (const { ledger } of simulators) {
    sent.set(ledger.sent, ledger.fromStation);
    confirmed.set(ledger.confirmed, ledger.fromStation);
  }
  return { sent, confirmed, complete: true, confirms: true };
}
