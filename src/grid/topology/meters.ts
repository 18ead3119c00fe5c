/**
 * The meters of a run of stations: consumption, tariff, accessibility and annual energy of each. A meter's columns depend on
 * the scenario and its id alone, so any run equals the same slice of the whole grid; counts of every category are exact over
 * the whole grid, because a category is a run of ranks and a permutation of all meters gives the ranks.
 *
 * Tariff and consumption belong together: a boiler or electric heating is switched by the low tariff. Ranks run through the
 * consumption categories by need of low-tariff hours and through the tariffs by hours given, and meters of one need share
 * their run of ranks, shuffled within it. So those who need a low tariff have one as far as there are enough, the rest falls
 * to the others at random, and both lists keep their exact shares.
 */

import { assert } from '../../base/assert.ts';
import { draw, entityKey, naturalLog, Permutation, streamKey, UNIT } from '../../base/random.ts';
import type { Consumption, Scenario, Tariff } from '../scenario/scenario.ts';
import { lowTariffNeed } from './bundled-patterns.ts';
import { ExactShares } from './exact-shares.ts';
import type { StationRange } from './segment.ts';
import type { Meters, Stations } from './topology.ts';

export function generateMeters(scenario: Scenario, stations: Stations, range: StationRange): Meters {
  const { fromStation, toStation } = range;
  assert(fromStation >= 0 && fromStation <= toStation && toStation <= stations.count, 'the range is one of the stations');
  const first = stations.firstMeter[fromStation]!;
  const meters = {
    first,
    count: stations.firstMeter[toStation]! - first,
    ...columns(stations.firstMeter[toStation]! - first),
  };
  fillConsumptionAndTariff(scenario, stations.meters, meters);
  fillAccessibility(scenario, stations.meters, meters);
  fillAnnualEnergy(scenario, meters);
  return meters;
}

function columns(count: number): Pick<Meters, 'consumption' | 'tariff' | 'accessibility' | 'annualWh'> {
  return {
    consumption: new Uint8Array(count),
    tariff: new Uint8Array(count),
    accessibility: new Uint8Array(count),
    annualWh: new Uint32Array(count),
  };
}

function fillConsumptionAndTariff(scenario: Scenario, total: number, meters: Meters): void {
  const { seed, grid } = scenario;
  const byNeed = orderBy(grid.consumption, (c: Consumption) => lowTariffNeed(c.pattern));
  const byHours = orderBy(grid.tariffs, lowMinutes);
  const consumption = new ExactShares(total, sharesOf(grid.consumption), byNeed);
  const tariff = new ExactShares(total, sharesOf(grid.tariffs), byHours);
  const permutation = new Permutation(streamKey(seed, 'meter-consumption'), total);
  const groups = groupsOfOneNeed(grid.consumption, byNeed).map((group) => {
    const { from, to } = consumption.ranks(group.from, group.to);
    const key = streamKey(seed, `meter-tariff-${group.need}`);
    return { from, to, permutation: to > from ? new Permutation(key, to - from) : null };
  });
  for (let i = 0; i < meters.count; i++) {
    const rank = permutation.at(meters.first + i);
    let g = 0;
    while (rank >= groups[g]!.to) g++;
    const group = groups[g]!;
    meters.consumption[i] = consumption.categoryAt(rank);
    meters.tariff[i] = tariff.categoryAt(group.permutation === null ? rank : group.from + group.permutation.at(rank - group.from));
  }
}

function fillAccessibility(scenario: Scenario, total: number, meters: Pick<Meters, 'first' | 'count' | 'accessibility'>): void {
  const shares = new ExactShares(total, sharesOf(scenario.behaviour.meterAccessibility));
  const permutation = new Permutation(streamKey(scenario.seed, 'meter-accessibility'), total);
  for (let i = 0; i < meters.count; i++) meters.accessibility[i] = shares.categoryAt(permutation.at(meters.first + i));
}

/** That column alone, for who needs no other: a third of the work. */
export function meterAccessibility(scenario: Scenario, stations: Stations, range: StationRange): Uint8Array {
  const first = stations.firstMeter[range.fromStation]!;
  const count = stations.firstMeter[range.toStation]! - first;
  const accessibility = new Uint8Array(count);
  fillAccessibility(scenario, stations.meters, { first, count, accessibility });
  return accessibility;
}

/**
 * Annual energy = that of the category times 0.35 + 0.65 * (mean of two exponentials): mean 1, standard deviation 0.46, and
 * skewed to the right as homes are, with few below half and some of three times the mean. The sum of two exponentials is the
 * negative logarithm of the product of two uniforms.
 */
function fillAnnualEnergy(scenario: Scenario, meters: Meters): void {
  const stream = streamKey(scenario.seed, 'meter-annual');
  const annualWh = Float64Array.from(scenario.grid.consumption, (c) => c.annualWh);
  for (let i = 0; i < meters.count; i++) {
    const key = entityKey(stream, meters.first + i);
    const product = (draw(key, 0) + 1) * UNIT * ((draw(key, 1) + 1) * UNIT);
    const factor = 0.35 - 0.325 * naturalLog(product);
    const energy = Math.round(annualWh[meters.consumption[i]!]! * factor);
    meters.annualWh[i] = Math.min(Math.max(energy, 1), 0xffffffff);
  }
}

function sharesOf(list: readonly { readonly share: number }[]): number[] {
  return list.map((category) => category.share);
}

/** Indices of the list in ascending order of `value`; equal ones keep their order. */
function orderBy<T>(list: readonly T[], value: (item: T) => number): number[] {
  return list
    .map((item, index) => ({ index, value: value(item) }))
    .sort((a, b) => a.value - b.value || a.index - b.index)
    .map((entry) => entry.index);
}

/** Runs [from, to) of places in `order` whose patterns have one need. */
function groupsOfOneNeed(
  consumption: readonly Consumption[],
  order: readonly number[],
): { from: number; to: number; need: number }[] {
  const groups: { from: number; to: number; need: number }[] = [];
  order.forEach((category, place) => {
    const need = lowTariffNeed(consumption[category]!.pattern);
    const last = groups.at(-1);
    if (last !== undefined && last.need === need) last.to = place + 1;
    else groups.push({ from: place, to: place + 1, need });
  });
  return groups;
}

function lowMinutes(tariff: Tariff): number {
  return tariff.low.reduce((sum, window) => sum + window.toMinute - window.fromMinute, 0);
}
