import { describe, expect, it } from 'vitest';
import { formatObis, obisOf, parseObis } from './obis.ts';

describe('OBIS codes', () => {
  it.each([
    ['1-0:1.8.0*255', [1, 0, 1, 8, 0, 255]],
    ['1.0.1.8.0.255', [1, 0, 1, 8, 0, 255]],
    ['1-0:1.8.0', [1, 0, 1, 8, 0, 255]],
    ['1-0:1.8.0.101', [1, 0, 1, 8, 0, 101]],
    ['0-0:96.13.0*255', [0, 0, 96, 13, 0, 255]],
    ['0.1.94.31.6.255', [0, 1, 94, 31, 6, 255]],
  ])('reads %s', (text, code) => expect([...parseObis(text)]).toEqual(code));

  it.each(['', '1.8.0', '1.0.1.8.0', '1.0.1.8.0.256', '1-0:1.8.0*256', '1.0.1.8.0.255.1', '1-0:1.8', ' 1.0.1.8.0.255', '1.0.1.8.0.-1', '1.0.1.8..255'])(
    'does not read "%s"',
    (text) => {
      expect(obisOf(text)).toBeNull();
      expect(() => parseObis(text)).toThrow('OBIS');
    },
  );

  it('writes what it reads', () => {
    expect(formatObis(parseObis('0.0.1.0.0.255'))).toBe('0-0:1.0.0*255');
    expect(formatObis(Uint8Array.of(255, 254, 10, 9, 1, 0))).toBe('255-254:10.9.1*0');
    expect([...parseObis(formatObis(Uint8Array.of(255, 254, 10, 9, 1, 0)))]).toEqual([255, 254, 10, 9, 1, 0]);
    expect(() => formatObis(new Uint8Array(5))).toThrow('6 bytes');
  });
});
