import { generateKeyPairSync } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { createServer } from 'node:http'
import type { RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import type { Test } from 'tap'
import { openPlatformConnection } from '../pdnd/platform-connection.ts'
import { JwksKeys } from './jwks.ts'

const rsa = (modulusLength = 2048, publicExponent = 65_537) => generateKeyPairSync('rsa', { modulusLength, publicExponent })
const [first, second] = [rsa(), rsa()]
const minutes = 60_000
const hours = 60 * minutes

const jwk = (kid: string, { publicKey }: { readonly publicKey: KeyObject }, changes: object = {}): object => ({ ...publicKey.export({ format: 'jwk' }), kid, use: 'sig', ...changes })
const json = (body: unknown): RequestListener => (_request, response) => { response.setHeader('content-type', 'application/json').end(JSON.stringify(body)) }
const good = json({ keys: [jwk('first', first)] })

/** A key source of its own, with a clock to set, an answer to change and the number of times that it was asked. */
async function startSource (t: Test, answer: RequestListener = good) {
  const source = { answer, asked: 0, now: Date.parse('2026-11-21T10:00:00Z'), warnings: [] as string[] }
  const server = createServer((request, response) => {
    source.asked++
    source.answer(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const connection = openPlatformConnection()
  t.teardown(async () => {
    await connection.close()
    server.closeAllConnections()
    server.close()
  })
  const uri = `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks.json`
  return Object.assign(source, { keys: new JwksKeys({ uri, connection, now: () => source.now, warn: (message) => source.warnings.push(message) }), server })
}

t.test('a key is fetched when it is first asked for, and then known', async (t) => {
  const source = await startSource(t)
  t.equal(source.keys.ready, false)
  t.equal(source.keys.known('first'), undefined)
  t.match(await source.keys.find('first'), { key: Object })
  t.ok(first.publicKey.equals(source.keys.known('first')!))
  t.equal(source.keys.ready, true)
  t.notOk(source.keys.find('first') instanceof Promise, 'a known key never waits')
  t.equal(source.asked, 1)
})

t.test('200 who wait for the first set share one fetch', async (t) => {
  const source = await startSource(t)
  const found = await Promise.all(Array.from({ length: 200 }, async () => source.keys.find('first')))
  t.ok(found.every((one) => typeof one === 'object'))
  t.equal(source.asked, 1)
})

t.test('10000 invented ids cause one fetch in 30 s, and the known key serves on', async (t) => {
  const source = await startSource(t)
  await source.keys.refresh()
  source.now += 31_000
  const verdicts = await Promise.all(Array.from({ length: 10_000 }, async (_, count) => source.keys.find(`forged-${count}`)))
  t.strictSame(new Set(verdicts), new Set(['unknown']))
  t.equal(source.asked, 2)
  source.now += 29_999
  t.equal(await source.keys.find('forged'), 'unknown')
  t.equal(source.asked, 2)
  source.now += 1
  t.equal(await source.keys.find('forged'), 'unknown')
  t.equal(source.asked, 3)
  t.equal(typeof source.keys.find('first'), 'object')
})

t.test('a new key is found with one fetch, and an old one is gone after a refresh', async (t) => {
  const source = await startSource(t)
  await source.keys.refresh()
  const { epoch } = source.keys
  source.now += 10 * minutes
  source.answer = json({ keys: [jwk('second', second)] })
  t.match(await source.keys.find('second'), { key: Object })
  t.equal(source.asked, 2)
  t.equal(source.keys.known('first'), undefined)
  t.not(source.keys.epoch, epoch)
})

t.test('other key material under the same id counts as another key', async (t) => {
  const source = await startSource(t)
  await source.keys.refresh()
  const { epoch } = source.keys
  await source.keys.refresh()
  t.equal(source.keys.epoch, epoch, 'the same set changes nothing')
  source.answer = json({ keys: [jwk('first', second)] })
  await source.keys.refresh()
  t.not(source.keys.epoch, epoch)
  t.ok(second.publicKey.equals(source.keys.known('first')!))
})

const useless: Readonly<Record<string, RequestListener>> = {
  'an empty set': json({ keys: [] }),
  'no set': json({}),
  'null': json(null),
  'a set that is no list': json({ keys: { first: 1 } }),
  'a set without a usable key': json({ keys: [{ kty: 'oct', kid: 'first', k: 'AAAA' }] }),
  'HTML': (_request, response) => { response.setHeader('content-type', 'text/html').end('<html>maintenance</html>') },
  'half a set': (_request, response) => { response.end('{"keys":[{"kty":"RSA"') },
  'a good set with status 500': (request, response) => {
    response.statusCode = 500
    good(request, response)
  },
  'status 429': (_request, response) => { response.writeHead(429, { 'retry-after': '60' }).end() },
  'a redirect to a good set': (request, response) => {
    if (request.url === '/other') return good(request, response)
    response.writeHead(302, { location: '/other' }).end()
  },
  'two members called keys': (_request, response) => { response.end(`{"keys":[],"keys":[${JSON.stringify(jwk('first', second))}]}`) },
  'more than 1 MiB': (_request, response) => { response.end(JSON.stringify({ keys: [jwk('first', second)], more: 'x'.repeat(1024 * 1024) })) },
  'a connection that breaks': (_request, response) => { response.destroy() },
  'an answer that breaks off': (_request, response) => {
    response.writeHead(200, { 'content-length': '1000' }).write('{"keys":[')
    setImmediate(() => response.destroy())
  }
}

for (const [name, answer] of Object.entries(useless)) {
  t.test(`${name} never replaces a good set, nor makes one`, async (t) => {
    const source = await startSource(t)
    await source.keys.refresh()
    const { epoch } = source.keys
    source.answer = answer
    source.now += hours
    await source.keys.refresh()
    t.ok(first.publicKey.equals(source.keys.known('first')!))
    t.equal(source.keys.epoch, epoch)
    t.match(source.warnings, [/^the platform's keys could not be fetched from http/])
    t.equal(await source.keys.find('forged'), 'unavailable', 'whether there is such a key cannot be known now')
    source.answer = good
    source.now += 30_000
    t.equal(await source.keys.find('forged'), 'unknown')

    const cold = await startSource(t, answer)
    t.equal(await cold.keys.find('first'), 'unavailable')
    t.equal(cold.keys.ready, false)
  })
}

t.test('a source that hangs is given up after 5 s, and whoever waits is told that it is away', async (t) => {
  const source = await startSource(t)
  await source.keys.refresh()
  source.answer = () => undefined
  source.now += hours
  const started = performance.now()
  const waiting = ['a', 'b', 'c'].map(async (kid) => source.keys.find(kid))
  t.notOk(source.keys.find('first') instanceof Promise, 'a known key does not wait meanwhile')
  t.strictSame(await Promise.all(waiting), ['unavailable', 'unavailable', 'unavailable'])
  t.ok(performance.now() - started < 8000)
  t.equal(source.asked, 2)
})

t.test('a source that is away: its keys serve on for 24 h and no longer, and at once again when it is back', async (t) => {
  const source = await startSource(t)
  await source.keys.refresh()
  source.answer = (_request, response) => { response.destroy() }
  source.now += 24 * hours - 1
  await source.keys.refresh()
  t.ok(source.keys.known('first'))
  source.now += 1
  t.equal(source.keys.ready, false)
  t.equal(source.keys.known('first'), undefined)
  t.equal(await source.keys.find('first'), 'unavailable')
  source.answer = good
  source.now += 30_000
  t.match(await source.keys.find('first'), { key: Object })
})

const { d, p, q, dp, dq, qi } = first.privateKey.export({ format: 'jwk' })
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const wrongKeys: Readonly<Record<string, unknown>> = {
  'RSA of 1024 bits': jwk('wrong', rsa(1024)),
  'RSA of 2040 bits': jwk('wrong', rsa(2040)),
  'an exponent of 1': jwk('wrong', second, { e: 'AQ' }),
  'an even exponent': jwk('wrong', second, { e: 'BA' }),
  'a modulus of nothing': jwk('wrong', second, { n: '' }),
  'a private key': jwk('wrong', first, { d, p, q, dp, dq, qi }),
  ...Object.fromEntries(Object.entries({ d, p, q, dp, dq, qi, oth: [], k: 'AAAA' }).map(([name, value]) => [`the private member ${name}`, jwk('wrong', first, { [name]: value })])),
  'a symmetric key': { kty: 'oct', kid: 'wrong', k: Buffer.alloc(32, 1).toString('base64url') },
  'an EC key': jwk('wrong', ec),
  'a key for encryption': jwk('wrong', second, { use: 'enc' }),
  'a key for another algorithm': jwk('wrong', second, { alg: 'PS256' }),
  'a key for key wrapping': jwk('wrong', second, { alg: 'RSA-OAEP' }),
  'key_ops without verify': jwk('wrong', second, { key_ops: ['encrypt'] }),
  'key_ops that is no list': jwk('wrong', second, { key_ops: 'verify' }),
  'an id that is a number': jwk('wrong', second, { kid: 7 }),
  'no id': jwk('wrong', second, { kid: undefined }),
  'null instead of a key': null,
  'a text instead of a key': 'wrong'
}

t.test('a key that is not fit to verify RS256 is left out, and the good one beside it is used', async (t) => {
  for (const [name, wrong] of Object.entries(wrongKeys)) {
    const source = await startSource(t, json({ keys: [wrong, jwk('first', first)] }))
    await source.keys.refresh()
    t.equal(source.keys.known('wrong'), undefined, name)
    t.ok(source.keys.known('first'), name)
  }
})

t.test('of two keys with one id neither is used', async (t) => {
  const source = await startSource(t, json({ keys: [jwk('twice', first), jwk('twice', second), jwk('once', first)] }))
  await source.keys.refresh()
  t.equal(source.keys.known('twice'), undefined)
  t.ok(source.keys.known('once'))
})

t.test('what the platform adds to its keys does no harm', async (t) => {
  const more = { alg: 'RS256', key_ops: ['verify'], x5t: 'abc', 'x-more': 1 }
  const source = await startSource(t, json({ keys: [jwk('first', first, more), jwk('plain', second, { use: undefined })], more: true }))
  await source.keys.refresh()
  t.ok(source.keys.known('first'))
  t.ok(source.keys.known('plain'))
})
