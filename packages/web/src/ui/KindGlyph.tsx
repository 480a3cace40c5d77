import type { AssetKind } from '@agorai/core'

const shapes: Record<AssetKind, string> = {
  // Rows of a table.
  dataset: 'M2 3h12v2H2zM2 7h12v2H2zM2 11h12v2H2z',
  // Three units joined.
  model:
    'M3 2a2 2 0 0 1 1.9 2.6l3.2 2A2 2 0 1 1 8.1 9.4l-3.2 2A2 2 0 1 1 4 10.3l3.3-2a2 2 0 0 1 0-.6l-3.3-2A2 2 0 1 1 3 2zM11 7h3v2h-3z',
  // Brackets of code.
  algorithm: 'M5.6 3 7 4.4 3.4 8 7 11.6 5.6 13l-5-5zM10.4 3 9 4.4 12.6 8 9 11.6l1.4 1.4 5-5z',
  // An outlet: a ring around a point.
  service:
    'M8 1.5a6.5 6.5 0 1 1 0 13 6.5 6.5 0 0 1 0-13zm0 2a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9zM8 6a2 2 0 1 1 0 4 2 2 0 0 1 0-4z',
  // Waves from a source.
  feed: 'M3.5 11a1.75 1.75 0 1 1 0 3.5 1.75 1.75 0 0 1 0-3.5zM2 6.5A7.75 7.75 0 0 1 9.5 14h-2A5.6 5.6 0 0 0 2 8.5zM2 2a12 12 0 0 1 12 12h-2A10 10 0 0 0 2 4z',
  // Somebody.
  agent: 'M8 1.5a3.25 3.25 0 1 1 0 6.5 3.25 3.25 0 0 1 0-6.5zM2 14.5a6 6 0 0 1 12 0z',
  // Stations in a row.
  pipeline: 'M1 5h4v2.25h1V5h4v2.25h1V5h4v6h-4V8.75h-1V11H6V8.75H5V11H1z',
  // Sheets in a stack.
  collection: 'M1.5 6.5h8v8h-8zM4 3.5h8.5V12H11V5H4zM6.5.5h9V9H14V2H6.5z',
  // A chip and its legs.
  machine:
    'M4 4h8v8H4zM5 1h1.5v2H5zM9.5 1H11v2H9.5zM5 13h1.5v2H5zM9.5 13H11v2H9.5zM1 5h2v1.5H1zM1 9.5h2V11H1zM13 5h2v1.5h-2zM13 9.5h2V11h-2z',
}

/** What an asset is, as a shape; always beside the word, which screen readers get. */
export function KindGlyph({ kind, size = 16 }: { kind: AssetKind; size?: number }) {
  return (
    <svg className="kind-glyph" width={size} height={size} viewBox="0 0 16 16" aria-hidden="true">
      <path fill="currentColor" d={shapes[kind]} />
    </svg>
  )
}

/** The same shape for use inside another SVG, in a 16-unit box. */
export function kindShape(kind: AssetKind): string {
  return shapes[kind]
}
