/** What a run can fail with that is not a finding of it. */

/** The user's mistake: one line that says what is wrong, where, and what would be right. Exit code 2. */
export class UserError extends Error {
  override readonly name = 'UserError';
  readonly code = 'USER';
}

/** The system under test could not be reached. Exit code 3. */
export class UnreachableError extends Error {
  override readonly name = 'UnreachableError';
  readonly code = 'UNREACHABLE';
}
