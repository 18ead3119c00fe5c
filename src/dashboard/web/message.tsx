/** What stands where there is nothing to see. */

import type { VNode } from 'preact';

export function Message({ title, text }: { readonly title: string; readonly text: string }): VNode {
  return (
    <p class="message" role="status">
      <b>{title}</b>
      {text}
    </p>
  );
}
