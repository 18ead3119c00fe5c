/**
 * Makes events of the lines of one source by its rules. The first rule that matches makes the event. A rule that has made
 * `most` events makes no more until `withinMs` after the first of them; then one event says how many there would have been.
 */

import type { Clock, Timer } from '../../base/clock.ts';
import type { Collector } from '../store/collector.ts';
import { lineTimeMs } from './line-time.ts';
import type { Rule } from './rule.ts';

export interface RuleWatchOptions {
  readonly clock: Clock;
  readonly target: string;
  readonly rules: readonly Rule[];
  readonly collector: Pick<Collector, 'event'>;
}

export interface FoundLine {
  readonly text: string;
  /** Unix ms; null: the line itself says it, or it is now. */
  readonly timeMs: number | null;
  /** Where it stood; fields of the rule go before these. */
  readonly fields: Readonly<Record<string, string>>;
}

const TEXT_MAX = 2000;
const FIELD_MAX = 500;
/** A time in a line that is further away than this is that of another clock, or of something else. */
const PLAUSIBLE_MS = 60_000;

class Tried {
  readonly rule: Rule;
  readonly pattern: RegExp;
  made = 0;
  suppressed = 0;
  timer: Timer | null = null;

  constructor(rule: Rule) {
    this.rule = rule;
    this.pattern = new RegExp(rule.pattern, 'u');
  }
}

export class RuleWatch {
  readonly #options: RuleWatchOptions;
  readonly #rules: readonly Tried[];

  constructor(options: RuleWatchOptions) {
    this.#options = options;
    this.#rules = options.rules.map((rule) => new Tried(rule));
  }

  look(line: FoundLine): void {
    for (const tried of this.#rules) {
      const found = tried.pattern.exec(line.text);
      if (found === null) continue;
      if (this.#mayTell(tried)) this.#tell(tried.rule, line, found);
      return;
    }
  }

  /** Says what was suppressed, and forgets it. */
  stop(): void {
    for (const tried of this.#rules) this.#close(tried);
  }

  #mayTell(tried: Tried): boolean {
    const { most, withinMs } = tried.rule;
    tried.timer ??= this.#options.clock.schedule(withinMs, () => this.#close(tried));
    if (tried.made < most) {
      tried.made++;
      return true;
    }
    tried.suppressed++;
    return false;
  }

  #close(tried: Tried): void {
    const { clock, target, collector } = this.#options;
    const { rule, suppressed } = tried;
    tried.timer?.cancel();
    tried.timer = null;
    tried.made = 0;
    tried.suppressed = 0;
    if (suppressed === 0) return;
    const text = `suppressed ${suppressed} more of ${rule.name} within ${rule.withinMs / 1000} s`;
    collector.event({ timeMs: clock.unixMs(), target, rule: rule.name, severity: rule.severity, text, fields: { suppressed: String(suppressed) } });
  }

  #tell({ name, severity }: Rule, line: FoundLine, found: RegExpExecArray): void {
    const { clock, target, collector } = this.#options;
    const nowMs = clock.unixMs();
    const saidMs = line.timeMs ?? lineTimeMs(line.text) ?? nowMs;
    const timeMs = Math.abs(saidMs - nowMs) > PLAUSIBLE_MS ? nowMs : saidMs;
    const fields: Record<string, string> = { ...line.fields };
    for (const [field, value] of Object.entries(found.groups ?? {})) if (value !== undefined) fields[field] = value.slice(0, FIELD_MAX);
    collector.event({ timeMs, target, rule: name, severity, text: line.text.slice(0, TEXT_MAX), fields });
  }
}
