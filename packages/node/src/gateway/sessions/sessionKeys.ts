import { createHmac, createSecretKey, hkdfSync, type KeyObject, timingSafeEqual } from 'node:crypto'
import { type MacInputParameters, macInputOf } from '@agorai/core'

/** What the tokens of a session are made of and checked with. */
export type SessionSecrets = { secret: string; macKey: Buffer; mac: KeyObject; secretBytes: Buffer }

const macBytes = 16
const secretBytes = 24

/**
 * The secrets of sessions follow from the operator's key and the session's id. So every gateway of the operator checks the
 * tokens of every session, and no journal holds a secret.
 *
 * @param operatorKey The operator's encryption key.
 */
export function createSessionKeys(operatorKey: Uint8Array): (session: string) => SessionSecrets {
  const master = createSecretKey(Buffer.from(hkdfSync('sha256', operatorKey, '', 'agorai sessions 1', 32)))
  const derive = (purpose: string, session: string): Buffer =>
    createHmac('sha256', master).update(`${purpose}\n${session}`).digest()
  return (session) => {
    const secret = derive('bearer', session).subarray(0, secretBytes).toString('base64url')
    const macKey = derive('mac', session)
    return { secret, macKey, mac: createSecretKey(macKey), secretBytes: Buffer.from(secret) }
  }
}

export const isSecret = ({ secretBytes: own }: SessionSecrets, given: string): boolean => {
  const bytes = Buffer.from(given)
  return bytes.length === own.length && timingSafeEqual(bytes, own)
}

export function isMac({ mac: key }: SessionSecrets, input: MacInputParameters, given: string): boolean {
  const own = createHmac('sha256', key).update(macInputOf(input)).digest()
  const bytes = Buffer.from(given, 'base64url')
  // The last character has bits that mean nothing: one spelling only.
  return (
    bytes.length === macBytes &&
    timingSafeEqual(bytes, own.subarray(0, macBytes)) &&
    bytes.toString('base64url') === given
  )
}
