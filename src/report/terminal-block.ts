/** Lines for a terminal: labels in front, texts that break between words, colours where there are some. */

export interface TerminalOptions {
  /** Columns of the terminal. */
  readonly width: number;
  readonly colour: boolean;
}

const WIDTH_MIN = 40;
const WIDTH_MAX = 120;
const LABEL_WIDTH = 11;
export const INDENT = '  ';

/** A space at which no line breaks. */
export const TOGETHER = '\u00A0';

/** Columns that are written to. */
export function widthOf({ width }: TerminalOptions): number {
  return Math.min(WIDTH_MAX, Math.max(WIDTH_MIN, Math.floor(width) || WIDTH_MIN));
}

export function painter({ colour }: TerminalOptions): Paint {
  return colour ? coloured : plain;
}

/** Lines with a label in front and texts that break between words. */
export class Block {
  readonly #width: number;
  readonly #paint: Paint;
  readonly #lines: string[] = [];

  constructor(width: number, paint: Paint) {
    this.#width = width;
    this.#paint = paint;
  }

  line(text: string): void {
    this.#lines.push(text);
  }

  paragraph(text: string, colour = ''): void {
    for (const line of wrap(text, this.#width - INDENT.length)) this.line(`${INDENT}${colour === '' ? line : this.#paint(colour, line)}`);
  }

  /** `mark`: one visible character in front of the text. */
  wrapped(label: string, text: string, mark = ''): void {
    const inner = LABEL_WIDTH + (mark === '' ? 0 : 2);
    wrap(text, this.#width - INDENT.length - inner).forEach((line, i) => {
      const title = this.#paint('dim', (i === 0 ? label : '').padEnd(LABEL_WIDTH));
      const lead = mark === '' ? '' : i === 0 ? `${mark} ` : '  ';
      this.line(`${INDENT}${title}${lead}${line}`.trimEnd());
    });
  }

  /** A line that keeps its columns; on a narrow terminal it loses the name of the clock first. */
  table(label: string, text: string, tail: { readonly clock: string; readonly clockWidth: number }): void {
    const room = this.#width - INDENT.length - LABEL_WIDTH;
    if (text.length > room) {
      this.wrapped(label, text.replaceAll(/ +/g, ' '));
      return;
    }
    const end = text.length + tail.clockWidth <= room ? tail.clock : '';
    this.line(`${INDENT}${this.#paint('dim', label.padEnd(LABEL_WIDTH))}${text}${end}`);
  }

  text(): string {
    return `${this.#lines.join('\n')}\n`;
  }
}

function wrap(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = '';
    }
    line = line === '' ? word : `${line} ${word}`;
    while (line.length > width) {
      lines.push(line.slice(0, width));
      line = line.slice(width);
    }
  }
  return [...lines, line].map((each) => each.replaceAll(TOGETHER, ' '));
}

export type Paint = (style: string, text: string) => string;

const CODES: Readonly<Record<string, string>> = { bold: '1', dim: '2', red: '31', green: '32', yellow: '33' };

const plain: Paint = (_, text) => text;

const coloured: Paint = (style, text) => {
  const codes = style.split(' ').map((name) => CODES[name] ?? '0');
  return text.trim() === '' ? text : `\u001B[${codes.join(';')}m${text}\u001B[0m`;
};

/** Names come from the user's file: control characters must not reach the terminal. */
export function printable(text: string): string {
  return text.replaceAll(/\p{C}/gu, '\uFFFD');
}
