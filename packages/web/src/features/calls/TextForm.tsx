import type { ServingApi } from '@agorai/core'
import { useState } from 'react'
import { formatInteger } from '../../format/money.js'
import { Check, Field, TextField } from '../../ui/Field.js'
import type { CallRequest } from './useGetQuote.js'

type TextApi = Exclude<ServingApi, 'infer'>

/** What is typed of a call that reads text. */
export type TextInput = { prompt: string; maxTokens: string; temperature: string; streams: boolean }

export const textInput = (outputTokens: number): TextInput => ({
  prompt: 'The philosopher said that',
  maxTokens: String(Math.min(64, outputTokens)),
  temperature: '0.8',
  streams: true,
})

/** The request that is typed, or what is wrong with it. */
export function readText(
  { prompt, maxTokens, temperature, streams }: TextInput,
  { api, service, outputTokens }: { api: TextApi; service: string; outputTokens: number },
): { request: CallRequest } | { field: 'prompt' | 'maxTokens' | 'temperature'; wrong: string } {
  if (prompt.trim() === '') return { field: 'prompt', wrong: 'Write what it should read.' }
  if (api === 'embeddings') return { request: { api, body: { model: service, input: prompt } } }
  const tokens = /^[1-9][0-9]{0,8}$/.test(maxTokens) ? Number(maxTokens) : 0
  if (tokens < 1 || tokens > outputTokens)
    return { field: 'maxTokens', wrong: `A whole number from 1 to ${formatInteger(outputTokens)}.` }
  const heat = /^[0-9](\.[0-9]{1,3})?$/.test(temperature) ? Number(temperature) : Number.NaN
  if (!(heat >= 0 && heat <= 2)) return { field: 'temperature', wrong: 'A number from 0 to 2.' }
  const asked = api === 'chat' ? { messages: [{ role: 'user', content: prompt }] } : { prompt }
  const stream = streams ? { stream: true, stream_options: { include_usage: true } } : {}
  return { request: { api, body: { model: service, ...asked, max_tokens: tokens, temperature: heat, ...stream } } }
}

/** Prompt, length, temperature, and whether the answer comes as it is written. */
export function TextForm({
  api,
  input,
  outputTokens,
  wrong,
  onChange,
}: {
  api: TextApi
  input: TextInput
  outputTokens: number
  wrong: { field: string; wrong: string } | undefined
  onChange: (input: TextInput) => void
}) {
  const [touched, setTouched] = useState(false)
  const change = (more: Partial<TextInput>) => {
    setTouched(true)
    onChange({ ...input, ...more })
  }
  const errorOf = (field: string) => (touched && wrong?.field === field ? wrong.wrong : undefined)
  return (
    <>
      <Field label={api === 'chat' ? 'Message' : 'Text'} error={errorOf('prompt')}>
        {(control) => (
          <textarea
            {...control}
            className="field play-prompt"
            value={input.prompt}
            onChange={(event) => change({ prompt: event.target.value })}
          />
        )}
      </Field>
      {api === 'embeddings' ? null : (
        <>
          <div className="fields">
            <TextField
              of="integer"
              label="Most tokens written"
              hint={`Up to ${formatInteger(outputTokens)}`}
              error={errorOf('maxTokens')}
              value={input.maxTokens}
              onChange={(maxTokens) => change({ maxTokens })}
            />
            <TextField
              of="amount"
              label="Temperature"
              hint="0 is always the likeliest; 2 the boldest"
              error={errorOf('temperature')}
              value={input.temperature}
              onChange={(temperature) => change({ temperature })}
            />
          </div>
          <Check checked={input.streams} onChange={(streams) => change({ streams })}>
            Show the answer as it is written
          </Check>
        </>
      )}
    </>
  )
}
