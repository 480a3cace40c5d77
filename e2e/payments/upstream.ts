import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'

/** A server of the OpenAI API that answers at once with a word, for calls whose payment is what is tested. */
export async function startUpstream() {
  let answered = 0
  const server = createServer(async (request, response) => {
    const parts: Buffer[] = []
    for await (const part of request) parts.push(part)
    const { prompt = '' } = JSON.parse(Buffer.concat(parts).toString() || '{}') as { prompt?: string }
    answered += 1
    const choices = [{ index: 0, text: `about ${prompt}`, finish_reason: 'stop', logprobs: null }]
    const usage = { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 }
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify({ id: 'cmpl-1', object: 'text_completion', created: 1, model: 'echo', choices, usage }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`
  return {
    baseUrl,
    answered: () => answered,
    /** Names it, for a node, as the server behind a service. @returns The file. */
    async nameIn(folder: string, asset: bigint): Promise<string> {
      const path = join(folder, 'upstreams.json')
      await writeFile(path, JSON.stringify({ [`${asset}`]: { baseUrl, model: 'echo' } }))
      return path
    },
    stop: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

export type Upstream = Awaited<ReturnType<typeof startUpstream>>
