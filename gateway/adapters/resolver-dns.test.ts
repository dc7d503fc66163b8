import { once } from 'node:events'
import { createServer } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import t from 'tap'
import { isPublicAddress } from './public-address.ts'
import { dnsResolver } from './resolver-dns.ts'

const inside = ['0.0.0.0', '0.1.2.3', '10.0.0.1', '10.255.255.255', '100.64.0.1', '100.127.255.255', '127.0.0.1', '127.255.255.254', '169.254.169.254', '172.16.0.1', '172.31.255.255', '192.0.0.8', '192.0.2.1',
  '192.88.99.1', '192.168.0.1', '198.18.0.1', '198.19.255.255', '198.51.100.1', '203.0.113.1', '224.0.0.1', '239.255.255.255', '240.0.0.1', '255.255.255.255',
  '::', '::1', '::ffff:127.0.0.1', '::ffff:8.8.8.8', '::127.0.0.1', '::ffff:0:8.8.8.8', '64:ff9b::8.8.8.8', '64:ff9b:1::1', '100::1', '2001::1', '2001:10::1', '2001:20::1', '2001:db8::1', '2002:7f00:1::1', '3fff::1', '5f00::1',
  'fc00::1', 'fd12:3456::1', 'fe80::1', 'fe80::1%lo', 'febf::1', 'fec0::1', 'ff02::1', '2a00::1%eth0', '', 'localhost', '8.8.8', '8.8.8.8.', '08.8.8.8', '0x08080808', '[::1]', ' 8.8.8.8']
const outside = ['1.1.1.1', '8.8.8.8', '100.63.255.255', '100.128.0.1', '126.255.255.255', '128.0.0.1', '169.253.255.255', '172.15.255.255', '172.32.0.1', '192.0.1.1', '192.167.255.255', '192.169.0.1', '198.17.255.255', '198.20.0.1', '223.255.255.255',
  '2001:200::1', '2001:4860:4860::8888', '2001:db7::1', '2001:db9::1', '2003::1', '2606:4700:4700::1111', '2a00:1450:4002::1', '3ffe::1', '3ffe:ffff::1']

t.test('only addresses of the whole Internet are public', async (t) => {
  for (const address of inside) t.equal(isPublicAddress(address), false, address)
  for (const address of outside) t.equal(isPublicAddress(address), true, address)
})

t.test('an address is its own, and nobody is asked', async (t) => {
  const resolver = dnsResolver({ find: async () => { throw new Error('asked') } })
  t.strictSame(resolver.resolve('8.8.8.8'), [{ address: '8.8.8.8', isPublic: true }])
  t.strictSame(resolver.resolve('[::1]'), [{ address: '::1', isPublic: false }])
  t.strictSame(resolver.resolve('[2001:4860:4860::8888]'), [{ address: '2001:4860:4860::8888', isPublic: true }])
})

t.test('all addresses of a name are found, each judged', async (t) => {
  const resolver = dnsResolver({ find: async () => ['8.8.8.8', '10.0.0.1', '::1'] })
  t.strictSame(await resolver.resolve('mixed.example.it'), [{ address: '8.8.8.8', isPublic: true }, { address: '10.0.0.1', isPublic: false }, { address: '::1', isPublic: false }])
})

const failing = (code: string) => dnsResolver({ find: async () => { throw Object.assign(new Error(code), { code }) } })

t.test('that a name is not there is something else than that nobody knows', async (t) => {
  for (const code of ['ENOTFOUND', 'ENODATA']) t.equal(await failing(code).resolve('a.example'), 'unknown', code)
  for (const code of ['EAI_AGAIN', 'ETIMEOUT', 'ESERVFAIL', 'ECONNREFUSED', '']) t.equal(await failing(code).resolve('a.example'), 'unavailable', code)
  t.equal(await dnsResolver({ find: async () => [] }).resolve('a.example'), 'unknown')
})

t.test('the system resolves localhost to this machine, and no name that cannot be', async (t) => {
  const resolver = dnsResolver({ deadlineMs: 10_000 })
  const found = await resolver.resolve('localhost')
  t.ok(Array.isArray(found) && found.length > 0 && found.every(({ isPublic }) => !isPublic))
  t.not(typeof await resolver.resolve('upstream.invalid'), 'object')
})

t.test('who asks is answered in time, and slow names never take more than two threads', async (t) => {
  let asked = 0
  const held: (() => void)[] = []
  const resolver = dnsResolver({ deadlineMs: 30, find: async () => {
    asked++
    await new Promise<void>((resolve) => { held.push(resolve) })
    return ['8.8.8.8']
  } })
  const start = performance.now()
  const answers = await Promise.all(Array.from({ length: 200 }, async (_, index) => resolver.resolve(`slow-${index}.example`)))
  t.ok(performance.now() - start < 5000)
  t.strictSame([...new Set(answers)], ['unavailable'])
  t.equal(asked, 2)
  t.equal(resolver.resolve('one-more.example'), 'unavailable', 'the line is full')
  for (let turn = 0; turn < 500 && held.length > 0; turn++) {
    for (const go of held.splice(0)) go()
    await wait(1)
  }
  t.equal(asked, 102, 'those that waited had their turn')
})

t.test('many that ask for one name share a look-up, and the next one asks anew', async (t) => {
  let asked = 0
  const resolver = dnsResolver({ find: async () => {
    asked++
    await wait(5)
    return [asked === 1 ? '8.8.8.8' : '10.0.0.1']
  } })
  const first = await Promise.all(Array.from({ length: 50 }, async () => resolver.resolve('a.example')))
  t.equal(asked, 1)
  t.match(first[49], [{ address: '8.8.8.8' }])
  t.match(await resolver.resolve('a.example'), [{ address: '10.0.0.1', isPublic: false }])
})

t.test('nothing is connected to', async (t) => {
  const canary = createServer(() => { t.fail('connected') }).listen(0, '127.0.0.1')
  await once(canary, 'listening')
  await dnsResolver().resolve('localhost')
  await wait(20)
  canary.close()
})
