import { useState } from 'react'

export type Theme = 'system' | 'light' | 'dark'

const key = 'agorai.theme'

/** The theme that was chosen here, or the system's. It is first set by public/theme.js, before the first paint. */
export function useTheme(): [Theme, (theme: Theme) => void] {
  const [theme, setTheme] = useState<Theme>(() => {
    const chosen = document.documentElement.dataset.theme
    return chosen === 'light' || chosen === 'dark' ? chosen : 'system'
  })
  const choose = (next: Theme) => {
    setTheme(next)
    if (next === 'system') delete document.documentElement.dataset.theme
    else document.documentElement.dataset.theme = next
    remember(key, next === 'system' ? null : next)
  }
  return [theme, choose]
}

/** Keeps a choice for the next visit. Storage may be forbidden: then the choice lasts as long as the page. */
export function remember(name: string, value: string | null): void {
  try {
    if (value === null) localStorage.removeItem(name)
    else localStorage.setItem(name, value)
  } catch {
    return
  }
}

/** A choice of an earlier visit. */
export function recall(name: string): string | null {
  try {
    return localStorage.getItem(name)
  } catch {
    return null
  }
}
