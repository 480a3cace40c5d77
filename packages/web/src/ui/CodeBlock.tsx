import { useCopy } from './useCopy.js'
import './codeBlock.css'

/** Lines to copy as they are. `name` says what they are. */
export function CodeBlock({ code, name }: { code: string; name: string }) {
  const { said, copy } = useCopy(code)
  return (
    <div className="code-block">
      <div className="code-block-head">
        <button type="button" className="button button-small" onClick={copy} aria-label={`Copy ${name}`}>
          Copy
        </button>
        <span className="small muted" role="status">
          {said}
        </span>
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard. */}
      <section className="code" tabIndex={0} aria-label={name}>
        <pre>{code}</pre>
      </section>
    </div>
  )
}
