/**
 * One run, from a parsed scenario to the facts that a report is made of: starts the head-end (unless it is somebody else's)
 * and the simulators, watches them, ends them, audits what is stored.
 */

import type { Clock, Timer } from '../base/clock.ts';
import type { Scenario } from '../grid/scenario/scenario.ts';
import { generateStations } from '../grid/topology/stations.ts';
import type { Stations } from '../grid/topology/topology.ts';
import type { Watched } from '../monitor/process-probe.ts';
import type { ProcessGroup } from '../monitor/process-use.ts';
import type { Endpoint } from '../network/wire/wire.ts';
import type { Kpi, RunEvents, RunReport } from '../report/run-report.ts';
import { WallSamples } from '../report/wall-samples.ts';
import { aborted, onAbort } from './abort.ts';
import { auditOf, type TimedAudit } from './audit-processes.ts';
import type { AuditSource } from './audit-source.ts';
import { awaitForeign, type ForeignAudit, sourceFacts, type SourceWait } from './foreign-audit.ts';
import { Deferred } from './deferred.ts';
import { UnreachableError } from './errors.ts';
import { auditSourceOf, type HeadendKind, storeBytes } from './headend-kind.ts';
import { HeadendProcesses, intakePlans, type TakerPlan } from './headend-processes.ts';
import { makeMasterKey } from './master-key-file.ts';
import { devicesOf, pollPlans } from './poll-plans.ts';
import { RateWindow, type Progress } from './progress.ts';
import { kpiOf, onDemandKpi, storageDelays } from './compose-kpi.ts';
import { composeReport } from './compose-report.ts';
import type { MeasuredSoFar, Restart } from './run-facts.ts';
import { RunProbe } from './run-probe.ts';
import { progressOf } from './run-progress.ts';
import { writeRunRecord } from './run-record.ts';
import { type Monitoring, RunWatch } from './monitoring/run-watch.ts';
import { playingMs, scheduleAt } from './schedule-at.ts';
import { SimulatorProcesses } from './simulator-processes.ts';
import { cores, countsToStart, descriptorLimit, type ProcessCounts } from './sizing.ts';
import { stopHeadend } from './stop-headend.ts';

export interface RunOptions {
  readonly clock: Clock;
  readonly scenario: Scenario;
  /** Empty directory for the report, the store and the buffer. */
  readonly directory: string;
  /** null: the reference head-end in the box; otherwise where a third party's listens. */
  readonly target: Endpoint | null;
  /** What ours is made of; its store is there and empty. */
  readonly headend: HeadendKind;
  /** The schema of PostgreSQL is removed after the audit; by who prepared it. */
  readonly dropStore: boolean;
  /** Where to look at what that head-end stored; left out: nowhere. */
  readonly foreign?: ForeignAudit | null;
  /** Whether that head-end writes last_confirmation_date_time. Ours does. */
  readonly confirmed: boolean;
  readonly simulators: number | null;
  readonly intakes: number | null;
  /** At a speed: how long after its last step the run ends, whether the head-end has confirmed and stored all or not. */
  readonly drainSeconds: number;
  /** At a speed, step 0 of a push begins so long after concentrators were told to connect. Left out: at once. */
  readonly leadMs?: number;
  /** Left out: nothing is monitored, and there is no `monitor.duckdb`. */
  readonly monitoring?: Monitoring;
  /** What is watched beside the run's own processes. */
  readonly watch?: readonly Watched[];
  readonly onProgress: (progress: Progress) => void;
  /** The first message may go; from now on what is measured can be asked for. */
  readonly onBegin?: (measured: MeasuredSoFar) => void;
  /** Aborted: end early, with a report of what happened until then. */
  readonly interrupt: AbortSignal;
  /** Aborted: end at once. What is not sent, confirmed or stored by then stays so, and nothing is audited. */
  readonly abandon?: AbortSignal;
}

const SAMPLE_MS = 200;
const RATE_WINDOW_MS = 1500;
/** A head-end on which nobody could open a connection for this long is not reachable. */
const UNREACHABLE_MS = 15_000;

/** At a speed, a pulled grid begins this long after everybody was told. */
const PULL_LEAD_MS = 1000;

/** What a report is made of. */
interface Measured {
  readonly stations: Stations;
  readonly counts: ProcessCounts;
  readonly simulators: SimulatorProcesses;
  readonly headend: HeadendProcesses | null;
  readonly complete: boolean;
  readonly wallMs: number;
  /** null: it failed, or nobody asked for it. */
  readonly audit: TimedAudit | null;
  readonly kpi: Kpi | null;
  /** null: the store is ours, or nobody could look. */
  readonly waited: SourceWait | null;
  /** null: nothing was monitored, or that failed. */
  readonly events: RunEvents | null;
}

interface Played {
  readonly simulators: SimulatorProcesses;
  /** Every concentrator came to its end. */
  readonly complete: boolean;
}

export interface RunResult {
  readonly report: RunReport;
  /** Why the store could not be audited; null: it was, or it is not ours. */
  readonly auditFailure: string | null;
}

export async function runScenario(options: RunOptions): Promise<RunResult> {
  return new ScenarioRun(options).play();
}

class ScenarioRun {
  readonly #options: RunOptions;
  readonly #probe: RunProbe;
  readonly #restarts: Restart[] = [];
  readonly #wall = new WallSamples();
  readonly #rates = new RateWindow(RATE_WINDOW_MS);
  readonly #finished = new Deferred<void>();
  #headend: HeadendProcesses | null = null;
  #simulators: SimulatorProcesses | null = null;
  /** Nothing is sampled any more. */
  #over = false;
  #beganMs = 0;
  /** When the run ends at the latest; Infinity at `speed: max`, where the head-end sets the pace. */
  #deadlineMs = Infinity;
  #cutOff = false;
  /** Interrupted, and a store that stored nothing any more was not waited for. */
  #gaveUp = false;
  #phase: Progress['phase'] = 'preparing';
  readonly #watch: RunWatch | null;

  constructor(options: RunOptions) {
    this.#options = options;
    const { clock, directory, watch = [] } = options;
    this.#probe = new RunProbe({ clock, directory, watch, parts: () => ({ simulators: this.#simulators, headend: this.#headend }) });
    this.#watch = options.monitoring === undefined ? null : this.#makeWatch(options.monitoring);
  }

  async play(): Promise<RunResult> {
    try {
      return await this.#play();
    } catch (error) {
      this.#simulators?.kill();
      this.#headend?.kill();
      this.#watch?.kill();
      throw error;
    } finally {
      this.#over = true;
      this.#probe.stop();
    }
  }

  async #play(): Promise<RunResult> {
    const { scenario, directory, confirmed, abandon } = this.#options;
    const stations = generateStations(scenario);
    const counts = countsToStart({
      stations: stations.count,
      limit: descriptorLimit(),
      cores: cores(),
      simulators: this.#options.simulators,
      intakes: this.#options.intakes,
    });
    this.#watchProcess('runner', 'runner', process.pid);
    const pull = scenario.behaviour.communication === 'pull';
    onAbort(abandon, () => this.#finished.resolve());
    const { simulators, complete } = pull
      ? await this.#playPull(stations, counts)
      : await this.#playPush(stations, counts);
    const headend = this.#headend;
    if (abandon?.aborted === true) return this.#abandoned({ stations, counts, simulators, headend, complete });
    this.#enter('storing');
    if (headend !== null) await this.#stop(headend);
    const played = { stations, counts, simulators, headend, complete: complete && !this.#gaveUp };
    if (pull) await simulators.end();
    const wallMs = this.#endMeasuring(simulators, headend);
    const waited = await awaitForeign(this.#options, simulators.stats(), (rows) => this.#tellProgress(simulators, headend, rows));
    this.#enter('auditing');
    this.#tellProgress(simulators, headend);
    // Its process starts beside the audit, unless it runs already.
    const watched = this.#watch?.finish();
    const ledger = { ...simulators.ledger, complete: played.complete, confirms: confirmed, cutOff: this.#cutOff || this.#gaveUp };
    const { histograms, links } = simulators;
    const arrivalToStore = headend?.stats().queue === null ? headend.stats().arrivalToStore : null;
    const delays = storageDelays({ scenario, confirmed, histograms, arrivalToStore, links });
    const { store } = this.#options.headend;
    writeRunRecord(directory, { scenario, ledger, delays, store: headend === null ? null : store });
    const { audit, failure } = await auditOf({ clock: this.#options.clock, scenario, ledger, source: this.#source });
    const kpi = audit === null || this.#source === null ? null : kpiOf(scenario.behaviour, audit.result.series, delays, onDemandKpi(headend?.stats().onDemand ?? null, scenario.speed));
    const events = (await watched) ?? null;
    return { report: await this.#report({ ...played, wallMs, audit, kpi, waited, events }), auditFailure: failure };
  }

  /** What is known of it when it is ended at once. */
  async #abandoned(played: Omit<Measured, 'wallMs' | 'audit' | 'kpi' | 'waited' | 'events'>): Promise<RunResult> {
    const { simulators, headend } = played;
    const wallMs = this.#endMeasuring(simulators, headend);
    const report = await this.#report({ ...played, complete: false, wallMs, audit: null, kpi: null, waited: null, events: null });
    simulators.kill();
    headend?.kill();
    this.#watch?.kill();
    return { report, auditFailure: null };
  }

  /** How long the run took, ms. */
  #endMeasuring(simulators: SimulatorProcesses, headend: HeadendProcesses | null): number {
    const wallMs = this.#options.clock.nowMs() - this.#beganMs;
    this.#sample(simulators, headend);
    this.#over = true;
    this.#probe.stop();
    this.#tellWatch(simulators, headend);
    return wallMs;
  }

  async #report({ stations, counts, simulators, headend, complete, wallMs, audit, kpi, waited, events }: Measured): Promise<RunReport> {
    const { scenario, target, confirmed } = this.#options;
    return composeReport({
      scenario,
      stations: stations.count,
      meters: stations.meters,
      counts,
      target,
      wallMs,
      complete,
      cutOffAfterSeconds: this.#cutOff ? this.#options.drainSeconds : null,
      confirmed,
      audited: this.#source !== null && audit !== null,
      source: waited === null ? null : sourceFacts(waited),
      simulator: simulators.stats(),
      histograms: simulators.histograms,
      links: simulators.links,
      linkCounts: scenario.grid.links.map((_, category) => stations.link.reduce((count, link) => count + (link === category ? 1 : 0), 0)),
      headend: headend?.stats() ?? null,
      headendKind: this.#options.headend,
      dropStore: this.#options.dropStore,
      audit,
      kpi,
      restarts: this.#restarts,
      wall: this.#wall.series,
      processes: this.#probe.uses(),
      resources: this.#probe.resources(),
      seen: this.#probe.seen(),
      events,
      storeBytes: headend === null ? 0 : await storeBytes(this.#options.headend.store),
    });
  }

  /** null: nobody can look at what is stored. */
  get #source(): AuditSource | null {
    if (this.#headend !== null) return auditSourceOf(this.#options.headend.store);
    return this.#options.foreign?.source ?? null;
  }

  /** The head-end listens, then the concentrators connect. */
  async #playPush(stations: Stations, counts: ProcessCounts): Promise<Played> {
    const { target } = this.#options;
    const headend = target === null ? await this.#startHeadend(intakePlans({ address: '127.0.0.1', port: 0 }, counts.intakes)) : null;
    const simulators = await this.#prepareSimulators({ stations, counts, targets: target === null ? (headend?.endpoints ?? []) : [target] });
    const { clock, scenario, leadMs = 0 } = this.#options;
    if (leadMs === 0 || scenario.speed === 'max') return this.#playOn(simulators, clock.unixMs());
    simulators.go(clock.unixMs() + leadMs);
    await Promise.race([new Promise<void>((resolve) => clock.schedule(leadMs, resolve)), this.#finished.promise, aborted(this.#options.interrupt)]);
    return this.#playOn(simulators, null);
  }

  /** The concentrators listen, then the head-end asks. */
  async #playPull(stations: Stations, counts: ProcessCounts): Promise<Played> {
    const { clock, scenario, directory } = this.#options;
    const security = scenario.security === null ? null : { suite: scenario.security, masterKey: makeMasterKey(directory) };
    const simulators = await this.#prepareSimulators({ stations, counts, targets: [], masterKey: security?.masterKey ?? null });
    const originUnixMs = clock.unixMs() + (scenario.speed === 'max' ? 0 : PULL_LEAD_MS);
    const devices = devicesOf(stations, simulators.listening, counts.simulators);
    const plans = pollPlans({ scenario, devices, originUnixMs, security }, counts.intakes);
    simulators.go(originUnixMs);
    await this.#startHeadend(plans.map((plan) => ({ kind: 'poller', plan })));
    return this.#playOn(simulators, null);
  }

  async #startHeadend(takers: readonly TakerPlan[]): Promise<HeadendProcesses> {
    const { clock, directory, scenario } = this.#options;
    const headend = new HeadendProcesses({
      clock,
      directory,
      takers,
      kind: this.#options.headend,
      intervalSeconds: scenario.behaviour.intervalSeconds,
      onRestart: (name, why) => this.#restarted(name, why),
      onProcess: (name, pid) => this.#watchProcess(name, 'headend', pid),
    });
    this.#headend = headend;
    await headend.start();
    headend.failed.catch((error: unknown) => this.#finished.reject(error as Error));
    return headend;
  }

  async #prepareSimulators(setup: {
    readonly stations: Stations;
    readonly counts: ProcessCounts;
    readonly targets: readonly Endpoint[];
    readonly masterKey?: Uint8Array | null;
  }): Promise<SimulatorProcesses> {
    const { clock, scenario, confirmed, interrupt } = this.#options;
    const { counts } = setup;
    const ready = new Deferred<void>();
    const simulators: SimulatorProcesses = new SimulatorProcesses({
      clock,
      scenario,
      stations: setup.stations.count,
      segments: { from: 0, to: counts.simulators, of: counts.simulators },
      targets: setup.targets,
      listen: scenario.behaviour.communication === 'pull' ? { address: '0.0.0.0', port: 0 } : null,
      masterKey: setup.masterKey ?? null,
      confirmed,
      onReady: () => ready.resolve(),
      onFinished: () => this.#finished.resolve(),
      onProcess: (name, pid) => this.#watchProcess(name, 'simulator', pid),
      onRestart: (name, why) => this.#restarted(name, why),
      onFailed: (why) => this.#finished.reject(new Error(why)),
    });
    this.#simulators = simulators;
    simulators.start();
    await Promise.race([ready.promise, this.#finished.promise, aborted(interrupt)]);
    return simulators;
  }

  /** From now on the time of the run counts. `originUnixMs`: step 0 begins then; null: it was told already. */
  async #playOn(simulators: SimulatorProcesses, originUnixMs: number | null): Promise<Played> {
    const { clock, scenario, interrupt } = this.#options;
    this.#enter('playing');
    this.#beganMs = clock.nowMs();
    const leadMs = originUnixMs === null ? PULL_LEAD_MS : 0;
    this.#deadlineMs = this.#beganMs + leadMs + playingMs(scenario) + this.#options.drainSeconds * 1000;
    this.#probe.start();
    this.#options.onBegin?.({ processes: () => this.#probe.uses(), restarts: () => this.#restarts });
    if (originUnixMs !== null) simulators.go(originUnixMs);
    this.#sampleRegularly(simulators, this.#headend);
    const reach = this.#watchReach(simulators);
    const hold = (): void => simulators.hold();
    if (interrupt.aborted) hold();
    else interrupt.addEventListener('abort', hold, { once: true });
    const cut = this.#atDeadline(() => {
      this.#cutOff = !interrupt.aborted;
      hold();
    });
    try {
      await this.#finished.promise;
    } finally {
      interrupt.removeEventListener('abort', hold);
      reach.cancel();
      cut?.cancel();
    }
    if (simulators.settledStep === scenario.behaviour.steps) this.#cutOff = false;
    // Who gave up without being interrupted has failed: then all of the plan is expected.
    return { simulators, complete: !interrupt.aborted || simulators.settledStep === scenario.behaviour.steps };
  }

  #atDeadline(act: () => void): Timer | null {
    return this.#deadlineMs === Infinity ? null : scheduleAt(this.#options.clock, this.#deadlineMs, act);
  }

  /** The head-end stores what it confirmed, unless it takes too long; one that did not confirm all in time had its time. */
  async #stop(headend: HeadendProcesses): Promise<void> {
    if (this.#cutOff) {
      await headend.cutOff();
      return;
    }
    const { clock, interrupt } = this.#options;
    if (await stopHeadend({ clock, headend, deadlineMs: this.#deadlineMs, interrupt })) return;
    if (interrupt.aborted) this.#gaveUp = true;
    else this.#cutOff = true;
  }

  #watchReach(simulators: SimulatorProcesses): { cancel(): void } {
    return this.#options.clock.schedule(UNREACHABLE_MS, () => {
      if (simulators.stats().connects > 0) return;
      const { target } = this.#options;
      const where = target === null ? 'the built-in head-end' : `${target.address}:${target.port}`;
      const seconds = UNREACHABLE_MS / 1000;
      this.#finished.reject(new UnreachableError(`no concentrator could connect to ${where} within ${seconds} s`));
    });
  }

  #makeWatch(monitoring: Monitoring): RunWatch {
    const { clock, directory, scenario } = this.#options;
    const onProcess = (name: string, pid: number): void => {
      if (!this.#over) this.#probe.watch({ name, group: 'runner', pid });
    };
    const watch = new RunWatch({ clock, directory, scenario, plan: monitoring.plan, onProcess });
    monitoring.onSource?.(watch.source);
    return watch;
  }

  #watchProcess(name: string, group: ProcessGroup, pid: number): void {
    this.#probe.watch({ name, group, pid });
    this.#watch?.process(name, pid);
  }

  #enter(phase: Progress['phase']): void {
    this.#phase = phase;
    this.#watch?.phase(phase);
  }

  #restarted(name: string, why: string): void {
    this.#watch?.restarted(name, why);
    this.#restarts.push({ process: name, atMs: Math.round(this.#options.clock.nowMs() - this.#beganMs), why });
  }

  /** Samples until the run is over. */
  #sampleRegularly(simulators: SimulatorProcesses, headend: HeadendProcesses | null): void {
    const next = (): void => {
      if (this.#over) return;
      if (this.#wall.due) this.#sample(simulators, headend);
      this.#tellWatch(simulators, headend);
      this.#tellProgress(simulators, headend);
      this.#options.clock.schedule(SAMPLE_MS, next);
    };
    next();
  }

  #sample(simulators: SimulatorProcesses, headend: HeadendProcesses | null): void {
    const stats = simulators.stats();
    const atMs = Math.round(this.#options.clock.nowMs() - this.#beganMs);
    const stored = headend?.stats().storedReadings ?? 0;
    this.#wall.add({ atMs, sent: stats.readings, confirmed: stats.confirmedReadings, stored, step: simulators.meanSettledStep, connections: stats.connected });
    const readings = this.#phase === 'storing' ? stored : stats.readings;
    this.#rates.add({ atMs, step: simulators.meanSettledStep, readings });
  }

  #tellWatch(simulators: SimulatorProcesses, headend: HeadendProcesses | null): void {
    const { readings, confirmedReadings, connected } = simulators.stats();
    const storedReadings = headend?.stats().storedReadings ?? null;
    this.#watch?.tick({ sentReadings: readings, confirmedReadings, storedReadings, connected, step: simulators.meanSettledStep }, this.#over);
  }

  /** `foreignRows`: in somebody else's store, where they are counted. */
  #tellProgress(simulators: SimulatorProcesses, headend: HeadendProcesses | null, foreignRows: number | null = null): void {
    const { scenario, clock, onProgress } = this.#options;
    const [phase, rates, elapsedMs] = [this.#phase, this.#rates, clock.nowMs() - this.#beganMs];
    onProgress(progressOf({ phase, scenario, simulators, headend, foreignRows, rates, elapsedMs, restarts: this.#restarts.length }));
  }
}
