import { formatCount } from '../../format/text.js'
import { formatFigure } from '../description/figures.js'
import type { Answer } from './answers.js'
import { ScoreBars } from './ScoreBars.js'

const valuesShown = 24

/** What the service said. A text is read out once it is whole, not word by word. */
export function AnswerView({
  answer,
  running,
  digits,
}: {
  answer: Answer | undefined
  running: boolean
  /** Whether the scores are of ten digits. */
  digits: boolean
}) {
  return (
    <div className="answer" role="status" aria-live="polite" aria-busy={running}>
      {answer === undefined ? (
        <p className="muted">{running ? 'Waiting for the first word…' : 'The answer stands here.'}</p>
      ) : answer.kind === 'text' ? (
        <>
          <p className="answer-text">
            {answer.text}
            {running ? <span className="answer-cursor" aria-hidden="true" /> : null}
          </p>
          {answer.finish === 'length' ? (
            <p className="small muted">It ends here because it may write no more tokens.</p>
          ) : null}
        </>
      ) : answer.kind === 'vectors' ? (
        answer.vectors.map((vector, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: the place of a vector is the text that it is of.
          <Values key={index} name={`Vector of ${formatCount(vector.length, 'number')}`} values={vector} />
        ))
      ) : digits ? (
        <ScoreBars scores={(answer.outputs[0]?.data ?? []).map(Number)} />
      ) : (
        answer.outputs.map(({ name, datatype, shape, data }) => (
          <Values key={name} name={`${name} ${datatype} [${shape.join(', ')}]`} values={data} />
        ))
      )}
    </div>
  )
}

function Values({ name, values }: { name: string; values: readonly (number | string | boolean)[] }) {
  const shown = values
    .slice(0, valuesShown)
    .map((value) => (typeof value === 'number' ? formatFigure(value) : String(value)))
  return (
    <div>
      <p className="small muted">{name}</p>
      <p className="mono small answer-values">
        {shown.join('  ')}
        {values.length > valuesShown ? `  … ${formatCount(values.length - valuesShown, 'more', 'more')}` : ''}
      </p>
    </div>
  )
}
