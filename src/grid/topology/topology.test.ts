import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { largestRemainder } from '../../base/random.ts';
import type { Scenario } from '../scenario/scenario.ts';
import { lowTariffNeed } from './bundled-patterns.ts';
import { generateMeters } from './meters.ts';
import { paperGrid } from './paper-grid.fixture.ts';
import { segmentStations } from './segment.ts';
import { generateStations } from './stations.ts';
import type { Meters, Stations } from './topology.ts';

function wholeGrid(scenario: Scenario): { stations: Stations; meters: Meters } {
  const stations = generateStations(scenario);
  return { stations, meters: generateMeters(scenario, stations, { fromStation: 0, toStation: stations.count }) };
}

function counts(column: Uint8Array, categories: number): number[] {
  const found = Array.from({ length: categories }, () => 0);
  for (const category of column) found[category] = (found[category] ?? 0) + 1;
  return found;
}

function exact(total: number, list: readonly { readonly share: number }[]): number[] {
  return [...largestRemainder(total, list.map((category) => category.share))];
}

/** Cramer's V-like: the largest deviation of the joint counts from independence, in standard deviations. */
function dependence(a: Uint8Array, b: Uint8Array): number {
  const joint = new Map<number, number>();
  a.forEach((x, i) => joint.set(x * 256 + (b[i] ?? 0), (joint.get(x * 256 + (b[i] ?? 0)) ?? 0) + 1));
  const [ca, cb] = [counts(a, 8), counts(b, 8)];
  let worst = 0;
  ca.forEach((na, x) =>
    cb.forEach((nb, y) => {
      const expected = (na * nb) / a.length;
      if (expected < 5) return;
      worst = Math.max(worst, Math.abs((joint.get(x * 256 + y) ?? 0) - expected) / Math.sqrt(expected));
    }),
  );
  return worst;
}

function fingerprint(stations: Stations, meters: Meters): string {
  const hash = createHash('sha256');
  const { firstMeter, size, link, accessibility, longitude, latitude } = stations;
  for (const column of [firstMeter, size, link, accessibility, longitude, latitude]) hash.update(column);
  for (const column of [meters.consumption, meters.tariff, meters.accessibility, meters.annualWh]) hash.update(column);
  return hash.digest('hex').slice(0, 32);
}

function metersOf(stations: Stations, station: number): number {
  return (stations.firstMeter[station + 1] ?? 0) - (stations.firstMeter[station] ?? 0);
}

const small = paperGrid('small');
const grid = wholeGrid(small);
const large = paperGrid('large');
const largeGrid = wholeGrid(large);

describe.each([
  ['small', small, grid],
  ['large', large, largeGrid],
] as const)('the %s grid', (_, scenario, { stations, meters }) => {
  it('has exactly the stations and meters asked for', () => {
    expect(stations.count).toBe(scenario.grid.stations);
    expect(stations.meters).toBe(scenario.grid.meters);
    expect(stations.firstMeter).toHaveLength(stations.count + 1);
    expect(stations.firstMeter[0]).toBe(0);
    expect(stations.firstMeter[stations.count]).toBe(stations.meters);
    expect([meters.first, meters.count]).toEqual([0, stations.meters]);
  });

  it('hits every category exactly', () => {
    const { grid: g, behaviour } = scenario;
    expect(counts(stations.size, 6)).toEqual(exact(stations.count, g.stationSizes));
    expect(counts(stations.link, 4)).toEqual(exact(stations.count, g.links));
    expect(counts(stations.accessibility, 4)).toEqual(exact(stations.count, behaviour.concentratorAccessibility));
    expect(counts(meters.consumption, 4)).toEqual(exact(meters.count, g.consumption));
    expect(counts(meters.tariff, 3)).toEqual(exact(meters.count, g.tariffs));
    expect(counts(meters.accessibility, 4)).toEqual(exact(meters.count, behaviour.meterAccessibility));
  });

  it('keeps every station in the range of its size, the mean of each size in its middle', () => {
    scenario.grid.stationSizes.forEach(({ metersMin, metersMax }, size) => {
      let [sum, n, lowest, highest] = [0, 0, Infinity, 0];
      for (let s = 0; s < stations.count; s++) {
        if (stations.size[s] !== size) continue;
        const m = metersOf(stations, s);
        [sum, n, lowest, highest] = [sum + m, n + 1, Math.min(lowest, m), Math.max(highest, m)];
      }
      expect(lowest).toBeGreaterThanOrEqual(metersMin);
      expect(highest).toBeLessThanOrEqual(metersMax);
      const sigma = (metersMax - metersMin + 1) / Math.sqrt(12 * n);
      // The correction towards the total moves all by the same small share of their room.
      const correction = 0.03 * (metersMax - metersMin);
      expect(Math.abs(sum / n - (metersMin + metersMax) / 2)).toBeLessThan(4 * sigma + correction);
    });
  });

  it('has columns that don’t depend on each other, but for tariff and consumption', () => {
    const pairs = [
      [stations.size, stations.link],
      [stations.size, stations.accessibility],
      [stations.link, stations.accessibility],
      [meters.consumption, meters.accessibility],
      [meters.tariff, meters.accessibility],
    ] as const;
    for (const [a, b] of pairs) expect(dependence(a, b)).toBeLessThan(4.5);
    expect(dependence(meters.consumption, meters.tariff)).toBeGreaterThan(100);
  });

  it('gives a low tariff to boilers and heating, and spreads the rest over the others alike', () => {
    const joint = scenario.grid.consumption.map((_c, consumption) => {
      const tariffs = meters.tariff.filter((_t, i) => meters.consumption[i] === consumption);
      return counts(tariffs, 3).map((n) => n / tariffs.length);
    });
    const [h0, boiler, heating, g0] = joint;
    expect(boiler?.[0]).toBe(0);
    expect(heating?.[2]).toBe(1);
    expect(h0?.[0]).toBeCloseTo(0.69 / 0.78, 2);
    expect(Math.abs((h0?.[0] ?? 0) - (g0?.[0] ?? 0))).toBeLessThan(0.03);
  });

  it('has annual energies of mean 1 and standard deviation 0.46 times the category’s, skewed to the right', () => {
    scenario.grid.consumption.forEach(({ annualWh }, consumption) => {
      let [n, sum, squares, below, above] = [0, 0, 0, 0, 0];
      for (let i = 0; i < meters.count; i++) {
        if (meters.consumption[i] !== consumption) continue;
        const factor = (meters.annualWh[i] ?? 0) / annualWh;
        [n, sum, squares] = [n + 1, sum + factor, squares + (factor - 1) ** 2];
        if (factor < 0.35 - 1e-6) below++;
        if (factor > 2) above++;
      }
      expect(Math.abs(sum / n - 1)).toBeLessThan(Math.max(0.01, (4 * 0.46) / Math.sqrt(n)));
      expect(Math.sqrt(squares / n)).toBeCloseTo(0.46, 1);
      expect(below).toBe(0);
      // P(e1 + e2 > 1.65 / 0.325) = (1 + x) exp(-x) at x = 5.077
      expect(above / n).toBeCloseTo(0.0379, 2);
    });
    const mean = meters.annualWh.reduce((a, b) => a + b, 0) / meters.count;
    const expected = scenario.grid.consumption.reduce((s, c) => s + c.share * c.annualWh, 0);
    expect(Math.abs(mean / expected - 1)).toBeLessThan(0.01);
  });

  it.each([1, 2, 7, 64])('in %i segments is the same grid, balanced by meters', (count) => {
    let station = 0;
    for (let index = 0; index < count; index++) {
      const range = segmentStations(stations, { index, count });
      expect(range.fromStation).toBe(station);
      station = range.toStation;
      const part = generateMeters(scenario, stations, range);
      expect(Math.abs(part.count - meters.count / count)).toBeLessThanOrEqual(600);
      const end = part.first + part.count;
      for (const column of ['consumption', 'tariff', 'accessibility', 'annualWh'] as const) {
        expect(Buffer.compare(bytesOf(part[column]), bytesOf(meters[column].subarray(part.first, end)))).toBe(0);
      }
    }
    expect(station).toBe(stations.count);
  });
});

function bytesOf(column: Uint8Array | Uint32Array): Uint8Array {
  return new Uint8Array(column.buffer, column.byteOffset, column.byteLength);
}

describe('determinism', () => {
  it('a seed gives the same bytes as ever', () => {
    expect(fingerprint(grid.stations, grid.meters)).toMatchInlineSnapshot(`"a257060917281d457ae3f1205567ac10"`);
    expect(fingerprint(largeGrid.stations, largeGrid.meters)).toMatchInlineSnapshot(`"0ed23f7a790ac468a37d7d52729738bd"`);
    const again = wholeGrid(paperGrid('small'));
    expect(fingerprint(again.stations, again.meters)).toBe(fingerprint(grid.stations, grid.meters));
  });

  it('another seed changes every column', () => {
    const other = wholeGrid(paperGrid('small', { seed: 2014 }));
    for (const name of ['firstMeter', 'size', 'link', 'accessibility', 'longitude', 'latitude'] as const) {
      expect(other.stations[name], name).not.toEqual(grid.stations[name]);
    }
    for (const name of ['consumption', 'tariff', 'accessibility', 'annualWh'] as const) {
      expect(other.meters[name], name).not.toEqual(grid.meters[name]);
    }
  });
});

describe('the total of meters', () => {
  const withMeters = (meters: number | null): Stations => generateStations(paperGrid('small', { grid: { meters } }));

  it('is what the sizes give when none is asked for', () => {
    const free = withMeters(null);
    expect(Math.abs(free.meters / 1430 - 69.86)).toBeLessThan(69.86 * 0.05);
  });

  it('can be anything from all at their least to all at their most', () => {
    const sizes = small.grid.stationSizes;
    const stationsOf = exact(1430, sizes);
    const bound = (key: 'metersMin' | 'metersMax'): number => sizes.reduce((sum, size, i) => sum + (stationsOf[i] ?? 0) * size[key], 0);
    const [least, most] = [bound('metersMin'), bound('metersMax')];
    for (const meters of [least, least + 1, 70_000, 99_999, 130_000, most - 1, most]) {
      const stations = withMeters(meters);
      expect(stations.meters).toBe(meters);
      for (let s = 0; s < stations.count; s++) {
        const size = sizes[stations.size[s] ?? -1];
        expect(metersOf(stations, s)).toBeGreaterThanOrEqual(size?.metersMin ?? Infinity);
        expect(metersOf(stations, s)).toBeLessThanOrEqual(size?.metersMax ?? -1);
      }
    }
    expect(() => withMeters(least - 1)).toThrow('the size categories can give this total of meters');
    expect(() => withMeters(most + 1)).toThrow('the size categories can give this total of meters');
  });

  it('is reached without favour: each size moves by the same share of its room', () => {
    const free = generateStations(paperGrid('large', { grid: { meters: null } }));
    const wanted = free.meters + 20_000;
    const moved = generateStations(paperGrid('large', { grid: { meters: wanted } }));
    expect(moved.meters).toBe(wanted);
    const shares = large.grid.stationSizes.map(({ metersMax }, size) => {
      let [room, gain] = [0, 0];
      for (let s = 0; s < free.count; s++) {
        if (free.size[s] !== size) continue;
        room += metersMax - metersOf(free, s);
        gain += metersOf(moved, s) - metersOf(free, s);
      }
      return { share: gain / room, sigma: Math.sqrt(gain) / room };
    });
    const overall = 20_000 / large.grid.stationSizes.reduce((sum, { metersMax }, size) => {
      let room = 0;
      for (let s = 0; s < free.count; s++) if (free.size[s] === size) room += metersMax - metersOf(free, s);
      return sum + room;
    }, 0);
    for (const { share, sigma } of shares) expect(Math.abs(share - overall)).toBeLessThan(4 * sigma);
  });
});

describe('tariff and consumption', () => {
  it('keep both lists of shares whatever their order, number and needs', () => {
    const consumption = [
      { pattern: 'heat-pump', share: 0.3, annualWh: 5e6 },
      { pattern: 'vdew-h0', share: 0.1, annualWh: 2e6 },
      { pattern: 'ev-night', share: 0.35, annualWh: 2e6 },
      { pattern: 'flat', share: 0.25, annualWh: 1 },
      { pattern: 'ev', share: 0, annualWh: 1 },
    ];
    const tariffs = [
      { name: 'night', share: 0.2, low: [{ fromMinute: 0, toMinute: 360 }] },
      { name: 'long', share: 0.15, low: [{ fromMinute: 0, toMinute: 1200 }] },
      { name: 'one', share: 0.65, low: [] },
    ];
    const { meters } = wholeGrid(paperGrid('small', { grid: { consumption, tariffs } }));
    expect(counts(meters.consumption, 5)).toEqual([30_000, 10_000, 35_000, 25_000, 0]);
    expect(counts(meters.tariff, 3)).toEqual([20_000, 15_000, 65_000]);
    const withoutLow = meters.tariff.filter((tariff, i) => {
      const pattern = consumption[meters.consumption[i] ?? -1]?.pattern ?? '';
      return tariff === 2 && lowTariffNeed(pattern) === 2;
    });
    // 35 % have a low tariff and 30 % heat: every heat pump has one.
    expect(withoutLow).toHaveLength(0);
    expect(Math.min(...meters.annualWh)).toBe(1);
  });

  it('hold for one category each', () => {
    const one = paperGrid('small', {
      grid: { consumption: [{ pattern: 'flat', share: 1, annualWh: 1000 }], tariffs: [{ name: 'one', share: 1, low: [] }] },
    });
    const { meters } = wholeGrid(one);
    expect(new Set([...meters.consumption, ...meters.tariff])).toEqual(new Set([0]));
  });

  it('an annual energy never leaves its column', () => {
    const consumption = [{ pattern: 'flat', share: 1, annualWh: 4e9 }];
    const { meters } = wholeGrid(paperGrid('small', { grid: { consumption } }));
    expect(Math.max(...meters.annualWh.subarray(0, 10_000))).toBe(0xffffffff);
    expect(Math.min(...meters.annualWh.subarray(0, 10_000))).toBeGreaterThan(0.34 * 4e9);
  });
});

describe('segmentStations', () => {
  const tiny = generateStations(paperGrid('small', { grid: { stations: 5, meters: null } }));

  it('has empty segments when there are more than stations, and covers the grid all the same', () => {
    for (const count of [5, 6, 17, 1000]) {
      let station = 0;
      for (let index = 0; index < count; index++) {
        const { fromStation, toStation } = segmentStations(tiny, { index, count });
        expect(fromStation).toBe(station);
        expect(toStation).toBeGreaterThanOrEqual(fromStation);
        station = toStation;
      }
      expect(station).toBe(5);
    }
  });

  it('cuts at the station nearest to the even share', () => {
    const firstMeter = Uint32Array.of(0, 10, 40, 50, 100);
    const stations = { ...tiny, count: 4, meters: 100, firstMeter };
    expect(segmentStations(stations, { index: 0, count: 2 })).toEqual({ fromStation: 0, toStation: 3 });
    expect(segmentStations(stations, { index: 0, count: 3 })).toEqual({ fromStation: 0, toStation: 2 });
    expect(segmentStations(stations, { index: 1, count: 3 })).toEqual({ fromStation: 2, toStation: 3 });
    expect(segmentStations(stations, { index: 2, count: 3 })).toEqual({ fromStation: 3, toStation: 4 });
  });

  it('refuses an index that is not one of the count', () => {
    for (const index of [-1, 2, 0.5]) expect(() => segmentStations(tiny, { index, count: 2 })).toThrow(/index from 0/);
  });
});
