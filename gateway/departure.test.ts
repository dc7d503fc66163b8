import t from 'tap'
import { startGateway, until } from './harness/gateway.ts'
import { jwksOf, kid, platformKey } from './harness/platform.ts'

t.test('a call whose caller left while a policy waited is not made, takes nothing from the quota, and its record says so', async (t) => {
  let asked = 0
  const held = Promise.withResolvers<undefined>()
  const gateway = await startGateway(t, {
    registry: (content) => ({ ...content, purposes: content.purposes.map((purpose) => ({ ...purpose, versions: [{ ...purpose.versions[0], dailyCalls: 1 }] })) }),
    jwks: async () => {
      if (asked++ === 0) return jwksOf()
      await held.promise
      return jwksOf(['new-key', kid].map((one) => ({ kid: one, key: platformKey.publicKey })))
    }
  })
  gateway.clock.now += 60_000
  const wire = gateway.connect()
  wire.write(gateway.request('/items', { voucher: gateway.voucher({ header: { kid: 'new-key' } }) }))
  await until(() => asked === 2)
  wire.destroy()
  const [record] = await gateway.takeRecords(1)
  held.resolve(undefined)
  await gateway.gateway.keys.refresh()
  t.match(record, { status: 499 })
  t.equal((await gateway.call('/items')).status, 200)
  t.equal(gateway.upstream.requests.length, 1, 'only the second call went on')
})

t.test('an e-service whose contract has no /status is asked once, in bounded time, however many want to know', async (t) => {
  const gateway = await startGateway(t, {
    contract: { openapi: '3.0.3', info: { title: 'Quiet', version: '1.0.0' }, servers: [{ url: 'https://api.example.it/rest/archive/v1' }], paths: { '/items': { get: { operationId: 'list', responses: { 200: { description: 'ok' } } } } } },
    config: (config) => ({ ...config, eservices: config.eservices.map((one) => ({ ...one, path: '/rest/quiet/v1', upstream: { ...one.upstream, timeoutMs: 1000 } })) })
  })
  let asked = 0
  gateway.upstream.answer = () => { asked++ }
  const status = async (): Promise<number> => (await gateway.raw(['GET /rest/quiet/v1/status HTTP/1.1', `Host: ${gateway.host}`])).status
  t.strictSame(new Set(await Promise.all(Array.from({ length: 200 }, status))), new Set([502]))
  t.equal(asked, 1)
})
