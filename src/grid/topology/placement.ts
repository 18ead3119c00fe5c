/**
 * Where the stations stand. Each feature of the area gets stations by its weight, each polygon of a feature by its area
 * (largest remainder), and a station a point drawn evenly from its polygon. Stations of one feature have ids in a row: a
 * region of the grid is a range of ids.
 */

import { entityKey, largestRemainder, streamKey } from '../../base/random.ts';
import { type Area, AreaError } from './area.ts';
import type { Stations } from './topology.ts';

/** @throws AreaError when the rings of a polygon cancel each other. */
export function placeStations(options: {
  readonly seed: number;
  readonly count: number;
  readonly area: Area;
}): Pick<Stations, 'longitude' | 'latitude'> {
  const { count, area } = options;
  const stream = streamKey(options.seed, 'station-place');
  const longitude = new Float64Array(count);
  const latitude = new Float64Array(count);
  const byFeature = largestRemainder(count, area.features.map((feature) => feature.weight));
  let station = 0;
  area.features.forEach((feature, f) => {
    const byPolygon = largestRemainder(byFeature[f]!, feature.polygons.map((polygon) => polygon.areaKm2));
    feature.polygons.forEach((polygon, p) => {
      for (const end = station + byPolygon[p]!; station < end; station++) {
        const point = polygon.pointInside(entityKey(stream, station));
        if (point === null) throw cancelled(area, feature.where);
        longitude[station] = point.longitude;
        latitude[station] = point.latitude;
      }
    });
  });
  return { longitude, latitude };
}

function cancelled(area: Area, where: string): AreaError {
  return new AreaError('AREA_EMPTY', {
    file: area.file,
    where,
    found: 'a polygon whose rings leave nothing inside',
    allowed: 'an outline, and holes within it',
  });
}
