/**
 * Registers (classes 3, 4 and 5) and the few Data objects beside them. What is measured, and how: quantities.ts. Values of
 * energy have 32 bits as long as they fit and 64 from then on.
 */

import type { ByteWriter } from '../../protocol/dlms/data/byte-writer.ts';
import type { CosemAttribute, CosemObject } from '../../protocol/dlms/server/cosem-object.ts';
import { dayOf, floorTo, midnightOf, monthStart } from './civil-times.ts';
import { constant, cosemObject, live, stored, StoredValue } from './cosem-builder.ts';
import { octetsOf } from './data-checks.ts';
import { longUnsigned, octets, putClock, putCount, scalerUnit, text, u32, unsigned } from './data-values.ts';
import { CLOCK_SHIFT_LIMIT_SECONDS } from './device.ts';
import type { MeterView } from './meter-view.ts';
import { LONG_FAILURE_SECONDS } from './meter-history.ts';
import { PHASES, QUARTER_SECONDS } from './quantities.ts';

/** Units of `scaler_unit`. */
const Unit = Object.freeze({ second: 7, watt: 27, var: 29, wattHour: 30, varHour: 32, ampere: 33, volt: 35, hertz: 44, none: 255 });

type Value = (meter: MeterView) => number;
type Put = (out: ByteWriter, value: number) => void;
const putU16: Put = (out, value) => out.longUnsigned(value);

export function registerObjects(): readonly CosemObject<MeterView>[] {
  return [...energies(), ...powers(), ...phases(), ...demands(), ...rest()];
}

function register(obis: string, unit: number, of: Value, put: Put = putCount, scaler = 0): CosemObject<MeterView> {
  return cosemObject<MeterView>(3, 0, `${obis}.255`, [
    live(2, (meter, out) => put(out, of(meter))),
    constant(3, scalerUnit(scaler, unit)),
  ]);
}

function data(obis: string, attribute: CosemAttribute<MeterView>): CosemObject<MeterView> {
  return cosemObject<MeterView>(1, 0, `${obis}.255`, [attribute]);
}

function energies(): readonly CosemObject<MeterView>[] {
  const rates = [0, 1, 2, 3, 4].map((rate) =>
    register(`1.0.1.8.${rate}`, Unit.wattHour, ({ kind, number, now }) => kind.quantities.importWh(number, rate, now)),
  );
  return [
    ...rates,
    register('1.0.2.8.0', Unit.wattHour, ({ kind, number, now }) => kind.quantities.exportWh(number, now)),
    register('1.0.3.8.0', Unit.varHour, ({ kind, number, now }) => kind.quantities.reactiveImport(number, now)),
    register('1.0.4.8.0', Unit.varHour, ({ kind, number, now }) => kind.quantities.reactiveExport(number, now)),
  ];
}

function powers(): readonly CosemObject<MeterView>[] {
  return [
    register('1.0.1.7.0', Unit.watt, ({ kind, number, now }) => kind.quantities.importW(number, now)),
    register('1.0.2.7.0', Unit.watt, ({ kind, number, now }) => kind.quantities.exportW(number, now)),
    register('1.0.3.7.0', Unit.var, ({ kind, number, now }) => kind.quantities.reactiveImportVar(number, now)),
    register('1.0.4.7.0', Unit.var, ({ kind, number, now }) => kind.quantities.reactiveExportVar(number, now)),
    register(
      '1.0.16.7.0',
      Unit.watt,
      ({ kind, number, now }) => kind.quantities.importW(number, now) - kind.quantities.exportW(number, now),
      (out, value) => out.doubleLong(value),
    ),
    register('1.0.13.7.0', Unit.none, ({ kind, number }) => kind.quantities.powerFactor(number), putU16, -3),
    register('1.0.14.7.0', Unit.hertz, ({ kind, now }) => kind.quantities.frequency(now), putU16, -2),
  ];
}

function phases(): readonly CosemObject<MeterView>[] {
  return Array.from({ length: PHASES }, (_, phase) => [
    register(`1.0.${21 + 20 * phase}.7.0`, Unit.watt, ({ kind, number, now }) => kind.quantities.phaseW(number, phase, now)),
    register(`1.0.${31 + 20 * phase}.7.0`, Unit.ampere, ({ kind, number, now }) => kind.quantities.current(number, phase, now), putU16, -2),
    register(`1.0.${32 + 20 * phase}.7.0`, Unit.volt, ({ kind, number, now }) => kind.quantities.voltage(number, phase, now), putU16, -1),
  ]).flat();
}

/** Greatest mean power of a quarter hour in the billing period that runs, and the means of this and the last one. */
function demands(): readonly CosemObject<MeterView>[] {
  return [
    cosemObject<MeterView>(4, 0, '1.0.1.6.0.255', [
      live(2, (meter, out) => putCount(out, greatestDemand(meter).watts)),
      constant(3, scalerUnit(0, Unit.watt)),
      constant(4, unsigned(0)),
      live(5, (meter, out) => putClock(out, greatestDemand(meter).endUnixSeconds, meter.kind.offsetMinutes)),
    ]),
    cosemObject<MeterView>(5, 0, '1.0.1.4.0.255', [
      live(2, (meter, out) => putCount(out, runningDemandW(meter))),
      live(3, (meter, out) => putCount(out, meter.kind.quantities.demandW(meter.number, quarterOf(meter) - QUARTER_SECONDS))),
      constant(4, scalerUnit(0, Unit.watt)),
      constant(5, unsigned(0)),
      live(6, (meter, out) => putClock(out, quarterOf(meter), meter.kind.offsetMinutes)),
      live(7, (meter, out) => putClock(out, quarterOf(meter), meter.kind.offsetMinutes)),
      constant(8, u32(QUARTER_SECONDS)),
      constant(9, longUnsigned(1)),
    ]),
  ];
}

function quarterOf({ kind, now }: MeterView): number {
  return floorTo(now, QUARTER_SECONDS, kind.offsetMinutes);
}

/** Energy of the running quarter hour so far, as mean power over the whole of it. */
function runningDemandW(meter: MeterView): number {
  const { kind, number, now } = meter;
  const wh = kind.truth.energy(number, { fromUnixSeconds: quarterOf(meter), toUnixSeconds: now });
  return (wh * 3600) / QUARTER_SECONDS;
}

/** Looks on from where it looked last, within one association. */
function greatestDemand(meter: MeterView): { readonly watts: number; readonly endUnixSeconds: number } {
  const { kind, number, now } = meter;
  const begin = billingBegin(meter);
  const known = meter.demand !== null && meter.demand.from === begin && meter.demand.to <= now ? meter.demand : null;
  const most = kind.quantities.maxDemand(number, { from: known?.to ?? begin, to: now }, known?.most ?? null);
  meter.demand = { from: begin, to: floorTo(now, QUARTER_SECONDS, kind.offsetMinutes), most };
  return most ?? { watts: 0, endUnixSeconds: begin };
}

/** Begin of the billing period that runs: the month's, or the quarter hour of a reset after it. */
function billingBegin(meter: MeterView): number {
  const { kind, now } = meter;
  const month = midnightOf(monthStart(dayOf(now, kind.offsetMinutes)), kind.offsetMinutes);
  const reset = meter.change?.resets.at(-1) ?? -Infinity;
  return reset > month ? floorTo(reset, QUARTER_SECONDS, kind.offsetMinutes) : month;
}

const MESSAGE_BYTES_MAX = 1024;

function rest(): readonly CosemObject<MeterView>[] {
  return [
    register('1.0.0.9.11', Unit.second, () => CLOCK_SHIFT_LIMIT_SECONDS, (out, value) => out.unsigned(value)),
    data('1.0.0.4.2', constant(2, longUnsigned(1))),
    data('1.0.0.4.3', constant(2, longUnsigned(1))),
    data('0.0.96.5.0', constant(2, unsigned(0))),
    data('0.0.96.7.21', powerFailures(false)),
    data('0.0.96.7.9', powerFailures(true)),
    data('0.0.96.7.20', constant(2, longUnsigned(LONG_FAILURE_SECONDS))),
    data('0.0.96.13.0', stored(2, new StoredValue<MeterView>('message/text', text('')), { check: octetsOf(0, MESSAGE_BYTES_MAX) })),
    data('0.0.96.13.1', stored(2, new StoredValue<MeterView>('message/code', octets(new Uint8Array(0))), { check: octetsOf(0, 64) })),
  ];
}

/** Number of power failures, all or the long ones. */
function powerFailures(longOnly: boolean): CosemAttribute<MeterView> {
  return live(2, ({ kind: { history }, number, now }, out) =>
    out.longUnsigned(history.powerFailures(number, { after: history.fromUnixSeconds, to: now }, longOnly)),
  );
}
