/**
 * The stations of a scenario: size, meters, line, accessibility and place of each. Counts of every category and the total of
 * meters are exact; who has what is spread by permutations of their own, so that the columns are independent.
 */

import { assert } from '../../base/assert.ts';
import { below, draw, streamKey, UNIT } from '../../base/random.ts';
import type { GridParameters, Scenario } from '../scenario/scenario.ts';
import { loadArea } from './area.ts';
import { spreadCategories } from './exact-shares.ts';
import { placeStations } from './placement.ts';
import type { Stations } from './topology.ts';

/** @throws AreaError when the scenario's GeoJSON file is not one to place stations in. */
export function generateStations(scenario: Scenario): Stations {
  const { seed, grid, behaviour } = scenario;
  const count = grid.stations;
  const spread = (stream: string, categories: readonly { readonly share: number }[]): Uint8Array =>
    spreadCategories({ seed, stream, count, shares: categories.map((category) => category.share) });
  const size = spread('station-size', grid.stationSizes);
  const firstMeter = numberMeters(metersOfStations(seed, grid, size));
  return {
    count,
    meters: firstMeter[count]!,
    firstMeter,
    size,
    link: spread('station-link', grid.links),
    accessibility: spread('station-accessibility', behaviour.concentratorAccessibility),
    ...placeStations({ seed, count, area: loadArea(grid.area) }),
  };
}

/** Meters of each station: uniform within the range of its size, then shifted so that the total is the one asked for. */
function metersOfStations(seed: number, grid: GridParameters, size: Uint8Array): Uint32Array {
  const key = streamKey(seed, 'station-meters');
  const meters = new Uint32Array(size.length);
  let total = 0;
  for (let s = 0; s < size.length; s++) {
    const { metersMin, metersMax } = grid.stationSizes[size[s]!]!;
    meters[s] = metersMin + below(key, s, metersMax - metersMin + 1);
    total += meters[s]!;
  }
  if (grid.meters === null || grid.meters === total) return meters;
  const grow = grid.meters > total;
  const room = new Uint32Array(size.length);
  for (let s = 0; s < size.length; s++) {
    const { metersMin, metersMax } = grid.stationSizes[size[s]!]!;
    room[s] = grow ? metersMax - meters[s]! : meters[s]! - metersMin;
  }
  const shift = takeFromRooms(Math.abs(grid.meters - total), room, streamKey(seed, 'station-meters-shift'));
  for (let s = 0; s < size.length; s++) meters[s]! += grow ? shift[s]! : -shift[s]!;
  return meters;
}

/**
 * Splits `amount` over the stations in proportion to their room: none gets more than its room, and none is off its exact
 * part by one or more. The remainders are carried on from station to station, from a random start (systematic sampling), so
 * that a part of 0.3 becomes 1 in three of ten cases whatever the size of the station; ranking the remainders would give all
 * to the stations with most room. Integers throughout.
 */
function takeFromRooms(amount: number, room: Uint32Array, key: number): Uint32Array {
  const parts = new Uint32Array(room.length);
  let sum = 0;
  for (let s = 0; s < room.length; s++) sum += room[s]!;
  assert(amount <= sum, 'the size categories can give this total of meters');
  let carried = Math.floor(draw(key, 0) * UNIT * sum);
  for (let s = 0; s < room.length; s++) {
    carried += room[s]! * amount;
    const part = Math.floor(carried / sum);
    parts[s] = part;
    carried -= part * sum;
  }
  return parts;
}

function numberMeters(meters: Uint32Array): Uint32Array {
  const firstMeter = new Uint32Array(meters.length + 1);
  for (let s = 0; s < meters.length; s++) firstMeter[s + 1] = firstMeter[s]! + meters[s]!;
  return firstMeter;
}
