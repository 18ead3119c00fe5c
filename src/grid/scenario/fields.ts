/**
 * The kinds of value that a scenario is written with, each as a zod schema that reads the user's form and gives the number
 * that the simulator works with. A kind knows three things in one place: how to read, what is allowed (for messages), and
 * the JSON schema that editors check with.
 *
 * A wrong value becomes one `custom` issue: its message is what is allowed, `params.hint` what was probably meant.
 */

import { z } from 'zod';
import * as hints from './hints.ts';
import { nearMiss } from './near-miss.ts';
import * as units from './units.ts';

export interface About {
  /** For the user of an editor: what the value means. */
  readonly description: string;
}

export interface Bounds {
  readonly min: number;
  readonly max: number;
}

/** A whole number from `min` to `max`. */
export function wholeNumber(about: About & Bounds) {
  const { min, max } = about;
  return field({
    about,
    allowed: `a whole number from ${min} to ${max}`,
    json: { type: 'integer', minimum: min, maximum: max },
    read: (input) => (isWithin(input, about) ? input : undefined),
    hint: (input) => (typeof input === 'string' ? hints.withoutSeparators(input) : null),
  });
}

/** A whole number from `min` to `max`, or `null` for none. */
export function wholeNumberOrNull(about: About & Bounds) {
  const { min, max } = about;
  return field({
    about,
    allowed: `a whole number from ${min} to ${max}, or null`,
    json: { anyOf: [{ type: 'integer', minimum: min, maximum: max }, { type: 'null' }] },
    read: (input) => (input === null || isWithin(input, about) ? input : undefined),
    hint: (input) => (typeof input === 'string' ? hints.withoutSeparators(input) : null),
  });
}

/** One of a few words. */
export function choice<const Words extends readonly string[]>(about: About & { readonly words: Words }) {
  const { words } = about;
  return field({
    about,
    allowed: alternatives(words),
    json: { enum: words },
    read: (input): Words[number] | undefined => words.find((word) => word === input),
    hint: (input) => (typeof input === 'string' ? nearMiss(input, words) : null),
  });
}

/** A name, of the given form. */
export function label(about: About & { readonly form: RegExp; readonly allowed: string }) {
  const { form, allowed } = about;
  return field({
    about,
    allowed,
    json: { type: 'string', pattern: form.source },
    read: (input) => (typeof input === 'string' && form.test(input) ? input : undefined),
  });
}

/** One of the bundled names, or the path of a file that ends in one of `endings` (lower case, with the dot). */
export function nameOrFile(about: About & { readonly names: readonly string[]; readonly endings: readonly string[] }) {
  const { names, endings } = about;
  const paths = endings.map((ending) => `\`*${ending}\``).join(' or ');
  return field({
    about,
    allowed: `${alternatives(names)}, or the path of a file ${paths}`,
    json: { anyOf: [{ enum: names }, { type: 'string', pattern: `.(?:${endings.map((e) => `\\${e}`).join('|')})$` }] },
    read: (input) => {
      if (typeof input !== 'string') return undefined;
      return names.includes(input) || hasEnding(input, endings) ? input : undefined;
    },
    hint: (input) => (typeof input === 'string' ? nearMiss(input, names) : null),
  });
}

/** True when `text` names a file with one of the `endings`. */
export function hasEnding(text: string, endings: readonly string[]): boolean {
  return endings.some((ending) => text.length > ending.length && text.endsWith(ending));
}

/** Seconds. `min` and `max` as they are written, e.g. `1 min`. `whole`: whole seconds only. */
export function duration(about: About & { readonly min: string; readonly max: string; readonly whole?: boolean }) {
  const { min, max, whole = false } = about;
  const ends = { min: units.parseDuration(min) ?? 0, max: units.parseDuration(max) ?? 0 };
  return field({
    about,
    allowed: `a duration from ${min} to ${max}${whole ? ' in whole seconds' : ''}, such as \`15 min\` (ms, s, min, h, d)`,
    json: { type: 'string', pattern: units.DURATION_FORM.source },
    read: (input) => {
      const seconds = fromText(input, units.parseDuration);
      if (seconds === undefined || seconds < ends.min || seconds > ends.max) return undefined;
      return whole && !Number.isInteger(seconds) ? undefined : seconds;
    },
    hint: durationHint,
  });
}

/** Seconds from and to, `20 s..90 s`, or one duration for both ends. `max` as it is written. */
export function durationRange(about: About & { readonly max: string }) {
  const { max } = about;
  const end = units.parseDuration(max) ?? 0;
  return field({
    about,
    allowed: `a range of durations such as \`20 s..90 s\`, or one duration, up to ${max}`,
    json: { type: 'string', pattern: units.DURATION_RANGE_FORM.source },
    read: (input) => {
      const ends = fromText(input, units.parseDurationRange);
      return ends !== undefined && ends.min <= ends.max && ends.max <= end ? ends : undefined;
    },
  });
}

/** Seconds, such that a day holds a whole number of them. */
export function interval(about: About) {
  return field({
    about,
    allowed: 'a duration from 1 min to 1 d that divides a day, such as `15 min` (ms, s, min, h, d)',
    json: { type: 'string', pattern: units.DURATION_FORM.source },
    read: (input) => {
      const seconds = fromText(input, units.parseDuration);
      return isWithin(seconds, { min: 60, max: DAY_SECONDS }) && DAY_SECONDS % seconds === 0 ? seconds : undefined;
    },
    hint: durationHint,
  });
}

/** Mean and standard deviation, ms. */
export function latency(about: About) {
  return field({
    about,
    allowed: 'a delay of at most 1 h with its standard deviation, such as `600 ms +- 200 ms`, or without, such as `600 ms`',
    json: { type: 'string', pattern: units.LATENCY_FORM.source },
    read: (input) => {
      const delay = fromText(input, units.parseLatency);
      return delay !== undefined && delay.latencyMs <= HOUR_MS && delay.jitterMs <= HOUR_MS ? delay : undefined;
    },
    hint: hints.repaired(units.parseLatency, hints.TIME_WORDS),
  });
}

/** 0 .. 1. `below100`: 100 % itself is not allowed. */
export function percent(about: About & { readonly below100?: boolean }) {
  const { below100 = false } = about;
  const repair = hints.repaired(units.parsePercent, {});
  return field({
    about,
    allowed: `a percentage from 0% to ${below100 ? 'below ' : ''}100% with its sign, such as \`12.5%\``,
    json: { type: 'string', pattern: units.PERCENT_FORM.source },
    read: (input) => {
      const share = fromText(input, units.parsePercent);
      return share === undefined || share > 1 || (below100 && share === 1) ? undefined : share;
    },
    hint: (input) => (typeof input === 'number' ? hints.percentOf(input) : repair(input)),
  });
}

/** Whole Wh. `min` and `max` as they are written. */
export function energy(about: About & { readonly min: string; readonly max: string }) {
  const { min, max } = about;
  const ends = { min: units.parseEnergy(min) ?? 0, max: units.parseEnergy(max) ?? 0 };
  return field({
    about,
    allowed: `an energy from ${min} to ${max}, such as \`2.2 MWh\` (Wh, kWh, MWh, GWh)`,
    json: { type: 'string', pattern: units.ENERGY_FORM.source },
    read: (input) => {
      const wh = fromText(input, units.parseEnergy);
      return isWithin(wh, ends) ? wh : undefined;
    },
    hint: hints.repaired(units.parseEnergy, hints.ENERGY_WORDS),
  });
}

/** `1..20`, or one number for both ends. */
export function range(about: About & Bounds) {
  const { min, max } = about;
  return field({
    about,
    allowed: `a range such as \`1..20\`, or one number, within ${min} to ${max}`,
    json: { anyOf: [{ type: 'integer', minimum: min, maximum: max }, { type: 'string', pattern: units.RANGE_FORM.source }] },
    read: (input) => {
      const ends = isWithin(input, about) ? { min: input, max: input } : fromText(input, units.parseRange);
      return ends !== undefined && ends.min >= min && ends.min <= ends.max && ends.max <= max ? ends : undefined;
    },
    hint: (input) => (typeof input === 'string' ? hints.rangeOf(input) : null),
  });
}

/** Packets a second, above 0. */
export function packetRate(about: About & { readonly max: number }) {
  const { max } = about;
  return field({
    about,
    allowed: `a rate above 0 and at most ${max} packets/s, such as \`15 packets/s\``,
    json: { type: 'string', pattern: units.RATE_FORM.source },
    read: (input) => {
      const rate = fromText(input, units.parseRate);
      return rate !== undefined && rate > 0 && rate <= max ? rate : undefined;
    },
    hint: (input) => (typeof input === 'number' && input > 0 && input <= max ? `${input} packets/s` : null),
  });
}

/** A time with its offset from UTC, in u32 Unix seconds. */
export function instant(about: About) {
  return field({
    about,
    allowed: 'a time from 1970 to 2106 with its offset from UTC, such as `2013-01-15T00:00:00+01:00`',
    json: { type: 'string', pattern: units.INSTANT_FORM.source },
    read: (input) => {
      const time = fromText(input, units.parseInstant);
      return time !== undefined && time.unixSeconds >= 0 && time.unixSeconds < 2 ** 32 ? time : undefined;
    },
    hint: (input) => (typeof input === 'string' ? hints.instantOf(input) : null),
  });
}

/** A part of each day. */
export function dayWindow(about: About) {
  return field({
    about,
    allowed: 'a part of the day such as `"22:00-06:00"`; the whole day is `"00:00-24:00"`',
    json: { type: 'string', pattern: units.WINDOW_FORM.source },
    read: (input) => fromText(input, units.parseWindow),
  });
}

/** A number above 0 and at most `max`, or the word `max`. */
export function speed(about: About & { readonly max: number }) {
  const { max } = about;
  return field({
    about,
    allowed: `\`max\`, or a number above 0 and at most ${max}`,
    json: { anyOf: [{ const: 'max' }, { type: 'number', exclusiveMinimum: 0, maximum: max }] },
    read: (input): 'max' | number | undefined => {
      if (input === 'max') return input;
      return typeof input === 'number' && input > 0 && input <= max ? input : undefined;
    },
    hint: (input) => (typeof input === 'string' ? (nearMiss(input, ['max']) ?? hints.timesOf(input)) : null),
  });
}

/** Expressions that must hold of a run, each a text, or one alone; `thresholds.ts` reads them. */
export function expressions(about: About & { readonly max: number }) {
  const { max } = about;
  return field({
    about,
    allowed: `a list of at most ${max} expressions such as \`audit.missing == 0\``,
    json: { anyOf: [EXPRESSION, { type: 'array', maxItems: max, items: EXPRESSION }] },
    read: (input) => (typeof input === 'string' || (Array.isArray(input) && input.length <= max) ? input : undefined),
  });
}

interface Kind<T> {
  readonly about: About;
  readonly allowed: string;
  readonly json: Readonly<Record<string, unknown>>;
  /** Undefined: not allowed. A key that is missing arrives as undefined. */
  readonly read: (input: unknown) => T | undefined;
  readonly hint?: (input: unknown) => string | null;
}

const EXPRESSION = { type: 'string', pattern: units.THRESHOLD_FORM.source };
const DAY_SECONDS = 86400;
const HOUR_MS = 3_600_000;

const durationHint = hints.repaired(units.parseDuration, hints.TIME_WORDS);

function field<T>(kind: Kind<T>) {
  const { about, allowed, json, read, hint } = kind;
  return z
    .unknown()
    .meta({ description: about.description, ...json })
    .transform((input, context): T => {
      const value = read(input);
      if (value !== undefined) return value;
      context.addIssue({ code: 'custom', message: allowed, params: { hint: hint?.(input) ?? null } });
      return z.NEVER;
    });
}

function fromText<T>(input: unknown, parse: (text: string) => T | null): T | undefined {
  return typeof input === 'string' ? (parse(input) ?? undefined) : undefined;
}

function isWithin(input: unknown, bounds: Bounds): input is number {
  return typeof input === 'number' && Number.isInteger(input) && input >= bounds.min && input <= bounds.max;
}

function alternatives(words: readonly string[]): string {
  return words.map((word) => `\`${word}\``).join(', ');
}
