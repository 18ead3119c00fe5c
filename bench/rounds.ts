/** Repeats a measured piece of work until it has taken a while, several times over, and takes the median. */

const ROUND_MS = 300;
const ROUNDS = 7;

/** Units of work a second. `work` does `units` units each time it is called. */
export function unitsPerSecond(units: number, work: () => void): number {
  work();
  const rates: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const began = performance.now();
    let done = 0;
    let tookMs = 0;
    do {
      work();
      done += units;
      tookMs = performance.now() - began;
    } while (tookMs < ROUND_MS);
    rates.push((done / tookMs) * 1000);
  }
  rates.sort((a, b) => a - b);
  return Math.round(rates[ROUNDS >> 1] ?? 0);
}
