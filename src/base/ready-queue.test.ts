import { expect, it } from 'vitest';
import { draw } from './random.ts';
import { ReadyQueue } from './ready-queue.ts';

it('keeps order, holds each id once, and agrees with a plain list under random use', () => {
  const queue = new ReadyQueue(7);
  const list: number[] = [];
  for (let i = 0; i < 5000; i++) {
    const x = draw(1, i);
    if (x % 3 === 0) {
      expect(queue.take()).toBe(list.shift() ?? -1);
    } else {
      const id = (x >>> 8) % 7;
      queue.add(id);
      if (!list.includes(id)) list.push(id);
    }
    expect(queue.length).toBe(list.length);
  }
});
