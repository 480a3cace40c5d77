import { privateKeyToAccount } from 'viem/accounts'
import { recoverTypedDataAddress } from 'viem/utils'
import { expect, test } from 'vitest'
import { type Mandate, toTypedData } from '../signing/typedData.js'
import {
  assertMandateFits,
  decodeMandate,
  encodeMandate,
  mandateSalt,
  needsMandate,
  policyOfMandate,
} from './mandates.js'

const owner = privateKeyToAccount(`0x${'11'.repeat(32)}`)
const agent = privateKeyToAccount(`0x${'22'.repeat(32)}`)
const token = '0x00000000000000000000000000000000000000aa'
const domain = { chainId: 31_337, assetRegistry: '0x00000000000000000000000000000000000000bb' } as const
const mandate: Mandate = {
  owner: owner.address,
  agent: agent.address,
  token,
  perCallMax: 10n,
  perDayMax: 100n,
  totalMax: 0n,
  assets: [],
  nonce: `0x${'33'.repeat(32)}`,
  expiry: 2_000n,
}
const channel = {
  payer: owner.address,
  payerAuthorizer: agent.address,
  token,
  salt: mandateSalt(domain, mandate),
} as const

test('a mandate travels in a header with the signature of its owner', async () => {
  const document = toTypedData(domain, 'Mandate', mandate)
  const signature = await owner.signTypedData(document)
  const travelled = decodeMandate(encodeMandate({ mandate, signature }))
  expect(travelled).toEqual({ mandate, signature })
  const signer = await recoverTypedDataAddress({ ...toTypedData(domain, 'Mandate', travelled.mandate), signature })
  expect(signer).toBe(owner.address)
})

test('the salt of a channel names its mandate', () => {
  expect(needsMandate(channel.salt)).toBe(true)
  expect(needsMandate(`0x${'00'.repeat(32)}`)).toBe(false)
  expect(() => assertMandateFits(domain, mandate, channel, 1_999)).not.toThrow()
})

test.each([
  ['another owner', { owner: agent.address }, {}, 1_999],
  ['another agent', { agent: owner.address }, {}, 1_999],
  ['another token', {}, { token: owner.address }, 1_999],
  ['a wider allowance', { perDayMax: 101n }, {}, 1_999],
  ['another channel', {}, { salt: `0x${'00'.repeat(32)}` }, 1_999],
  ['its end', {}, {}, 2_000],
] as const)('a mandate does not fit: %s', (_, changedMandate, changedChannel, now) => {
  expect(() =>
    assertMandateFits(domain, { ...mandate, ...changedMandate }, { ...channel, ...changedChannel }, now),
  ).toThrowError(expect.objectContaining({ code: 'mandate_invalid' }))
})

test.each(['', '!', btoa('{}'), btoa('{"__proto__":1}'), 'A'.repeat(20_000)])('%.20s is no mandate', (header) => {
  expect(() => decodeMandate(header)).toThrowError(expect.objectContaining({ code: 'mandate_invalid' }))
})

test('what could be read as two mandates is none', async () => {
  const signature = await owner.signTypedData(toTypedData(domain, 'Mandate', mandate))
  const twice = atob(encodeMandate({ mandate, signature })).replace('"perCallMax":', '"perCallMax":"1","perCallMax":')
  expect(JSON.parse(twice)).toMatchObject({ mandate: { perCallMax: '10' } })
  expect(() => decodeMandate(btoa(twice))).toThrowError(expect.objectContaining({ code: 'mandate_invalid' }))
})

test('as a policy it has the rules that it states', () => {
  expect(policyOfMandate(mandate)).toEqual({ token, perCallMax: 10n, perDayMax: 100n })
  expect(policyOfMandate({ ...mandate, totalMax: 5n, assets: [7n] })).toMatchObject({ totalMax: 5n, assets: [7n] })
})
