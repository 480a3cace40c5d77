import type { PaymentResponse } from '@agorai/core'

/** What came of a payment, as its header says it. In native code, because it comes with every call. */
export const responseHeader = (response: PaymentResponse): string =>
  Buffer.from(JSON.stringify(response)).toString('base64')
