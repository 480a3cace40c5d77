import { expect, test } from 'vitest'
import { depositAad, generateDeliveryKey, grantAad, openSealed, sealTo } from './hpke.js'

const secrets = { contentKey: new Uint8Array(32).fill(7), saltSeed: new Uint8Array(32).fill(9) }
const digest = `0x${'ab'.repeat(32)}` as const
const holder = '0x976EA74026E726554dB657fA54763abd0C3a0aa9'

test('the holder of the private key opens what was sealed, for the same purpose', async () => {
  const key = await generateDeliveryKey()
  const aad = grantAad({ version: 3n, holder, manifestDigest: digest })
  const sealed = await sealTo(key.publicKey, secrets, aad)
  expect((sealed.length - 2) / 2).toBe(32 + 64 + 16)
  expect(await openSealed(key.privateKey, sealed, aad)).toEqual(secrets)
})

test('another key, version, holder, manifest or purpose opens nothing, nor does an altered byte', async () => {
  const key = await generateDeliveryKey()
  const other = await generateDeliveryKey()
  const grant = { version: 3n, holder, manifestDigest: digest } as const
  const sealed = await sealTo(key.publicKey, secrets, grantAad(grant))
  const refused = { code: 'key_invalid' }
  await expect(openSealed(other.privateKey, sealed, grantAad(grant))).rejects.toMatchObject(refused)
  await expect(openSealed(key.privateKey, sealed, grantAad({ ...grant, version: 4n }))).rejects.toMatchObject(refused)
  await expect(openSealed(key.privateKey, sealed, depositAad(digest))).rejects.toMatchObject(refused)
  for (let at = 2; at < sealed.length; at += 2) {
    const flipped = (Number.parseInt(sealed.slice(at, at + 2), 16) ^ 1).toString(16).padStart(2, '0')
    const altered = `0x${sealed.slice(2, at)}${flipped}${sealed.slice(at + 2)}` as const
    await expect(openSealed(key.privateKey, altered, grantAad(grant))).rejects.toMatchObject(refused)
  }
})

test('a public key that is no key is refused', async () => {
  await expect(sealTo('0x00', secrets, depositAad(digest))).rejects.toMatchObject({ code: 'key_invalid' })
})
