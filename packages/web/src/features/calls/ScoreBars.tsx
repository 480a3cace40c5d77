import { shareScores } from './tensors.js'

/** Ten scores as lengths, and in numbers beside them. The highest is named first, in words. */
export function ScoreBars({ scores }: { scores: readonly number[] }) {
  const shares = shareScores(scores)
  const best = shares.indexOf(Math.max(...shares))
  return (
    <>
      <p>
        {'It reads '}
        <strong className="score-best">{best}</strong>
      </p>
      <table className="scores">
        <caption className="visually-hidden">How sure it is of each digit</caption>
        <tbody>
          {shares.map((share, digit) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: the place of a score is the digit that it is of.
            <tr key={digit} className={digit === best ? 'score-chosen' : undefined}>
              <th scope="row">{digit}</th>
              <td className="score-bar">
                <svg width="100%" height="12" aria-hidden="true">
                  <rect className="score-ground" width="100%" height="12" rx="2" />
                  <rect className="score-part" width={`${share * 100}%`} height="12" rx="2" />
                </svg>
              </td>
              <td className="number">{`${(share * 100).toFixed(1)}\u00a0%`}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  )
}
