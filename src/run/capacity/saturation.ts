/**
 * What was full when a trial failed: first where the backlog grew, then whether a processor was what it waited for. The generator is
 * suspected like everybody else: when it was late by itself, the trial says nothing of the head-end.
 */

import { digits3, percent, whole } from '../../base/format.ts';
import type { Backlogs, TrialMeasure } from './trial-judge.ts';

export type Bottleneck =
  /** From the durable buffer into the database. */
  | 'store'
  /** Takes messages, makes them durable, confirms. */
  | 'intake'
  /** A database server waits, not we. */
  | 'database'
  /** Of somebody else, as seen from outside. */
  | 'head-end'
  | 'network'
  /** Connections were refused or lost. */
  | 'connections'
  /** Head-end and simulator share its processors, and all are busy. */
  | 'machine'
  /** The simulator itself could not offer the load. */
  | 'generator'
  /** A process died. */
  | 'crash';

export interface Saturation {
  readonly what: Bottleneck;
  /** One sentence, with figures. */
  readonly evidence: string;
}

export interface ProcessLoad {
  readonly name: string;
  readonly group: 'simulator' | 'headend' | 'runner';
  readonly cores: number;
  /** Share of the time in which it was ready to run and waited for a processor; null: not counted. */
  readonly waiting: number | null;
}

/** What is known of the trial beside its backlog; processor use is the mean over its window. */
export interface TrialMachine {
  readonly cores: number;
  /** By anybody; null: not told. */
  readonly busyCores: number | null;
  readonly processes: readonly ProcessLoad[];
  /** What the user named with `--watch`, as the head-end of somebody else or a database server. */
  readonly watched: readonly { readonly name: string; readonly cores: number }[];
}

export interface TrialFacts {
  readonly measure: TrialMeasure;
  readonly machine: TrialMachine;
  /** The head-end in the box: `buffered` by way of a buffer, `direct` without; null: somebody else's. */
  readonly intake: 'buffered' | 'direct' | null;
  readonly store: 'duckdb' | 'postgres' | null;
  /** It and the simulator share this machine. */
  readonly here: boolean;
  readonly stations: number;
  readonly stepSeconds: number;
  readonly crashes: readonly string[];
  /** Writes after which a connection took no more for a while. */
  readonly backpressure: number;
  /** Of the TCP segments that this machine sent; null: not told. */
  readonly retransmittedShare: number | null;
}

/** A process at this many cores has one to itself and uses it up. */
const CORE_FULL = 0.85;
/** Share of all processors. */
const MACHINE_FULL = 0.93;
/** On a full machine, a process that waits for a processor for less of the time waits for something else. */
const STARVED = 0.1;
/** Share of all processors with which the simulator takes something away from a head-end beside it. */
const SIMULATOR_MUCH = 0.15;
const CONNECTED_LEAST = 0.98;
const RETRANSMITTED_MUCH = 0.02;
/** Steps that a concentrator sends ahead of what is confirmed; then it waits, which is no fault of the generator. */
const STEPS_AHEAD_MAX = 64;

export function saturationOf(facts: TrialFacts): Saturation {
  const { crashes, measure, stations } = facts;
  if (crashes.length > 0) return { what: 'crash', evidence: `${crashes[0] ?? ''}${crashes.length > 1 ? ` and ${crashes.length - 1} more` : ''} ended unasked` };
  if (measure.connectedShare < CONNECTED_LEAST && !(measure.connecting && isFull(facts.machine))) {
    const open = Math.round(measure.connectedShare * stations);
    return { what: 'connections', evidence: `at times only ${whole(open)} of ${whole(stations)} connections were open` };
  }
  const place = placeOf(facts);
  if (place === 'unsent') return lateGenerator(facts);
  return facts.intake === null ? foreignHeadend(facts) : ownHeadend(facts, place);
}

/** Where the backlog grows. What can't be sent because the head-end takes no more lies with the head-end. */
function placeOf({ measure, stations, stepSeconds, backpressure, intake }: TrialFacts): keyof Backlogs {
  const { growthOf, lag } = measure;
  if (growthOf.unsent > Math.max(growthOf.unconfirmed, 0) + Math.max(growthOf.unstored, 0)) {
    const heldBack = backpressure > stations / 10 || lag.unconfirmed > (STEPS_AHEAD_MAX / 2) * stepSeconds;
    if (!heldBack) return 'unsent';
    return intake === 'buffered' && lag.unstored > lag.unconfirmed ? 'unstored' : 'unconfirmed';
  }
  return growthOf.unstored > growthOf.unconfirmed ? 'unstored' : 'unconfirmed';
}

function lateGenerator({ measure, machine }: TrialFacts): Saturation {
  const late = `what was due and not sent grew by ${percent2(measure.growthOf.unsent)} of the load`;
  const fullest = fullestOf(machine, 'simulator');
  if (fullest !== null && fullest.cores >= CORE_FULL) return { what: 'generator', evidence: `${late}, and ${fullest.name} used ${digits3(fullest.cores)} of a core` };
  if (isFull(machine) && isStarved(fullest)) return { what: 'machine', evidence: `${late}, and ${machineText(machine)}` };
  return { what: 'generator', evidence: `${late}, though nothing held it back` };
}

function ownHeadend(facts: TrialFacts, place: 'unconfirmed' | 'unstored'): Saturation {
  const { measure, machine, intake, store } = facts;
  // A direct intake stores by itself.
  const stored = place === 'unstored' && intake === 'buffered';
  const grew = stored
    ? `confirmed readings that wait in the buffer grew by ${percent2(measure.growthOf.unstored)} of the load`
    : `readings without a confirmation grew by ${percent2(measure.growthOf.unconfirmed + Math.max(0, measure.growthOf.unsent))} of the load`;
  const part = stored ? 'store' : 'intake';
  const fullest = fullestOf(machine, 'headend', (name) => (name === 'store') === stored);
  if (fullest !== null && fullest.cores >= CORE_FULL) return { what: part, evidence: `${grew}; ${fullest.name} used ${digits3(fullest.cores)} cores` };
  const database = store === 'postgres' && (stored || intake === 'direct');
  const busiest = machine.watched.find((group) => group.cores >= CORE_FULL);
  if (database && busiest !== undefined) return { what: 'database', evidence: `${grew}; ${busiest.name} used ${digits3(busiest.cores)} cores` };
  if (isFull(machine) && isStarved(fullest)) return { what: 'machine', evidence: `${grew}; ${machineText(machine)}` };
  const used = fullest === null ? '' : `; ${fullest.name} used ${digits3(fullest.cores)} of a core, so it waited for something else`;
  if (database) return { what: 'database', evidence: `${grew}${used}: the database` };
  return { what: part, evidence: `${grew}${used}: the disk, or whoever holds it up` };
}

/** The simulator keeps to its times; so what happens here matters only to a head-end that is here, and if the simulator takes much of it. */
function foreignHeadend({ measure, machine, here, backpressure, stations, retransmittedShare }: TrialFacts): Saturation {
  const { growthOf } = measure;
  const held = backpressure > stations / 10;
  const grew = held
    ? `it stopped reading from its connections (${whole(backpressure)} times), and what waits grew by ${percent2(growthOf.unconfirmed + growthOf.unsent)} of the load`
    : `readings without a confirmation grew by ${percent2(growthOf.unconfirmed)} of the load`;
  if (retransmittedShare !== null && retransmittedShare > RETRANSMITTED_MUCH) {
    return { what: 'network', evidence: `${grew}; ${percent(retransmittedShare)} of the TCP segments were sent again` };
  }
  const busiest = machine.watched.find((group) => group.cores >= CORE_FULL);
  if (busiest !== undefined) return { what: 'head-end', evidence: `${grew}; ${busiest.name} used ${digits3(busiest.cores)} cores` };
  const busy = here && isFull(machine) ? `, and ${machineText(machine)}` : '';
  if (busy !== '' && coresOf(machine, 'simulator') >= SIMULATOR_MUCH * machine.cores) return { what: 'machine', evidence: `${grew}${busy}` };
  return { what: 'head-end', evidence: `${grew}, while the simulator kept to its times${busy}` };
}

function fullestOf(
  machine: TrialMachine,
  group: 'simulator' | 'headend',
  which: (name: string) => boolean = () => true,
): ProcessLoad | null {
  const all = machine.processes.filter((process) => process.group === group && which(process.name));
  return all.reduce<ProcessLoad | null>((most, each) => (most === null || each.cores > most.cores ? each : most), null);
}

/** Where it isn't counted, the busy machine alone speaks. */
function isStarved(process: ProcessLoad | null): boolean {
  return process === null || process.waiting === null || process.waiting >= STARVED;
}

function isFull({ cores, busyCores }: TrialMachine): boolean {
  return busyCores !== null && busyCores >= MACHINE_FULL * cores;
}

function machineText(machine: TrialMachine): string {
  const { cores, busyCores, processes } = machine;
  const headend = coresOf(machine, 'headend');
  const others = (busyCores ?? 0) - [...processes, ...machine.watched].reduce((all, each) => all + each.cores, 0);
  const parts = [`the simulator ${digits3(coresOf(machine, 'simulator'))}`];
  if (headend > 0) parts.push(`the head-end ${digits3(headend)}`);
  for (const group of machine.watched) parts.push(`${group.name} ${digits3(group.cores)}`);
  if (others >= 0.05) parts.push(`others ${digits3(others)}`);
  return `all ${cores} cores of this machine were busy (${parts.join(', ')})`;
}

function coresOf(machine: TrialMachine, group: 'simulator' | 'headend'): number {
  return machine.processes.reduce((sum, each) => sum + (each.group === group ? each.cores : 0), 0);
}

function percent2(share: number): string {
  return `${Math.round(share * 100)} %`;
}
