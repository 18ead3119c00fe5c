import { expect, test, vi } from 'vitest';
import { dropStore } from './prepare-store.ts';

test('a schema that can’t be removed spoils no result: it is said', async () => {
  const said = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  await dropStore({ kind: 'postgres', url: 'postgres://user:secret@127.0.0.1:1/db', schema: 'a' });
  expect(said.mock.calls.map(([text]) => text)).toEqual([
    expect.stringMatching(/^meterstorm: the database postgres:\/\/user@127\.0\.0\.1:1\/db could not be reached: .*ECONNREFUSED.*; the schema a is still there\n$/),
  ]);
  said.mockRestore();
});
