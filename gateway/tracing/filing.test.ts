import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { randomUUID } from 'node:crypto'
import t from 'tap'
import type { Test } from 'tap'
import { clientId, json, startPlatform, writeClientKey } from '../pdnd/platform-fixture.ts'
import { fileDay } from './filing.ts'
import type { TraceFile } from './trace-file.ts'
import { TracingApi } from './tracing-api.ts'
import type { Filing, Tracing } from './tracing-api.ts'
import { untouched } from './tracing-days.ts'
import type { DayState } from './tracing-days.ts'
import { PretendedPlatform } from './tracing-fixture.ts'

const day = '2026-03-02'
const file: TraceFile = { path: '/nowhere', rows: 2, calls: 5, sha256: 'a'.repeat(64) }
const before = untouched(day, 0)

function filingWith (platform: PretendedPlatform) {
  const kept: DayState[] = []
  let now = 0
  return { kept, options: { platform, now: () => now, wait: async (ms: number) => { now += ms }, keep: async (state: DayState) => { kept.push(state) }, patienceMs: 60_000 } }
}

function holding (state: Tracing['state'] | undefined): PretendedPlatform {
  const platform = new PretendedPlatform()
  if (state) platform.tracings.set(day, { tracingId: randomUUID(), date: day, state })
  return platform
}

const ways: [Tracing['state'] | undefined, Filing][] = [[undefined, 'submit'], ['MISSING', 'recover'], ['ERROR', 'recover'], ['COMPLETED', 'replace'], ['WARNING', 'replace']]
for (const [state, way] of ways) {
  t.test(`where the platform holds ${state ?? 'nothing'} a file is sent by ${way}, once`, async (t) => {
    const platform = holding(state)
    const { kept, options } = filingWith(platform)
    const after = await fileDay(file, before, options)
    t.strictSame(platform.sent, [way])
    t.match(after, { state: 'COMPLETED', filedSha256: file.sha256, attempts: 1, rows: 2, calls: 5, errors: 0, filedAt: String })
    t.same(kept.at(-1), after)
  })

  t.test(`an answer to ${way} that was lost (held before: ${state ?? 'nothing'}) is looked up, and nothing is sent for nothing`, async (t) => {
    const platform = holding(state)
    platform.onSend = () => ({ done: true, ...platform.sent.length === 1 && { answer: { outcome: 'unknown', reason: 'no answer' } } })
    const after = await fileDay(file, before, filingWith(platform).options)
    // Nobody can tell one completed file from another.
    t.strictSame(platform.sent, way === 'replace' ? ['replace', 'replace'] : [way])
    t.match(after, { state: 'COMPLETED', filedSha256: file.sha256 })
  })

  t.test(`a file that did not arrive by ${way} (held before: ${state ?? 'nothing'}) is sent again`, async (t) => {
    const platform = holding(state)
    platform.onSend = () => platform.sent.length === 1 ? { done: false, answer: { outcome: 'unknown', reason: 'no answer' } } : { done: true }
    t.match(await fileDay(file, before, filingWith(platform).options), { state: 'COMPLETED', filedSha256: file.sha256 })
    t.strictSame(platform.sent, [way, way])
  })
}

t.test('what is there already is left as it is', async (t) => {
  const platform = holding('COMPLETED')
  t.match(await fileDay(file, { ...before, filedSha256: file.sha256 }, filingWith(platform).options), { state: 'COMPLETED' })
  t.strictSame(platform.sent, [])
})

t.test('a pending file is waited for, and when it stays so nothing is sent', async (t) => {
  const platform = holding('PENDING')
  t.match(await fileDay(file, before, filingWith(platform).options), { state: 'PENDING' })
  t.strictSame(platform.sent, [])
})

t.test('somebody else was there first: it is looked at anew', async (t) => {
  const platform = holding(undefined)
  platform.onSend = (filing) => {
    if (filing !== 'submit') return { done: true }
    platform.tracings.set(day, { tracingId: randomUUID(), date: day, state: 'MISSING' })
    return { done: false, answer: { outcome: 'refused', status: 400, code: 'TRACING_ALREADY_EXISTS', detail: 'there is one' } }
  }
  t.match(await fileDay(file, before, filingWith(platform).options), { state: 'COMPLETED' })
  t.strictSame(platform.sent, ['submit', 'recover'])
})

t.test('what the platform refuses for another reason is not sent again, and never more than three times', async (t) => {
  const refusing = holding(undefined)
  refusing.onSend = () => ({ done: false, answer: { outcome: 'refused', status: 400, code: 'INVALID_TRACING_DATE', detail: 'not over' } })
  t.match(await fileDay(file, before, filingWith(refusing).options), { state: 'UNFILED', lastError: 'not over', filedSha256: undefined })
  t.equal(refusing.sent.length, 1)
  const silent = holding(undefined)
  silent.onSend = () => ({ done: false, answer: { outcome: 'unknown', reason: 'no answer' } })
  t.match(await fileDay(file, before, filingWith(silent).options), { state: 'UNFILED', lastError: 'no answer', attempts: 3 })
  t.equal(silent.sent.length, 3)
})

t.test('the verdict is kept with what is wrong', async (t) => {
  for (const verdict of ['ERROR', 'WARNING'] as const) {
    const platform = holding(undefined)
    platform.verdict = verdict
    platform.found = { total: 9, errors: [{ purposeId: 'p', severity: 'INVALID', errorCode: 'INVALID_TOKEN', message: 'token_id', rowNumber: 3 }] }
    t.match(await fileDay(file, before, filingWith(platform).options), { state: verdict, errors: 9, lastError: /INVALID_TOKEN in row 3 \(token_id\); 8 more/, filedAt: verdict === 'ERROR' ? undefined : String })
  }
})

/** A client of a platform of a test whose tracing API answers as it is told; the pauses that it makes. */
async function openApi (t: Test, answer: (request: IncomingMessage, response: ServerResponse) => void) {
  const platform = await startPlatform(t)
  platform.answer = answer
  const pauses: number[] = []
  const api = new TracingApi({ environment: platform.environment, client: { version: 'v3', clientId, privateKey: await writeClientKey(t) }, now: () => platform.now, wait: async (ms) => { pauses.push(ms) }, randomUUID, deadlineMs: 300, fileDeadlineMs: 300 })
  t.teardown(async () => api.close())
  const path = join(t.testdir(), 'file.csv')
  await writeFile(path, 'date\n')
  return { platform, api, pauses, path }
}

const tracing = { tracingId: randomUUID(), date: '2026-03-02', state: 'COMPLETED' }
const problem = (status: number, code: string, headers = {}) => json({ type: 'about:blank', status, title: 'x', detail: 'told', errors: [{ code, detail: 'told' }] }, status, headers)

t.test('lists are read to their end, with an unbound voucher', async (t) => {
  const { platform, api } = await openApi(t, (request, response) => {
    const offset = Number(new URL(request.url!, 'http://x').searchParams.get('offset'))
    json({ results: Array.from({ length: Math.min(50, 120 - offset) }, (_one, index) => ({ ...tracing, date: new Date(Date.UTC(2025, 0, 1 + offset + index)).toISOString() })), totalCount: 120 })(request, response)
  })
  t.match(await api.find('2025-04-01'), { date: '2025-04-01' }, 'a day may be told as an instant')
  t.strictSame(platform.asked.splice(0), ['/tracings?offset=0&limit=50', '/tracings?offset=50&limit=50'], 'as far as it has to be')
  t.equal(await api.find('2024-12-31'), undefined)
  t.strictSame(platform.asked, [0, 50, 100].map((offset) => `/tracings?offset=${offset}&limit=50`))
  t.ok(platform.headers.every(({ authorization, dpop }) => /^Bearer voucher-1$/.test(authorization ?? '') && dpop === undefined))
})

t.test('reads are made again after pauses, as long as the platform asks for, and then given up', async (t) => {
  let count = 0
  const { api, pauses, platform } = await openApi(t, (request, response) => {
    const answers = [problem(503, '991'), problem(429, '992', { 'retry-after': '7' }), () => request.socket.destroy(), json({ results: [tracing], totalCount: 1 })]
    answers[count++]!(request, response)
  })
  t.match(await api.find('2026-03-02'), tracing)
  t.strictSame(pauses, [1000, 7000, 4000])
  platform.answer = problem(500, 'GENERIC_ERROR')
  await t.rejects(api.find('2026-03-02'), { name: 'TracingApiError', message: 'the tracing API answered 500 (GENERIC_ERROR: told)' })
  platform.answer = json({ results: 'none' })
  await t.rejects(api.find('2026-03-02'), { message: /no list/ })
  platform.answer = json({ results: [{ tracingId: 'x', date: '2026-03-02', state: 'UNHEARD' }], totalCount: 1 })
  await t.rejects(api.find('2026-03-02'), { message: /list of something else/ })
  platform.answer = () => undefined
  await t.rejects(api.find('2026-03-02'), { message: 'the tracing API gave no answer within 300 ms' })
})

const outcomes: Record<string, [(request: IncomingMessage, response: ServerResponse) => void, object, number]> = {
  'taken': [json({ tracingId: tracing.tracingId, errors: true }), { outcome: 'taken', tracingId: tracing.tracingId }, 1],
  'refused': [problem(400, 'TRACING_ALREADY_EXISTS'), { outcome: 'refused', status: 400, code: 'TRACING_ALREADY_EXISTS' }, 1],
  'in conflict': [problem(409, 'TRACING_CANNOT_BE_UPDATED'), { outcome: 'refused', status: 409 }, 1],
  'a fault': [problem(500, 'GENERIC_ERROR'), { outcome: 'unknown', reason: /500/ }, 1],
  'a page of a proxy': [(_request, response) => { response.writeHead(404).end('<html>') }, { outcome: 'unknown' }, 1],
  'a success that says nothing': [json({}), { outcome: 'unknown' }, 1],
  'no answer': [() => undefined, { outcome: 'unknown', reason: /no answer within 300 ms/ }, 1],
  'a broken connection': [(request) => { request.socket.destroy() }, { outcome: 'unknown', reason: /connection/ }, 1],
  'too many requests': [problem(429, '012-10004'), { outcome: 'refused', status: 429 }, 4]
}
for (const [what, [answer, outcome, times]] of Object.entries(outcomes)) {
  t.test(`a file to which the answer is ${what} is sent ${times === 1 ? 'once' : `${times} times`}`, async (t) => {
    const { api, platform, path } = await openApi(t, answer)
    t.match(await api.send('submit', '2026-03-02', path), outcome)
    t.equal(platform.asked.length, times)
  })
}

t.test('a file goes out as a form, and again with a new voucher where the old one is not taken', async (t) => {
  const bodies: string[] = []
  const { api, platform, path } = await openApi(t, (request, response) => {
    let body = ''
    request.on('data', (chunk: Buffer) => { body += chunk.toString() }).on('end', () => {
      bodies.push(body)
      ;(bodies.length === 1 ? problem(401, 'x') : json({ tracingId: tracing.tracingId }))(request, response)
    })
  })
  t.match(await api.send('submit', '2026-03-02', path), { outcome: 'taken' })
  t.equal(platform.vouchers, 2)
  t.match(bodies[1], /name="file"; filename="tracing.csv"\r\nContent-Type: text\/csv\r\n\r\ndate\n/)
  t.match(bodies[1], /name="date"\r\n\r\n2026-03-02/)
  t.match(await api.send('recover', tracing.tracingId, path), { outcome: 'taken' })
  t.equal(platform.asked.at(-1), `/tracings/${tracing.tracingId}/recover`)
  t.notMatch(bodies[2], /name="date"/)
})

t.test('without a voucher nothing is sent', async (t) => {
  const { api, platform, path } = await openApi(t, json({}))
  platform.grant = json({ status: 400 }, 400)
  t.match(await api.send('submit', '2026-03-02', path), { outcome: 'unknown', reason: /no voucher/ })
  t.equal(platform.asked.length, 0)
  const nobody = createServer().listen(0, '127.0.0.1')
  await once(nobody, 'listening')
  const { port } = nobody.address() as AddressInfo
  nobody.close()
  const lost = await openApi(t, json({}))
  Object.assign(lost.platform.environment, { tracingBase: `http://127.0.0.1:${port}` })
  t.match(await lost.api.send('submit', '2026-03-02', path), { outcome: 'unknown', reason: /ECONNREFUSED/ })
})
