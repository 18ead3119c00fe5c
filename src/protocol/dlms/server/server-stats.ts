/** What a server counts. Plain data but for the refusals of the cipher, which are counted where they happen. */

export interface ServerStats {
  /** APDUs that came; answers that went. */
  apdus: number;
  answers: number;
  gets: number;
  sets: number;
  actions: number;
  accesses: number;
  associations: number;
  /** AARQs refused, by diagnostic. */
  refusedAssociations: number;
  /** Failed passwords, HLS proofs, and initiate requests that could not be deciphered. */
  failedAuthentications: number;
  releases: number;
  /** exception-responses sent. */
  exceptions: number;
  /** APDUs that are none, and requests that make no sense. */
  malformed: number;
  /** APDUs to addresses where nobody is. */
  unaddressed: number;
  /** Associations that were not made because there were as many as allowed. */
  overLimit: number;
}

export function emptyServerStats(): ServerStats {
  return {
    apdus: 0,
    answers: 0,
    gets: 0,
    sets: 0,
    actions: 0,
    accesses: 0,
    associations: 0,
    refusedAssociations: 0,
    failedAuthentications: 0,
    releases: 0,
    exceptions: 0,
    malformed: 0,
    unaddressed: 0,
    overLimit: 0,
  };
}
