/**
 * Assertions for programmer's errors. They stay on in production: a broken invariant must stop the process that has it,
 * because everything that it would say afterwards is worthless. Never for input, never for what a peer sends.
 */

export class AssertionError extends Error {
  override readonly name = 'AssertionError';
  readonly code = 'ASSERTION';
}

/** Throws AssertionError unless `condition` holds. Keep `message` constant: a built string costs on every call. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new AssertionError(message);
}

/** The value, or AssertionError when it is null or undefined. */
export function present<T>(value: T | null | undefined, message: string): T {
  assert(value !== null && value !== undefined, message);
  return value;
}
