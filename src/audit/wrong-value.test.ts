import { expect, test } from 'vitest';
import { wrongValue } from './wrong-value.ts';

const EXPECTED = 12_345_678;
/** Another register is at 777,777 Wh; an hour is 4,000 Wh. */
const truthAt = (channel: number, seconds: number): number => (channel === 1 ? EXPECTED : 777_777) + (seconds * 4000) / 3600;

test.each([
  [EXPECTED, 'status', 'its status differs from what was sent'],
  [Number.NaN, 'none', 'its value is empty or no number'],
  [12_345_680, 'rounded', 'its value is what was sent, rounded to 10 Wh'],
  [12_345_670, 'rounded', 'its value is what was sent, rounded to 10 Wh'],
  [12_345_700, 'rounded', 'its value is what was sent, rounded to 100 Wh'],
  [12_345_000, 'rounded', 'its value is what was sent, rounded to 1 kWh'],
  [12_000_000, 'rounded', 'its value is what was sent, rounded to 1000 kWh'],
  [EXPECTED * 1000, 'scaled', 'its value is 1,000 times what was sent: is kWh taken for Wh?'],
  [EXPECTED / 1000, 'scaled', 'its value is a thousandth of what was sent: is Wh taken for kWh?'],
  [EXPECTED - 4000, 'shifted', 'its value is that of 1 h earlier: is its time 1 h late?'],
  [EXPECTED + 8000, 'shifted', 'its value is that of 2 h later: is its time 2 h early?'],
  [777_777, 'swapped', 'its value is that of another register of this meter'],
  [EXPECTED + 1, 'other', 'its value differs from what was sent'],
  [0, 'other', 'its value differs from what was sent'],
  [12_345_690, 'other', 'its value differs from what was sent'],
])('%d: %s', (found, kind, why) => {
  expect(wrongValue({ found, expected: EXPECTED, channel: 1, channels: 2, truthAt })).toEqual({ kind, why });
});

test('a value that ends in zeros can not be told from a rounded one', () => {
  const still = (): number => 5000;
  expect(wrongValue({ found: 6000, expected: 5000, channel: 0, channels: 1, truthAt: still }).kind).toBe('other');
});
