/** The mark: a stoa, three columns under one line. Takes the colour of the text around it. */
export function Mark({ size = 24 }: { size?: number }) {
  return (
    <svg className="mark" width={size} height={size} viewBox="0 0 24 24" aria-hidden="true">
      <path fill="currentColor" d="M2 3h20v3H2zM4 8h4v13H4zM10 8h4v13h-4zM16 8h4v13h-4z" />
    </svg>
  )
}
