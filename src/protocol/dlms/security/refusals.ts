/** Why a ciphered message was refused, and how often: one count for each reason, of a fixed set, in an order that stays. */

export const REFUSAL_REASONS = [
  /** The tag is wrong: another key or authentication key, another system title, or changed bytes. */
  'tag',
  /** The invocation counter is not greater than the last one accepted. */
  'replayed',
  /** Too short for security control, counter and tag. */
  'truncated',
  /** The security control names a suite other than that of the keys. */
  'suite',
  /** Compressed; no V.44 here. */
  'compressed',
  /** Less protection than the policy asks for. */
  'policy',
  /** Ciphered with a key set that this side has not: broadcast, dedicated, an unknown id, a key agreement. */
  'key-set',
  /** A wrapped key that does not unwrap, or is of the wrong length. */
  'wrapped-key',
  /** The originator is unknown, or another than the one of the association. */
  'system-title',
  /** The recipient is somebody else. */
  'recipient',
  /** What came out is not the service that the tag outside promised. */
  'service',
  /** The wrapping itself can't be read. */
  'malformed',
] as const;
export type RefusalReason = (typeof REFUSAL_REASONS)[number];

export class Refusals {
  readonly #counts = new Float64Array(REFUSAL_REASONS.length);

  count(reason: RefusalReason): void {
    this.#counts[REFUSAL_REASONS.indexOf(reason)]!++;
  }

  of(reason: RefusalReason): number {
    return this.#counts[REFUSAL_REASONS.indexOf(reason)]!;
  }

  get total(): number {
    return this.#counts.reduce((sum, count) => sum + count, 0);
  }

  /** All reasons with their counts, in the order of REFUSAL_REASONS. */
  entries(): readonly (readonly [RefusalReason, number])[] {
    return REFUSAL_REASONS.map((reason) => [reason, this.of(reason)] as const);
  }
}
