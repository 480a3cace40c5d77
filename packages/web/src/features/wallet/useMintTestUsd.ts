import { AgoraiError, testUsdAbi } from '@agorai/core'
import { waitForReceipt } from '@agorai/sdk'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useAgorai } from '../../app/AgoraiProvider.js'

/** Base units of TestUSD, which has 6 decimals: 100.00. */
export const faucetAmount = 100_000_000n

/** Mints money without value to the account that signs. Only a local chain has such a token. */
export function useMintTestUsd() {
  const { account, client, paymentToken } = useAgorai()
  const queries = useQueryClient()
  return useMutation({
    mutationFn: async () => {
      if (client.wallet === undefined || account === undefined || paymentToken === undefined) {
        throw new AgoraiError('chain_not_local', `Chain ${client.info.chain.id} has no test money.`)
      }
      const hash = await client.wallet.writeContract({
        address: paymentToken.address as `0x${string}`,
        abi: testUsdAbi,
        functionName: 'mint',
        args: [account.address, faucetAmount],
        account: client.wallet.account,
        chain: client.publicClient.chain,
      })
      await waitForReceipt(client.publicClient, hash)
    },
    onSuccess: () => queries.invalidateQueries({ queryKey: ['balance'] }),
  })
}
