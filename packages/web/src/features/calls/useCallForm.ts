import type { ServedServiceInfo, ServingApi } from '@agorai/core'
import { useMemo, useState } from 'react'
import { centrePad, emptyPad, isEmptyPad } from './pad.js'
import { startText } from './TensorForm.js'
import { readText, textInput } from './TextForm.js'
import { pixelTensor, readsDigits, readTensors } from './tensors.js'
import type { CallRequest } from './useGetQuote.js'

/** What is typed or drawn, and the request that it makes; `wrong` says why it makes none. */
export function useCallForm(service: ServedServiceInfo) {
  const { asset, inputs, serving } = service
  const [api, setApi] = useState<ServingApi>(serving.apis[0] ?? 'infer')
  const [text, setText] = useState(() => textInput(serving.limits.outputTokens))
  const [pixels, setPixels] = useState(emptyPad)
  const [tensors, setTensors] = useState(() => startText(inputs))
  const digits = readsDigits(service)
  const { outputTokens } = serving.limits

  const read = useMemo((): { request: CallRequest } | { field: string; wrong: string } => {
    if (api !== 'infer') return readText(text, { api, service: asset, outputTokens })
    const [input] = inputs
    if (digits && input !== undefined) {
      if (isEmptyPad(pixels)) return { field: 'pixels', wrong: 'Draw a digit first.' }
      return { request: { api, body: { inputs: [pixelTensor(input, centrePad(pixels))] } } }
    }
    const typed = readTensors(tensors)
    if ('wrong' in typed) return { field: 'tensors', wrong: typed.wrong }
    return { request: { api, body: { inputs: typed.tensors } } }
  }, [api, asset, digits, inputs, outputTokens, pixels, tensors, text])

  return {
    ...{ api, setApi, text, setText, pixels, setPixels, tensors, setTensors, digits },
    request: 'request' in read ? read.request : undefined,
    wrong: 'wrong' in read ? read : undefined,
  }
}
