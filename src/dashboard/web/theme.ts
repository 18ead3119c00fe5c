/** Light or dark: as the system says, until somebody says otherwise here. */

import { useEffect, useState } from 'preact/hooks';

export type Theme = 'light' | 'dark';

const KEY = 'meterstorm-theme';
const system = matchMedia('(prefers-color-scheme: dark)');

/** A browser may forbid to keep anything. */
function kept(): Theme | null {
  try {
    const value = localStorage.getItem(KEY);
    return value === 'light' || value === 'dark' ? value : null;
  } catch {
    return null;
  }
}

function keep(theme: Theme): void {
  try {
    localStorage.setItem(KEY, theme);
  } catch {
    // Then it holds until the page is loaded again.
  }
}

export function useTheme(): { readonly theme: Theme; toggle(): void } {
  const [chosen, setChosen] = useState(kept);
  const [dark, setDark] = useState(system.matches);
  useEffect(() => {
    const changed = (): void => setDark(system.matches);
    system.addEventListener('change', changed);
    return () => system.removeEventListener('change', changed);
  }, []);
  const theme = chosen ?? (dark ? 'dark' : 'light');
  document.documentElement.dataset['theme'] = theme;
  return {
    theme,
    toggle: () => {
      const other = theme === 'dark' ? 'light' : 'dark';
      keep(other);
      setChosen(other);
    },
  };
}

/** A colour of the style sheet, e.g. `--c0`, as canvas and pictures need it. */
export function colour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}
