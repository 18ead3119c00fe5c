/** Generates the whole large grid in a process of its own and says what that took: time, and resident memory at its end. */

import { packageFile } from '../src/base/package-root.ts';
import { parseScenario } from '../src/grid/scenario/parse.ts';
import { generateMeters } from '../src/grid/topology/meters.ts';
import { loadPatterns } from '../src/grid/topology/patterns.ts';
import { generateStations } from '../src/grid/topology/stations.ts';

const parsed = parseScenario({ file: packageFile('scenarios', 'large-grid.yaml'), sets: [] });
if (!parsed.ok) throw new Error(parsed.errors.map(String).join('\n'));
const began = performance.now();
const stations = generateStations(parsed.scenario);
const meters = generateMeters(parsed.scenario, stations, { fromStation: 0, toStation: stations.count });
const patterns = loadPatterns(parsed.scenario);
const generateMs = Math.round(performance.now() - began);
const facts = { meters: meters.count, patterns: patterns.length, generateMs, rssBytes: process.memoryUsage().rss };
process.stdout.write(JSON.stringify(facts));
