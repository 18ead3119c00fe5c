/** A few concentrators with meters behind them that come and go, at a time that a test sets; for tests. */

import { Plan } from '../../grid/plan/plan.ts';
import { Presence } from '../../grid/plan/presence.ts';
import type { Accessibility, Scenario } from '../../grid/scenario/scenario.ts';
import type { Meters, Stations } from '../../grid/topology/topology.ts';
import { PATTERNS, smallScenario, someMeters } from '../../grid/truth/small-truth.fixture.ts';
import { Truth } from '../../grid/truth/truth.ts';
import { encodeData } from '../../protocol/dlms/data/data-codec.ts';
import { ByteWriter } from '../../protocol/dlms/data/byte-writer.ts';
import { type Data } from '../../protocol/dlms/data/data.ts';
import { decodeData } from '../../protocol/dlms/data/data-codec.ts';
import type { AccessLevel, CosemObject, ReadRequest } from '../../protocol/dlms/server/cosem-object.ts';
import { array, dateTime, integer, longUnsigned, name, structure, u32 } from '../meter/data-values.ts';
import type { Device } from '../meter/device.ts';
import { type MeterKind, meterKind, type MeterKindOptions } from '../meter/meter-view.ts';
import { type ConcentratorKind, concentratorKind, type ConcentratorKindOptions } from './concentrator-view.ts';

const GOOD: Accessibility = { name: 'good', share: 0.5, accessible: 0.8, outageSeconds: 1200 };
const BAD: Accessibility = { name: 'bad', share: 0.5, accessible: 0.2, outageSeconds: 4 * 3600 };

export const STATIONS = 6;
export const STATION_METERS = 12;

export interface Site {
  readonly scenario: Scenario;
  readonly stations: Stations;
  readonly meters: Meters;
  readonly truth: Truth;
  readonly presence: Presence;
  readonly plan: () => Plan;
  readonly meterKind: MeterKind;
  readonly concentratorKind: ConcentratorKind;
  /** Unix seconds at all stations. */
  now: number;
  /** Unix seconds of a step. */
  timeOf(step: number): number;
}

export interface SiteChanges {
  readonly seed?: number;
  readonly behaviour?: Partial<Scenario['behaviour']>;
  readonly firstMeter?: number;
  /** Meters are always up. */
  readonly allUp?: boolean;
  readonly meter?: Partial<MeterKindOptions>;
  readonly concentrator?: Partial<ConcentratorKindOptions>;
}

export function smallSite(changes: SiteChanges = {}): Site {
  const { seed = 7, firstMeter = 0, allUp = false } = changes;
  const small = smallScenario({ seed });
  const meterAccessibility = allUp ? [{ ...GOOD, accessible: 1, share: 1 }] : [GOOD, BAD];
  const scenario: Scenario = {
    ...small,
    behaviour: { ...small.behaviour, meterAccessibility, concentratorAccessibility: [GOOD], ...changes.behaviour },
  };
  const count = STATIONS * STATION_METERS;
  const meters: Meters = {
    ...someMeters(count, { first: firstMeter }),
    accessibility: Uint8Array.from({ length: count }, (_, i) => (allUp ? 0 : i % 2)),
  };
  const stations: Stations = {
    count: STATIONS,
    meters: firstMeter + count,
    firstMeter: Uint32Array.from({ length: STATIONS + 1 }, (_, s) => firstMeter + s * STATION_METERS),
    size: new Uint8Array(STATIONS),
    link: Uint8Array.from({ length: STATIONS }, (_, s) => s % 4),
    accessibility: new Uint8Array(STATIONS),
    longitude: new Float64Array(STATIONS),
    latitude: new Float64Array(STATIONS),
  };
  const truth = new Truth({ scenario, meters, patterns: PATTERNS });
  const grid = { scenario, stations, meters, fromStation: 0, toStation: STATIONS };
  const presence = new Presence(grid);
  const { start, intervalSeconds } = scenario.behaviour;
  const site: Site = {
    scenario,
    stations,
    meters,
    truth,
    presence,
    plan: () => new Plan(grid),
    meterKind: meterKind({ scenario, meters, truth, rows: presence, nowUnixSeconds: () => site.now, ...changes.meter }),
    concentratorKind: concentratorKind({
      ...grid,
      truth,
      rows: presence,
      nowUnixSeconds: () => site.now,
      ...changes.concentrator,
    }),
    now: start.unixSeconds,
    timeOf: (step) => start.unixSeconds + step * intervalSeconds,
  };
  return site;
}

/** What `get` answers: the Data, or the data-access-result. */
export type Got = { readonly data: Data; readonly result: 0 } | { readonly data: null; readonly result: number };

/** Talks to objects without a server in between. */
export class Objects<D extends Device> {
  readonly list: readonly CosemObject<D>[];
  readonly #byName: ReadonlyMap<string, CosemObject<D>>;
  readonly #level: AccessLevel;

  constructor(list: readonly CosemObject<D>[], level: AccessLevel = 'manager') {
    this.list = list;
    this.#level = level;
    this.#byName = new Map(list.map((object) => [formatName(object.logicalName), object]));
  }

  find(obis: string): CosemObject<D> {
    const object = this.#byName.get(`${obis}.255`);
    if (object === undefined) throw new Error(`no object ${obis}`);
    return object;
  }

  bytes(device: D, obis: string, attribute: number, selection: { selector: number; parameter: Data } | null = null): Uint8Array {
    const out = new ByteWriter();
    const found = this.find(obis).attributes.find(({ id }) => id === attribute);
    const result = found?.get?.(device, this.#request(selection), out) ?? -1;
    if (result !== 0) throw new Error(`${obis}, attribute ${attribute}: data-access-result ${result}`);
    return out.copy();
  }

  get(device: D, obis: string, attribute: number, selection: { selector: number; parameter: Data } | null = null): Got {
    const out = new ByteWriter();
    const found = this.find(obis).attributes.find(({ id }) => id === attribute);
    const result = found?.get?.(device, this.#request(selection), out) ?? -1;
    if (result !== 0) return { data: null, result };
    const decoded = decodeData(out.copy());
    if (decoded.status !== 'frame') throw new Error(`${obis}, attribute ${attribute}: no well-formed Data`);
    return { data: decoded.value, result: 0 };
  }

  /** The value of a Data that is a plain number, text or bytes. */
  value(device: D, obis: string, attribute = 2): unknown {
    const { data, result } = this.get(device, obis, attribute);
    return data === null ? `result ${result}` : plain(data);
  }

  set(device: D, obis: string, attribute: number, value: Data): number {
    const found = this.find(obis).attributes.find(({ id }) => id === attribute);
    return found?.set?.(device, value, this.#request(null)) ?? -1;
  }

  invoke(device: D, obis: string, method: number, parameter: Data | null = integer(0)): number {
    const found = this.find(obis).methods.find(({ id }) => id === method);
    if (found === undefined) throw new Error(`no method ${method} of ${obis}`);
    return found.invoke(device, parameter, this.#request(null), new ByteWriter());
  }

  /** None of these objects asks for the association. */
  #request(selection: ReadRequest['selection']): ReadRequest {
    return { selection, clientSap: 1, level: this.#level } as ReadRequest;
  }
}

/** Data without types, for comparisons. Bytes are hexadecimal. */
export function plain(data: Data): unknown {
  if (!('value' in data)) return null;
  if (data.value instanceof Uint8Array) return Buffer.from(data.value).toString('hex');
  return Array.isArray(data.value) ? data.value.map((element: Data) => plain(element)) : data.value;
}

export const CLOCK_COLUMN = structure([longUnsigned(8), name('0.0.1.0.0.255'), integer(2), longUnsigned(0)]);

/** Selector 1. Ends are Unix seconds or a Data. */
export function range(
  from: number | Data,
  to: number | Data,
  options: { readonly column?: Data; readonly selected?: readonly Data[] } = {},
): { selector: number; parameter: Data } {
  const { column = CLOCK_COLUMN, selected = [] } = options;
  return { selector: 1, parameter: structure([column, endOf(from), endOf(to), array(selected)]) };
}

function endOf(value: number | Data): Data {
  return typeof value === 'number' ? dateTime(value, 60) : value;
}

/** Selector 2. */
export function entries(from: number, to: number, fromColumn = 1, toColumn = 0): { selector: number; parameter: Data } {
  return { selector: 2, parameter: structure([u32(from), u32(to), longUnsigned(fromColumn), longUnsigned(toColumn)]) };
}

export function hexOf(data: Data): string {
  return Buffer.from(encodeData(data)).toString('hex');
}

function formatName(logicalName: Uint8Array): string {
  return [...logicalName].join('.');
}
