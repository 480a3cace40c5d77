import { afterAll, describe, expect, test } from 'vitest'
import { guardedFetch } from './guardedFetch.js'
import { isPublicAddress } from './publicAddress.js'

/** Hosts as an attacker spells them; each means an address that is not public, or no URL that is fetched at all. */
const privateHosts = [
  '127.0.0.1',
  '127.1',
  '127.0.1',
  '127.255.255.254',
  '2130706433',
  '0x7f000001',
  '0x7f.0.0.1',
  '0x7f.1',
  '0177.0.0.1',
  '017700000001',
  '0177.0x0.1',
  '127.0.0.1.',
  '１２７.０.０.１',
  '①②⑦.⓪.⓪.①',
  '127。0。0。1',
  '%31%32%37.0.0.1',
  '0',
  '0.0.0.0',
  '00000000',
  '0x0',
  '0.1.2.3',
  '10.0.0.1',
  '10.1',
  '167772161',
  '0xa.0.0.1',
  '012.0.0.1',
  '100.64.0.1',
  '100.127.255.255',
  '169.254.169.254',
  '2852039166',
  '0xa9fea9fe',
  '0251.0376.0251.0376',
  '169.254.43518',
  '168.63.129.16',
  '172.16.0.1',
  '172.31.255.255',
  '192.168.0.1',
  '192.168.1',
  '3232235521',
  '192.0.0.170',
  '192.0.2.1',
  '192.88.99.1',
  '198.18.0.1',
  '198.19.255.255',
  '198.51.100.7',
  '203.0.113.9',
  '224.0.0.1',
  '239.255.255.250',
  '240.0.0.1',
  '255.255.255.255',
  '[::]',
  '[::1]',
  '[0:0:0:0:0:0:0:1]',
  '[0000::0001]',
  '[::127.0.0.1]',
  '[::7f00:1]',
  '[::ffff:127.0.0.1]',
  '[::ffff:7f00:1]',
  '[0:0:0:0:0:ffff:a00:1]',
  '[::ffff:0:7f00:1]',
  '[64:ff9b::7f00:1]',
  '[64:ff9b::169.254.169.254]',
  '[64:ff9b:1::a00:1]',
  '[100::1]',
  '[2001::1]',
  '[2001:0:7f00:1::]',
  '[2001:10::1]',
  '[2001:20::1]',
  '[2001:db8::1]',
  '[2002:7f00:1::]',
  '[2002:a9fe:a9fe::1]',
  '[2002:c0a8:1::]',
  '[3fff::1]',
  '[5f00::1]',
  '[fc00::1]',
  '[fd00:ec2::254]',
  '[fe80::1]',
  '[fe80::1%25lo]',
  '[febf::1]',
  '[fec0::1]',
  '[ff02::1]',
  '[ff0e::1]',
  'localhost',
  'localhost.',
  'LOCALHOST',
  'ｌｏｃａｌｈｏｓｔ',
  'user@1.1.1.1',
  'user:secret@1.1.1.1',
  '1.1.1.1:22',
  '1.1.1.1:6379',
  '1.1.1.1:8443',
]

const otherUrls = [
  'http://1.1.1.1/',
  'file:///etc/passwd',
  'gopher://127.0.0.1:70/_',
  'data:text/plain,1',
  'ftp://1.1.1.1/',
  'blob:https://1.1.1.1/1',
  'javascript:1',
  'https://',
  'https:///',
  '//1.1.1.1/',
  'not a url',
  `https://1.1.1.1/${'a'.repeat(5_000)}`,
]

/** What a resolver would answer for names; none of these spellings is one but localhost. */
const resolve = async (hostname: string) =>
  /^localhost\.?$/.test(hostname) ? [{ address: '127.0.0.1', family: 4 }] : []

let refused = 0
afterAll(() => console.log(`P20: ${refused} spellings refused`))

describe('addresses that are not public', () => {
  test.each(privateHosts)('https://%s/ is refused', async (host) => {
    await expect(guardedFetch(`https://${host}/`, { resolve })).rejects.toMatchObject({ code: 'unsafe_url' })
    refused += 1
  })

  test.each(otherUrls)('%s is refused', async (url) => {
    await expect(guardedFetch(url, { resolve })).rejects.toMatchObject({ code: 'unsafe_url' })
  })

  test('each is refused when a name answers with it, alone or beside a public one', async () => {
    const literals = ['10.0.0.1', '127.0.0.1', '169.254.169.254', '::1', '::ffff:10.0.0.1', 'fd00::1', 'fe80::1%1']
    for (const address of literals)
      for (const others of [[], ['1.1.1.1'], ['2606:4700::1111']]) {
        const addresses = [...others, address].map((each) => ({ address: each, family: each.includes(':') ? 6 : 4 }))
        const attempt = guardedFetch('https://data.example/', { resolve: async () => addresses })
        await expect(attempt, address).rejects.toMatchObject({ code: 'unsafe_url' })
      }
  })
})

test.each(['1.1.1.1', '8.8.8.8', '100.63.255.255', '172.32.0.1', '192.0.1.1', '2606:4700:4700::1111', '2a00:1450::1'])(
  '%s is public',
  (address) => expect(isPublicAddress(address)).toBe(true),
)

test.each(['', 'localhost', '127.1', '1.1.1.1.1', '0x7f.0.0.1'])('"%s" is no address', (text) =>
  expect(isPublicAddress(text)).toBe(false),
)
