import { bytes32Schema, erasureListSchema } from '@agorai/core'
import type { Address } from 'viem'
import { z } from 'zod'
import type { KeyStore } from '../ports/keyStore.js'
import { type Route, route } from './http/route.js'
import type { Memory } from './memory.js'

/** What this operator destroyed, with its signature, for anyone to check. */
export function erasureRoutes(options: { operator: Address; memory: Memory; keyStore: KeyStore }): Route[] {
  const { operator, memory, keyStore } = options
  return [
    route({
      method: 'get',
      path: '/api/v1/erasures/{digest}',
      summary: "The operator's signed certificates that it destroyed keys of this manifest.",
      params: z.strictObject({ digest: bytes32Schema }),
      response: erasureListSchema,
      errors: [],
      async handle({ params: { digest } }) {
        const erasures = []
        for (const { commitment, manifestDigest, erasure } of memory.erasures(digest)) {
          const kept = await keyStore.get(commitment)
          const { partition, ...signed } = erasure
          // Nobody is told of an erasure that was written down and is still under way.
          const isDone = partition === null ? kept?.secrets.every((each) => each === null) : !kept?.secrets[partition]
          if (isDone === false) continue
          erasures.push({ commitment, manifestDigest, partition, ...signed, operator })
        }
        return { erasures }
      },
    }),
  ]
}
