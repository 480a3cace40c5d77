import { callPath } from './callWords.js'
import type { CallRequest } from './useGetQuote.js'

/** What stands in place of a key that is not shown. */
export const keyPlaceholder = 'ags_…'

/** Single quotes end a word of the shell; what is inside them is taken as it is. */
const quoteForShell = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`

export type SnippetParameters = { node: string; chainId: number; service: string; request: CallRequest; key: string }

const importLine = (what: string, from: string) => ['import', what, 'from', `'${from}'`].join(' ')

/** A call on a session with curl. */
export function curlSnippet({ node, service, request, key }: SnippetParameters): string {
  return [
    `curl -N ${quoteForShell(new URL(callPath(request.api, service), node).href)} \\`,
    `  -H ${quoteForShell(`authorization: Bearer ${key}`)} \\`,
    `  -H 'content-type: application/json' \\`,
    `  -d ${quoteForShell(JSON.stringify(request.body))}`,
  ].join('\n')
}

/** The same with the `openai` package; undefined for tensors, which that API does not have. */
export function openaiSnippet({ node, request, key }: SnippetParameters): string | undefined {
  const { api, body } = request
  if (api === 'infer') return undefined
  const verb = { completions: 'completions', chat: 'chat.completions', embeddings: 'embeddings' }[api]
  const head = [
    importLine('OpenAI', 'openai'),
    '',
    'const client = new OpenAI({',
    `  baseURL: '${new URL('/v1', node).href}',`,
    `  apiKey: '${key}', // a session's key`,
    '})',
    `const answer = await client.${verb}.create(${JSON.stringify(body, null, 2)})`,
  ]
  const piece = api === 'chat' ? 'choices[0]?.delta.content' : 'choices[0]?.text'
  if (body.stream === true) head.push(`for await (const part of answer) process.stdout.write(part.${piece} ?? '')`)
  else if (api === 'embeddings') head.push('console.log(answer.data[0].embedding)')
  else head.push(`console.log(answer.choices[0].${api === 'chat' ? 'message.content' : 'text'})`)
  return head.join('\n')
}

/** The same without a session: each call is paid by itself, by the official x402 client. */
export function x402Snippet({ node, service, request, chainId }: SnippetParameters): string {
  const { stream: _, stream_options: __, ...body } = request.body
  return `${importLine('{ wrapFetchWithPaymentFromConfig }', '@x402/fetch')}
${importLine('{ ExactEvmScheme }', '@x402/evm')}
${importLine('{ privateKeyToAccount }', 'viem/accounts')}

const account = privateKeyToAccount('0x…') // the account that pays
const pay = wrapFetchWithPaymentFromConfig(fetch, {
  schemes: [{ network: 'eip155:${chainId}', client: new ExactEvmScheme(account) }],
})
const answer = await pay('${new URL(callPath(request.api, service), node).href}', {
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(${written(body)}),
})
console.log(await answer.json())`
}

/** Fields on lines of their own; hundreds of numbers on one. */
function written(body: Record<string, unknown>): string {
  const fields = Object.entries(body).map(([name, value]) => `    ${JSON.stringify(name)}: ${JSON.stringify(value)},`)
  return `{\n${fields.join('\n')}\n  }`
}
