import type { Hex, PrivateKeyAccount } from 'viem'

/** Who this operator is: the account that signs receipts, and the X25519 pair to which content keys are sealed. */
export type OperatorKeys = {
  account: PrivateKeyAccount
  encryption: { publicKey: Hex; privateKey: Uint8Array }
}
