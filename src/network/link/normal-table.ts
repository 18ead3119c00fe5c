/**
 * netem's own normal law: 4,096 values of the inverse normal distribution in units of 1/8192 standard deviation, clipped to
 * 16 bits (-4.0 .. +3.52 standard deviations). A delay is mean + deviation * value / 8192, and one that falls below 0 is 0.
 */

import { readFileSync } from 'node:fs';
import { assert } from '../../base/assert.ts';
import { packageFile } from '../../base/package-root.ts';

export const NORMAL_VALUES = 4096;
/** Values for one standard deviation. */
export const NORMAL_UNIT = 8192;

let table: Int16Array | null = null;

export function normalTable(): Int16Array {
  table ??= readTable();
  return table;
}

/** Lines of `index,value` after a comment and a heading. */
function readTable(): Int16Array {
  const lines = readFileSync(packageFile('data', 'net', 'netem_normal_table.csv'), 'utf8').trim().split('\n').slice(2);
  const values = Int16Array.from(lines, (line) => Number(line.split(',')[1]));
  assert(values.length === NORMAL_VALUES, 'the table of netem has 4096 values');
  return values;
}
