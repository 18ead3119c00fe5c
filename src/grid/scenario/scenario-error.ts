/** The user's mistake in a scenario: where it is, what was found there, and what is allowed. */

/** Where a value or a key stands. */
export interface Position {
  /** As the user named it; for a value of the command line the flag: `--set`, `--steps`, `--stations`. */
  readonly file: string;
  /** From 1; 0: the file as a whole, or the command line. */
  readonly line: number;
  /** From 1, in UTF-16 units; on the command line: which `--set` it is, from 1. */
  readonly column: number;
  /** What overrides what: 0 the file that was asked for, -1, -2, ... the ones it extends, 1 `--steps` and `--stations`, 2 `--set`. */
  readonly layer: number;
}

/** The file name of positions on the command line. */
export const SET_FILE = '--set';

export class ScenarioError {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** Dotted, in the words of the file, e.g. `grid.links.0.loss`; empty: the scenario as a whole. */
  readonly path: string;
  readonly found: string;
  readonly allowed: string;
  readonly message: string;

  constructor(fields: Omit<ScenarioError, 'toString'>) {
    this.file = fields.file;
    this.line = fields.line;
    this.column = fields.column;
    this.path = fields.path;
    this.found = fields.found;
    this.allowed = fields.allowed;
    this.message = fields.message;
    Object.freeze(this);
  }

  /** One line: `file:line:column: message`; `--set:path: message` for a value of the command line. */
  toString(): string {
    if (this.file === SET_FILE) return `${SET_FILE}:${this.path}: ${this.message}`;
    return this.line === 0 ? `${this.file}: ${this.message}` : `${this.file}:${this.line}:${this.column}: ${this.message}`;
  }
}

/** What the parts of the parser report, before it is sorted and worded for the user. */
export interface Problem {
  readonly at: Position;
  readonly path: readonly PropertyKey[];
  readonly found: string;
  readonly allowed: string;
  /** What was probably meant, as it would stand in the file. */
  readonly hint?: string | null;
  /** Instead of the usual `PATH: found FOUND; allowed: ALLOWED`. */
  readonly message?: string;
}

/** The problems as errors, by position: the file that was asked for, then the ones it extends, then `--set`. */
export function scenarioErrors(problems: readonly Problem[]): readonly ScenarioError[] {
  return Object.freeze(problems.toSorted(byPosition).map(errorOf));
}

/** A piece of the user's text, fit for one line of a message. */
export function quoted(text: string): string {
  const shown = text.length > QUOTED_MAX ? `${text.slice(0, QUOTED_MAX)}...` : text;
  return `\`${oneLine(shown)}\``;
}

/** Control characters and line breaks become `?`, so that a message stays one line. */
function oneLine(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]/gu, '?');
}

const QUOTED_MAX = 60;

function byPosition(a: Problem, b: Problem): number {
  return rank(a.at) - rank(b.at) || a.at.line - b.at.line || a.at.column - b.at.column;
}

function rank(at: Position): number {
  return at.layer > 0 ? Number.MAX_SAFE_INTEGER : -at.layer;
}

function errorOf(problem: Problem): ScenarioError {
  const { file, line, column } = problem.at;
  const { found, allowed } = problem;
  const path = oneLine(problem.path.map(String).join('.'));
  const lead = path === '' || file === SET_FILE ? '' : `${path}: `;
  const hint = typeof problem.hint === 'string' ? `did you mean ${quoted(problem.hint)}? Allowed` : 'allowed';
  const message = problem.message ?? `${lead}found ${found}; ${hint}: ${allowed}`;
  return new ScenarioError({ file, line, column, path, found, allowed, message });
}
