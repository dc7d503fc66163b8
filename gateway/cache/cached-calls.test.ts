import t from 'tap'
import { until } from '../harness/gateway.ts'
import { startCached, publicly, sending } from './fixture.ts'
import { ids } from '../harness/platform.ts'

const { gateway, other } = await startCached(t)
t.beforeEach(async () => {
  await gateway.takeRecords(0)
  gateway.upstream.requests.length = 0
})

t.test('two consumers share an answer, each with its own admission, quota and record', async (t) => {
  gateway.upstream.answer = publicly('{"n":1}', { 'etag': '"v1"', 'x-total': '7', 'set-cookie2': 'x', 'server': 'inner' })
  const first = await gateway.call('/items?q=a')
  gateway.clock.now += 5000
  const second = await gateway.call('/items?q=a', { voucher: other() })
  t.equal(gateway.upstream.requests.length, 1)
  t.match(first, { status: 200, body: '{"n":1}', headers: { 'age': undefined, 'cache-status': 'varco; fwd=uri-miss; stored', 'x-ratelimit-remaining': '999', 'cache-control': 'public, max-age=60', 'x-total': '7' } })
  t.match(second, { status: 200, body: '{"n":1}', headers: { 'age': '5', 'cache-status': 'varco; hit', 'x-ratelimit-remaining': '999', 'cache-control': 'public, max-age=60', 'etag': '"v1"', 'x-total': '7', 'content-type': 'application/json', 'content-length': '7', 'server': undefined } })
  t.not(second.headers['x-request-id'], first.headers['x-request-id'])
  t.match(await gateway.call('/items?q=a', { voucher: other() }), { headers: { 'x-ratelimit-remaining': '998' } }, 'a hit counts')
  const records = await gateway.takeRecords(3)
  t.match(records, [
    { consumerId: ids.consumer, status: 200, cache: undefined, upstreamMs: Number },
    { consumerId: '20000000-0000-4000-8000-000000000002', status: 200, cache: 'hit', bytesSent: 7, correlationId: second.headers['x-request-id'] },
    { cache: 'hit', upstreamMs: undefined }
  ])
  t.match(gateway.gateway.live.cache.reportOf('archive'), { hit: 2, misses: 1, stores: 1, entries: 1, bytes: Number })
})

t.test('whoever may not call gets nothing of what is stored', async (t) => {
  const { gateway, other, suspended } = await startCached(t, { dailyCalls: 2 })
  gateway.upstream.answer = publicly('{"n":1}')
  await gateway.call('/items')
  const late = Math.floor(gateway.clock.now / 1000) - 700
  t.match(await gateway.call('/items', { voucher: gateway.voucher({ claims: { iat: late, nbf: late, exp: late + 600 } }) }), { status: 401, json: { code: 'voucher-expired' } })
  t.match(await gateway.call('/items', { voucher: null }), { status: 401, json: { code: 'voucher-missing' } })
  t.match(await gateway.call('/items', { voucher: suspended() }), { status: 403, json: { code: 'purpose-not-active' } })
  t.match(await gateway.call('/items?limit=x'), { status: 400 })
  t.match(await gateway.call('/items'), { status: 200, headers: { 'cache-status': 'varco; hit' } })
  t.match(await gateway.call('/items'), { status: 429, json: { code: 'quota-exceeded' } }, 'hits count in the quota')
  t.match(await gateway.call('/items', { voucher: other() }), { status: 200 })
  t.equal(gateway.upstream.requests.length, 1)
  t.strictSame((await gateway.takeRecords(8)).map(({ status, cache }) => [status, cache]), [[200, undefined], [401, undefined], [401, undefined], [403, undefined], [400, undefined], [200, 'hit'], [429, undefined], [200, 'hit']])
})

t.test('what is not marked as for all, or depends on more than a stored answer knows, is asked for every time', async (t) => {
  const twice = async (headers: Readonly<Record<string, string>>, path = '/items'): Promise<number> => {
    const before = gateway.upstream.requests.length
    for (let round = 0; round < 2; round++) t.equal((await gateway.call(path, { headers })).status, 200)
    return gateway.upstream.requests.length - before
  }
  for (const [index, said] of ['', 'max-age=60', 'private, max-age=60', 'public, max-age=60, private="x"', 'public, no-store', 'public, max-age=0', 'no-cache'].entries()) {
    gateway.upstream.answer = sending('{}', { 'cache-control': said })
    t.equal(await twice({}, `/items/${index}`), 2, said)
  }
  gateway.upstream.answer = publicly('{}', { 'set-cookie': 'a=b' })
  t.equal(await twice({}, '/items/c-cookie'), 2)
  gateway.upstream.answer = publicly('{}', { vary: 'Varco-Call' })
  t.equal(await twice({}, '/items/c-varies'), 2)
  gateway.upstream.answer = publicly('{}')
  t.equal(await twice({}, '/items?q=own'), 1)
  for (const headers of [{ 'X-Trace-Note': 'a' }, { Prefer: 'return=minimal' }, { 'If-Match': '"a"' }]) t.equal(await twice(headers, '/items?q=own'), 2, JSON.stringify(headers))
  t.equal(await twice({ Cookie: 'session=1', Range: 'bytes=0-0' }, '/items?q=own'), 0, 'what does not reach the upstream does not matter')
  t.equal(await twice({ 'Cache-Control': 'no-store' }, '/items?q=other'), 2)
  t.equal(await twice({}, '/blobs/a'), 2, 'nor is what breaks the contract stored')
})

t.test('how old an answer is is said once, and counted from where it comes from', async (t) => {
  gateway.upstream.answer = publicly('{}', { age: '50' })
  t.match(await gateway.call('/items/old'), { headers: { age: '50' } }, 'also of one that is not from here')
  gateway.clock.now += 5000
  t.match(await gateway.call('/items/old'), { headers: { 'age': '55', 'cache-status': 'varco; hit' } })
})

t.test('an operation with nothing but answers for one is hardly looked at, and seen to change', async (t) => {
  const path = '/items/b/parts/c'
  gateway.upstream.answer = sending('{}', { 'cache-control': 'no-store' })
  const { misses } = gateway.gateway.live.cache.reportOf('archive')
  for (let index = 0; index < 30; index++) await gateway.call(path)
  t.equal(gateway.gateway.live.cache.reportOf('archive').misses - misses, 20)
  gateway.upstream.answer = publicly('{}')
  for (let index = 0; index < 20; index++) await gateway.call(path)
  gateway.upstream.requests.length = 0
  gateway.upstream.answer = sending('{}', { 'cache-control': 'no-store' })
  for (let index = 0; index < 30; index++) await gateway.call('/items/b/parts/d')
  t.equal(gateway.upstream.requests.length, 30)
  t.match(await gateway.call(path), { headers: { 'cache-status': 'varco; hit' } }, 'while something is stored it is looked for')
  t.equal(gateway.upstream.requests.length, 30)
})

t.test('callers that have an answer are told that it is still the one, and only the head is sent to who asks for that', async (t) => {
  gateway.upstream.answer = publicly('{"n":1}', { 'etag': '"v1"', 'last-modified': 'Mon, 02 Mar 2026 09:00:00 GMT' })
  await gateway.call('/items/d-1')
  for (const headers of [{ 'If-None-Match': 'W/"v1"' }, { 'If-Modified-Since': 'Mon, 02 Mar 2026 09:30:00 GMT' }]) {
    t.match(await gateway.call('/items/d-1', { headers }), { status: 304, body: '', headers: { 'etag': '"v1"', 'cache-control': 'public, max-age=60', 'content-type': undefined, 'content-length': undefined, 'age': '0' } })
  }
  t.match(await gateway.call('/items/d-1', { headers: { 'If-None-Match': '"v2"' } }), { status: 200, body: '{"n":1}' })
  t.match(await gateway.call('/items/d-1', { method: 'HEAD' }), { status: 200, body: '', headers: { 'content-length': '7', 'etag': '"v1"', 'cache-status': 'varco; hit' } })
  t.equal(gateway.upstream.requests.length, 1)
  t.match(await gateway.call('/items/d-2', { method: 'HEAD' }), { status: 200 })
  t.equal(gateway.upstream.requests[1]?.method, 'HEAD')
  await gateway.call('/items/d-2')
  t.equal(gateway.upstream.requests.length, 3, 'what was answered to HEAD is not stored')
  t.match(await gateway.call('/items/d-3', { headers: { 'If-None-Match': '"v1"' } }), { status: 304 }, 'also where it has to be fetched first')
  t.equal(gateway.upstream.requests[3]?.headers['if-none-match'], undefined)
  t.match(await gateway.call('/items/d-3'), { status: 200, headers: { 'cache-status': 'varco; hit' } })
  t.match((await gateway.takeRecords(9)).map(({ status, cache, bytesSent }) => [status, cache, bytesSent]), [[200, undefined, 7], [304, 'hit', 0], [304, 'hit', 0], [200, 'hit', 7], [200, 'hit', 0], [200, undefined, 0], [200, undefined, 7], [304, 'validated', 0], [200, 'hit', 7]])
})

t.test('an answer that is stale for a while is given while it is validated, once', async (t) => {
  const said = { 'cache-control': 'public, max-age=60, stale-while-revalidate=30', 'etag': '"v1"' }
  gateway.upstream.answer = sending('{"n":1}', said)
  await gateway.call('/items/e-1')
  gateway.clock.now += 70_000
  let validate = (): void => undefined
  gateway.upstream.answer = (_request, response) => { validate = () => { response.writeHead(304, said).end() } }
  for (let index = 0; index < 3; index++) t.match(await gateway.call('/items/e-1', { voucher: other() }), { status: 200, body: '{"n":1}', headers: { age: '70', 'cache-status': /^varco; hit; detail=stale/ } })
  await until(() => gateway.upstream.requests.length === 2)
  t.match(gateway.upstream.requests[1]?.headers, { 'if-none-match': '"v1"', 'varco-call': String })
  validate()
  await until(() => gateway.gateway.live.cache.flights.size === 0)
  t.match(await gateway.call('/items/e-1'), { status: 200, headers: { 'age': '0', 'cache-status': 'varco; hit' } })
  t.equal(gateway.upstream.requests.length, 2)
  t.strictSame((await gateway.takeRecords(5)).map(({ cache }) => cache), [undefined, 'stale', 'stale', 'stale', 'hit'])
  gateway.clock.now += 95_000
  gateway.upstream.answer = sending('{"n":2}', { ...said, etag: '"v2"' })
  t.match(await gateway.call('/items/e-1'), { status: 200, body: '{"n":2}', headers: { etag: '"v2"', age: '0' } }, 'after that it is validated first')
})

t.test('a validation keeps, replaces or ends what is stored', async (t) => {
  const said = { 'cache-control': 'public, max-age=60', 'etag': '"v1"' }
  const stale = async (path: string): Promise<void> => {
    gateway.upstream.answer = sending('{"n":1}', said)
    await gateway.call(path)
    gateway.clock.now += 61_000
  }
  await stale('/items/f-same')
  gateway.upstream.answer = (request, response) => { response.writeHead(request.headers['if-none-match'] === '"v1"' ? 304 : 500, said).end() }
  t.match(await gateway.call('/items/f-same'), { status: 200, body: '{"n":1}', headers: { 'age': '0', 'cache-status': 'varco; fwd=stale' } })
  t.match(await gateway.call('/items/f-same', { headers: { 'If-None-Match': '"v1"' } }), { status: 304 })
  await stale('/items/f-private')
  gateway.upstream.answer = sending('{"n":2}', { 'cache-control': 'private' })
  t.match(await gateway.call('/items/f-private'), { status: 200, body: '{"n":2}', headers: { 'cache-control': 'private', 'age': undefined } })
  t.match(await gateway.call('/items/f-private'), { status: 200, body: '{"n":2}', headers: { age: undefined } })
  await stale('/items/f-gone')
  gateway.upstream.answer = (_request, response) => { response.writeHead(404, { 'content-type': 'application/problem+json' }).end('{"status":404}') }
  t.equal((await gateway.call('/items/f-gone')).status, 404)
  await stale('/items/f-down')
  gateway.upstream.answer = (_request, response) => { response.destroy() }
  t.match(await gateway.call('/items/f-down'), { status: 502, json: { code: 'upstream-unreachable' } })
  gateway.upstream.answer = (_request, response) => { response.writeHead(500).end() }
  t.match(await gateway.call('/items/f-down'), { status: 502, json: { code: 'upstream-invalid' } })
})

t.test('a caller that wants none of the cache gets what it wants, and cannot make the upstream work at will', async (t) => {
  gateway.upstream.answer = publicly('{}', { etag: '"v1"' })
  await gateway.call('/items/g-1')
  for (const asked of ['no-cache', 'max-age=0', 'min-fresh=100']) {
    gateway.clock.now += 2000
    const before = gateway.upstream.requests.length
    for (let round = 0; round < 3; round++) t.equal((await gateway.call('/items/g-1', { headers: { 'Cache-Control': asked } })).status, 200)
    t.equal(gateway.upstream.requests.length - before, 1, asked)
  }
  t.match(await gateway.call('/items/g-1', { headers: { 'Cache-Control': 'only-if-cached' } }), { status: 200 })
})

t.test('where the upstream allows it, what is stored is given while it fails', async (t) => {
  gateway.upstream.answer = sending('{"n":1}', { 'cache-control': 'public, max-age=60, stale-if-error=600' })
  await gateway.call('/items/h-1')
  gateway.clock.now += 100_000
  for (const answer of [(_request: unknown, response: { destroy: () => void }) => { response.destroy() }, (_request: unknown, response: { writeHead: (status: number) => { end: () => void } }) => { response.writeHead(503).end() }]) {
    gateway.upstream.answer = answer
    t.match(await gateway.call('/items/h-1'), { status: 200, body: '{"n":1}', headers: { 'age': '100', 'cache-status': /detail=stale/ } })
  }
  gateway.clock.now += 600_000
  t.match(await gateway.call('/items/h-1'), { status: 400 + 103 })
  t.strictSame((await gateway.takeRecords(4)).map(({ cache, code }) => cache ?? code), [undefined, 'stale', 'stale', 'eservice-refused'])
})
