import { expect, test } from 'vitest'
import { depositAad, generateDeliveryKey, grantAad, openSealed, sealTo } from './hpke.js'

const secrets = [{ contentKey: new Uint8Array(32).fill(7), saltSeed: new Uint8Array(32).fill(9) }]
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

test('the secrets of every partition come back in order, 1 to 1,024 of them', async () => {
  const key = await generateDeliveryKey()
  const aad = depositAad(digest)
  const pair = (index: number) => ({
    contentKey: new Uint8Array(32).fill(index & 0xff),
    saltSeed: new Uint8Array(32).fill(index >> 8),
  })
  const many = Array.from({ length: 1_024 }, (_, index) => pair(index))
  expect(await openSealed(key.privateKey, await sealTo(key.publicKey, many, aad), aad)).toEqual(many)
  for (const wrong of [[], [...many, pair(1_024)], [{ contentKey: new Uint8Array(31), saltSeed: new Uint8Array(32) }]])
    await expect(sealTo(key.publicKey, wrong, aad)).rejects.toMatchObject({ code: 'key_invalid' })
})

test('a seed makes the same sealing again, and another one of anything else', async () => {
  const [key, other] = [await generateDeliveryKey(), await generateDeliveryKey()]
  const seed = new Uint8Array(32).fill(1)
  const aad = depositAad(digest)
  const sealed = await sealTo(key.publicKey, secrets, aad, seed)
  expect(await sealTo(key.publicKey, secrets, aad, seed)).toBe(sealed)
  expect(await openSealed(key.privateKey, sealed, aad)).toEqual(secrets)
  const others = await Promise.all([
    sealTo(other.publicKey, secrets, aad, seed),
    sealTo(key.publicKey, [...secrets, ...secrets], aad, seed),
    sealTo(key.publicKey, secrets, depositAad(`0x${'cd'.repeat(32)}`), seed),
    sealTo(key.publicKey, secrets, aad, new Uint8Array(32).fill(2)),
    sealTo(key.publicKey, secrets, aad),
  ])
  // The encapsulated key is another too: no two plaintexts are ever sealed under one key and nonce.
  expect(new Set([sealed, ...others].map((each) => each.slice(0, 66))).size).toBe(6)
})
