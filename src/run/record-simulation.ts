/** What simulators alone leave behind: the record that a later audit needs, and a report that says what is known so far. */

import type { Scenario } from '../grid/scenario/scenario.ts';
import type { Stations } from '../grid/topology/topology.ts';
import type { Endpoint } from '../network/wire/wire.ts';
import type { RunReport } from '../report/run-report.ts';
import { storageDelays } from './compose-kpi.ts';
import { composeReport } from './compose-report.ts';
import type { WallSeries } from '../report/wall-samples.ts';
import type { RunProbe } from './run-probe.ts';
import { writeRunRecord } from './run-record.ts';
import type { SimulatorProcesses } from './simulator-processes.ts';

export function recordSimulation(of: {
  readonly scenario: Scenario;
  readonly directory: string;
  readonly stations: Stations;
  readonly simulators: SimulatorProcesses;
  readonly processes: number;
  /** Push: where it went. */
  readonly targets: readonly Endpoint[];
  /** Pull: where the first concentrator was. */
  readonly listen: Endpoint | null;
  readonly confirmed: boolean;
  /** All of the plan could be had before the end. */
  readonly complete: boolean;
  readonly wallMs: number;
  readonly wall: WallSeries;
  readonly probe: RunProbe;
}): RunReport {
  const { scenario, directory, stations, simulators, listen, complete } = of;
  const asked = listen !== null;
  const confirmed = asked || of.confirmed;
  const { histograms, links } = simulators;
  const delays = storageDelays({ scenario, confirmed, histograms, arrivalToStore: null, links });
  const ledger = { ...simulators.ledger, complete, confirms: confirmed, ...(asked ? { asked } : {}) };
  writeRunRecord(directory, { scenario, ledger, delays, store: null });
  const [target = null] = asked ? [listen] : of.targets;
  const report = composeReport({
    scenario,
    stations: stations.count,
    meters: stations.meters,
    counts: { simulators: of.processes, intakes: 0 },
    target,
    wallMs: of.wallMs,
    complete,
    cutOffAfterSeconds: null,
    simulator: simulators.stats(),
    histograms,
    links,
    linkCounts: scenario.grid.links.map((_, category) => stations.link.reduce((count, link) => count + (link === category ? 1 : 0), 0)),
    headend: null,
    headendKind: null,
    dropStore: false,
    audited: false,
    confirmed,
    source: null,
    audit: null,
    kpi: null,
    restarts: [],
    wall: of.wall,
    processes: of.probe.uses(),
    resources: of.probe.resources(),
    seen: of.probe.seen(),
    events: null,
    storeBytes: 0,
  });
  if (listen === null) return report;
  return { ...report, run: { ...report.run, headend: `whoever read from ${listen.address}:${listen.port} on` } };
}
