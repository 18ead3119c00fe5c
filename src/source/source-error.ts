/** What is wrong with a source that the user named: one line that says what was found and what would be right. */

export class SourceError extends Error {
  override readonly name = 'SourceError';
  readonly code = 'SOURCE';
}
