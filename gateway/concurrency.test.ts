import { setTimeout as wait } from 'node:timers/promises'
import * as fc from 'fast-check'
import t from 'tap'
import { startGateway, until } from './harness/gateway.ts'
import type { Harness, HarnessOptions } from './harness/gateway.ts'
import { registryContent } from './harness/platform.ts'
import { checkNextServed, checkProblem } from './harness/refusal.ts'
import type { AnswerAs } from './harness/upstream.ts'
import { Places } from './places.ts'

/** A gateway with so many places at its upstream, which has so many ms to answer. */
function bounded (concurrency: number, { timeoutMs = 2000, ...options }: HarnessOptions & { readonly timeoutMs?: number } = {}): HarnessOptions {
  return { ...options, config: (config) => ({ ...config, eservices: config.eservices.map((one) => ({ ...one, concurrency, upstream: { ...one.upstream, timeoutMs } })) }) }
}

const placesOf = ({ gateway }: Harness): Places => gateway.live.eservices[0]?.upstream.places as Places

/** How the upstream, and whoever calls, can end a call. */
const ends: Readonly<Record<string, { readonly answer: AnswerAs, readonly leaves?: boolean }>> = {
  'whole': { answer: (_request, response) => { response.writeHead(200, { 'content-type': 'application/json' }).end('{}') } },
  'long': { answer: (_request, response) => { response.writeHead(200, { 'content-type': 'application/json' }).end(`{"x":"${'x'.repeat(300_000)}"}`) } },
  'a problem': { answer: (_request, response) => { response.writeHead(409, { 'content-type': 'application/problem+json' }).end('{"title":"No","status":409}') } },
  'a bare error': { answer: (_request, response) => { response.writeHead(500).end('x'.repeat(100_000)) } },
  'broken off before': { answer: (_request, response) => { response.destroy() } },
  'broken off within': { answer: (_request, response) => { response.writeHead(200, { 'content-type': 'application/json', 'content-length': 100 }).write('{', () => response.destroy()) } },
  'too late': { answer: () => undefined },
  'stuck within': { answer: (_request, response) => { response.writeHead(200, { 'content-type': 'application/json' }).write('{') } },
  'caller gone before': { answer: (_request, response) => { setTimeout(() => { response.writeHead(200).end() }, 100).unref() }, leaves: true },
  'caller gone within': { answer: (_request, response) => { response.writeHead(200, { 'content-type': 'application/json' }).write('{'.repeat(1000)) }, leaves: true }
}

/** Has the upstream answer as the query asks. */
function answerAsAsked (gateway: Harness): void {
  gateway.upstream.answer = (request, response, seen) => {
    const asked = new URL(seen.url, 'http://upstream').searchParams.get('q') ?? ''
    ends[asked]?.answer(request, response, seen)
  }
}

const requestOf = (gateway: Harness, end: string): Buffer => gateway.request(`/items?q=${encodeURIComponent(end)}`)

/** Makes a call that ends in one way. */
async function callTo (gateway: Harness, end: string): Promise<void> {
  const wire = gateway.connect()
  const before = gateway.upstream.requests.length
  wire.write(requestOf(gateway, end))
  if (ends[end]?.leaves) {
    await until(() => wire.isClosed || wire.received !== '' || gateway.upstream.requests.length > before)
    await wait(5)
  } else await wire.answer()
  wire.destroy()
}

t.test('one call more than there are places is refused with 503 and costs nothing but its part of the burst limit', async (t) => {
  const dailyCalls = { registry: () => ({ ...registryContent(), purposes: registryContent().purposes.map((purpose) => ({ ...purpose, versions: [{ ...purpose.versions[0], dailyCalls: 3 }] })) }) }
  const gateway = await startGateway(t, bounded(2, dailyCalls))
  const answers: (() => void)[] = []
  gateway.upstream.answer = (_request, response) => { answers.push(() => { response.writeHead(200, { 'content-type': 'application/json' }).end('{}') }) }
  const calls = [gateway.call('/items'), gateway.call('/items')]
  await until(() => answers.length === 2)
  for (let count = 0; count < 3; count++) {
    const refused = await gateway.call('/items')
    t.match(refused.headers, { 'retry-after': '1', 'x-ratelimit-limit': '1000000', 'x-ratelimit-remaining': String(999_997 - count) })
    await checkProblem(t, gateway, refused, { status: 503, code: 'overloaded' })
  }
  t.equal((await gateway.call('/open', { voucher: null })).status, 503, 'public operations have no place of their own')
  t.equal(gateway.upstream.requests.length, 2)
  for (const answer of answers) answer()
  t.strictSame((await Promise.all(calls)).map(({ status, headers }) => [status, headers['x-ratelimit-remaining']]), [[200, '2'], [200, '1']])
  await gateway.takeRecords(3)
  gateway.upstream.answer = ends['whole']!.answer
  await checkNextServed(t, gateway)
  t.equal((await gateway.call('/items')).headers['x-ratelimit-remaining'], '0', 'what was refused took nothing from the quota')
})

for (const end of Object.keys(ends)) {
  t.test(`a call that ends so gives its place back once: ${end}`, async (t) => {
    const gateway = await startGateway(t, bounded(1, { timeoutMs: 400 }))
    answerAsAsked(gateway)
    for (let count = 0; count < 3; count++) {
      await callTo(gateway, end)
      await until(() => placesOf(gateway).taken === 0)
      t.equal(placesOf(gateway).taken, 0)
    }
    t.equal((await gateway.call('/items?q=whole')).status, 200)
  })
}

t.test('whoever sends calls behind each other without waiting and leaves gives all places back', async (t) => {
  const gateway = await startGateway(t, bounded(3, { timeoutMs: 400 }))
  answerAsAsked(gateway)
  const wire = gateway.connect()
  wire.write(Buffer.concat(['too late', 'caller gone within', 'long'].map((end) => requestOf(gateway, end))))
  await until(() => placesOf(gateway).taken === 3)
  wire.destroy()
  await until(() => placesOf(gateway).taken === 0)
  t.equal(placesOf(gateway).taken, 0)
})

t.test('a call that the upstream has answered has no place any more, although its answer waits behind another', async (t) => {
  for (const end of ['whole', 'a bare error', 'broken off before']) {
    const gateway = await startGateway(t, bounded(2))
    answerAsAsked(gateway)
    gateway.connect().write(Buffer.concat(['too late', end].map((one) => requestOf(gateway, one))))
    await until(() => gateway.upstream.requests.length >= 2)
    await until(() => placesOf(gateway).taken === 1)
    t.equal(placesOf(gateway).taken, 1, end)
  }
})

t.test('nor has one that its quotas refuse', async (t) => {
  const gateway = await startGateway(t, { ...bounded(2), registry: (content) => ({ ...content, purposes: [{ ...content.purposes[0], versions: [{ ...content.purposes[0]?.versions[0], dailyCalls: 1 }] }] }) })
  answerAsAsked(gateway)
  gateway.connect().write(Buffer.concat(['too late', 'whole'].map((one) => requestOf(gateway, one))))
  await until(() => gateway.upstream.requests.length === 1)
  t.equal((await gateway.call('/open?q=whole', { voucher: null })).status, 400, 'by then the second has been read too')
  t.equal(placesOf(gateway).taken, 1)
  t.equal((await gateway.call('/items?q=whole')).status, 429)
  t.equal(placesOf(gateway).taken, 1)
})

t.test('a reload frees no place: what is in flight by what was live counts, until it is over', async (t) => {
  const gateway = await startGateway(t, bounded(2))
  const answers: (() => void)[] = []
  gateway.upstream.answer = (_request, response) => { answers.push(() => { response.writeHead(200, { 'content-type': 'application/json' }).end('{}') }) }
  const calls = [gateway.call('/items'), gateway.call('/items')]
  await until(() => answers.length === 2)
  const reload = async (concurrency: number, how: 'commit' | 'discard'): Promise<void> => {
    const { live: { config } } = gateway.gateway
    const prepared = await gateway.gateway.prepare({ ...config, eservices: config.eservices.map((one) => ({ ...one, concurrency })) })
    await prepared[how]()
  }
  for (const [concurrency, how] of [[2, 'commit'], [9, 'discard'], [1, 'commit']] as const) {
    await reload(concurrency, how)
    t.match(JSON.parse((await gateway.call('/items')).body), { status: 503, code: 'overloaded' })
    t.equal(placesOf(gateway).taken, 2)
  }
  await reload(3, 'commit')
  calls.push(gateway.call('/items'))
  await until(() => answers.length === 3)
  t.match(JSON.parse((await gateway.call('/items')).body), { status: 503, code: 'overloaded' })
  for (const answer of answers) answer()
  t.strictSame((await Promise.all(calls)).map(({ status }) => status), [200, 200, 200])
  await until(() => placesOf(gateway).taken === 0)
  t.equal(placesOf(gateway).taken, 0)
})

t.test('whatever the ends of many calls, all places come back', async (t) => {
  const gateway = await startGateway(t, bounded(4, { timeoutMs: 400 }))
  answerAsAsked(gateway)
  const call = fc.record({ end: fc.constantFrom(...Object.keys(ends)), after: fc.integer({ min: 0, max: 20 }) })
  await fc.assert(fc.asyncProperty(fc.array(call, { minLength: 1, maxLength: 12 }), async (calls) => {
    await Promise.all(calls.map(async ({ end, after }) => {
      await wait(after)
      await callTo(gateway, end)
    }))
    await until(() => placesOf(gateway).taken === 0)
    return placesOf(gateway).taken === 0
  }), { numRuns: 12 })
  const answers = await Promise.all(Array.from({ length: 4 }, async () => gateway.call('/items?q=whole')))
  t.strictSame(answers.map(({ status }) => status), [200, 200, 200, 200])
})

t.test('a place is given back once, however often', async (t) => {
  const places = new Places(2)
  const [first, second] = [places.take(), places.take()]
  t.equal(places.take(), undefined)
  for (let count = 0; count < 3; count++) first?.()
  t.equal(places.taken, 1)
  t.ok(places.take())
  second?.()
  t.equal(places.taken, 1)
})
