import type { ServerResponse } from 'node:http'
import t from 'tap'
import { until } from '../harness/gateway.ts'
import type { AnswerAs } from '../harness/upstream.ts'
import { publicly, sending, startCached } from './fixture.ts'

const { gateway, other } = await startCached(t)
t.beforeEach(async () => {
  await gateway.takeRecords(0)
  gateway.upstream.requests.length = 0
})

/** Makes the upstream wait; what is given lets it answer, the request of this number. */
function holding (): readonly ((answer: AnswerAs) => void)[] {
  const held: ((answer: AnswerAs) => void)[] = []
  gateway.upstream.answer = (...parts) => { held.push((answer) => { answer(...parts) }) }
  return held
}
const seen = async (count: number): Promise<void> => until(() => gateway.upstream.requests.length >= count)
/** Calls that passed admission and wait. */
const waiting = async (count: number): Promise<void> => until(() => gateway.gateway.live.cache.flights.waiting === count)

t.test('while it is not known whether an answer is for all nobody is kept waiting for it', async (t) => {
  const held = holding()
  const calls = [gateway.call('/items/slow'), gateway.call('/items/slow')]
  await seen(2)
  t.equal(held.length, 2, 'the second went on its own while the first was not answered')
  held[1]!(sending('{"n":2}', { 'cache-control': 'private' }))
  t.match(await calls[1]!, { status: 200 })
  held[0]!(sending('{"n":1}', { 'cache-control': 'private' }))
  t.match(await calls[0]!, { status: 200 })
})

t.test('of many calls for the same answer one is made', async (t) => {
  gateway.upstream.answer = publicly('{"known":true}')
  await gateway.call('/items/known')
  const held = holding()
  const calls = Array.from({ length: 30 }, async (_one, index) => gateway.call('/items/herd', index % 2 === 0 ? {} : { voucher: other() }))
  await waiting(29)
  held[0]!(publicly('{"n":1}'))
  const answers = await Promise.all(calls)
  t.equal(gateway.upstream.requests.length, 2)
  t.strictSame(new Set(answers.map(({ status, body }) => `${status} ${body}`)), new Set(['200 {"n":1}']))
  const records = (await gateway.takeRecords(31)).map(({ cache }) => cache as unknown)
  t.equal(records.filter((cache) => cache === 'shared').length, 29)
  t.equal(new Set(answers.map(({ headers }) => headers['x-request-id'])).size, 30)
})

t.test('calls for other variants do not wait for it', async () => {
  const held = holding()
  const calls = [gateway.call('/items/variants'), gateway.call('/items/variants', { headers: { 'Accept-Language': 'it' } })]
  await seen(2)
  held[0]!(publicly('{"n":1}', { vary: 'accept-language' }))
  held[1]!(publicly('{"n":2}', { vary: 'accept-language' }))
  await Promise.all(calls)
})

t.test('as soon as it shows that an answer is for one, all others make their own call', async (t) => {
  const held = holding()
  const calls = Array.from({ length: 5 }, async () => gateway.call('/items/own'))
  await waiting(4)
  held[0]!((_request, response) => { response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'private' }).write('{"n":') })
  await seen(5)
  held.slice(1).forEach((answer, index) => { answer(sending(`{"n":${index}}`, { 'cache-control': 'private' })) })
  t.strictSame((await Promise.all(calls.slice(1))).map(({ body }) => body).toSorted(), [0, 1, 2, 3].map((n) => `{"n":${n}}`), 'although the first is not whole yet')
  held[0]!((_request, response) => { response.end('9}') })
  t.equal((await calls[0]!).body, '{"n":9}')
})

t.test('whoever waits for a caller that goes away makes the call then, once', async (t) => {
  gateway.upstream.answer = publicly('{"known":true}')
  await gateway.call('/items/known-again')
  const held = holding()
  const leader = gateway.connect()
  leader.write(gateway.request('/items/left'))
  await seen(2)
  const calls = [gateway.call('/items/left'), gateway.call('/items/left')]
  await waiting(2)
  leader.destroy()
  await seen(3)
  held[1]!(publicly('{"n":1}'))
  for (const call of calls) t.match(await call, { status: 200, body: '{"n":1}' })
  t.equal(gateway.upstream.requests.length, 3)
})

t.test('whoever goes away while it waits for another has not called', async (t) => {
  gateway.upstream.answer = publicly('{}')
  const before = Number((await gateway.call('/items/known-still')).headers['x-ratelimit-remaining'])
  const held = holding()
  const call = gateway.call('/items/awaited')
  await seen(2)
  const impatient = gateway.connect()
  impatient.write(gateway.request('/items/awaited'))
  await waiting(1)
  await gateway.takeRecords(1)
  impatient.destroy()
  t.match(await gateway.takeRecords(1), [{ status: 499 }])
  held[0]!(publicly('{}'))
  t.equal((await call).status, 200)
  t.equal(Number((await gateway.call('/items/awaited')).headers['x-ratelimit-remaining']), before - 2, 'of three calls two count')
})

t.test('a failure is everybody\'s, and costs those nothing who did not call', async (t) => {
  gateway.upstream.answer = publicly('{}')
  const before = Number((await gateway.call('/items/known-too')).headers['x-ratelimit-remaining'])
  const held = holding()
  const calls = [gateway.call('/items/down'), gateway.call('/items/down'), gateway.call('/items/down')]
  await waiting(2)
  gateway.upstream.answer = (_request, response) => { response.destroy() }
  // On a kept connection it is tried once more.
  held[0]!((_request, response) => { response.destroy() })
  for (const call of calls) t.match(await call, { status: 502, json: { code: 'upstream-unreachable' } })
  t.equal(gateway.upstream.requests.length, 3)
  gateway.upstream.answer = publicly('{}')
  t.equal(Number((await gateway.call('/items/known-too')).headers['x-ratelimit-remaining']), before - 2, 'of three calls one counts')
})

t.test('an answer goes out as it comes while it is stored; one that breaks off is not stored', async (t) => {
  let response: ServerResponse | undefined
  gateway.upstream.answer = (_request, opened) => { (response = opened).writeHead(200, { 'content-type': 'application/json', 'cache-control': 'public, max-age=60' }).write('{"n":') }
  const wire = gateway.connect()
  wire.write(gateway.request('/items/pieces'))
  await until(() => wire.received.includes('{"n":'))
  t.match(wire.received, '{"n":')
  response!.end('1}')
  t.match(await wire.answer(), { body: '{"n":1}', whole: true })
  t.match(await gateway.call('/items/pieces'), { body: '{"n":1}', headers: { 'content-length': '7', 'cache-status': 'varco; hit' } })
  for (const [path, head] of [['/items/broken', { 'content-length': '7' }], ['/items/chunked', {}]] as const) {
    gateway.upstream.answer = (_request, opened) => {
      opened.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'public, max-age=60', ...head }).write('{"n":')
      setImmediate(() => { opened.destroy() })
    }
    t.notOk((await gateway.call(path)).whole)
    gateway.upstream.answer = publicly('{"n":1}')
    t.match(await gateway.call(path), { body: '{"n":1}', headers: { age: undefined } }, path)
  }
  gateway.upstream.answer = publicly(JSON.stringify({ long: 'x'.repeat(70_000) }))
  for (let round = 0; round < 2; round++) t.match(await gateway.call('/items/long'), { status: 200, headers: { 'content-length': '70011', 'age': undefined } }, 'one that is too long goes out and is not stored')
})

t.test('a change makes what is stored old, and what is on its way', async (t) => {
  gateway.upstream.answer = publicly('{"n":1}')
  await gateway.call('/items/changed')
  gateway.upstream.answer = (_request, response) => { response.writeHead(409, { 'content-type': 'application/problem+json' }).end('{"status":409}') }
  await gateway.call('/items/changed', { method: 'DELETE' })
  t.match(await gateway.call('/items/changed'), { headers: { 'cache-status': 'varco; hit' } }, 'one that was refused does not')
  gateway.upstream.answer = (_request, response) => { response.writeHead(204).end() }
  await gateway.call('/items/changed', { method: 'DELETE' })
  const held = holding()
  const reading = gateway.call('/items/changed')
  await seen(4)
  const changing = gateway.call('/items/changed', { method: 'DELETE' })
  await seen(5)
  held[1]!((_request, response) => { response.writeHead(204).end() })
  await changing
  held[0]!(publicly('{"n":"of before"}'))
  await reading
  gateway.upstream.answer = publicly('{"n":2}')
  t.match(await gateway.call('/items/changed'), { body: '{"n":2}', headers: { age: undefined } })
})

t.test('a change makes old what is being validated, too', async (t) => {
  gateway.upstream.answer = publicly('{"n":1}')
  await gateway.call('/items/validated')
  gateway.clock.now += 61_000
  const held = holding()
  const reading = gateway.call('/items/validated')
  await seen(2)
  const changing = gateway.call('/items/validated', { method: 'DELETE' })
  await seen(3)
  held[1]!((_request, response) => { response.writeHead(204).end() })
  await changing
  gateway.upstream.answer = publicly('{"n":2}')
  held[0]!(publicly('{"n":"of before"}'))
  t.match(await reading, { body: '{"n":2}' })
  t.match(await gateway.call('/items/validated'), { body: '{"n":2}' })
})

t.test('an answer that varies by what was not known to choose is not that of all who waited for it', async (t) => {
  gateway.upstream.answer = publicly('{"known":true}')
  await gateway.call('/items/known-to-vary')
  const held = holding()
  const calls = ['a/b', 'c/d'].map(async (type) => gateway.call('/items/varying', { headers: { 'User-Agent': type } }))
  await seen(2)
  await waiting(1)
  gateway.upstream.answer = publicly('{"n":2}', { vary: 'User-Agent' })
  held[0]!(publicly('{"n":1}', { vary: 'User-Agent' }))
  t.strictSame((await Promise.all(calls)).map(({ body }) => body).toSorted(), ['{"n":1}', '{"n":2}'])
})
