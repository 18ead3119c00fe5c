/** A capacity report for tests: a head-end that holds about 60 M meters. */

import type { CapacityReport, TrialFacts } from './capacity-report.ts';

export function sampleTrial(change: Partial<TrialFacts> = {}): TrialFacts {
  return {
    number: 1,
    meters: 3_500_000,
    readingsPerSecond: 3889,
    servedReadingsPerSecond: 3889,
    stations: 14,
    speed: 3600,
    stepMs: 250,
    wallSeconds: 8,
    judgement: 'holds',
    growth: { share: 0.001, low: -0.01, high: 0.012 },
    lagSeconds: 0.6,
    saturation: null,
    headendCores: 0.1,
    simulatorCores: 0.05,
    busyCores: 0.2,
    headendRssBytes: 1.6e8,
    bytesPerReading: 10.5,
    ...change,
  };
}

export function sampleCapacity(change: Partial<CapacityReport> = {}): CapacityReport {
  const evidence = 'confirmed readings that wait in the buffer grew by 31 % of the load; store used 0.98 cores';
  return {
    meterstorm: '0.1.0',
    scenario: 'small-grid',
    headend: 'builtin',
    alternative: { intake: 'buffered', store: 'duckdb' },
    intervalSeconds: 900,
    readingsPerMeterAndInterval: 1,
    stationsMax: 1430,
    windowSeconds: 5,
    budgetSeconds: 180,
    wallSeconds: 92.4,
    complete: true,
    answer: {
      kind: 'value',
      why: 'with 95 % confidence it lies in the interval',
      meters: 61_200_000,
      metersLow: 58_300_000,
      metersMiddle: 61_200_000,
      metersHigh: 64_100_000,
      readingsPerSecond: 68_000,
      precise: true,
    },
    saturation: { what: 'store', evidence, counts: { store: 3, machine: 1 } },
    trials: [
      sampleTrial(),
      sampleTrial({ number: 2, meters: 28e6, readingsPerSecond: 31_100, stations: 111, headendCores: 0.5, growth: { share: -0.004, low: -0.03, high: 0.02 } }),
      sampleTrial({
        number: 3,
        meters: 84e6,
        readingsPerSecond: 93_300,
        stations: 333,
        judgement: 'diverges',
        growth: { share: 0.27, low: 0.2, high: 0.34 },
        lagSeconds: 2.9,
        saturation: { what: 'store', evidence },
      }),
      sampleTrial({ number: 4, meters: 58.3e6, readingsPerSecond: 64_800, stations: 231, growth: null, lagSeconds: null }),
    ],
    proof: { meters: 58.3e6, readings: 520_000, exact: true, auditFailure: null, storedWithinP99Ms: 1100, confirmedWithinP99Ms: 420, storeBytesPerReading: 6.4, directory: 'proof-4' },
    sizing: {
      forMeters: 3_500_000,
      figures: [
        { name: 'processors of the head-end', unit: 'cores', perMillion: 0.0167, value: 0.1, basis: 'measured', note: 'busy cores, without any reserve' },
        { name: 'memory of the head-end', unit: 'bytes', perMillion: 2e6, value: 1.6e8, basis: 'measured', note: 'sum of the peaks' },
        { name: 'store', unit: 'bytes-per-day', perMillion: 6.1e8, value: 2.15e9, basis: 'extrapolated', note: 'bytes a reading' },
        { name: 'network to the head-end', unit: 'bits-per-second', perMillion: 93_000, value: 327_000, basis: 'interpolated', note: 'payload' },
        { name: 'connections', unit: 'connections', perMillion: 14_300, value: 50_050, basis: 'extrapolated', note: 'up to 231 | tried' },
        { name: 'an interval of all meters at once', unit: 'seconds', perMillion: 14.7, value: 51.5, basis: 'extrapolated', note: '' },
        { name: 'head-ends like this one', unit: 'head-ends', perMillion: null, value: 1, basis: 'measured', note: '' },
      ],
      cpu: { fixed: 0.06, perReading: 1.2e-5, from: 3889, to: 64_800, trials: 3, worstFit: 0.082 },
      memory: null,
      caveats: ['`meterstorm run --speed 1` opens <all> of them.'],
    },
    machine: { cpu: 'AMD EPYC', cores: 2, memoryBytes: 25.3e9, loadAverage1: 0.3, node: 'v20.20.2', os: 'Debian 12' },
    ...change,
  };
}
