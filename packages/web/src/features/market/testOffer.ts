import type { Offer } from '@agorai/core'

/** The plainest offer, for tests to vary. */
export const testOffer: Offer = {
  id: '131072',
  asset: '2',
  token: { address: '0x8394d3c4Dcda61c4009dB1E16d1a54cd43f50001', symbol: 'tUSD', decimals: 6 },
  price: '10000000',
  usage: 'inference',
  open: true,
  timed: false,
  transferable: false,
  refundHours: 0,
  gate: null,
  brackets: [],
  listedAt: null,
}
