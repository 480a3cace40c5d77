import { cardMetadataMax, cardTensorsMax, type ModelGraph, type Tensor } from '@agorai/core'

/** Numbers in a tensor of that shape. */
export const countParameters = (shape: Tensor['shape']): number =>
  shape.reduce<number>((product, size) => product * (typeof size === 'number' ? size : 0), 1)

/** What a card says of weights: how many, how precise, and each by itself. */
export function toWeights(
  tensors: readonly Tensor[],
): Pick<ModelGraph, 'parameters' | 'precision' | 'tensors' | 'tensorCount'> {
  const byType = new Map<string, { dtype: string; tensors: number; parameters: number }>()
  for (const { dtype, shape } of tensors) {
    const one = byType.get(dtype) ?? { dtype, tensors: 0, parameters: 0 }
    one.tensors++
    one.parameters += countParameters(shape)
    byType.set(dtype, one)
  }
  const precision = [...byType.values()].sort((a, b) => b.parameters - a.parameters)
  return {
    parameters: precision.reduce((sum, { parameters }) => sum + parameters, 0),
    precision,
    tensorCount: tensors.length,
    tensors: tensors.slice(0, cardTensorsMax).map(({ name, ...tensor }) => ({ name: name.slice(0, 500), ...tensor })),
  }
}

/** What a file's own header says, as short texts; undefined when it says nothing. */
export function toMetadata(entries: readonly (readonly [string, unknown])[]): Record<string, string> | undefined {
  const shown = entries
    .slice(0, cardMetadataMax)
    .filter(([key]) => key.length <= 200 && !/^(__proto__|constructor|prototype)$/.test(key))
    .map(([key, value]) => [clean(key), clean(String(value)).slice(0, 1000)] as const)
  return shown.length === 0 ? undefined : Object.fromEntries(shown)
}

/** Texts of a file are strangers' texts, and a manifest holds neither NUL nor half characters. */
export const clean = (text: string): string => text.replaceAll('\0', '').toWellFormed()
