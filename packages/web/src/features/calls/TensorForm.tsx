import type { ServedServiceInfo } from '@agorai/core'
import { Field } from '../../ui/Field.js'
import { startTensor } from './tensors.js'

/** Tensors as somebody may go on writing them: one a line. */
export const startText = (inputs: ServedServiceInfo['inputs']): string =>
  `[\n${inputs.map((input) => `  ${JSON.stringify(startTensor(input))}`).join(',\n')}\n]`

/** The tensors of a call, as JSON. */
export function TensorForm({
  inputs,
  text,
  wrong,
  onChange,
}: {
  inputs: ServedServiceInfo['inputs']
  text: string
  wrong: string | undefined
  onChange: (text: string) => void
}) {
  const takes = inputs.map(
    ({ name, datatype, shape }) => `${name} ${datatype} [${shape.map((size) => (size < 0 ? 'any' : size)).join(', ')}]`,
  )
  return (
    <Field label="Tensors, as JSON" hint={`It takes ${takes.join('; ')}.`} error={wrong}>
      {(control) => (
        <textarea
          {...control}
          className="field play-tensors"
          spellCheck={false}
          value={text}
          onChange={(event) => onChange(event.target.value)}
        />
      )}
    </Field>
  )
}
