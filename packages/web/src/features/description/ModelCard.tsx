import type { Manifest, ModelGraph } from '@agorai/core'
import type { ReactNode } from 'react'
import { formatInteger } from '../../format/money.js'
import { formatBytes, formatCount } from '../../format/text.js'
import { showValue } from './figures.js'
import './description.css'

/** What a model's file says of itself, and what its seller says of it, told apart. */
export function ModelCard({ manifest: { modelCard } }: { manifest: Manifest }) {
  if (modelCard === undefined || Object.keys(modelCard).length === 0) return null
  const { graph, intendedUse, training, limitations, notes = {} } = modelCard
  const words: [string, string | undefined][] = [
    ['Meant for', intendedUse],
    ['Trained', training],
    ['Limits', limitations],
    ...Object.entries(notes).map(([name, value]): [string, string] => [name, showValue(value)]),
  ]
  const said = words.filter(([, value]) => value !== undefined)
  return (
    <section className="panel" aria-labelledby="model-heading">
      <h2 id="model-heading">Model card</h2>
      {graph === undefined ? null : (
        <>
          <h3>Read from the file</h3>
          <GraphFacts graph={graph} />
        </>
      )}
      {said.length === 0 ? null : (
        <>
          <h3>Said by the seller</h3>
          <dl className="facts">
            {said.map(([name, value]) => (
              <Fact key={name} name={name}>
                <span className="plain-text">{value}</span>
              </Fact>
            ))}
          </dl>
        </>
      )}
    </section>
  )
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </>
  )
}

const formats = { onnx: 'ONNX', safetensors: 'safetensors', gguf: 'GGUF' } as const

function GraphFacts({ graph }: { graph: ModelGraph }) {
  const { inputs, outputs, operators, opsets, externalData, tensors = [], metadata } = graph
  return (
    <>
      <dl className="facts">
        <Fact name="Format">
          {`${formats[graph.format]}, ${formatBytes(graph.bytes)}${
            opsets === undefined ? '' : `; ${opsets.map(({ domain, version }) => `${domain} ${version}`).join(', ')}`
          }`}
        </Fact>
        <Fact name="Parameters">{`${formatInteger(graph.parameters)} in ${formatCount(graph.tensorCount, 'tensor')}`}</Fact>
        <Fact name="Precision">
          {graph.precision.map(({ dtype, parameters }) => `${dtype} (${formatInteger(parameters)})`).join(', ') ||
            'none'}
        </Fact>
        {inputs === undefined ? null : <Fact name="Inputs">{<Tensors tensors={inputs} />}</Fact>}
        {outputs === undefined ? null : <Fact name="Outputs">{<Tensors tensors={outputs} />}</Fact>}
        {operators === undefined ? null : (
          <Fact name="Operators">{operators.map(({ name, count }) => `${name} × ${count}`).join(', ')}</Fact>
        )}
        {externalData === undefined ? null : <Fact name="Weights elsewhere">{externalData.join(', ')}</Fact>}
        {Object.entries(metadata ?? {})
          .slice(0, 12)
          .map(([name, value]) => (
            <Fact key={name} name={name}>
              {value.slice(0, 200)}
            </Fact>
          ))}
      </dl>
      {tensors.length === 0 ? null : (
        <details>
          <summary>{`Weights: ${formatCount(graph.tensorCount, 'tensor')}`}</summary>
          <Tensors tensors={tensors.slice(0, tensorsShown)} />
          {tensors.length <= tensorsShown ? null : (
            <p className="small muted">{`and ${formatInteger(graph.tensorCount - tensorsShown)} more in the manifest.`}</p>
          )}
        </details>
      )}
    </>
  )
}

const tensorsShown = 24

function Tensors({ tensors }: { tensors: NonNullable<ModelGraph['tensors']> }) {
  return (
    <ul>
      {tensors.map(({ name, dtype, shape }) => (
        <li key={name} className="mono small">{`${name} ${dtype} [${shape.map((size) => size ?? '?').join(', ')}]`}</li>
      ))}
    </ul>
  )
}
