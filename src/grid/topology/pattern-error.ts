/** The user's mistake in a pattern file: one line that says where, what was found and what is allowed. */

export type PatternErrorCode =
  | 'PATTERN_UNREADABLE'
  | 'PATTERN_TOO_LARGE'
  | 'PATTERN_EMPTY'
  | 'PATTERN_LAYOUT'
  | 'PATTERN_COLUMN'
  | 'PATTERN_VALUE'
  | 'PATTERN_DUPLICATE'
  | 'PATTERN_INCOMPLETE';

export class PatternError extends Error {
  override readonly name = 'PatternError';
  readonly code: PatternErrorCode;
  readonly file: string;
  /** From 1 on; 0: the file as a whole. */
  readonly line: number;
  readonly found: string;
  readonly allowed: string;

  constructor(
    code: PatternErrorCode,
    facts: { readonly file: string; readonly line: number; readonly found: string; readonly allowed: string },
    options?: ErrorOptions,
  ) {
    const place = facts.line === 0 ? facts.file : `${facts.file}:${facts.line}`;
    super(`${place}: found ${facts.found}; allowed: ${facts.allowed}`, options);
    this.code = code;
    this.file = facts.file;
    this.line = facts.line;
    this.found = facts.found;
    this.allowed = facts.allowed;
  }
}
