import { describe, expect, test } from 'vitest';
import { draw, below } from '../../base/random.ts';
import {
  parseDuration,
  parseDurationMs,
  parseEnergy,
  parseInstant,
  parseLatency,
  parsePercent,
  parseRange,
  parseRate,
  parseWindow,
} from './units.ts';

const ROUNDS = 2000;

test('durations', () => {
  expect(['600 ms', '20 s', '15 min', '1 h', '2 d', '1.5h', '0 s'].map(parseDuration)).toEqual([0.6, 20, 900, 3600, 172800, 5400, 0]);
  for (const wrong of ['15', '15 m', '-1 s', '1 h 5 min', ' 1 s', '1  s', '.5 s', '1e3 s', '1,5 h', 's', '']) {
    expect(parseDuration(wrong), wrong).toBeNull();
  }
});

test('a duration keeps its decimals exactly: every hundredth of an hour is a multiple of 36 s', () => {
  for (let i = 0; i < ROUNDS; i++) {
    const hundredths = below(1, i, 1_000_000);
    expect(parseDuration(`${decimal(hundredths, 2)} h`)).toBe(hundredths * 36);
    expect(parseDurationMs(`${decimal(hundredths, 3)} s`)).toBe(hundredths);
  }
});

test('latencies', () => {
  for (const text of ['600 ms +- 200 ms', '600 ms ± 200 ms', '600 ms +/- 200 ms', '0.6 s +- 0.2 s', '600ms+-200ms']) {
    expect(parseLatency(text), text).toEqual({ latencyMs: 600, jitterMs: 200 });
  }
  expect(parseLatency('1 s')).toEqual({ latencyMs: 1000, jitterMs: 0 });
  for (const wrong of ['600 +- 200 ms', '600 ms +-', '600 ms - 200 ms', '+- 5 ms']) expect(parseLatency(wrong), wrong).toBeNull();
});

test('percentages are the decimal nearest to them', () => {
  expect(['12.5%', '0%', '100 %', '0.1%', '250%'].map(parsePercent)).toEqual([0.125, 0, 1, 0.001, 2.5]);
  for (let i = 0; i < ROUNDS; i++) {
    const thousandths = below(2, i, 100_001);
    expect(parsePercent(`${decimal(thousandths, 3)}%`)).toBe(thousandths / 100_000);
  }
  for (const wrong of ['12.5', '0.125', '-1%', '%', '12,5%', '5 percent']) expect(parsePercent(wrong), wrong).toBeNull();
});

test('energies are whole Wh', () => {
  expect(['2.2 MWh', '900 kWh', '500 Wh', '1 GWh', '0.0004 kWh'].map(parseEnergy)).toEqual([2_200_000, 900_000, 500, 1e9, 0]);
  for (let i = 0; i < ROUNDS; i++) {
    const wh = below(3, i, 250_000_000);
    expect(parseEnergy(`${decimal(wh, 6)} MWh`)).toBe(wh);
    expect(parseEnergy(`${decimal(wh, 3)} kWh`)).toBe(wh);
  }
  for (const wrong of ['5 kW', '5', '5 kwh', '5 mWh', '-5 kWh']) expect(parseEnergy(wrong), wrong).toBeNull();
});

test('ranges and rates', () => {
  expect(parseRange('1..20')).toEqual({ min: 1, max: 20 });
  expect(parseRange('20..1')).toEqual({ min: 20, max: 1 });
  for (const wrong of ['1-20', '1...20', '1..', '-1..5', '1.5..3', '1 .. 5']) expect(parseRange(wrong), wrong).toBeNull();
  expect(['15 packets/s', '1 packet/s', '0.5packets/s'].map(parseRate)).toEqual([15, 1, 0.5]);
  for (const wrong of ['15', '15/s', '15 pps', '15 packets']) expect(parseRate(wrong), wrong).toBeNull();
});

describe('instants', () => {
  test('agree with the engine on every day and offset', () => {
    for (let i = 0; i < ROUNDS; i++) {
      const unixSeconds = draw(4, i);
      const offsetMinutes = below(5, i, 2 * 14 * 4 + 1) * 15 - 14 * 60;
      const local = new Date((unixSeconds + offsetMinutes * 60) * 1000).toISOString().slice(0, 19);
      expect(parseInstant(local + offsetText(offsetMinutes))).toEqual({ unixSeconds, offsetMinutes });
    }
  });

  test('leap days, seconds left out, Z', () => {
    expect(parseInstant('2000-02-29T00:00Z')).toEqual({ unixSeconds: Date.parse('2000-02-29T00:00Z') / 1000, offsetMinutes: 0 });
    expect(parseInstant('1970-01-01T00:00:00-00:00')).toEqual({ unixSeconds: 0, offsetMinutes: 0 });
    for (const wrong of [
      '2100-02-29T00:00:00Z',
      '2013-04-31T00:00:00Z',
      '2013-00-10T00:00:00Z',
      '2013-13-10T00:00:00Z',
      '2013-01-00T00:00:00Z',
      '2013-01-15T24:00:00Z',
      '2013-01-15T23:60:00Z',
      '2013-01-15T23:59:60Z',
      '2013-01-15T00:00:00',
      '2013-01-15T00:00:00+14:01',
      '2013-01-15T00:00:00+01:60',
      '2013-01-15 00:00:00Z',
      '2013-01-15T00:00:00.5Z',
      '2013-01-15',
    ]) {
      expect(parseInstant(wrong), wrong).toBeNull();
    }
  });
});

test('windows', () => {
  expect(parseWindow('22:00-06:00')).toEqual({ fromMinute: 1320, toMinute: 360 });
  expect(parseWindow('00:00-24:00')).toEqual({ fromMinute: 0, toMinute: 1440 });
  expect(parseWindow('6:30-00:00')).toEqual({ fromMinute: 390, toMinute: 1440 });
  for (const wrong of ['22:00-22:00', '24:00-06:00', '22:60-06:00', '22:00-24:01', '22:00', '22-06', '00:00-00:00']) {
    expect(parseWindow(wrong), wrong).toBeNull();
  }
  for (let from = 0; from < 1440; from += 7) {
    for (let to = 1; to <= 1440; to += 11) {
      const expected = from === to ? null : { fromMinute: from, toMinute: to };
      expect(parseWindow(`${clock(from)}-${clock(to)}`)).toEqual(expected);
    }
  }
});

/** `units / 10^places` in decimal digits. */
function decimal(units: number, places: number): string {
  const digits = String(units).padStart(places + 1, '0');
  return `${digits.slice(0, -places)}.${digits.slice(-places)}`;
}

function offsetText(minutes: number): string {
  return `${minutes < 0 ? '-' : '+'}${clock(Math.abs(minutes))}`;
}

function clock(minutes: number): string {
  return `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`;
}
