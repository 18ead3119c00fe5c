/** Writes a comparison into its directory: `compare.json`, `compare.md`, `compare.html`. */

import { join } from 'node:path';
import { prettyJson, replaceFile } from '../whole-file.ts';
import type { Comparison } from './comparison.ts';
import { comparisonHtml } from './comparison-html.ts';
import { comparisonMarkdown } from './comparison-markdown.ts';

/** Throws what the file system throws. */
export function writeComparison(directory: string, comparison: Comparison): void {
  replaceFile(join(directory, 'compare.json'), prettyJson(comparison));
  replaceFile(join(directory, 'compare.md'), comparisonMarkdown(comparison));
  replaceFile(join(directory, 'compare.html'), comparisonHtml(comparison));
}
