/** What somebody probably meant who wrote a word that is not among the known ones. */

/**
 * The known word that is nearest to `word`, or null when none is near: the same letters and digits in other case or with
 * other separators, else at most one slip for every three characters (a slip is one character more, less, other, or two
 * neighbours swapped). The first one wins a tie.
 */
export function nearMiss(word: string, known: readonly string[]): string | null {
  const bare = lettersAndDigits(word);
  let best: string | null = null;
  let bestSlips = Math.max(1, Math.floor(word.length / 3)) + 1;
  if (word.length > LENGTH_MAX) return null;
  for (const candidate of known) {
    const slips = bare !== '' && lettersAndDigits(candidate) === bare ? 0 : slipsBetween(word, candidate);
    if (slips >= bestSlips || slips >= candidate.length) continue;
    best = candidate;
    bestSlips = slips;
  }
  return best;
}

/** Longer words are not compared: the table grows with the length. */
const LENGTH_MAX = 64;

function lettersAndDigits(word: string): string {
  return word.toLowerCase().replaceAll(/[^a-z0-9]/g, '');
}

/** Optimal string alignment distance (Damerau-Levenshtein without overlapping swaps). */
function slipsBetween(a: string, b: string): number {
  const width = b.length + 1;
  const table = new Uint16Array((a.length + 1) * width);
  for (let j = 0; j < width; j++) table[j] = j;
  for (let i = 1; i <= a.length; i++) {
    table[i * width] = i;
    for (let j = 1; j < width; j++) {
      const at = i * width + j;
      const other = a[i - 1] === b[j - 1] ? 0 : 1;
      let slips = Math.min(table[at - 1]! + 1, table[at - width]! + 1, table[at - width - 1]! + other);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        slips = Math.min(slips, table[at - 2 * width - 2]! + 1);
      }
      table[at] = slips;
    }
  }
  return table[a.length * width + b.length]!;
}
