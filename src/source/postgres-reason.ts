/** Why something failed with PostgreSQL, as its user reads it. */

const NO_PASSWORD = /password must be a (?:non-empty )?string/;

export interface PostgresReason {
  /** One line. */
  readonly text: string;
  /** The server asks for a password and nobody gave one. */
  readonly wantsPassword: boolean;
}

export function postgresReason(error: unknown): PostgresReason {
  // Some connection errors have their reasons inside only.
  const inner: unknown = error instanceof AggregateError ? error.errors[0] : error;
  const message = inner instanceof Error ? inner.message : String(inner);
  const wantsPassword = NO_PASSWORD.test(message);
  return { text: wantsPassword ? 'it asks for a password; put it into PGPASSWORD, ~/.pgpass or the address' : message.replaceAll(/\s*\n\s*/g, ' '), wantsPassword };
}
