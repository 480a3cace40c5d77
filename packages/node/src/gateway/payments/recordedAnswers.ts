import { hash } from 'node:crypto'
import type { Hex } from 'viem'
import type { CallAnswered } from '../../ports/paymentRecords.js'
import type { Memory } from '../memory.js'
import { answerBytesMax, createKeyedAnswers, type KeyedAnswers, keyCharactersMax } from './keyedAnswers.js'
import type { WholeAnswer } from './wholeAnswer.js'

/**
 * Paid answers by the idempotency keys of their channels, in the journal, too. They are written once they were charged, and
 * nobody waits for it: a charge that does not stand leaves no answer, and only a process that dies in between forgets one.
 */
export function createRecordedAnswers({ answers, record }: Pick<Memory, 'answers' | 'record'>): KeyedAnswers {
  const recent = createKeyedAnswers()
  return {
    find(channel, key, requestHash) {
      const found = recent.find(channel, key, requestHash)
      if (found !== undefined) return found
      const known = answers.get(scopeOf(channel), nameOf(key))
      return known?.requestHash === requestHash ? toAnswer(known) : undefined
    },
    keep(channel, key, kept) {
      recent.keep(channel, key, kept)
      const { requestHash, answer } = kept
      if (key.length > keyCharactersMax || answer.body.length > answerBytesMax) return
      const { status, headers, body } = answer
      const written: CallAnswered = {
        ...{ kind: 'call-answered', scope: scopeOf(channel), key: nameOf(key), requestHash, status, headers },
        body: Buffer.from(body).toString('base64'),
        at: Math.floor(Date.now() / 1_000),
      }
      // What does not stand there now is still in memory.
      record(written).catch(() => {})
    },
  }
}

const scopeOf = (channel: Hex): string => `channel/${channel}`
const nameOf = (key: string): string => hash('sha256', key, 'base64url')

const toAnswer = ({ status, headers, body }: CallAnswered): WholeAnswer => ({
  ...{ kind: 'whole', status, headers, body: Buffer.from(body, 'base64'), usage: {} },
})
