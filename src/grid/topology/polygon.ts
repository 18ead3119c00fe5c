/**
 * A polygon on the globe, with holes: its area and points drawn evenly from it. Coordinates are degrees, WGS 84, edges are
 * straight in longitude and latitude, and even-odd counting of crossings tells inside from outside. Only basic arithmetic,
 * so that points are the same bits on every machine.
 */

import { UNIT, draw } from '../../base/random.ts';

/** A closed ring: longitude and latitude alternate, the last position repeats the first. */
export type Ring = Float64Array;

export interface Point {
  readonly longitude: number;
  readonly latitude: number;
}

const EARTH_RADIUS_KM = 6371.0088;
const RADIANS = Math.PI / 180;
/** One square metre: what lies below is the rounding error of rings that enclose nothing. */
const AREA_KM2_MIN = 1e-6;
const TRIES_MAX = 1000;
const STRIPS_MAX = 4096;

export class Polygon {
  /** 0 when the rings enclose nothing. */
  readonly areaKm2: number;
  readonly #edges: Edges;
  readonly #width: number;
  readonly #south: number;
  readonly #height: number;
  readonly #cosineMax: number;
  readonly #strips: Strips;
  #crossings = new Float64Array(64);

  /** The outline first, then its holes. */
  constructor(rings: readonly Ring[]) {
    const area = rings.reduce((sum, ring, i) => (i === 0 ? ringAreaKm2(ring) : sum - ringAreaKm2(ring)), 0);
    this.areaKm2 = area < AREA_KM2_MIN ? 0 : area;
    this.#edges = edgesOf(rings);
    let [west, east, south, north] = [Infinity, -Infinity, Infinity, -Infinity];
    for (const ring of rings) {
      for (let i = 0; i < ring.length; i += 2) {
        west = Math.min(west, ring[i]!);
        east = Math.max(east, ring[i]!);
        south = Math.min(south, ring[i + 1]!);
        north = Math.max(north, ring[i + 1]!);
      }
    }
    this.#width = east - west;
    this.#south = south;
    this.#height = north - south;
    this.#cosineMax = south <= 0 && north >= 0 ? 1 : Math.max(cosine(south), cosine(north));
    this.#strips = stripsOf(this.#edges, south, north - south);
  }

  /**
   * A point inside, evenly by area, from the draws of `key`. A latitude is drawn and taken with a chance in proportion to the
   * length of the polygon along it; after `TRIES_MAX` refusals (a sliver across its box) the last latitude is taken as it is.
   * Null when no latitude has any length: the rings cancel each other.
   */
  pointInside(key: number): Point | null {
    let last: Point | null = null;
    for (let attempt = 0; attempt < TRIES_MAX; attempt++) {
      const latitude = this.#south + draw(key, 2 * attempt) * UNIT * this.#height;
      const share = draw(key, 2 * attempt + 1) * UNIT;
      const crossings = this.#cross(latitude);
      const length = lengthInside(this.#crossings, crossings);
      if (length <= 0) continue;
      const along = (share * this.#width * this.#cosineMax) / cosine(latitude);
      if (along < length) return { latitude, longitude: walkInside(this.#crossings, crossings, along) };
      last = { latitude, longitude: walkInside(this.#crossings, crossings, share * length) };
    }
    return last;
  }

  /** True when the point is inside. On an edge it may be either. */
  contains(point: Point): boolean {
    const crossings = this.#cross(point.latitude);
    let west = 0;
    for (let i = 0; i < crossings; i++) if (this.#crossings[i]! <= point.longitude) west++;
    return west % 2 === 1;
  }

  /** Longitudes at which edges cross the latitude, ascending, into `#crossings`. Returns how many. */
  #cross(latitude: number): number {
    const { south, north, southLongitude, northLongitude } = this.#edges;
    const { first, edge, count, perDegree } = this.#strips;
    const strip = Math.floor((latitude - this.#south) * perDegree);
    if (strip < 0 || strip > count) return 0;
    const inRange = Math.min(strip, count - 1);
    const end = first[inRange + 1]!;
    let crossings = 0;
    for (let i = first[inRange]!; i < end; i++) {
      const e = edge[i]!;
      if (latitude < south[e]! || latitude >= north[e]!) continue;
      if (crossings === this.#crossings.length) this.#crossings = grown(this.#crossings);
      const slope = (northLongitude[e]! - southLongitude[e]!) / (north[e]! - south[e]!);
      this.#crossings[crossings++] = southLongitude[e]! + (latitude - south[e]!) * slope;
    }
    if (crossings > 1) this.#crossings.subarray(0, crossings).sort();
    return crossings;
  }
}

/** Edges that are not level, each from its southern to its northern end. */
interface Edges {
  readonly count: number;
  readonly south: Float64Array;
  readonly southLongitude: Float64Array;
  readonly north: Float64Array;
  readonly northLongitude: Float64Array;
}

/** Strips of equal height, and the edges in each: those of strip i are edge[first[i]] .. edge[first[i + 1] - 1]. */
interface Strips {
  readonly count: number;
  readonly perDegree: number;
  readonly first: Uint32Array;
  readonly edge: Uint32Array;
}

function edgesOf(rings: readonly Ring[]): Edges {
  const room = rings.reduce((sum, ring) => sum + ring.length / 2, 0);
  const south = new Float64Array(room);
  const southLongitude = new Float64Array(room);
  const north = new Float64Array(room);
  const northLongitude = new Float64Array(room);
  let count = 0;
  for (const ring of rings) {
    for (let i = 0; i + 3 < ring.length; i += 2) {
      const rise = ring[i + 3]! - ring[i + 1]!;
      if (rise === 0) continue;
      const [a, b] = rise > 0 ? [i, i + 2] : [i + 2, i];
      southLongitude[count] = ring[a]!;
      south[count] = ring[a + 1]!;
      northLongitude[count] = ring[b]!;
      north[count++] = ring[b + 1]!;
    }
  }
  return { count, south, southLongitude, north, northLongitude };
}

/** As many strips as keep the lists of edges short, so that a detailed outline costs no more for each point than a simple one. */
function stripsOf(edges: Edges, south: number, height: number): Strips {
  let count = Math.min(STRIPS_MAX, 1 + (edges.count >> 1));
  for (;;) {
    const perDegree = height > 0 ? count / height : 0;
    const stripAt = (latitude: number): number => Math.min(count - 1, Math.floor((latitude - south) * perDegree));
    const first = new Uint32Array(count + 2);
    for (let e = 0; e < edges.count; e++) {
      for (let s = stripAt(edges.south[e]!); s <= stripAt(edges.north[e]!); s++) first[s + 2]!++;
    }
    for (let s = 2; s < first.length; s++) first[s]! += first[s - 1]!;
    const total = first[count + 1]!;
    if (count > 1 && total > 8 * edges.count + 1024) {
      count >>= 1;
      continue;
    }
    const edge = new Uint32Array(total);
    for (let e = 0; e < edges.count; e++) {
      for (let s = stripAt(edges.south[e]!); s <= stripAt(edges.north[e]!); s++) edge[first[s + 1]!++] = e;
    }
    return { count, perDegree, first, edge };
  }
}

/** Length in degrees of the parts inside: between the first and second crossing, the third and fourth, and so on. */
function lengthInside(crossings: Float64Array, count: number): number {
  let length = 0;
  for (let i = 0; i + 1 < count; i += 2) length += crossings[i + 1]! - crossings[i]!;
  return length;
}

/** The longitude that lies `along` degrees into the parts inside. */
function walkInside(crossings: Float64Array, count: number, along: number): number {
  let left = along;
  for (let i = 0; i + 1 < count; i += 2) {
    const length = crossings[i + 1]! - crossings[i]!;
    if (left < length || i + 3 >= count) return crossings[i]! + Math.min(left, length);
    left -= length;
  }
  return crossings[0]!;
}

/**
 * Area within the ring on a sphere, km2: the sum over its edges of (difference of longitude) x (mean sine of the latitude),
 * which is sin(middle) sin(h) / h for an edge that is straight in degrees and rises by 2 h.
 */
function ringAreaKm2(ring: Ring): number {
  let sum = 0;
  for (let i = 0; i + 3 < ring.length; i += 2) {
    const middle = (ring[i + 1]! + ring[i + 3]!) / 2;
    const half = (ring[i + 3]! - ring[i + 1]!) / 2;
    sum += (ring[i + 2]! - ring[i]!) * RADIANS * sine(middle) * sineQuotient(half);
  }
  return Math.abs(sum) * EARTH_RADIUS_KM * EARTH_RADIUS_KM;
}

/** Sine of an angle of -90 .. 90 degrees, error below 1e-12, from basic operations alone. */
function sine(degrees: number): number {
  return degrees * RADIANS * sineQuotient(degrees);
}

/** sin(x) / x, 1 at 0. */
function sineQuotient(degrees: number): number {
  const x = degrees * RADIANS;
  const q = x * x;
  let term = 1;
  let sum = 1;
  for (let n = 2; n <= 20; n += 2) {
    term *= -q / (n * (n + 1));
    sum += term;
  }
  return sum;
}

function cosine(degrees: number): number {
  return sine(90 - Math.abs(degrees));
}

function grown(column: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(column.length * 2);
  larger.set(column);
  return larger;
}
