import { AgoraiError } from '@agorai/core'

export const overQuota = (accountBytesMax: number, underWay: number): AgoraiError =>
  new AgoraiError('quota_exceeded', `An account may have ${accountBytesMax} bytes under way here.`, {
    details: { accountBytesMax, underWay },
  })

export const tooShort = (received: number): AgoraiError =>
  new AgoraiError('length_mismatch', `Only ${received} bytes of it are here.`, { details: { received } })

export const tooLong = (bytes: number): AgoraiError =>
  new AgoraiError('length_mismatch', `The content has more than the ${bytes} bytes stated.`, { details: { bytes } })
