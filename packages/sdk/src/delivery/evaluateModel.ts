import { AgoraiError, createRowRoot, type Manifest, type RandomAccess, type RowFormat } from '@agorai/core'
import { readRows } from '../content/readRows.js'
import type { Check } from './verifyContent.js'

/** One row to answer, by column; CSV and TSV values are strings. */
export type EvaluationRecord = Record<string, unknown>

export type Evaluation = {
  /** The rows that the metric is about; Parquet and Arrow files where any part of them can be read. */
  rows(): AsyncIterable<Uint8Array> | RandomAccess
  rowFormat: Exclude<RowFormat, 'tar' | 'binary'>
  /** The column that holds the right answer. */
  labelColumn: string
  /** Answers a batch of rows with the delivered model, in their order. Whatever runs models is the caller's. */
  predict(records: readonly EvaluationRecord[]): Promise<readonly string[]>
}

const batchRows = 256

/**
 * Counts a model's right answers on the evaluation rows and compares with the manifest: the same rows by their root, and
 * the same count, exactly.
 *
 * @throws AgoraiError `evaluation_failed`, `rows_invalid`
 */
export async function evaluateModel(manifest: Manifest, evaluation: Evaluation): Promise<Check> {
  const [metric] = manifest.metrics
  if (metric === undefined)
    throw new AgoraiError('evaluation_failed', 'The manifest states no metric to compare with.', { field: 'metrics' })
  const { rows, rowFormat, labelColumn, predict } = evaluation
  const tree = await createRowRoot()
  let correct = 0
  let batch: { record: EvaluationRecord; label: string }[] = []
  const answer = async (): Promise<void> => {
    const answers = await predict(batch.map(({ record }) => record))
    correct += batch.filter(({ label }, index) => answers[index] === label).length
    batch = []
  }
  const onRecord = (columns: readonly string[], values: readonly unknown[]): void => {
    const record: EvaluationRecord = Object.fromEntries(columns.map((column, index) => [column, values[index]]))
    const { [labelColumn]: label, ...asked } = record
    if (label === undefined)
      throw new AgoraiError('rows_invalid', `The rows have no column ${labelColumn}.`, { field: labelColumn })
    batch.push({ record: asked, label: String(label) })
  }
  for await (const row of readRows(rowFormat, rows(), { onRecord })) {
    tree.add(row)
    if (batch.length >= batchRows) await answer()
  }
  if (batch.length > 0) await answer()

  if (tree.root() !== metric.evaluationRoot)
    throw new AgoraiError('evaluation_failed', 'These are not the rows that the manifest was evaluated on.', {
      field: 'metrics.0.evaluationRoot',
      details: { stated: metric.evaluationRoot, found: tree.root() },
    })
  if (correct !== metric.correct || tree.rows !== metric.total)
    throw new AgoraiError(
      'evaluation_failed',
      `The manifest states ${metric.correct} right answers of ${metric.total}, the model gave ${correct} of ${tree.rows}.`,
      { field: 'metrics.0.correct', details: { stated: metric.correct, found: correct, total: tree.rows } },
    )
  return { name: 'metrics.0.correct', found: `${correct} of ${tree.rows}` }
}
