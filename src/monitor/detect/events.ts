/** Problems of which lines in logs are the proof, and targets that could not be asked. */

import { counted, duration, whole } from '../../base/format.ts';
import { PROOFS } from '../events/shipped-rules.ts';
import type { ProblemId } from '../problem-kinds.ts';
import type { Detector, SeenEvent, Signals } from './signals.ts';

const TITLES = {
  'conntrack-full': 'The table of tracked connections was full',
  'syn-flooding': 'Connections came faster than they were accepted',
  'out-of-memory': 'Memory ran out',
  'file-limit-reached': 'File handles ran out',
  'disk-full': 'A disk was full',
  'checkpoints-too-frequent': 'Checkpoints come too often',
  'too-many-connections': 'The database had no connection left',
  'deadlock': 'Transactions blocked each other',
  'log-flood': 'The journal dropped lines',
} as const satisfies Partial<Record<ProblemId, string>>;

export const eventDetectors: readonly Detector[] = (Object.keys(TITLES) as (keyof typeof TITLES)[]).map(proven);

const LINE_MAX = 200;

function proven(id: keyof typeof TITLES): Detector {
  return {
    id,
    find({ events, wallMs }) {
      const proofs = events.seen.filter(({ rule }) => PROOFS.get(rule) === id).toSorted((a, b) => a.atMs - b.atMs);
      const [first, last] = [proofs[0], proofs.at(-1)];
      if (first === undefined || last === undefined) return null;
      const count = linesOf(proofs);
      const targets = [...new Set(proofs.map(({ target }) => target))].map((target) => {
        return { target, lines: linesOf(proofs.filter((proof) => proof.target === target)) };
      });
      const whose = targets.length === 1 ? first.target : targets.map(({ target, lines }) => `${target} (${whole(lines)})`).join(', ');
      // Of too many events the least severe ones are not here.
      const least = events.total > events.seen.length ? 'at least ' : '';
      const said = (proofs.find(({ fields }) => fields['suppressed'] === undefined) ?? first).text;
      return {
        title: TITLES[id],
        from: within(first.atMs, wallMs),
        to: within(last.atMs, wallMs),
        evidence: `${least}${counted(count, 'line')} in ${whose}${count > 1 ? ', the first' : ''}: “${oneLine(said)}”.`.replace(/^a/, 'A'),
      };
    },
  };
}

/** An event of a rule that was capped stands for many lines. */
function linesOf(events: readonly SeenEvent[]): number {
  return events.reduce((sum, { fields }) => sum + (Number(fields['suppressed'] ?? 1) || 1), 0);
}

function oneLine(text: string): string {
  const clean = text.replaceAll(/\p{C}+/gu, ' ').trim();
  return clean.length > LINE_MAX ? `${clean.slice(0, LINE_MAX)}…` : clean;
}

function within(ms: number, wallMs: number): number {
  return Math.round(Math.min(wallMs, Math.max(0, ms)));
}

const UNSEEN_SHARE = 0.05;

interface Gap {
  readonly target: string;
  readonly why: string;
  readonly from: number;
  readonly to: number;
}

export const targetNotSeen: Detector = {
  id: 'target-not-seen',
  find(signals) {
    const gaps = gapsOf(signals);
    const unseen = [...new Set(gaps.map(({ target }) => target))]
      .map((target) => {
        const own = gaps.filter((gap) => gap.target === target);
        return { target, own, ms: own.reduce((sum, { from, to }) => sum + to - from, 0) };
      })
      .filter(({ ms }) => ms > UNSEEN_SHARE * signals.wallMs);
    if (unseen.length === 0) return null;
    const all = unseen.flatMap(({ own }) => own);
    const texts = unseen.map(({ target, own, ms }) => `${target} for ${duration(ms / 1000)} (${oneLine(own[0]?.why ?? '')})`);
    return {
      title: unseen.length === 1 ? `${unseen[0]?.target} was not seen` : `${whole(unseen.length)} targets were not seen`,
      from: all.reduce((least, { from }) => Math.min(least, from), Infinity),
      to: all.reduce((most, { to }) => Math.max(most, to), 0),
      evidence: `Of a run of ${duration(signals.wallMs / 1000)} there was no answer from ${texts.join(', ')}.`,
    };
  },
};

/** From a failure until the target answers again, or to the end, as far as that is in the run. */
function gapsOf({ events, wallMs }: Signals): readonly Gap[] {
  const open = new Map<string, SeenEvent>();
  const gaps: Gap[] = [];
  const close = (failed: SeenEvent, atMs: number): void => {
    gaps.push({ target: failed.target, why: failed.fields['why'] ?? failed.text, from: within(failed.atMs, wallMs), to: within(atMs, wallMs) });
  };
  for (const event of events.seen.toSorted((a, b) => a.atMs - b.atMs)) {
    const failed = open.get(event.target);
    if (event.rule === 'probe-failed' && failed === undefined) open.set(event.target, event);
    if (event.rule !== 'probe-recovered' || failed === undefined) continue;
    open.delete(event.target);
    close(failed, event.atMs);
  }
  // Of too many events, those that say it answered again are left out first.
  if (events.total <= events.seen.length) for (const failed of open.values()) close(failed, wallMs);
  return gaps;
}
