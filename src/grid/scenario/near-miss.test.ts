import { expect, test } from 'vitest';
import { nearMiss } from './near-miss.ts';

const KEYS = ['stations', 'station-sizes', 'interval', 'steps', 'start', 'spread', 'share', 'name'];

test.each([
  ['intervall', 'interval'],
  ['stationSizes', 'station-sizes'],
  ['STATION_SIZES', 'station-sizes'],
  ['step', 'steps'],
  ['satrt', 'start'],
  ['shrae', 'share'],
  ['nmae', 'name'],
])('%s is near %s', (word, meant) => {
  expect(nearMiss(word, KEYS)).toBe(meant);
});

test.each(['colour', 'x', '', 'loss', 'nam'.repeat(50), '--'])('%s is near nothing', (word) => {
  expect(nearMiss(word, KEYS)).toBeNull();
});

test('the first one wins a tie', () => {
  expect(nearMiss('vdew-g9', ['vdew-g0', 'vdew-g1'])).toBe('vdew-g0');
});
