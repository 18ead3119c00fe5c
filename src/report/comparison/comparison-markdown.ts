/** The comparison as Markdown. What the user named is escaped; a table cell never breaks its row. */

import { escapedMarkdown, markdownTable } from '../markdown-text.ts';
import type { ComparedMeasure, Comparison, MeasureCell } from './comparison.ts';
import { answerOf, cellText, loadLine, markText, noiseNote, problemRows, problemsOf, runNotes, thresholdText, titleOf } from './comparison-content.ts';
import { GROUP_TITLES } from './measures.ts';

export function comparisonMarkdown(comparison: Comparison): string {
  return `${[...opening(comparison), ...answers(comparison), ...measures(comparison), ...problems(comparison), ...runs(comparison)].join('\n')}\n`;
}

function names({ alternatives }: Comparison): readonly string[] {
  return alternatives.map(({ name }) => escapedMarkdown(name));
}

function opening(comparison: Comparison): readonly string[] {
  const { conclusion, load, complete } = comparison;
  return [
    `# ${escapedMarkdown(titleOf(comparison))}`,
    '',
    ...(complete ? [] : ['The comparison was interrupted; what is there is shown.', '']),
    escapedMarkdown(conclusion),
    '',
    ...(load.run === null ? [] : [`${escapedMarkdown(loadLine(comparison))}.`, '']),
    escapedMarkdown(load.text),
  ];
}

function answers(comparison: Comparison): readonly string[] {
  const rows = comparison.alternatives.map((each) => [`**${escapedMarkdown(each.name)}**`, answerOf(each), escapedMarkdown([each.why, thresholdText(each)].filter((text) => text !== '').join(' ')), escapedMarkdown(each.description)]);
  return ['', '## Are they able?', '', ...markdownTable(['alternative', '', 'why', 'what it is'], rows)];
}

function measures(comparison: Comparison): readonly string[] {
  const { measures: all } = comparison;
  const groups = [...new Set(all.map(({ group }) => group))];
  const note = noiseNote(comparison);
  const head = ['', ...names(comparison)];
  return [
    ...groups.flatMap((group) => {
      const rows = all
        .filter((measure) => measure.group === group)
        .map((measure) => {
          const cells = measure.cells.map((cell) => measureCell(measure, cell));
          return [escapedMarkdown(measure.label)].concat(cells);
        });
      return ['', `## ${GROUP_TITLES[group]}`, ''].concat(markdownTable(head, rows));
    }),
    ...(note === '' ? [] : ['', escapedMarkdown(note)]),
  ];
}

function measureCell(measure: ComparedMeasure, cell: MeasureCell): string {
  const mark = markText(cell);
  const text = escapedMarkdown(cellText(measure, cell));
  return mark === '' ? text : `${cell.mark === 'best' ? `**${text}**` : text}, ${mark}`;
}

function problems(comparison: Comparison): readonly string[] {
  const rows = problemRows(comparison).map(({ id, grave, cells }) => {
    const titles = cells.map((cell) => (cell === '' ? '–' : escapedMarkdown(cell)));
    return [grave ? `**\`${id}\`**` : `\`${id}\``].concat(titles);
  });
  const details = comparison.alternatives.flatMap(({ name }, i) =>
    problemsOf(comparison, i).map(({ id, evidence }) => `- **${escapedMarkdown(name)}**, \`${id}\`: ${escapedMarkdown(evidence)}`),
  );
  if (rows.length === 0) return ['', '## Problems', '', 'None was seen.'];
  return ['', '## Problems', '', ...markdownTable(['', ...names(comparison)], rows), '', ...details];
}

function runs({ alternatives }: Comparison): readonly string[] {
  const rows = alternatives.flatMap((alternative) => {
    const notes = runNotes(alternative);
    return [`- ${escapedMarkdown(alternative.name)}: ${alternative.runs.map(({ folder }) => `\`${folder}\``).join(', ')}${notes.length === 0 ? '' : `. ${escapedMarkdown(notes.join('. '))}`}`];
  });
  return ['', '## Runs', '', 'Each directory holds the whole report of its run.', '', ...rows];
}
