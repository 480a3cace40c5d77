import { createHmac, createSecretKey, hash, hkdfSync, timingSafeEqual } from 'node:crypto'
import { type MacInputParameters, macInputOf } from '@agorai/core'

/** What the tokens of a session are made of and checked with. */
export type SessionSecrets = { secret: string; macKey: Buffer; mac: MacPads; secretBytes: Buffer }

/** The key of an HMAC as its two hashes begin with it. */
type MacPads = { inner: Buffer; outer: Buffer }

const macBytes = 16
const macCharacters = 22
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
    return {
      secret,
      macKey,
      mac: { inner: padded(macKey, 0x36), outer: padded(macKey, 0x5c) },
      secretBytes: Buffer.from(secret),
    }
  }
}

export const isSecret = ({ secretBytes: own }: SessionSecrets, given: string): boolean => {
  const bytes = Buffer.from(given)
  return bytes.length === own.length && timingSafeEqual(bytes, own)
}

const blockBytes = 64
const hashBytes = 32
// Written and read without a wait in between, so all calls share them. A request's line and headers have 16 KiB at most.
const innerMessage = Buffer.alloc(blockBytes + 64 * 1024)
const outerMessage = Buffer.alloc(blockBytes + hashBytes)
const ownMac = Buffer.alloc(macCharacters)
const givenMac = Buffer.alloc(macCharacters)

/** HMAC-SHA256 (RFC 2104) by two hashes at once: an object of the platform's own for each call would cost twice as much. */
export function isMac({ mac: { inner, outer } }: SessionSecrets, input: MacInputParameters, given: string): boolean {
  if (given.length !== macCharacters) return false
  innerMessage.set(inner)
  const bytes = innerMessage.write(macInputOf(input), blockBytes)
  outerMessage.set(outer)
  outerMessage.write(hash('sha256', innerMessage.subarray(0, blockBytes + bytes), 'binary'), blockBytes, 'binary')
  const own = Buffer.from(hash('sha256', outerMessage, 'binary'), 'binary').toString('base64url', 0, macBytes)
  // Compared as text, since the last character has bits that mean nothing: one spelling only.
  ownMac.write(own, 'latin1')
  givenMac.write(given, 'latin1')
  return timingSafeEqual(ownMac, givenMac)
}

function padded(key: Buffer, pad: number): Buffer {
  const block = Buffer.alloc(blockBytes, pad)
  for (const [index, byte] of key.entries()) block[index] = byte ^ pad
  return block
}
