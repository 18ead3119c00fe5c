/** Waiting for an AbortSignal that may be aborted already. */

export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => onAbort(signal, resolve));
}

export function onAbort(signal: AbortSignal | undefined, fn: () => void): void {
  if (signal?.aborted === true) fn();
  else signal?.addEventListener('abort', () => fn(), { once: true });
}
