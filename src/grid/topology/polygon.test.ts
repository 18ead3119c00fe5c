import { describe, expect, it } from 'vitest';
import { entityKey } from '../../base/random.ts';
import { type Point, Polygon } from './polygon.ts';

function ring(...positions: readonly (readonly [number, number])[]): Float64Array {
  return Float64Array.from([...positions, positions[0] ?? [0, 0]].flat());
}

function box(west: number, south: number, east: number, north: number): Float64Array {
  return ring([west, south], [east, south], [east, north], [west, north]);
}

function points(polygon: Polygon, count: number): Point[] {
  return Array.from({ length: count }, (_, i) => {
    const point = polygon.pointInside(entityKey(4711, i));
    if (point === null) throw new Error('no point');
    return point;
  });
}

function sigmas(observed: number, expected: number, count: number): number {
  return Math.abs(observed / count - expected) / Math.sqrt((expected * (1 - expected)) / count);
}

describe('area', () => {
  it('agrees with the closed form of a box on a sphere', () => {
    for (const [west, south, east, north] of [[0, 0, 1, 1], [12, 49, 19, 51], [-180, -90, 180, 90], [-10, -60, -9, 70]] as const) {
      const sin = (degrees: number): number => Math.sin((degrees * Math.PI) / 180);
      const expected = 6371.0088 ** 2 * ((east - west) * Math.PI) / 180 * (sin(north) - sin(south));
      expect(new Polygon([box(west, south, east, north)]).areaKm2 / expected).toBeCloseTo(1, 10);
    }
  });

  it('doesn’t depend on the sense of a ring and leaves holes out', () => {
    const outline = box(14, 49, 16, 51);
    const hole = box(14.5, 49.5, 15.5, 50.5);
    const backwards = ring([14, 51], [16, 51], [16, 49], [14, 49]);
    const whole = new Polygon([outline]).areaKm2;
    expect(new Polygon([backwards]).areaKm2).toBeCloseTo(whole, 6);
    expect(new Polygon([outline, hole]).areaKm2).toBeCloseTo(whole - new Polygon([hole]).areaKm2, 6);
  });

  it('adds up over a cut, whatever its slope, and is 0 for a line there and back', () => {
    const whole = new Polygon([box(14, 49, 16, 51)]).areaKm2;
    const lower = new Polygon([ring([14, 49], [16, 49], [16, 51], [15.1, 50.2])]);
    const upper = new Polygon([ring([14, 49], [15.1, 50.2], [16, 51], [14, 51])]);
    expect((lower.areaKm2 + upper.areaKm2) / whole).toBeCloseTo(1, 12);
    expect(new Polygon([ring([1, 1], [2, 2], [3, 3])]).areaKm2).toBe(0);
    expect(new Polygon([ring([-170, -80], [10.1, 3.3], [170, 80])]).areaKm2).toBeGreaterThan(1);
    expect(new Polygon([ring([12.1, 49.3], [12.7, 51.1])]).areaKm2).toBe(0);
  });
});

describe('pointInside', () => {
  it('spreads points evenly over a box, by area and not by degrees', () => {
    const count = 40_000;
    const drawn = points(new Polygon([box(10, 0, 20, 60)]), count);
    const north = drawn.filter((point) => point.latitude >= 30).length;
    const east = drawn.filter((point) => point.longitude >= 15).length;
    // sin 60 - sin 30 of sin 60
    expect(sigmas(north, 1 - 0.5 / Math.sqrt(0.75), count)).toBeLessThan(4);
    expect(sigmas(east, 0.5, count)).toBeLessThan(4);
  });

  it('respects holes and concave outlines, and spreads evenly in what is left', () => {
    // A U of three unit squares and a bridge, near the equator, with a hole in the bridge.
    const outline = ring([0, 0], [3, 0], [3, 2], [2, 2], [2, 1], [1, 1], [1, 2], [0, 2]);
    const hole = box(1.25, 0.25, 1.75, 0.75);
    const polygon = new Polygon([outline, hole]);
    const count = 40_000;
    const drawn = points(polygon, count);
    const inHole = (p: Point): boolean => p.longitude > 1.25 && p.longitude < 1.75 && p.latitude > 0.25 && p.latitude < 0.75;
    const inNotch = (p: Point): boolean => p.longitude > 1 && p.longitude < 2 && p.latitude > 1;
    expect(drawn.some((p) => inHole(p) || inNotch(p))).toBe(false);
    expect(drawn.every((p) => p.longitude >= 0 && p.longitude <= 3 && p.latitude >= 0 && p.latitude <= 2)).toBe(true);
    const rightTower = drawn.filter((p) => p.longitude >= 2 && p.latitude >= 1).length;
    expect(sigmas(rightTower, 1 / 4.75, count)).toBeLessThan(4);
  });

  it('finds a sliver that fills a thousandth of its box', () => {
    const sliver = new Polygon([ring([0, 0], [10, 10], [10, 10.002])]);
    for (const point of points(sliver, 500)) expect(sliver.contains(point)).toBe(true);
  });

  it('is the same for an outline of many edges, and quick', () => {
    const circle = Array.from({ length: 60_000 }, (_, i) => {
      const angle = (2 * Math.PI * i) / 60_000;
      return [14 + Math.cos(angle), 50 + Math.sin(angle)] as const;
    });
    const polygon = new Polygon([ring(...circle)]);
    const started = performance.now();
    const drawn = points(polygon, 20_000);
    // About 30 ms; without strips, each point would look at 60,000 edges: 3 s and more.
    expect(performance.now() - started).toBeLessThan(1500);
    expect(drawn.every((p) => (p.longitude - 14) ** 2 + (p.latitude - 50) ** 2 < 1)).toBe(true);
  });

  it('answers null when the rings cancel each other', () => {
    expect(new Polygon([box(0, 0, 1, 1), box(0, 0, 1, 1)]).pointInside(1)).toBeNull();
  });
});

describe('contains', () => {
  it('tells inside from outside', () => {
    const polygon = new Polygon([box(0, 0, 4, 4), box(1, 1, 3, 3)]);
    const inside = [[0.5, 0.5], [0.5, 2], [3.5, 3.9]] as const;
    const outside = [[2, 2], [-1, 2], [5, 2], [2, -1], [2, 5]] as const;
    for (const [longitude, latitude] of inside) expect(polygon.contains({ longitude, latitude })).toBe(true);
    for (const [longitude, latitude] of outside) expect(polygon.contains({ longitude, latitude })).toBe(false);
  });
});
