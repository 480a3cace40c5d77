import { callModel, type Session, streamModel } from '@agorai/sdk'
import { useMutation } from '@tanstack/react-query'
import { useRef, useState } from 'react'
import { useAgorai } from '../../app/AgoraiProvider.js'
import { type Answer, addPiece, noText, readAnswer } from './answers.js'
import type { CallRequest } from './useGetQuote.js'

/** Calls a service in a session, with the answer as far as it has come. What is stopped is charged as far as it had come. */
export function useCallModel(service: string) {
  const { client } = useAgorai()
  const [answer, setAnswer] = useState<Answer>()
  const stopped = useRef(false)
  const call = useMutation({
    /** @returns Number of the call in its session, by which its receipt is found. */
    mutationFn: async ({ request, session }: { request: CallRequest; session: Session }): Promise<number> => {
      setAnswer(undefined)
      stopped.current = false
      const parameters = { service: BigInt(service), ...request, session }
      if (request.body.stream !== true) {
        const { result, receipt } = await callModel(client, parameters)
        setAnswer(readAnswer(request.api, result))
        return receipt?.counter ?? session.kept().counter
      }
      const { events, ended } = await streamModel(client, parameters)
      const { counter } = session.kept()
      let text: Answer = noText
      for await (const event of events) {
        text = addPiece(text, event)
        setAnswer(text)
        if (stopped.current) break
      }
      await ended
      return counter
    },
  })
  const stop = () => {
    stopped.current = true
  }
  return { answer, call, stop }
}
