import { useState } from 'react'
import { useAgorai } from '../../app/AgoraiProvider.js'
import { CodeBlock } from '../../ui/CodeBlock.js'
import { Check } from '../../ui/Field.js'
import { curlSnippet, keyPlaceholder, openaiSnippet, x402Snippet } from './snippets.js'
import type { CallRequest } from './useGetQuote.js'

/** The call that is typed above, for programs of the reader's own. */
export function CallSnippets({
  service,
  request,
  bearer,
  onShow,
}: {
  service: string
  request: CallRequest
  bearer: string | undefined
  /** The key is seen, so other programs may call with it. */
  onShow: () => void
}) {
  const { client, info } = useAgorai()
  const [shown, setShown] = useState(false)
  const key = shown && bearer !== undefined ? bearer : keyPlaceholder
  const parameters = { node: client.node.href, chainId: info.chain.id, service, request, key }
  const openai = openaiSnippet(parameters)
  return (
    <details className="snippets">
      <summary>Call it from a program</summary>
      {bearer === undefined ? (
        <p className="small muted">
          {`The key stands for a session’s. Open one here, or with “agorai session open”, and put its key in place of ${keyPlaceholder}`}
        </p>
      ) : (
        <Check
          checked={shown}
          onChange={(next) => {
            setShown(next)
            if (next) onShow()
          }}
        >
          Put in the key of the open session. Whoever has it can spend what is left of the session.
        </Check>
      )}
      <h3>curl</h3>
      <CodeBlock code={curlSnippet(parameters)} name="the call with curl" />
      {openai === undefined ? null : (
        <>
          <h3>openai for JavaScript</h3>
          <CodeBlock code={openai} name="the call with the openai client" />
        </>
      )}
      <h3>x402, paid call by call</h3>
      <CodeBlock code={x402Snippet(parameters)} name="the call with the x402 client" />
    </details>
  )
}
