import { describe, expect, it } from 'vitest';
import { AddressBlock, concentratorAddress } from './concentrator-address.ts';

describe('addresses of concentrators', () => {
  it.each([
    [0, '127.64.0.1'],
    [254, '127.64.0.255'],
    [255, '127.64.1.0'],
    [49_999, '127.64.195.80'],
  ])('station %i pushes from %s', (station, address) => {
    expect(concentratorAddress(station, '127.0.0.1')).toBe(address);
    expect(concentratorAddress(station, '10.0.0.5')).toBeUndefined();
  });

  it.each(['127.64.0.1', '10.20.0.0', '192.168.255.250'])('a block from %s finds every station again', (first) => {
    const block = new AddressBlock(first);
    for (const station of [0, 1, 255, 256, 49_999]) {
      expect(block.stationAt(block.addressOf(station))).toBe(station);
      expect(block.stationAt(`::ffff:${block.addressOf(station)}`)).toBe(station);
    }
    expect(block.isLoopback).toBe(first.startsWith('127'));
  });

  it.each(['', '10.20.0', '10.20.0.256', '10.20.0.x', '::1', '10.19.255.255'])('nobody is at `%s`', (address) => {
    expect(new AddressBlock('10.20.0.0').stationAt(address)).toBeLessThan(0);
  });
});
