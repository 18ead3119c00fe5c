import { expect, it } from 'vitest';
import { draw } from '../base/random.ts';
import { BitField } from './bit-field.ts';

it('agrees with two sets of numbers', () => {
  const [a, b] = [new BitField(1000), new BitField(1000)];
  const [setA, setB] = [new Set<number>(), new Set<number>()];
  for (let i = 0; i < 700; i++) {
    const bit = draw(4, i) % 1000;
    expect(a.testAndSet(bit)).toBe(setA.has(bit));
    setA.add(bit);
    const other = draw(5, i) % 1000;
    b.set(other);
    setB.add(other);
  }
  for (let bit = 0; bit < 1000; bit++) expect(a.has(bit)).toBe(setA.has(bit));
  expect(a.countWithout(b)).toBe([...setA].filter((bit) => !setB.has(bit)).length);
  expect(a.countWithout(a)).toBe(0);
});
