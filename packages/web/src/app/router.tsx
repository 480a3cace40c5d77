import { type ComponentProps, type MouseEvent, useSyncExternalStore } from 'react'

/** Where the reader is: the path without a trailing slash, and the query. */
export type Place = { path: string; query: URLSearchParams }

const listeners = new Set<() => void>()

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  window.addEventListener('popstate', listener)
  return () => {
    listeners.delete(listener)
    window.removeEventListener('popstate', listener)
  }
}

const readPlace = () => `${window.location.pathname}${window.location.search}`

export function usePlace(): Place {
  const [path = '/', query = ''] = useSyncExternalStore(subscribe, readPlace).split('?')
  return { path: path.length > 1 ? path.replace(/\/+$/, '') : path, query: new URLSearchParams(query) }
}

/** Goes to a place of this site. `replace` keeps one entry of history while a reader types. */
export function navigate(to: string, { replace = false }: { replace?: boolean } = {}): void {
  window.history[replace ? 'replaceState' : 'pushState'](null, '', to)
  for (const listener of listeners) listener()
  if (!replace) window.scrollTo(0, 0)
}

/** A link that keeps the page. With a modifier key, or to another tab, it is an ordinary link. */
export function Link({ href, onClick, ...rest }: ComponentProps<'a'> & { href: string }) {
  const follow = (event: MouseEvent<HTMLAnchorElement>) => {
    onClick?.(event)
    if (event.defaultPrevented || event.button !== 0) return
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return
    event.preventDefault()
    navigate(href)
  }
  return <a href={href} onClick={follow} {...rest} />
}
