import t from 'tap'
import { startGateway } from './harness/gateway.ts'
import type { Harness, HarnessOptions } from './harness/gateway.ts'
import { ids, registryContent } from './harness/platform.ts'
import type { WireAnswer } from './harness/wire.ts'

const plenty = { requests: 1000, seconds: 60 }
const names = ['x-ratelimit-limit', 'x-ratelimit-remaining', 'x-ratelimit-reset']

/** A gateway whose burst limit (per minute) and daily quota are these. */
function limited (burst: number, dailyCalls: number, now = Date.parse('2026-03-02T10:00:00+01:00')): HarnessOptions {
  return {
    now,
    config: (config) => ({ ...config, eservices: config.eservices.map((one) => ({ ...one, burst: { requests: burst, seconds: 60 } })) }),
    registry: (content) => ({ ...content, purposes: content.purposes.map((purpose) => ({ ...purpose, versions: [{ ...purpose.versions[0], dailyCalls }] })) })
  }
}

const standing = (answer: WireAnswer): readonly (string | undefined)[] => names.map((name) => answer.headers[name])
const suspendedAgreement = { ...registryContent(), agreements: registryContent().agreements.map((agreement) => ({ ...agreement, state: 'Suspended' })) }
const inactivePurpose = (dailyCalls: number) => ({ ...registryContent(), purposes: registryContent().purposes.map((purpose) => ({ ...purpose, versions: [{ ...purpose.versions[0], state: 'Suspended', dailyCalls }] })) })

t.test('a client has its burst limit on an e-service, and a refusal says when to come back', async (t) => {
  const gateway = await startGateway(t, limited(3, 1000))
  for (const remaining of ['2', '1', '0']) {
    const answer = await gateway.call('/items')
    t.equal(answer.status, 200)
    t.strictSame(standing(answer), ['3', remaining, '60'])
  }
  const refused = await gateway.call('/items')
  t.match(refused, { status: 429, headers: { 'retry-after': /^[1-9]\d?$/, 'content-type': 'application/problem+json' }, json: { code: 'burst-exceeded' } })
  t.strictSame(standing(refused).slice(0, 2), ['3', '0'])
  t.equal(gateway.upstream.requests.length, 3)
})

t.test('no spelling of a call and no new voucher is another client', async (t) => {
  const gateway = await startGateway(t, limited(3, 1000))
  const attempts = [
    await gateway.call('/items'),
    await gateway.call('/items/%61', { headers: { 'X-Forwarded-For': '198.51.100.7' } }),
    await gateway.call('/items?q=1', { voucher: gateway.voucher({ claims: { iat: Math.floor(gateway.clock.now / 1000) - 60 } }) })
  ]
  t.strictSame(attempts.map(({ status }) => status), [200, 200, 200])
  for (const path of ['/items', '/items/a', '/items?q=2']) t.match(await gateway.call(path, { headers: { 'X-Forwarded-For': '198.51.100.8' } }), { status: 429 }, path)
  const other = '10000000-0000-4000-8000-000000000099'
  t.equal((await gateway.call('/items', { voucher: gateway.voucher({ claims: { sub: other, client_id: other } }) })).status, 200, 'another client is')
})

t.test('of 60 calls at the same moment exactly the limit is admitted', async (t) => {
  const gateway = await startGateway(t, limited(20, 1000))
  const answers = await Promise.all(Array.from({ length: 60 }, async () => gateway.call('/items')))
  t.equal(answers.filter(({ status }) => status === 200).length, 20)
  t.equal(answers.filter(({ status }) => status === 429).length, 40)
  t.equal(gateway.upstream.requests.length, 20)
})

t.test('of 60 calls at the same moment exactly the daily quota is admitted', async (t) => {
  const gateway = await startGateway(t, limited(1000, 20))
  const answers = await Promise.all(Array.from({ length: 60 }, async () => gateway.call('/items')))
  t.equal(answers.filter(({ status }) => status === 200).length, 20)
  t.equal(gateway.upstream.requests.length, 20)
})

t.test('once the client is known every answer tells where it stands', async (t) => {
  const body = 'x'
  const cases: readonly (readonly [status: number, call: (gateway: Harness) => Promise<WireAnswer>])[] = [
    [200, async (gateway) => gateway.call('/items')],
    [400, async (gateway) => gateway.call('/items?limit=0x10')],
    [400, async (gateway) => gateway.call('/items', { method: 'POST', body: {} })],
    [406, async (gateway) => gateway.call('/items', { headers: { Accept: 'text/csv' } })],
    [415, async (gateway) => gateway.call('/items', { method: 'POST', body, headers: { 'Content-Type': 'text/plain' } })]
  ]
  const gateway = await startGateway(t, limited(100, 1000))
  for (const [index, [status, call]] of cases.entries()) {
    const answer = await call(gateway)
    t.equal(answer.status, status)
    t.strictSame(standing(answer), ['100', String(99 - index), '60'], `${status}`)
  }
  gateway.upstream.answer = (_request, response) => { response.destroy() }
  const broken = await gateway.call('/items', { method: 'POST', body: { name: 'x' } })
  t.equal(broken.status, 502)
  t.match(standing(broken), ['100', '94', '60'])
})

t.test('a refusal before the burst limit tells it too, and takes nothing of it', async (t) => {
  for (const [code, registry] of [['agreement-not-active', suspendedAgreement], ['purpose-not-active', inactivePurpose(5)]] as const) {
    const gateway = await startGateway(t, { ...limited(10, 5), registry: () => registry })
    for (let count = 0; count < 3; count++) {
      const answer = await gateway.call('/items')
      t.match(answer, { status: 403, json: { code } })
      t.strictSame(standing(answer), ['10', '10', '60'], code)
    }
  }
})

t.test('an answer to somebody unknown tells nothing of limits', async (t) => {
  const gateway = await startGateway(t, limited(10, 10))
  const answers = {
    '401 without a voucher': await gateway.call('/items', { voucher: null }),
    '401 with an expired one': await gateway.call('/items', { voucher: gateway.voucher({ claims: { exp: 1 } }) }),
    '404': await gateway.call('/nothing'),
    '405': await gateway.call('/items', { method: 'DELETE' }),
    'a public operation': await gateway.call('/open', { voucher: null })
  }
  for (const [name, answer] of Object.entries(answers)) t.strictSame(standing(answer), [undefined, undefined, undefined], name)
})

t.test('a refused call takes nothing of the daily quota', async (t) => {
  const gateway = await startGateway(t, limited(1000, 2))
  const refused = [
    await gateway.call('/items?limit=0x10'),
    await gateway.call('/items?unknown=1'),
    await gateway.call('/items', { method: 'POST', body: { name: 7 } }),
    await gateway.call('/items', { method: 'POST', body: '{"name":' }),
    await gateway.call('/items', { method: 'POST', body: 'x', headers: { 'Content-Type': 'text/plain' } }),
    await gateway.call('/items', { headers: { Accept: 'text/csv' } }),
    await gateway.call('/items', { voucher: gateway.voucher({ claims: { eserviceId: ids.client } }) })
  ]
  t.strictSame(refused.map(({ status }) => status), [400, 400, 400, 400, 415, 406, 403])
  t.strictSame(standing(await gateway.call('/items')).slice(0, 2), ['2', '1'])
  t.equal((await gateway.call('/items')).status, 200)
  const exceeded = await gateway.call('/items')
  t.match(exceeded, { status: 429, headers: { 'retry-after': String(14 * 3600) }, json: { code: 'quota-exceeded' } })
  t.strictSame(standing(exceeded), ['2', '0', String(14 * 3600)])
  t.equal(gateway.upstream.requests.length, 2)
})

t.test('a forwarded call counts, whatever the upstream answered', async (t) => {
  const gateway = await startGateway(t, limited(1000, 4))
  const post = async () => gateway.call('/items', { method: 'POST', body: { name: 'x' } })
  gateway.upstream.answer = (_request, response) => { response.writeHead(500).end() }
  t.equal((await post()).status, 502)
  gateway.upstream.answer = (_request, response) => { response.writeHead(404, { 'content-type': 'application/problem+json' }).end('{"title":"No","status":404}') }
  t.equal((await post()).status, 404)
  gateway.upstream.answer = (_request, response) => { response.destroy() }
  t.equal((await post()).status, 502)
  gateway.upstream.answer = (_request, response) => { response.writeHead(201, { 'content-type': 'application/json' }).end('{}') }
  t.equal((await post()).status, 201)
  t.match(await post(), { status: 429, json: { code: 'quota-exceeded' } })
})

t.test('a public operation and a status are not counted', async (t) => {
  const gateway = await startGateway(t, limited(1, 1))
  for (let count = 0; count < 3; count++) {
    t.equal((await gateway.call('/open', { voucher: null })).status, 200)
    t.equal((await gateway.call('/open')).status, 200)
  }
  t.equal((await gateway.call('/items')).status, 200)
})

const midnights: Readonly<Record<string, string>> = {
  'a winter day': '2026-03-03T00:00:00+01:00',
  'a summer day': '2026-07-03T00:00:00+02:00',
  'the day of 23 hours': '2026-03-30T00:00:00+02:00',
  'the day of 25 hours': '2026-10-26T00:00:00+01:00'
}

t.test('the quota of a day ends at midnight in Rome, by the gateway\'s clock', async (t) => {
  const gateway = await startGateway(t, limited(1000, 1))
  for (const [name, midnight] of Object.entries(midnights)) {
    const next = Date.parse(midnight)
    gateway.clock.now = next - 2000
    await gateway.gateway.keys.refresh()
    t.equal((await gateway.call('/items')).status, 200, name)
    t.match(await gateway.call('/items'), { status: 429, headers: { 'retry-after': '2' } }, name)
    gateway.clock.now = next - 1
    t.match(await gateway.call('/items'), { status: 429 }, name)
    gateway.clock.now = next
    t.equal((await gateway.call('/items')).status, 200, name)
    t.match(await gateway.call('/items'), { status: 429 }, name)
  }
})

t.test('the day of 25 hours has one quota', async (t) => {
  const start = Date.parse('2026-10-25T00:00:00+02:00')
  const gateway = await startGateway(t, limited(1000, 1, start))
  t.equal((await gateway.call('/items')).status, 200)
  t.match(await gateway.call('/items'), { status: 429, headers: { 'retry-after': String(25 * 3600) } })
  for (const hours of [2, 2.5, 3, 23.9, 24.9]) {
    gateway.clock.now = start + hours * 3_600_000
    await gateway.gateway.keys.refresh()
    t.match(await gateway.call('/items'), { status: 429 }, `after ${hours} hours`)
  }
})

t.test('an address that keeps sending what is refused is blocked until its window ends, whatever it says of itself', async (t) => {
  const gateway = await startGateway(t, { config: (config) => ({ ...config, limits: { ...config.limits, unproven: { requests: 5, seconds: 60 } } }) })
  const attempt = async (index: number) => gateway.call('/items', { voucher: null, headers: { 'X-Forwarded-For': `198.51.100.${index}`, Forwarded: `for=198.51.100.${index}`, 'X-Real-IP': `198.51.100.${index}` } })
  for (let index = 0; index < 5; index++) t.equal((await attempt(index)).status, 401)
  t.match(await attempt(6), { status: 429, headers: { 'retry-after': '60' }, json: { code: 'address-limit-exceeded' } })
  gateway.clock.now += 60_000
  t.equal((await attempt(7)).status, 401)
})

t.test('behind a proxy that is trusted it is the address of the caller that counts, and no caller can take another one', async (t) => {
  const gateway = await startGateway(t, { config: (config) => ({ ...config, trustedProxies: ['127.0.0.1'], limits: { ...config.limits, unproven: { requests: 3, seconds: 60 } } }) })
  const attempt = async (forwarded: string, voucher: string | null = null) => gateway.call('/items', { voucher, headers: { 'X-Forwarded-For': forwarded } })
  for (let count = 0; count < 3; count++) t.equal((await attempt(`203.0.113.${count}, 198.51.100.7`)).status, 401, 'what a caller writes in front does not count')
  for (const forwarded of ['203.0.113.9, 198.51.100.7', '198.51.100.7', '198.51.100.7:4711', '198.51.100.7, 127.0.0.1']) {
    t.match(await attempt(forwarded), { status: 429, headers: { 'retry-after': '60' }, json: { code: 'address-limit-exceeded' } }, forwarded)
  }
  t.equal((await attempt('198.51.100.8')).status, 401, 'its neighbour is not blocked')
  t.equal((await attempt('198.51.100.8', gateway.voucher())).status, 200)
  const six = (last: string): string => `2001:db8:1:2:${last}`
  for (const last of [':1', ':2', 'a:b:c:d']) t.equal((await attempt(six(last))).status, 401)
  t.equal((await attempt(`[${six(':3')}]:4711`)).status, 429, 'of IPv6 the network counts')
  t.equal((await attempt('2001:db8:1:3::1')).status, 401)
})

t.test('from a blocked address a voucher that was verified before still passes, and nothing else', async (t) => {
  const gateway = await startGateway(t, { config: (config) => ({ ...config, limits: { ...config.limits, unproven: { requests: 3, seconds: 60 } }, eservices: config.eservices.map((one) => ({ ...one, burst: plenty })) }) })
  const known = gateway.voucher()
  t.equal((await gateway.call('/items', { voucher: known })).status, 200)
  for (let count = 0; count < 3; count++) t.equal((await gateway.call('/items', { voucher: null })).status, 401)
  t.equal((await gateway.call('/items', { voucher: known })).status, 200)
  await gateway.takeRecords(5)
  for (const voucher of [gateway.voucher(), 'a.b.c', null]) t.match(await gateway.call('/items', { voucher }), { status: 429, json: { code: 'address-limit-exceeded' } })
  t.match(await gateway.call('/open'), { status: 429 }, 'a public operation neither')
})

t.test('whoever proves who it is is never counted as an address', async (t) => {
  const gateway = await startGateway(t, {
    config: (config) => ({ ...config, limits: { ...config.limits, unproven: { requests: 2, seconds: 60 } }, eservices: config.eservices.map((one) => ({ ...one, burst: plenty })) }),
    registry: () => suspendedAgreement
  })
  for (let count = 0; count < 10; count++) t.equal((await gateway.call('/items')).status, 403)
})
