import { randomBytes } from 'node:crypto'
import { bytesToHex, recoverAddress } from 'viem'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { expect, test } from 'vitest'
import { recoverSigner } from './recoverSigner.js'

const random = (bytes: number) => bytesToHex(randomBytes(bytes))

test('finds who signed, and otherwise whom other software finds', async () => {
  const account = privateKeyToAccount(generatePrivateKey())
  for (let round = 0; round < 50; round++) {
    const hash = random(32)
    expect(recoverSigner(hash, await account.sign({ hash }))).toBe(account.address)
    const other = `${random(64)}${round % 2 === 0 ? '1b' : '1c'}` as const
    expect(recoverSigner(hash, other)).toBe(await recoverAddress({ hash, signature: other }).catch(() => undefined))
  }
})

test.each([
  ['0x'],
  [random(64)],
  [random(66)],
  [`${random(64)}1d`],
  [`${random(64)}00`],
  [`0x${'ff'.repeat(64)}1b`],
  [`0x${'00'.repeat(64)}1b`],
] as const)('nobody made %s', (signature) => {
  expect(recoverSigner(random(32), signature)).toBeUndefined()
})
