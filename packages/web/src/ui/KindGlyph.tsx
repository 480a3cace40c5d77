const shapes: Record<string, string> = {
  // Rows of a table.
  dataset: 'M2 3h12v2H2zM2 7h12v2H2zM2 11h12v2H2z',
  // Three units joined.
  model:
    'M3 2a2 2 0 0 1 1.9 2.6l3.2 2A2 2 0 1 1 8.1 9.4l-3.2 2A2 2 0 1 1 4 10.3l3.3-2a2 2 0 0 1 0-.6l-3.3-2A2 2 0 1 1 3 2zM11 7h3v2h-3z',
}
const other = 'M8 2l6 6-6 6-6-6z'

/** What an asset is, as a shape; always beside the word, which screen readers get. */
export function KindGlyph({ kind, size = 16 }: { kind: string; size?: number }) {
  return (
    <svg className="kind-glyph" width={size} height={size} viewBox="0 0 16 16" aria-hidden="true">
      <path fill="currentColor" d={shapes[kind] ?? other} />
    </svg>
  )
}

/** The same shape for use inside another SVG, in a 16-unit box. */
export function kindShape(kind: string): string {
  return shapes[kind] ?? other
}
