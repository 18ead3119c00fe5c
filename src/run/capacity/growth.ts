/**
 * How fast a backlog grows: least squares over samples, with a band of 95 %. Samples of one system follow each other closely
 * (a commit empties the buffer for all of the next ones), so they count for less than their number: the band is widened by the
 * correlation of neighbouring residuals, as for a first-order autoregressive process.
 */

export interface Growth {
  /** Per unit of `x`; NaN with fewer than three samples. */
  readonly slope: number;
  /** Band of 95 %. */
  readonly low: number;
  readonly high: number;
}

/** Of a short series neither more correlation nor fewer degrees of freedom can be told: then the band would be endless. */
const CORRELATION_MAX = 0.8;
const FREEDOM_MIN = 3;

/** Lists of one length; `x` ascending. */
export function growthOf(x: readonly number[], y: readonly number[]): Growth {
  const n = x.length;
  if (n < 3) return { slope: NaN, low: -Infinity, high: Infinity };
  const meanX = mean(x);
  const meanY = mean(y);
  const spread = x.reduce((sum, value) => sum + (value - meanX) ** 2, 0);
  const slope = x.reduce((sum, value, i) => sum + (value - meanX) * ((y[i] ?? 0) - meanY), 0) / spread;
  const residuals = y.map((value, i) => value - meanY - slope * ((x[i] ?? 0) - meanX));
  const squares = residuals.reduce((sum, value) => sum + value * value, 0);
  const correlation = correlationOf(residuals, squares);
  const wider = (1 + correlation) / (1 - correlation);
  const error = Math.sqrt((squares / (n - 2) / spread) * wider);
  const reach = error * studentQuantile(Math.max(FREEDOM_MIN, n / wider - 2));
  return { slope, low: slope - reach, high: slope + reach };
}

/**
 * Of neighbouring residuals, 0 to 0.8; `squares` is the sum of theirs. Residuals of a short series seem less correlated than they
 * are, by about (2 + 4 r) / n when a line was taken out; that is put back.
 */
function correlationOf(residuals: readonly number[], squares: number): number {
  const n = residuals.length;
  if (squares === 0 || n <= 4) return 0;
  const products = residuals.reduce((sum, value, i) => sum + (i === 0 ? 0 : value * (residuals[i - 1] ?? 0)), 0);
  return Math.min(Math.max((products / squares + 2 / n) / (1 - 4 / n), 0), CORRELATION_MAX);
}

/** The 97.5 % quantile of Student's distribution, within 3 % from three degrees of freedom on. */
function studentQuantile(freedom: number): number {
  return 1.96 + 2.37 / freedom + 2.82 / freedom ** 2 + 5.55 / freedom ** 3;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
