import { testUsdAbi } from '@agorai/core'
import { skipToken, useQuery } from '@tanstack/react-query'
import { zeroHash } from 'viem'
import { useAgorai } from '../../app/AgoraiProvider.js'
import type { SignedPayments } from './choosePayment.js'

/** What the token can take a signature for, asked of the token itself. */
export function useSignedPayments(token: `0x${string}`) {
  const { account, client } = useAgorai()
  const owner = account?.address
  return useQuery({
    queryKey: ['signedPayments', token, owner],
    staleTime: Number.POSITIVE_INFINITY,
    queryFn: owner === undefined ? skipToken : () => askToken(client.publicClient, token, owner),
  })
}

type Reader = ReturnType<typeof useAgorai>['client']['publicClient']

async function askToken(reader: Reader, token: `0x${string}`, owner: `0x${string}`): Promise<SignedPayments> {
  const erc20 = { address: token, abi: testUsdAbi } as const
  const answers = (call: Promise<unknown>) =>
    call.then(
      () => true,
      () => false,
    )
  const [code, named, authorization, permit] = await Promise.all([
    reader.getCode({ address: owner }),
    answers(reader.readContract({ ...erc20, functionName: 'version' })),
    answers(reader.readContract({ ...erc20, functionName: 'authorizationState', args: [owner, zeroHash] })),
    answers(reader.readContract({ ...erc20, functionName: 'nonces', args: [owner] })),
  ])
  // An account with code may not sign as tokens expect; and without a version the signed domain is not known.
  const signs = named && (code === undefined || code === '0x')
  return { authorization: signs && authorization, permit: signs && permit }
}
