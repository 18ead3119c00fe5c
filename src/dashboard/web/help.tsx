/** The keys, on a sheet over the page. */

import { useEffect, useRef } from 'preact/hooks';
import type { VNode } from 'preact';

const KEYS: readonly { readonly title: string; readonly keys: readonly (readonly [string, string])[] }[] = [
  {
    title: 'Everywhere',
    keys: [
      ['1 … 6', 'the views, from left to right'],
      ['/', 'go to a station or meter by its number'],
      ['[ ]', 'the run before, the run after'],
      ['d', 'light or dark'],
      ['?', 'this sheet'],
    ],
  },
  {
    title: 'Plots and timeline',
    keys: [
      ['drag', 'zoom into a stretch of time'],
      ['double click', 'show all'],
      ['+ −', 'timeline: nearer, further away'],
      ['← →', 'timeline: earlier, later'],
      ['0', 'timeline: show all'],
    ],
  },
  {
    title: 'Map',
    keys: [
      ['wheel, + −', 'nearer, further away'],
      ['drag, arrows', 'move'],
      [', .', 'one step back, one step on'],
      ['space', 'play the steps'],
      ['0', 'show all'],
    ],
  },
];

export function Help({ close, version }: { readonly close: () => void; readonly version: string }): VNode {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    dialog.current?.showModal();
  }, []);
  return (
    <dialog ref={dialog} onClose={close} onClick={(event) => event.target === dialog.current && dialog.current?.close()} aria-label="Keys">
      {KEYS.map(({ title, keys }) => (
        <div key={title}>
          <h3>{title}</h3>
          <dl class="keys">
            {keys.map(([key, meaning]) => (
              <div key={key}>
                <dt>
                  <kbd>{key}</kbd>
                </dt>
                <dd>{meaning}</dd>
              </div>
            ))}
          </dl>
        </div>
      ))}
      <p class="empty">
        Meterstorm {version}. Escape closes. <button type="button" class="small-button" onClick={() => dialog.current?.close()}>close</button>
      </p>
    </dialog>
  );
}
