/**
 * The area on the map that stations are placed in, from GeoJSON (RFC 7946): a FeatureCollection, a Feature, a Polygon or a
 * MultiPolygon. The file is the user's, so each flaw is reported with its place in the file, what was found and what is
 * allowed. Bundled: `cez`, 55 districts of the Czech Republic.
 */

import { readFileSync, statSync } from 'node:fs';
import { packageFile } from '../../base/package-root.ts';
import { Polygon, type Ring } from './polygon.ts';

export interface Area {
  readonly file: string;
  readonly features: readonly AreaFeature[];
}

export interface AreaFeature {
  /** Its place in the file, e.g. `features[3]`. */
  readonly where: string;
  /** Share of the stations in proportion to the other features: the property `weight` if given, else the area in km2. */
  readonly weight: number;
  /** At least one; each with an area above 0. */
  readonly polygons: readonly Polygon[];
}

export type AreaErrorCode =
  | 'AREA_UNREADABLE'
  | 'AREA_TOO_LARGE'
  | 'AREA_NOT_JSON'
  | 'AREA_NOT_GEOJSON'
  | 'AREA_BAD_COORDINATE'
  | 'AREA_BAD_WEIGHT'
  | 'AREA_EMPTY';

/** The user's mistake in an area file. The message is one line. */
export class AreaError extends Error {
  override readonly name = 'AreaError';
  readonly code: AreaErrorCode;
  readonly file: string;
  /** Place within the file, e.g. `features[3].geometry.coordinates[0]`; empty: the file itself. */
  readonly where: string;
  readonly found: string;
  readonly allowed: string;

  constructor(
    code: AreaErrorCode,
    facts: { readonly file: string; readonly where: string; readonly found: string; readonly allowed: string },
    options?: ErrorOptions,
  ) {
    const place = facts.where === '' ? facts.file : `${facts.file}: ${facts.where}`;
    super(`${place}: found ${facts.found}; allowed: ${facts.allowed}`, options);
    this.code = code;
    this.file = facts.file;
    this.where = facts.where;
    this.found = facts.found;
    this.allowed = facts.allowed;
  }
}

const FILE_BYTES_MAX = 64 * 2 ** 20;

/** `area`: a bundled name or the path of a file. @throws AreaError */
export function loadArea(area: string): Area {
  const file = area === 'cez' ? packageFile('data', 'geo', 'cez_districts.geojson') : area;
  return parseArea(file, readText(file));
}

/** All rings of an area, for a map: longitude and latitude alternate. @throws AreaError */
export function areaOutline(area: string): readonly Ring[] {
  const { file } = loadArea(area);
  return ringsOf(JSON.parse(readText(file).replace(/^\uFEFF/, '')));
}

/** Of JSON that was found right: lists of positions, wherever they are. */
function ringsOf(json: unknown): readonly Ring[] {
  if (!Array.isArray(json)) return typeof json === 'object' && json !== null ? Object.values(json).flatMap(ringsOf) : [];
  const isRing = json.length > 0 && json.every((item) => Array.isArray(item) && typeof item[0] === 'number');
  return isRing ? [Float64Array.from(json.flatMap((position: readonly number[]) => position.slice(0, 2)))] : json.flatMap(ringsOf);
}

/** `file` is for messages alone. @throws AreaError */
export function parseArea(file: string, text: string): Area {
  let json: unknown;
  try {
    json = JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (cause) {
    throw new AreaError('AREA_NOT_JSON', { file, where: '', found: firstLine(cause), allowed: 'GeoJSON' }, { cause });
  }
  return { file, features: new AreaReader(file).features(json) };
}

function readText(file: string): string {
  const allowed = 'a readable GeoJSON file of at most 64 MiB';
  try {
    const { size } = statSync(file);
    if (size > FILE_BYTES_MAX) {
      throw new AreaError('AREA_TOO_LARGE', { file, where: '', found: `${size} bytes`, allowed });
    }
    return readFileSync(file, 'utf8');
  } catch (cause) {
    if (cause instanceof AreaError) throw cause;
    throw new AreaError('AREA_UNREADABLE', { file, where: '', found: firstLine(cause), allowed }, { cause });
  }
}

/** Reads the parsed JSON of one file. `where` names the place that is read. */
class AreaReader {
  readonly #file: string;

  constructor(file: string) {
    this.#file = file;
  }

  features(json: unknown): AreaFeature[] {
    const found = this.#located(json);
    const weighted = found.filter((feature) => feature.weight !== undefined).length;
    const unweighted = found.find((feature) => feature.weight === undefined);
    if (weighted > 0 && unweighted !== undefined) {
      const problem = `no weight, while ${weighted} of ${found.length} features have one`;
      throw this.#error('AREA_BAD_WEIGHT', `${unweighted.where}.properties`, problem, 'a weight in all features or in none');
    }
    const features = found.map(({ where, weight, polygons }) => ({
      where,
      polygons,
      weight: weight ?? polygons.reduce((sum, polygon) => sum + polygon.areaKm2, 0),
    }));
    if (!features.some((feature) => feature.weight > 0)) {
      throw this.#error('AREA_BAD_WEIGHT', 'features', 'weights that are all 0', 'at least one weight above 0');
    }
    return features;
  }

  #located(json: unknown): { where: string; weight: number | undefined; polygons: Polygon[] }[] {
    const type = typeOf(json);
    if (type === 'Polygon' || type === 'MultiPolygon') {
      return [{ where: 'geometry', weight: undefined, polygons: this.#polygons(json, '') }];
    }
    if (type === 'Feature') return [this.#feature(json, '')];
    if (type !== 'FeatureCollection') {
      const allowed = '"FeatureCollection", "Feature", "Polygon" or "MultiPolygon"';
      throw this.#error('AREA_NOT_GEOJSON', 'type', shown(memberOf(json, 'type')), allowed);
    }
    const list = memberOf(json, 'features');
    if (!Array.isArray(list)) throw this.#error('AREA_NOT_GEOJSON', 'features', shown(list), 'a list of features');
    if (list.length === 0) throw this.#error('AREA_EMPTY', 'features', 'an empty list', 'at least one feature');
    return list.map((item: unknown, i) => this.#feature(item, `features[${i}].`));
  }

  #feature(json: unknown, prefix: string): { where: string; weight: number | undefined; polygons: Polygon[] } {
    const where = prefix === '' ? 'feature' : prefix.slice(0, -1);
    if (typeOf(json) !== 'Feature') {
      throw this.#error('AREA_NOT_GEOJSON', `${prefix}type`, shown(memberOf(json, 'type')), '"Feature"');
    }
    const weight = memberOf(memberOf(json, 'properties'), 'weight');
    const valid = weight === undefined || (typeof weight === 'number' && Number.isFinite(weight) && weight >= 0);
    if (!valid) throw this.#error('AREA_BAD_WEIGHT', `${prefix}properties.weight`, shown(weight), 'a number from 0 on');
    return { where, weight, polygons: this.#polygons(memberOf(json, 'geometry'), `${prefix}geometry.`) };
  }

  #polygons(geometry: unknown, prefix: string): Polygon[] {
    const type = typeOf(geometry);
    if (type !== 'Polygon' && type !== 'MultiPolygon') {
      const found = geometry === null ? 'no geometry' : shown(memberOf(geometry, 'type'));
      throw this.#error('AREA_NOT_GEOJSON', `${prefix}type`, found, '"Polygon" or "MultiPolygon"');
    }
    const where = `${prefix}coordinates`;
    const coordinates = memberOf(geometry, 'coordinates');
    const list =
      type === 'Polygon'
        ? [this.#polygon(coordinates, where)]
        : this.#list(coordinates, where, 'a list of polygons').map((item, i) => this.#polygon(item, `${where}[${i}]`));
    const polygons = list.filter((polygon) => polygon.areaKm2 > 0);
    if (polygons.length > 0) return polygons;
    throw this.#error('AREA_EMPTY', where, 'polygons without any area', 'at least one polygon with an area');
  }

  #polygon(json: unknown, where: string): Polygon {
    const rings = this.#list(json, where, 'a list of rings').map((item, i) => this.#ring(item, `${where}[${i}]`));
    return new Polygon(rings);
  }

  #ring(json: unknown, where: string): Ring {
    const positions = this.#list(json, where, 'a list of positions');
    const ring = new Float64Array(positions.length * 2);
    positions.forEach((position, i) => {
      const place = `${where}[${i}]`;
      if (!Array.isArray(position) || position.length < 2) {
        throw this.#error('AREA_BAD_COORDINATE', place, shown(position), '[longitude, latitude]');
      }
      ring[2 * i] = this.#degrees(position[0], `${place}[0]`, 180);
      ring[2 * i + 1] = this.#degrees(position[1], `${place}[1]`, 90);
    });
    const last = ring.length - 2;
    const closed = ring[0] === ring[last] && ring[1] === ring[last + 1];
    if (positions.length >= 4 && closed) return ring;
    const found = closed ? `${positions.length} positions` : 'a last position that is not the first';
    throw this.#error('AREA_BAD_COORDINATE', where, found, 'a closed ring of at least 4 positions, the last like the first');
  }

  #degrees(value: unknown, where: string, limit: number): number {
    if (typeof value === 'number' && Math.abs(value) <= limit) return value;
    const axis = limit === 180 ? 'longitude' : 'latitude';
    throw this.#error('AREA_BAD_COORDINATE', where, shown(value), `${axis} in degrees (WGS 84), -${limit} to ${limit}`);
  }

  #list(json: unknown, where: string, allowed: string): readonly unknown[] {
    if (Array.isArray(json) && json.length > 0) return json;
    const found = Array.isArray(json) ? 'an empty list' : shown(json);
    throw this.#error(Array.isArray(json) ? 'AREA_EMPTY' : 'AREA_NOT_GEOJSON', where, found, allowed);
  }

  #error(code: AreaErrorCode, where: string, found: string, allowed: string): AreaError {
    return new AreaError(code, { file: this.#file, where, found, allowed });
  }
}

function memberOf(json: unknown, key: string): unknown {
  return typeof json === 'object' && json !== null && Object.hasOwn(json, key)
    ? (json as Readonly<Record<string, unknown>>)[key]
    : undefined;
}

function typeOf(json: unknown): string {
  const type = memberOf(json, 'type');
  return typeof type === 'string' ? type : '';
}

function shown(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === 'object' && value !== null) return 'an object';
  const text = typeof value === 'string' ? JSON.stringify(value) : String(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

function firstLine(cause: unknown): string {
  const message = cause instanceof Error ? cause.message : String(cause);
  return message.replace(/\n.*/s, '');
}
