/** Texts of the server and of the report on the page. */

import type { VNode } from 'preact';

/** What stands between backticks is typed, or named in a file. */
export function withCode(text: string): readonly (VNode | string)[] {
  return text.split('`').map((part, i) => (i % 2 === 1 ? <code key={i}>{part}</code> : part));
}

/** What stands where there is nothing to see. */
export function Message({ title, text }: { readonly title: string; readonly text: string }): VNode {
  return (
    <p class="message" role="status">
      <b>{title}</b>
      {withCode(text)}
    </p>
  );
}
