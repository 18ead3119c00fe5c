import { describe, expect, it } from 'vitest';
import { cipheredTag, type CipherFamily, familyOfTag } from './ciphered-apdu.ts';

describe('tags', () => {
  // Reference 5.1.
  const table: readonly (readonly [plainTag: number, glo: number, ded: number])[] = [
    [0x01, 0x21, 0x41],
    [0x05, 0x25, 0x45],
    [0x06, 0x26, 0x46],
    [0x08, 0x28, 0x48],
    [0x0c, 0x2c, 0x4c],
    [0x0d, 0x2d, 0x4d],
    [0x0e, 0x2e, 0x4e],
    [0x16, 0x36, 0x56],
    [0x18, 0x38, 0x58],
    [0xc0, 0xc8, 0xd0],
    [0xc1, 0xc9, 0xd1],
    [0xc2, 0xca, 0xd2],
    [0xc3, 0xcb, 0xd3],
    [0xc4, 0xcc, 0xd4],
    [0xc5, 0xcd, 0xd5],
    [0xc7, 0xcf, 0xd7],
  ];

  it('are those of the table, and no others', () => {
    for (const [tag, glo, ded] of table) {
      expect(cipheredTag('glo', tag)).toBe(glo);
      expect(cipheredTag('ded', tag)).toBe(ded);
    }
    for (const tag of [0x0f, 0xc6, 0xd8, 0xd9, 0xda, 0xe0, -1]) {
      expect([cipheredTag('glo', tag), cipheredTag('ded', tag)]).toEqual([-1, -1]);
      expect(cipheredTag('general-glo', tag)).toBe(0xdb);
    }
    const families = Array.from({ length: 256 }, (_, tag) => familyOfTag(tag));
    const known = (family: CipherFamily): readonly number[] => families.flatMap((found, tag) => (found === family ? [tag] : []));
    expect(known('glo')).toEqual(table.map(([, glo]) => glo));
    expect(known('ded')).toEqual(table.map(([, , ded]) => ded));
    expect([known('general-glo'), known('general-ded'), known('general-ciphering')]).toEqual([[0xdb], [0xdc], [0xdd]]);
  });
});
