import t from 'tap'
import type { Test } from 'tap'
import { hostileAddresses, startCanary, startCertificateServer } from '../harness/certificate-server.ts'
import type { CertificateServer } from '../harness/certificate-server.ts'
import { makeAuthority } from '../harness/certificates.ts'
import { CertificateFetcher } from './certificates-fetch.ts'

const now = Date.now()
const root = await makeAuthority('root')
const leaf = await root.issue('leaf')
const good = leaf.pem + root.pem

async function start (t: Test) {
  const server = await startCertificateServer(t)
  server.answer = (_request, response) => { response.end(good) }
  return { server, fetcher: new CertificateFetcher([server.origin], server.dispatcher) }
}

t.test('certificates are fetched from an allowed origin, once for all who ask, and kept for ten minutes', async (t) => {
  const { server, fetcher } = await start(t)
  const address = `${server.origin}/client.pem`
  const all = await Promise.all(Array.from({ length: 20 }, async () => fetcher.fetch(address, now)))
  for (const one of all) t.match(one, { ders: [leaf.certificate.raw, root.certificate.raw] })
  t.notOk(fetcher.fetch(address, now + 599_999) instanceof Promise, 'then nobody waits')
  t.equal(server.requests.length, 1)
  t.match(await fetcher.fetch(address, now + 600_000), { ders: Array })
  t.equal(server.requests.length, 2)
})

const answers: Readonly<Record<string, readonly [answer: CertificateServer['answer'], expected: unknown]>> = {
  'a redirect': [(_request, response) => { response.writeHead(302, { location: '/good.pem' }).end(good) }, { untrusted: 'x5u leads to no certificate' }],
  'not found': [(_request, response) => { response.writeHead(404).end(good) }, { untrusted: 'x5u leads to no certificate' }],
  'nothing': [(_request, response) => { response.end() }, { untrusted: 'x5u leads to no certificate' }],
  'a page': [(_request, response) => { response.end('<html>-----BEGIN CERTIFICATE-----</html>') }, { untrusted: 'x5u leads to no certificate' }],
  'something that is no certificate': [(_request, response) => { response.end('-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n') }, { untrusted: 'x5u leads to no certificate' }],
  'a private key': [(_request, response) => { response.end(leaf.keyPem) }, { untrusted: 'x5u leads to no certificate' }],
  'six certificates': [(_request, response) => { response.end(leaf.pem.repeat(6)) }, { untrusted: 'x5u leads to no certificate' }],
  'more than 64 KiB': [(_request, response) => { response.end(good + ' '.repeat(64 * 1024)) }, { untrusted: 'x5u leads to no certificate' }],
  'without end': [(_request, response) => { const more = (): void => { if (!response.destroyed) response.write('x'.repeat(1024), () => setImmediate(more)) }; more() }, { untrusted: 'x5u leads to no certificate' }],
  'a broken connection': [(_request, response) => { response.destroy() }, 'unavailable'],
  'no answer': [() => undefined, 'unavailable'],
  'half an answer': [(_request, response) => { response.writeHead(200, { 'content-length': '5000' }); response.write(good.slice(0, 100)) }, 'unavailable']
}

for (const [name, [answer, expected]] of Object.entries(answers)) {
  t.test(`what is fetched is ${name}: it is not used, within 2 s, and not asked for again for 30 s`, async (t) => {
    const { server, fetcher } = await start(t)
    server.answer = answer
    const address = `${server.origin}/client.pem`
    const started = performance.now()
    t.strictSame(await fetcher.fetch(address, now), expected)
    t.ok(performance.now() - started < 2500)
    server.answer = (_request, response) => { response.end(good) }
    t.strictSame(await fetcher.fetch(address, now + 29_999), expected)
    t.strictSame(server.requests, ['/client.pem'], 'nor is anything followed')
    t.match(await fetcher.fetch(address, now + 30_000), { ders: Array })
  })
}

t.test('a server that is not who it says is not believed', async (t) => {
  const { server } = await start(t)
  t.equal(await new CertificateFetcher([server.origin]).fetch(`${server.origin}/client.pem`, now), 'unavailable')
  t.strictSame(server.requests, [])
})

t.test('five fetches a second, whoever causes them; what is known goes on', async (t) => {
  const { server, fetcher } = await start(t)
  const at = (path: number, time: number) => fetcher.fetch(`${server.origin}/${path}.pem`, time)
  const second = Math.ceil(now / 1000) * 1000
  for (let path = 0; path < 5; path++) t.match(await at(path, second), { ders: Array })
  t.equal(await at(5, second + 999), 'unavailable')
  t.match(await at(0, second + 999), { ders: Array })
  t.equal(server.requests.length, 5)
  t.match(await at(5, second + 1000), { ders: Array })
})

t.test('who makes addresses fail pushes nothing out that is good', async (t) => {
  const { server, fetcher } = await start(t)
  const address = `${server.origin}/client.pem`
  await fetcher.fetch(address, now)
  server.answer = (_request, response) => { response.writeHead(404).end() }
  for (let path = 0; path < 1200; path++) await fetcher.fetch(`${server.origin}/${path}`, now + 1000 + 200 * path)
  t.match(fetcher.fetch(address, now + 250_000), { ders: Array })
})

t.test('every other address costs no connection', async (t) => {
  const { server, fetcher } = await start(t)
  const canary = await startCanary(t)
  for (const address of hostileAddresses(canary.port, server.origin)) {
    t.strictSame(fetcher.fetch(address, now), { untrusted: 'x5u is not an address that certificates may be fetched from' }, JSON.stringify(address).slice(0, 80))
    t.strictSame(new CertificateFetcher([], server.dispatcher).fetch(address, now), { untrusted: 'x5u is not an address that certificates may be fetched from' })
  }
  t.strictSame(new CertificateFetcher([]).fetch(`${server.origin}/client.pem`, now), { untrusted: 'x5u is not an address that certificates may be fetched from' }, 'none is allowed unless it is said')
  t.equal(canary.connections, 0)
  t.strictSame(server.requests, [])
})
