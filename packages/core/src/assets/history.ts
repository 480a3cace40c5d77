import { z } from 'zod'
import { addressSchema, bytes32Schema, uintSchema } from '../http/primitives.js'

/** Blocks whose headers are read one by one, so their number has an end. */
export const historyBlocksMax = 10_000_000

/**
 * Where the rows of an on-chain history come from, precisely enough that whoever asks any node of that chain gets the same
 * bytes again.
 */
export const historySchema = z
  .strictObject({
    /** CAIP-2, such as `eip155:1`. */
    chain: z.string().regex(/^eip155:[1-9]\d{0,31}$/, 'must be a CAIP-2 id of an EVM chain'),
    contracts: z.array(addressSchema).min(1).max(1_000),
    /** Signatures whose logs are rows, such as `Transfer(address indexed from, address indexed to, uint256 value)`. */
    events: z.array(z.string().min(3).max(1_000)).max(256),
    /** First and last block, both included. */
    fromBlock: uintSchema,
    toBlock: uintSchema,
    firstHash: bytes32Schema,
    lastHash: bytes32Schema,
    /** sha-256 of the hashes of all blocks of the range, in order. */
    headersDigest: bytes32Schema,
    /** `hashed`: each block's hash was recomputed from its header. `linked`: each names the one before it, no more. */
    headers: z.enum(['hashed', 'linked']),
  })
  .refine(({ fromBlock, toBlock }) => BigInt(toBlock) >= BigInt(fromBlock), {
    message: 'must not be before fromBlock',
    path: ['toBlock'],
  })
  .refine(({ fromBlock, toBlock }) => BigInt(toBlock) - BigInt(fromBlock) < BigInt(historyBlocksMax), {
    message: `must be less than ${historyBlocksMax} blocks after fromBlock`,
    path: ['toBlock'],
  })

export type History = z.infer<typeof historySchema>
