import { hkdfSync } from 'node:crypto'
import type { ChargeLog, ChargeRecord } from '../../ports/chargeLog.js'
import { type Journal, type JournalRecord, nameOfRecord } from '../../ports/journal.js'
import type { KeptAnswer } from '../../ports/sessionRecords.js'
import { decrypt, encrypt } from '../keys/aead.js'

/** Closes the bodies of kept answers, each for the name that it is kept under. */
type AnswerSeal = {
  close(body: string, name: string): string
  /** Undefined for what another operator's key closed. */
  open(sealed: string, name: string): string | undefined
}

/** @param operatorKey The operator's encryption key: every gateway of the operator has it, and no backup of data does. */
function createAnswerSeal(operatorKey: Uint8Array): AnswerSeal {
  const key = Buffer.from(hkdfSync('sha256', operatorKey, '', 'agorai kept answers 1', 32))
  return {
    close: (body, name) => Buffer.from(encrypt(key, Buffer.from(body, 'base64'), name)).toString('base64'),
    open(sealed, name) {
      const body = decrypt(key, Buffer.from(sealed, 'base64'), name)
      return body && Buffer.from(body).toString('base64')
    },
  }
}

/**
 * What calls were answered belongs to who asked. So it lies closed in the journal, which others may read and copies of
 * which may lie anywhere. What cannot be opened counts as not kept.
 */
export function sealAnswers(journal: Journal, operatorKey: Uint8Array): Journal {
  const { news } = journal
  const seal = createAnswerSeal(operatorKey)
  const close = (record: JournalRecord): JournalRecord =>
    mapBody(record, (body) => seal.close(body, nameOfRecord(record)))
  const open = (record: JournalRecord): JournalRecord =>
    mapBody(record, (body) => seal.open(body, nameOfRecord(record)))
  async function* opened(records: AsyncGenerator<JournalRecord>): AsyncGenerator<JournalRecord> {
    for await (const record of records) yield open(record)
  }
  return {
    ...journal,
    append(record) {
      const closed = close(record)
      if (closed === record) return journal.append(record)
      return journal.append(closed).then((standing) => (standing === closed ? record : open(standing)))
    },
    replay: () => opened(journal.replay()),
    ...(news && { news: () => opened(news()) }),
    find: async (names) => (await journal.find(names)).map(open),
  }
}

/** The same of the charge log, in which answers are written with their charges. */
export function sealCharges(log: ChargeLog, operatorKey: Uint8Array): ChargeLog {
  const seal = createAnswerSeal(operatorKey)
  return {
    ...log,
    append(record) {
      // Nearly all.
      if (record.keyed === undefined) return log.append(record)
      return log.append(mapCharge(record, (body, name) => seal.close(body, name))).then(() => record)
    },
    async *replay() {
      for await (const record of log.replay()) yield mapCharge(record, (body, name) => seal.open(body, name))
    },
  }
}

/** The very same record where it keeps no answer. */
function mapBody(record: JournalRecord, map: (body: string) => string | undefined): JournalRecord {
  if (record.kind === 'call-ended' && record.answer !== undefined)
    return { ...record, answer: mapAnswer(record.answer, map) }
  if (record.kind !== 'call-answered' || record.body === '') return record
  const body = map(record.body)
  if (body !== undefined) return { ...record, body }
  return { ...record, status: 409, headers: { 'content-type': 'text/plain' }, body: '' }
}

function mapCharge(record: ChargeRecord, map: (body: string, name: string) => string | undefined): ChargeRecord {
  const { keyed } = record
  if (keyed === undefined) return record
  const name = `charge/${keyed.scope}/${keyed.key}/${keyed.attempt}`
  return { ...record, keyed: { ...keyed, answer: mapAnswer(keyed.answer, (body) => map(body, name)) } }
}

function mapAnswer(answer: KeptAnswer, map: (body: string) => string | undefined): KeptAnswer {
  return answer.body === undefined ? answer : { ...answer, body: map(answer.body) }
}
