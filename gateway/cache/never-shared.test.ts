import t from 'tap'
import type { Test } from 'tap'
import type { JsonObject } from '../../openapi/document.ts'
import type { Config } from '../config.ts'
import { custodyOptions } from '../harness/custody.ts'
import { startGateway, until } from '../harness/gateway.ts'
import type { Harness } from '../harness/gateway.ts'
import { granting, recordsContract, writtenGrant } from '../harness/grants.ts'
import { archiveContract, ids } from '../harness/platform.ts'
import { publicly, sending, startCached } from './fixture.ts'

const changed = (changes: Partial<Config['eservices'][number]>, more: Partial<Config> = {}) => (config: Config): Config => ({ ...config, ...more, eservices: config.eservices.map((one) => ({ ...one, ...changes })) })

/** How often the upstream is called when a path is read twice. */
async function asked (t: Test, gateway: Harness, path: string): Promise<number> {
  const before = gateway.upstream.requests.length
  for (let round = 0; round < 2; round++) t.equal((await gateway.call(path)).status, 200, path)
  return gateway.upstream.requests.length - before
}

t.test('where a grant takes fields out of an answer nothing is shared, with nobody; where grants only say who may call it is', async (t) => {
  const narrow = writtenGrant({ fields: { getItem: { withhold: ['/citizen'] } } })
  const whole = writtenGrant({ id: 'whole', purpose: ids.purpose })
  for (const grants of [[narrow], [narrow, whole]]) {
    const gateway = await startGateway(t, granting(grants))
    gateway.upstream.answer = publicly('{"citizen":{"fullName":"Maria"},"items":[]}')
    t.equal(await asked(t, gateway, '/items/a'), 2, 'not even for whoever sees the whole')
    t.equal(await asked(t, gateway, '/items'), 1)
    t.equal(gateway.gateway.live.cache.reportOf('archive').entries, 1)
  }
  t.end()
})

t.test('signed answers are signed for each caller', async (t) => {
  const gateway = await startGateway(t, custodyOptions)
  gateway.upstream.answer = publicly('{}', { 'content-type': 'application/octet-stream' })
  t.equal(await asked(t, gateway, '/blobs/a'), 2)
  t.match(gateway.gateway.live.cache.reportOf('archive'), { misses: 0, entries: 0 }, 'nobody even looks')
})

t.test('steps of exchanges are taken one by one', async (t) => {
  const contract = structuredClone(archiveContract) as unknown as { paths: Record<string, Record<string, Record<string, unknown>>> }
  contract.paths['/items/{id}']!['get']!['x-modi'] = { nonBlocking: 'pull-status' }
  const gateway = await startGateway(t, { contract: contract as unknown as JsonObject })
  gateway.upstream.answer = publicly('{}')
  t.equal(await asked(t, gateway, '/items/a'), 2)
})

t.test('what is asked for with a cookie that the contract declares is one caller\'s', async (t) => {
  const contract = structuredClone(archiveContract) as unknown as { paths: Record<string, Record<string, Record<string, unknown>>> }
  contract.paths['/items/{id}']!['get']!['parameters'] = [{ name: 'session', in: 'cookie', schema: { type: 'string', maxLength: 10 } }]
  const gateway = await startGateway(t, { contract: contract as unknown as JsonObject })
  gateway.upstream.answer = (request, ...parts) => { publicly(JSON.stringify({ sent: request.headers.cookie ?? 'none' }))(request, ...parts) }
  for (const sent of ['session=1', 'session=2', 'none', 'session=3', 'none']) t.strictSame((await gateway.call('/items/a', { headers: sent === 'none' ? {} : { Cookie: sent } })).json, { sent })
  t.equal(gateway.upstream.requests.length, 4, 'what is asked for without one is shared')
})

t.test('where the contract does not say in which media type an answer comes, Accept chooses', async (t) => {
  const contract = structuredClone(archiveContract) as unknown as { paths: Record<string, Record<string, Record<string, unknown>>> }
  contract.paths['/items/{id}']!['get']!['responses'] = { 200: { description: 'Fatto', content: { '*/*': { schema: {} } } } }
  const gateway = await startGateway(t, { contract: contract as unknown as JsonObject })
  gateway.upstream.answer = (request, ...parts) => { publicly(JSON.stringify(request.headers.accept))(request, ...parts) }
  for (const Accept of ['application/json', 'text/plain', 'application/json']) t.equal((await gateway.call('/items/any', { headers: { Accept } })).body, JSON.stringify(Accept))
  t.equal(gateway.upstream.requests.length, 2)
})

t.test('what its configuration does not want is not kept, and another configuration begins with nothing', async (t) => {
  const { gateway } = await startCached(t)
  gateway.upstream.answer = publicly('{}')
  t.equal(await asked(t, gateway, '/items/a'), 1)
  const live = async (next: Config): Promise<void> => { (await gateway.gateway.prepare(next)).commit() }
  await live(gateway.config)
  t.equal(gateway.gateway.live.cache.reportOf('archive').entries, 0)
  t.equal(await asked(t, gateway, '/items/a'), 1, 'asked for anew after a reload')
  t.match(gateway.gateway.live.cache.reportOf('archive'), { hit: 2, entries: 1 }, 'what was counted goes on')
  await live(changed({ cache: false })(gateway.config))
  t.equal(await asked(t, gateway, '/items/a'), 2)
  await live(changed({}, { cache: { bytes: 0, entryBytes: 65_536 } })(gateway.config))
  t.equal(await asked(t, gateway, '/items/a'), 2)
})

t.test('what breaks the contract is not kept, also where that shows only when it has gone out', async (t) => {
  const contract = recordsContract()
  for (const answers of ['report', 'enforce'] as const) {
    const gateway = await startGateway(t, { contract, config: changed({ answers }) })
    const { cache } = gateway.gateway.live
    gateway.upstream.answer = publicly('{"items":[{"price":"much"}]}')
    t.equal((await gateway.call('/items')).status, answers === 'report' ? 200 : 502)
    await until(() => cache.reportOf('archive').entries === 0)
    t.equal(cache.reportOf('archive').entries, 0, answers)
    gateway.upstream.answer = publicly('{"items":[{"price":1}]}', { 'cache-control': 'public, max-age=60, stale-while-revalidate=30' })
    t.match(await gateway.call('/items'), { status: 200, headers: { age: undefined } })
    t.match(await gateway.call('/items'), { status: 200, headers: { age: '0' } })
    gateway.clock.now += 70_000
    gateway.upstream.answer = publicly('{"items":[{"price":"much"}]}')
    t.match(await gateway.call('/items'), { body: '{"items":[{"price":1}]}', headers: { age: '70' } })
    await until(() => cache.flights.size === 0 && cache.reportOf('archive').entries === 0)
    t.equal(cache.reportOf('archive').entries, 0, 'nor what takes the place of a stale one')
    t.match(gateway.gateway.ledgers.of('archive').report(), { answers: 3, violations: [{ operationId: 'listItems', in: 'body', count: 2 }] }, 'each answer of the upstream was compared once')
  }
})

t.test('a hit takes no place among the calls in flight', async (t) => {
  const { gateway } = await startCached(t, { config: changed({ concurrency: 1 }) })
  gateway.upstream.answer = publicly('{}')
  await gateway.call('/items/stored')
  gateway.upstream.answer = () => undefined
  const slow = gateway.connect()
  slow.write(gateway.request('/items/slow'))
  await until(() => gateway.upstream.requests.length === 2)
  t.match(await gateway.call('/items/stored'), { status: 200, headers: { age: '0' } })
  const remaining = Number((await gateway.call('/items/stored')).headers['x-ratelimit-remaining'])
  t.match(await gateway.call('/items/other'), { status: 503, json: { code: 'overloaded' } })
  t.match(await gateway.call('/items/stored', { headers: { 'Cache-Control': 'no-cache' } }), { status: 200 }, 'it was validated just now')
  gateway.clock.now += 61_000
  t.match(await gateway.call('/items/stored'), { status: 503, json: { code: 'overloaded' } }, 'a validation does')
  slow.destroy()
  await until(() => gateway.upstream.requests[1]?.aborted === true)
  gateway.upstream.answer = sending('{}')
  const after = await gateway.call('/items/other')
  t.equal(after.status, 200)
  t.ok(remaining - Number(after.headers['x-ratelimit-remaining']) <= 2, 'those that were refused cost nothing')
})
