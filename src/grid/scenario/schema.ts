/**
 * The scenario as the user writes it (keys in kebab-case, units as people write them) and how each part becomes the frozen
 * `Scenario`. One source for three things: checking, defaults, and the JSON schema of `json-schema.ts`. What depends on
 * several values at once is in `cross-checks.ts`.
 */

import { z } from 'zod';
import { BUNDLED_AREAS, BUNDLED_PATTERNS } from './bundled-names.ts';
import * as fields from './fields.ts';
import type { Tariff } from './scenario.ts';

export const AREA_ENDINGS = ['.json', '.geojson'] as const;
export const PATTERN_ENDINGS = ['.csv'] as const;
/** The index of an entry is a byte of the columns. */
export const ENTRIES_MAX = 255;
export const METERS_MAX = 16_777_216;

const BLACKOUTS_ALLOWED = `a list of at most ${ENTRIES_MAX} entries`;

const SUITES = { none: null, 'suite-0': 0, 'suite-1': 1, 'suite-2': 2 } as const;

/** What `cross-checks.ts` reads again on its own. */
export const checked = {
  stations: fields.wholeNumber({
    description: 'Transformer stations, each with one concentrator.',
    min: 1,
    max: 1_000_000,
  }),
  meters: fields.wholeNumberOrNull({
    description: 'Meters of the whole grid, exactly. Left out or null: what the size categories give.',
    min: 1,
    max: METERS_MAX,
  }),
  stationMeters: fields.range({
    description: 'Meters of one station, e.g. `6..20`.',
    min: 1,
    // A meter is a logical device behind its concentrator, with a port number of 16 bits.
    max: 65_535,
  }),
  share: fields.percent({ description: 'Share of the category; the shares of a list add up to 100%.' }),
  interval: fields.interval({ description: 'Time between two rows of the load profile; it divides a day.' }),
  steps: fields.wholeNumber({ description: 'Length of the scenario in intervals.', min: 1, max: 1_000_000 }),
  start: fields.instant({
    description: 'The first timestamp that is read, with the offset that all meters keep throughout.',
  }),
  spread: fields.duration({
    description: 'Concentrators spread their pushes over this much of each step; at most half the interval.',
    min: '0 s',
    max: '12 h',
    whole: true,
  }),
  blackoutAt: fields.duration({ description: 'When it begins, since the start of the scenario.', min: '0 s', max: '36500 d' }),
  blackoutLasts: fields.duration({ description: 'How long it lasts.', min: '1 s', max: '365 d' }),
};

const entryName = fields.label({
  description: 'Name of the category, unique in its list.',
  form: /^\S(?:.{0,62}\S)?$/,
  allowed: 'a text of 1 to 64 characters (in quotes when it looks like a number)',
});

const stationSize = z
  .strictObject({ name: entryName, share: checked.share, meters: checked.stationMeters })
  .transform(({ name, share, meters }) => ({ name, share, metersMin: meters.min, metersMax: meters.max }));

const consumption = z
  .strictObject({
    pattern: fields.nameOrFile({
      description: 'Daily pattern of 96 values: a bundled one, or a CSV file.',
      names: BUNDLED_PATTERNS,
      endings: PATTERN_ENDINGS,
    }),
    share: checked.share,
    annual: fields.energy({
      description: 'Mean energy of a meter in a normal year, e.g. `2.2 MWh`.',
      min: '1 Wh',
      // A single meter can have fifteen times the mean; its column holds 32 bits of Wh.
      max: '250 MWh',
    }),
  })
  .transform(({ pattern, share, annual }) => ({ pattern, share, annualWh: annual }));

const low = list(
  fields.dayWindow({ description: 'Low-tariff window of each day, local time; it may go over midnight.' }),
  { description: 'Low-tariff windows of each day. Default: none, one rate.', min: 0 },
).transform((windows, context): Tariff['low'] => {
  const pieces = windows.flatMap(piecesOf).sort((a, b) => a.fromMinute - b.fromMinute);
  const overlap = overlapping(pieces);
  if (overlap === null) return mergeTouching(pieces);
  const message = 'windows that do not overlap';
  context.addIssue({ code: 'custom', message, path: [overlap], params: { hint: null } });
  return z.NEVER;
});

const tariff = z
  .strictObject({ name: entryName, share: checked.share, low: low.prefault([]) })
  .transform((entry): Tariff => entry);

const lossBursts = z
  .strictObject({
    enter: fields.percent({ description: 'Chance, for each packet, that a bad time begins.' }),
    leave: fields.percent({ description: 'Chance, for each packet, that it ends.' }),
    loss: fields.percent({ description: 'Share of packets that are lost in a bad time. Default: 100%.' }).prefault('100%'),
  })
  .meta({ description: 'Loss in bursts (Gilbert-Elliott), on top of `loss`. Default: none.' });

const session = z
  .strictObject({
    up: fields.duration({ description: 'Mean time until the line drops. Left out: it does not by itself.', min: '1 min', max: '365 d' }).optional(),
    reattach: fields
      .durationRange({ description: 'From a drop until the line is there again, e.g. `20 s..90 s`.', max: '1 d' })
      .prefault('20 s..90 s'),
    silent: fields.percent({ description: 'Share of drops of which neither side is told. Default: 50%.' }).prefault('50%'),
    idle: fields
      .duration({ description: 'A connection on which nothing went for so long is forgotten. Left out: never.', min: '1 s', max: '365 d' })
      .optional(),
    daily: fields.percent({ description: 'Share of the lines that are disconnected once a day. Default: 0%.' }).prefault('0%'),
    'new-address': fields
      .choice({ description: 'Whether a line has another address after a drop. Default: yes.', words: ['yes', 'no'] })
      .prefault('yes'),
  })
  .meta({ description: 'How long connections live. Left out: until somebody closes them.' })
  .transform(({ up = null, reattach, silent, idle = null, daily, 'new-address': newAddress }) => ({
    upSeconds: up,
    reattachSecondsMin: reattach.min,
    reattachSecondsMax: reattach.max,
    silent,
    idleSeconds: idle,
    daily,
    newAddress: newAddress === 'yes',
  }));

const link = z
  .strictObject({
    name: entryName,
    share: checked.share,
    latency: fields.latency({ description: 'One-way delay and its standard deviation, e.g. `600 ms +- 200 ms`.' }),
    correlation: fields.percent({ description: 'Of successive delays, as netem has it. Default: 0%.', below100: true }).prefault('0%'),
    loss: fields.percent({ description: 'Share of packets that are lost.', below100: true }),
    'loss-bursts': lossBursts.optional(),
    rate: fields.packetRate({ description: 'Packets that the line takes in a second, e.g. `15 packets/s`.', max: 1_000_000 }),
    burst: fields.wholeNumber({ description: 'Packets that may go at once before the rate holds.', min: 1, max: 65_535 }),
    excess: fields
      .choice({ description: 'What is over the rate waits (`shape`) or is lost (`police`). Default: shape.', words: ['shape', 'police'] })
      .prefault('shape'),
    session: session.optional(),
  })
  .transform(({ name, share, latency, correlation, loss, 'loss-bursts': bursts = null, rate, burst, excess, session: life = null }) => {
    const limits = { ratePacketsPerSecond: rate, burstPackets: burst, excess };
    return { name, share, ...latency, correlation, loss, lossBursts: bursts, ...limits, session: life };
  });

const accessibility = z
  .strictObject({
    name: entryName,
    share: checked.share,
    accessible: fields.percent({ description: 'Share of time in which the device can be reached.' }),
    outage: fields.duration({ description: 'Mean length of an outage, e.g. `20 min`.', min: '1 s', max: '365 d' }),
  })
  .transform(({ outage, ...entry }) => ({ ...entry, outageSeconds: outage }));

const grid = z
  .strictObject({
    stations: checked.stations,
    meters: checked.meters.optional(),
    'station-sizes': list(stationSize, { description: 'Size categories of the stations.' }),
    area: fields.nameOrFile({
      description: 'Where the stations are placed: a bundled area, or a GeoJSON file.',
      names: BUNDLED_AREAS,
      endings: AREA_ENDINGS,
    }),
    consumption: list(consumption, { description: 'Consumption categories of the meters.' }),
    tariffs: list(tariff, { description: 'Tariff categories of the meters.' }),
    links: list(link, { description: 'Quality categories of the line between concentrator and head-end.' }),
  })
  .meta({ description: 'Who exists: stations, concentrators, meters, lines.' })
  .transform(({ meters = null, 'station-sizes': stationSizes, ...rest }) => ({ meters, stationSizes, ...rest }));

const memory = { min: 1, max: 1_000_000 } as const;

const onDemand = z
  .strictObject({
    'per-hour': fields.wholeNumber({ description: 'Reads in an hour of the grid, of the whole grid.', min: 1, max: 1_000_000 }),
  })
  .meta({ description: 'Pull at a speed: single meters that the head-end reads beside the mass reading. Left out: none.' });

const behaviour = z
  .strictObject({
    communication: fields.choice({
      description: '`push`: concentrators send by themselves. `pull`: the head-end asks.',
      words: ['push', 'pull'],
    }),
    steps: checked.steps,
    interval: checked.interval,
    start: checked.start,
    spread: checked.spread.prefault('0 s'),
    registers: fields
      .choice({
        description: '`total`: one register a meter. `per-tariff`: the total and one for each of two rates.',
        words: ['total', 'per-tariff'],
      })
      .prefault('total'),
    'meter-memory': fields
      .wholeNumber({ description: 'Rows that a meter keeps before the oldest are lost.', ...memory })
      .prefault(960),
    'concentrator-memory': fields
      .wholeNumber({ description: 'Rows of each meter that a concentrator keeps before the oldest are lost.', ...memory })
      .prefault(960),
    'on-demand': onDemand.optional(),
    'concentrator-accessibility': list(accessibility, { description: 'How well the head-end reaches concentrators.' }),
    'meter-accessibility': list(accessibility, { description: 'How well concentrators reach meters.' }),
  })
  .meta({ description: 'What the grid does: when it measures and when it can be reached.' })
  .transform((entry) => ({
    communication: entry.communication,
    steps: entry.steps,
    intervalSeconds: entry.interval,
    start: entry.start,
    spreadSeconds: entry.spread,
    registers: entry.registers,
    meterMemoryRows: entry['meter-memory'],
    concentratorMemoryRows: entry['concentrator-memory'],
    onDemandPerHour: entry['on-demand']?.['per-hour'] ?? null,
    concentratorAccessibility: entry['concentrator-accessibility'],
    meterAccessibility: entry['meter-accessibility'],
  }));

const sharedOutages = (description: string) =>
  z
    .strictObject({
      stations: fields.wholeNumber({ description: 'Neighbouring stations that have them together.', min: 1, max: 1_000_000 }),
      accessible: fields.percent({ description: 'Share of time without such an outage.' }),
      outage: fields.duration({ description: 'Mean length of an outage, e.g. `30 min`.', min: '1 s', max: '365 d' }),
    })
    .meta({ description })
    .transform(({ stations, accessible, outage }) => ({ stations, accessible, outageSeconds: outage }));

const blackout = z
  .strictObject({
    at: checked.blackoutAt,
    lasts: checked.blackoutLasts,
    share: fields.percent({ description: 'Share of the stations, neighbours of each other. Default: 100%.' }).prefault('100%'),
  })
  .transform(({ at, lasts, share }) => ({ fromSeconds: at, seconds: lasts, share }));

const network = z
  .strictObject({
    links: fields
      .choice({
        description: '`played`: lines have the delay, loss, rate and sessions of their category. `ignored`: those of the real network.',
        words: ['played', 'ignored'],
      })
      .prefault('played'),
    direction: fields
      .choice({
        description: '`each`: the delays of a category hold in each direction. `split`: they are those of a round trip.',
        words: ['each', 'split'],
      })
      .prefault('each'),
    tcp: fields
      .choice({ description: 'Whose TCP: initial window and time-outs of today or of 2013.', words: ['today', 'in-2013'] })
      .prefault('today'),
    cells: sharedOutages('Outages of radio cells. Left out: none.').optional(),
    regions: sharedOutages('Outages of regions. Left out: none.').optional(),
    blackouts: z
      .array(blackout, { error: BLACKOUTS_ALLOWED })
      .max(ENTRIES_MAX, { error: BLACKOUTS_ALLOWED })
      .meta({ description: 'Lines that go down together at a given time. Default: none.' })
      .prefault([]),
  })
  .meta({ description: 'What all lines have in common. Default: lines as their categories say, no outages in common.' })
  .transform(({ cells = null, regions = null, ...rest }) => ({ ...rest, cells, regions }));

export const scenarioSchema = z.strictObject({
  extends: fields
    .label({
      description: 'Another scenario file, relative to this one; what stands here goes on top of it.',
      form: /./,
      allowed: 'the path of a scenario file',
    })
    .optional(),
  name: fields
    .label({
      description: 'Name of the scenario in reports and directories. Default: the file name.',
      form: /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/,
      allowed: '1 to 64 letters, digits, `-`, `_` and `.`, the first one a letter or digit',
    })
    .optional(),
  seed: fields
    .wholeNumber({
      description: 'Same seed, same grid, plan and readings. Default: 1.',
      min: 0,
      max: Number.MAX_SAFE_INTEGER,
    })
    .prefault(1),
  grid,
  behaviour,
  network: network.prefault({}),
  protocol: fields.choice({ description: 'What concentrators speak.', words: ['dlms'] }).prefault('dlms'),
  security: fields
    .choice({
      description: '`none`, or the DLMS security suite with which devices are read: keys for each device, HLS 5, ciphering.',
      words: ['none', 'suite-0', 'suite-1', 'suite-2'],
    })
    .prefault('none')
    .transform((word) => SUITES[word]),
  speed: fields
    .speed({
      description: '`max`: as fast as the head-end absorbs. 1: real time. A number: so many times real time.',
      max: 1_000_000,
    })
    .prefault('max'),
  thresholds: fields
    .expressions({
      description: 'What must hold of a run, or it fails: an indicator, a comparison and a limit with its unit. Default: none.',
      max: ENTRIES_MAX,
    })
    .prefault([]),
});

/** The texts of its errors are what is allowed. Min: 1 unless given. */
function list<Entry extends z.ZodType>(entry: Entry, about: { readonly description: string; readonly min?: number }) {
  const { description, min = 1 } = about;
  const error = `a list of ${min} to ${ENTRIES_MAX} entries`;
  return z.array(entry, { error }).min(min, { error }).max(ENTRIES_MAX, { error }).meta({ description });
}

interface Piece {
  readonly fromMinute: number;
  readonly toMinute: number;
  /** Index of the window in the list. */
  readonly window: number;
}

/** A window that goes over midnight is two pieces of each day. */
function piecesOf(entry: { readonly fromMinute: number; readonly toMinute: number }, window: number): readonly Piece[] {
  const { fromMinute, toMinute } = entry;
  if (fromMinute < toMinute) return [{ fromMinute, toMinute, window }];
  return [
    { fromMinute: 0, toMinute, window },
    { fromMinute, toMinute: 1440, window },
  ];
}

/** The index of a window that overlaps one before it in the list, or null. `pieces` by their beginning. */
function overlapping(pieces: readonly Piece[]): number | null {
  let before = pieces[0];
  for (const piece of pieces.slice(1)) {
    if (before !== undefined && piece.fromMinute < before.toMinute) return Math.max(piece.window, before.window);
    before = piece;
  }
  return null;
}

function mergeTouching(pieces: readonly Piece[]): Tariff['low'] {
  const merged: { fromMinute: number; toMinute: number }[] = [];
  for (const { fromMinute, toMinute } of pieces) {
    const last = merged.at(-1);
    if (last?.toMinute === fromMinute) last.toMinute = toMinute;
    else merged.push({ fromMinute, toMinute });
  }
  return merged;
}
