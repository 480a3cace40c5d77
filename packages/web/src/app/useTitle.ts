import { useEffect } from 'react'

/** Names the page in the tab and to screen readers. */
export function useTitle(title: string): void {
  useEffect(() => {
    document.title = title === '' ? 'agorai' : `${title} · agorai`
  }, [title])
}
