/** The way to a station or meter by its number. */

import type { VNode } from 'preact';
import { useState } from 'preact/hooks';
import { go, routeTo } from './route.ts';

interface NumberFormProps {
  readonly run: string;
  /** What is looked for unless somebody says otherwise. */
  readonly kind: 'station' | 'meter';
}

export function NumberForm({ run, kind }: NumberFormProps): VNode {
  const [wrong, setWrong] = useState(false);
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    const text = String(new FormData(form).get('number') ?? '').trim();
    const number = /^(?:[sm](?:tation|eter)?)?\s*(\d{1,10})$/i.exec(text)?.[1];
    setWrong(number === undefined);
    if (number === undefined) return;
    const isMeter = /^m/i.test(text) || (!/^s/i.test(text) && new FormData(form).get('kind') === 'meter');
    go(routeTo({ run, view: isMeter ? 'meter' : 'station', number: Number(number) }));
  };
  return (
    <form class="controls" onSubmit={submit}>
      <label>
        Go to
        <select name="kind" aria-label="What">
          <option value="station">station</option>
          <option value="meter" selected={kind === 'meter'}>
            meter
          </option>
        </select>
        <input id="number" name="number" inputMode="numeric" autocomplete="off" placeholder="number" aria-label="Number" aria-invalid={wrong} />
      </label>
      <button type="submit" class="small-button">
        open
      </button>
      {wrong && <span class="bad">a whole number, such as 17</span>}
    </form>
  );
}
