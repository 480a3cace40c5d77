import { expect, test } from 'vitest'
import { discoverWallets } from './discoverWallets.js'

const provider = { request: async () => [], on: () => {}, removeListener: () => {} }
const info = { uuid: '1', rdns: 'org.example', name: ' \u202eExample ', icon: 'data:image/svg+xml,x' }
const announce = (target: EventTarget, detail: unknown) =>
  target.dispatchEvent(Object.assign(new Event('eip6963:announceProvider'), { detail }))

test('wallets that are there answer, and later ones are heard', () => {
  const target = new EventTarget()
  target.addEventListener('eip6963:requestProvider', () => announce(target, { info, provider }))
  const directory = discoverWallets(target)
  expect(directory.list()).toEqual([{ id: '1', rdns: 'org.example', name: 'Example', icon: info.icon, provider }])
  let told = 0
  const stop = directory.subscribe(() => {
    told += 1
  })
  announce(target, { info: { ...info, uuid: '2', icon: 'https://tracker.example/pixel' }, provider })
  expect(directory.list()[1]).toEqual({ id: '2', rdns: 'org.example', name: 'Example', provider })
  stop()
  announce(target, { info: { ...info, uuid: '3' }, provider })
  expect(told).toBe(1)
})

test('nobody takes the place of a wallet that was announced, and nonsense is no wallet', () => {
  const target = new EventTarget()
  const directory = discoverWallets(target)
  announce(target, { info, provider })
  announce(target, { info: { ...info, name: 'Other' }, provider: { ...provider } })
  for (const detail of [
    undefined,
    { info },
    { info: {}, provider },
    { info: { ...info, uuid: '' }, provider },
    { info: { ...info, uuid: '4' }, provider: {} },
  ])
    announce(target, detail)
  expect(directory.list().map(({ name }) => name)).toEqual(['Example'])
  expect(directory.list()[0]?.provider).toBe(provider)
})

test('a page that announces without end fills a bounded list', () => {
  const target = new EventTarget()
  const directory = discoverWallets(target)
  for (let uuid = 0; uuid < 100; uuid++) announce(target, { info: { ...info, uuid: `id-${uuid}` }, provider })
  expect(directory.list().length).toBe(32)
})
