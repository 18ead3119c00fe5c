import { describe, expect, it } from 'vitest';
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { packageFile } from '../../base/package-root.ts';
import { type Area, AreaError, loadArea, parseArea } from './area.ts';
import { placeStations } from './placement.ts';

type Json = Readonly<Record<string, unknown>>;

const SQUARE = [[[0, 0], [1, 0], [1, 1], [0, 1], [0, 0]]];
const FAR_SQUARE = [[[10, 0], [12, 0], [12, 1], [10, 1], [10, 0]]];
const POLYGON = { type: 'Polygon', coordinates: SQUARE };

function feature(geometry: unknown, properties: Json | null = null): Json {
  return { type: 'Feature', properties, geometry };
}

function collection(...features: readonly unknown[]): Json {
  return { type: 'FeatureCollection', features };
}

function parse(json: unknown): Area {
  return parseArea('f.geojson', JSON.stringify(json));
}

/** Inside by ray casting over the parsed JSON: another way than the one that drew the points. */
function insideAny(polygons: readonly number[][][][], longitude: number, latitude: number): boolean {
  return polygons.some((rings) => {
    let inside = false;
    for (const ring of rings) {
      for (let i = 1; i < ring.length; i++) {
        const [x1, y1] = ring[i - 1] as [number, number];
        const [x2, y2] = ring[i] as [number, number];
        if (y1 > latitude !== y2 > latitude && longitude < x1 + ((latitude - y1) / (y2 - y1)) * (x2 - x1)) inside = !inside;
      }
    }
    return inside;
  });
}

describe('loadArea', () => {
  interface District {
    readonly properties: { readonly lau1: string; readonly area_km2: number };
    readonly geometry: { readonly coordinates: number[][][][] };
  }
  const file = packageFile('data', 'geo', 'cez_districts.geojson');
  const { features } = JSON.parse(readFileSync(file, 'utf8')) as { features: District[] };
  const cez = loadArea('cez');

  it('cez: 55 districts whose areas agree with the register to 3 %, 52,686 km2 in all to 0.5 %', () => {
    expect(cez.features).toHaveLength(55);
    cez.features.forEach(({ weight }, i) => {
      expect(Math.abs(weight / (features[i]?.properties.area_km2 ?? 0) - 1)).toBeLessThan(0.03);
    });
    expect(Math.abs(cez.features.reduce((sum, f) => sum + f.weight, 0) / 52_686 - 1)).toBeLessThan(0.005);
  });

  it('every station lies in its district, stations of a district follow each other, as many as its area deserves', () => {
    const count = 20_000;
    const { longitude, latitude } = placeStations({ seed: 5, count, area: cez });
    const total = cez.features.reduce((sum, f) => sum + f.weight, 0);
    let station = 0;
    features.forEach((district, d) => {
      const expected = (count * (cez.features[d]?.weight ?? 0)) / total;
      let here = 0;
      const isHere = (s: number): boolean => insideAny(district.geometry.coordinates, longitude[s] ?? 0, latitude[s] ?? 0);
      while (station < count && isHere(station)) {
        here++;
        station++;
      }
      expect(Math.abs(here - expected), district.properties.lau1).toBeLessThan(1 + 1e-6);
    });
    expect(station).toBe(count);
  });

  it('reads a file by its path, and says so when it can’t', () => {
    expect(loadArea(file).features.map((f) => f.weight)).toEqual(cez.features.map((f) => f.weight));
    expect(() => loadArea('/nowhere/x.geojson')).toThrow(/^\/nowhere\/x\.geojson: found ENOENT.*; allowed: a readable GeoJSON file/);
    expect(() => loadArea(tmpdir())).toThrow(AreaError);
  });
});

describe('parseArea', () => {
  it('takes a Polygon, a MultiPolygon, a Feature and a FeatureCollection', () => {
    const multi = { type: 'MultiPolygon', coordinates: [SQUARE, FAR_SQUARE] };
    for (const json of [POLYGON, feature(POLYGON), collection(feature(POLYGON))]) {
      expect(parse(json).features.map((f) => f.polygons.length)).toEqual([1]);
    }
    expect(parse(multi).features.map((f) => f.polygons.length)).toEqual([2]);
    expect(parse(collection(feature(multi), feature(POLYGON))).features.map((f) => f.where)).toEqual(['features[0]', 'features[1]']);
    expect(parseArea('f', `\uFEFF${JSON.stringify(POLYGON)}`).features).toHaveLength(1);
  });

  it('shares stations by weight if given, else by area; within a feature by area', () => {
    const placed = (json: unknown): number => {
      const { longitude } = placeStations({ seed: 1, count: 3000, area: parse(json) });
      return longitude.filter((x) => x < 5).length;
    };
    const far = { type: 'Polygon', coordinates: FAR_SQUARE };
    expect(placed(collection(feature(POLYGON), feature(far)))).toBe(1000);
    expect(placed(collection(feature(POLYGON, { weight: 9 }), feature(far, { weight: 1 })))).toBe(2700);
    expect(placed(collection(feature(POLYGON, { weight: 0 }), feature(far, { weight: 1 })))).toBe(0);
    expect(placed({ type: 'MultiPolygon', coordinates: [SQUARE, FAR_SQUARE] })).toBe(1000);
  });

  it('passes over polygons without area beside others', () => {
    const line = [[[0, 5], [1, 5], [2, 5], [0, 5]]];
    expect(parse({ type: 'MultiPolygon', coordinates: [SQUARE, line] }).features[0]?.polygons).toHaveLength(1);
  });

  const weights = 'a number from 0 on';
  const ringRule = 'a closed ring of at least 4 positions, the last like the first';
  const cases: readonly (readonly [string, unknown, string, string])[] = [
    ['null', null, 'AREA_NOT_GEOJSON', 'f.geojson: type: found nothing; allowed: "FeatureCollection", "Feature", "Polygon" or "MultiPolygon"'],
    ['a point', { type: 'Point', coordinates: [1, 2] }, 'AREA_NOT_GEOJSON', 'f.geojson: type: found "Point"; allowed: "FeatureCollection", "Feature", "Polygon" or "MultiPolygon"'],
    ['no features', collection(), 'AREA_EMPTY', 'f.geojson: features: found an empty list; allowed: at least one feature'],
    ['features not a list', { type: 'FeatureCollection', features: { a: 1 } }, 'AREA_NOT_GEOJSON', 'f.geojson: features: found an object; allowed: a list of features'],
    ['a geometry among features', collection(POLYGON), 'AREA_NOT_GEOJSON', 'f.geojson: features[0].type: found "Polygon"; allowed: "Feature"'],
    ['a line in a feature', collection(feature(POLYGON), feature({ type: 'LineString', coordinates: [] })), 'AREA_NOT_GEOJSON', 'f.geojson: features[1].geometry.type: found "LineString"; allowed: "Polygon" or "MultiPolygon"'],
    ['no geometry', feature(null), 'AREA_NOT_GEOJSON', 'f.geojson: geometry.type: found no geometry; allowed: "Polygon" or "MultiPolygon"'],
    ['no coordinates', { type: 'Polygon' }, 'AREA_NOT_GEOJSON', 'f.geojson: coordinates: found nothing; allowed: a list of rings'],
    ['an empty polygon', { type: 'Polygon', coordinates: [] }, 'AREA_EMPTY', 'f.geojson: coordinates: found an empty list; allowed: a list of rings'],
    ['a polygon in place of many', { type: 'MultiPolygon', coordinates: SQUARE }, 'AREA_BAD_COORDINATE', 'f.geojson: coordinates[0][0][0]: found 0; allowed: [longitude, latitude]'],
    ['metres instead of degrees', { type: 'Polygon', coordinates: [[[-743100.5, -1043500], [1, 1], [0, 1], [0, 0]]] }, 'AREA_BAD_COORDINATE', 'f.geojson: coordinates[0][0][0]: found -743100.5; allowed: longitude in degrees (WGS 84), -180 to 180'],
    ['a latitude beyond the pole', { type: 'Polygon', coordinates: [[[0, 0], [1, 91], [0, 1], [0, 0]]] }, 'AREA_BAD_COORDINATE', 'f.geojson: coordinates[0][1][1]: found 91; allowed: latitude in degrees (WGS 84), -90 to 90'],
    ['text for a number', { type: 'Polygon', coordinates: [[['14', 50], [1, 1], [0, 1], [0, 0]]] }, 'AREA_BAD_COORDINATE', 'f.geojson: coordinates[0][0][0]: found "14"; allowed: longitude in degrees (WGS 84), -180 to 180'],
    ['half a position', { type: 'Polygon', coordinates: [[[0, 0], [1], [0, 1], [0, 0]]] }, 'AREA_BAD_COORDINATE', 'f.geojson: coordinates[0][1]: found a list of 1; allowed: [longitude, latitude]'],
    ['an open ring', { type: 'Polygon', coordinates: [[[0, 0], [1, 0], [1, 1], [0, 1]]] }, 'AREA_BAD_COORDINATE', `f.geojson: coordinates[0]: found a last position that is not the first; allowed: ${ringRule}`],
    ['a ring of three', { type: 'Polygon', coordinates: [[[0, 0], [1, 0], [0, 0]]] }, 'AREA_BAD_COORDINATE', `f.geojson: coordinates[0]: found 3 positions; allowed: ${ringRule}`],
    ['no area', { type: 'Polygon', coordinates: [[[0, 0], [1, 0], [2, 0], [0, 0]]] }, 'AREA_EMPTY', 'f.geojson: coordinates: found polygons without any area; allowed: at least one polygon with an area'],
    ['a weight of text', feature(POLYGON, { weight: '5' }), 'AREA_BAD_WEIGHT', `f.geojson: properties.weight: found "5"; allowed: ${weights}`],
    ['a negative weight', collection(feature(POLYGON, { weight: -1 })), 'AREA_BAD_WEIGHT', `f.geojson: features[0].properties.weight: found -1; allowed: ${weights}`],
    ['a weight missing', collection(feature(POLYGON, { weight: 1 }), feature(POLYGON)), 'AREA_BAD_WEIGHT', 'f.geojson: features[1].properties: found no weight, while 1 of 2 features have one; allowed: a weight in all features or in none'],
    ['weights of nothing', collection(feature(POLYGON, { weight: 0 })), 'AREA_BAD_WEIGHT', 'f.geojson: features: found weights that are all 0; allowed: at least one weight above 0'],
  ];

  it.each(cases)('refuses %s', (_, json, code, message) => {
    let error: unknown;
    try {
      parse(json);
    } catch (caught) {
      error = caught;
    }
    expect(error).toBeInstanceOf(AreaError);
    expect(error).toMatchObject({ code, message, file: 'f.geojson' });
  });

  it('refuses what is not JSON in one line', () => {
    expect(() => parseArea('f.geojson', '{"type":\n"Polygon",,}')).toThrow(/^f\.geojson: found [^\n]*JSON[^\n]*; allowed: GeoJSON$/);
    expect(() => parseArea('f.geojson', '')).toThrow(AreaError);
  });
});

describe('placeStations', () => {
  it('reports a polygon that leaves nothing inside, where it is: its outline goes round twice', () => {
    const [outline = []] = SQUARE;
    const twice = { type: 'Polygon', coordinates: [[...outline, ...outline.slice(1)]] };
    expect(() => placeStations({ seed: 1, count: 1, area: parse(collection(feature(twice))) })).toThrow(
      'f.geojson: features[0]: found a polygon whose rings leave nothing inside; allowed: an outline, and holes within it',
    );
  });

  it('depends on the seed and on nothing else', () => {
    const place = (seed: number): string => JSON.stringify(placeStations({ seed, count: 50, area: loadArea('cez') }));
    expect(place(7)).toBe(place(7));
    expect(place(7)).not.toBe(place(8));
  });
});
