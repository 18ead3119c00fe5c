/** Where the page is: `#/RUN/VIEW/NUMBER?name=value`. Everything that can be looked at has an address of its own. */

import { useEffect, useState } from 'preact/hooks';

export const VIEWS = ['overview', 'timeline', 'map', 'station', 'meter', 'resources', 'compare'] as const;
export type ViewName = (typeof VIEWS)[number];

export interface Route {
  /** Empty: the first one. */
  readonly run: string;
  readonly view: ViewName;
  /** Of a station or meter; null: none was named. */
  readonly number: number | null;
  readonly params: URLSearchParams;
}

export function parseRoute(hash: string): Route {
  const [path = '', query = ''] = hash.replace(/^#\/?/, '').split('?', 2);
  const [run = '', name = '', number = ''] = path.split('/').map(decoded);
  const view = VIEWS.find((known) => known === name) ?? 'overview';
  return { run, view, number: /^\d{1,10}$/.test(number) ? Number(number) : null, params: new URLSearchParams(query) };
}

export function routeTo(to: { readonly run: string; readonly view: ViewName; readonly number?: number | null; readonly params?: Readonly<Record<string, string | null>> }): string {
  const { run, view, number = null, params = {} } = to;
  const query = new URLSearchParams(Object.entries(params).filter((entry): entry is [string, string] => entry[1] !== null)).toString();
  const path = [run, view, ...(number === null ? [] : [String(number)])].map(encodeURIComponent).join('/');
  return `#/${path}${query === '' ? '' : `?${query}`}`;
}

/** Goes there; `replace`: without a step in the browser's history. */
export function go(hash: string, how: 'push' | 'replace' = 'push'): void {
  if (how === 'push') location.hash = hash;
  else {
    history.replaceState(null, '', hash);
    dispatchEvent(new HashChangeEvent('hashchange'));
  }
}

export function useRoute(): Route {
  const [route, setRoute] = useState(() => parseRoute(location.hash));
  useEffect(() => {
    const changed = (): void => setRoute(parseRoute(location.hash));
    addEventListener('hashchange', changed);
    return () => removeEventListener('hashchange', changed);
  }, []);
  return route;
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return '';
  }
}
