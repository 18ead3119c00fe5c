import { describe, expect, it } from 'vitest';
import { ByteWriter } from '../data/byte-writer.ts';
import { gatewayHeadBytes, isGateway, putGatewayHead, readGateway } from './gateway.ts';

const bytesOf = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex').toUpperCase();

describe('gateway prefix', () => {
  // Both are decoded alike by Gurux.
  it.each([
    ['E600040000002A', 'C001C100030100010800FF0200', false],
    ['E700040000002A', 'C401C10006000186A0', true],
  ])('reads and writes %s', (head, apdu, response) => {
    const gateway = readGateway(bytesOf(head + apdu));
    expect(gateway).toMatchObject({ response, networkId: 0 });
    expect(hexOf(gateway?.address ?? bytesOf(''))).toBe('0000002A');
    expect(hexOf(gateway?.apdu ?? bytesOf(''))).toBe(apdu);
    const writer = new ByteWriter(1);
    putGatewayHead(writer, { response, networkId: 0, address: bytesOf('0000002A') });
    expect(hexOf(writer.view())).toBe(head);
    expect(writer.at).toBe(gatewayHeadBytes(4));
  });

  it('has addresses of any length', () => {
    for (const length of [0, 1, 127, 128, 255, 256, 300]) {
      const address = Uint8Array.from({ length }, (_, i) => i);
      const writer = new ByteWriter();
      putGatewayHead(writer, { response: false, networkId: 200, address });
      expect(writer.at).toBe(gatewayHeadBytes(length));
      expect(readGateway(writer.copy())).toEqual({ response: false, networkId: 200, address, apdu: bytesOf('') });
    }
  });

  it.each(['', 'E5 00 00', 'C0 01 C1', 'E6', 'E6 00', 'E6 00 80', 'E6 00 04 000000', 'E7 00 84 FFFFFFFF 00'])('is not read from "%s"', (hex) => {
    expect(readGateway(bytesOf(hex))).toBeNull();
  });

  it('is told by its first byte', () => {
    expect(['E6', 'E7', 'E5', 'E8', ''].map((hex) => isGateway(bytesOf(hex)))).toEqual([true, true, false, false, false]);
  });
});
