/** The two grids of the paper as scenarios, for tests: what scenarios/small-grid.yaml and large-grid.yaml say. */

import { PLAIN_NETWORK } from '../scenario/plain-network.fixture.ts';
import type { GridParameters, Scenario } from '../scenario/scenario.ts';

export function paperGrid(
  size: 'small' | 'large',
  changes: { readonly seed?: number; readonly grid?: Partial<GridParameters> } = {},
): Scenario {
  return {
    name: size,
    seed: changes.seed ?? 2013,
    grid: {
      stations: size === 'small' ? 1430 : 50_000,
      meters: size === 'small' ? 100_000 : 3_500_000,
      stationSizes: [
        { name: 'hamlet', share: 0.125, metersMin: 1, metersMax: 5 },
        { name: 'village', share: 0.26, metersMin: 6, metersMax: 20 },
        { name: 'small', share: 0.28, metersMin: 21, metersMax: 60 },
        { name: 'medium', share: 0.22, metersMin: 61, metersMax: 150 },
        { name: 'large', share: 0.09, metersMin: 151, metersMax: 300 },
        { name: 'huge', share: 0.025, metersMin: 301, metersMax: 600 },
      ],
      area: 'cez',
      consumption: [
        { pattern: 'vdew-h0', share: 0.74, annualWh: 2_200_000 },
        { pattern: 'boiler', share: 0.17, annualWh: 4_000_000 },
        { pattern: 'heating', share: 0.05, annualWh: 9_000_000 },
        { pattern: 'vdew-g0', share: 0.04, annualWh: 10_000_000 },
      ],
      tariffs: [
        { name: 'single', share: 0.69, low: [] },
        { name: 'two-rate-8', share: 0.25, low: [hours(0, 6), hours(22, 24)] },
        {
          name: 'two-rate-20',
          share: 0.06,
          low: [hours(0, 8), hours(9, 11), hours(12, 16), hours(17, 19), hours(20, 24)],
        },
      ],
      links: [0.4, 0.3, 0.2, 0.1].map((share, i) => ({
        name: `gprs-${i + 1}`,
        share,
        latencyMs: 600 + 200 * i,
        jitterMs: 200 + 100 * i,
        loss: 0.001 * (i + 1),
        ratePacketsPerSecond: 15,
        burstPackets: 5,
        correlation: 0,
        lossBursts: null,
        excess: 'shape',
        session: null,
      })),
      ...changes.grid,
    },
    network: PLAIN_NETWORK,
    behaviour: {
      communication: 'push',
      steps: 288,
      intervalSeconds: 900,
      start: { unixSeconds: 1_358_204_400, offsetMinutes: 60 },
      spreadSeconds: 0,
      registers: 'total',
      meterMemoryRows: 960,
      onDemandPerHour: null,
      concentratorMemoryRows: 960,
      concentratorAccessibility: [
        { name: 'good', share: 0.92, accessible: 0.995, outageSeconds: 1200 },
        { name: 'fair', share: 0.06, accessible: 0.9, outageSeconds: 3600 },
        { name: 'poor', share: 0.015, accessible: 0.5, outageSeconds: 7200 },
        { name: 'bad', share: 0.005, accessible: 0.1, outageSeconds: 14_400 },
      ],
      meterAccessibility: [
        { name: 'good', share: 0.9, accessible: 0.99, outageSeconds: 1200 },
        { name: 'fair', share: 0.07, accessible: 0.85, outageSeconds: 3600 },
        { name: 'poor', share: 0.025, accessible: 0.4, outageSeconds: 7200 },
        { name: 'bad', share: 0.005, accessible: 0.05, outageSeconds: 21_600 },
      ],
    },
    thresholds: [],
    protocol: 'dlms',
    security: null,
    speed: 'max',
  };
}

function hours(from: number, to: number): { fromMinute: number; toMinute: number } {
  return { fromMinute: from * 60, toMinute: to * 60 };
}
