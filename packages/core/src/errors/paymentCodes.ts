/** How payments by x402 say no where x402 has no word of its own for it. */
export const paymentCodes = {
  settlement_pending: {
    status: 202,
    exit: 8,
    title: 'The payment is on its way and not confirmed yet',
    remedy: 'Send the same request with the same payment again; it is paid once, and its answer is kept.',
  },
  payment_reused: {
    status: 409,
    exit: 4,
    title: 'The payment was made for another request',
    remedy: 'Sign a payment for this request. The answer to the other one is given again for the same payment.',
  },
  exposure_exceeded: {
    status: 503,
    exit: 8,
    title: 'The channel owes as much as this operator lets a channel owe',
    remedy:
      'Call again when the operator has claimed; it does so by itself. Nothing was charged. A channel whose vouchers a key signs (`payerAuthorizer`) may owe more than one whose payer signs as a contract.',
  },
} as const
