import { describe, expect, test } from 'vitest';
import { namesOf } from './open-dashboard.ts';

describe('names of runs', () => {
  test.each([
    [['/runs/first', 'runs/second/'], ['first', 'second']],
    [['/x/one/a', '/x/two/a', '/x/b'], ['one/a', 'two/a', 'b']],
    [['/x/a', '/x/x/a'], ['x/a', 'x/x/a']],
    [['/x/a', '/x/a', '/b'], ['a', 'a (2)', 'b']],
    [['/'], ['']],
  ])('%j', (directories, names) => {
    expect(namesOf(directories)).toEqual(names);
  });
});
