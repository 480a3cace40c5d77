import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { PaymentRequirements } from '@agorai/core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Settlement } from '../../ports/facilitator.js'
import { createHttpFacilitator } from './httpFacilitator.js'

let answer: (response: ServerResponse) => void
const server = createServer((_, response) => answer(response))
let url: string
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
})

test('an answer without end is read no further than an answer can be', async () => {
  let sent = 0
  answer = (response) => {
    const more = () => {
      while (sent < 64 * 1024 * 1024 && !response.destroyed) {
        sent += 65_536
        if (!response.write(Buffer.alloc(65_536, 0x20))) return void response.once('drain', more)
      }
      response.end('{"isValid":true}')
    }
    more()
  }
  const facilitator = createHttpFacilitator({ url, settleTimeoutMs: 20_000 })
  const asked = facilitator.verify({} as Settlement, {} as PaymentRequirements)
  await expect(asked).rejects.toMatchObject({ code: 'chain_unavailable' })
  expect(sent).toBeLessThan(32 * 1024 * 1024)
})
