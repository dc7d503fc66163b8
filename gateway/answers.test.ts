import { randomBytes } from 'node:crypto'
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib'
import t from 'tap'
import type { Test } from 'tap'
import type { JsonObject } from '../openapi/document.ts'
import type { AnswerReport, Violation } from './answer-ledger.ts'
import type { AnswerMode } from './answer-modes.ts'
import { checkSignature, custodyOptions, withCustody } from './harness/custody.ts'
import { startGateway, until } from './harness/gateway.ts'
import type { Harness, HarnessOptions } from './harness/gateway.ts'
import { granting, writtenGrant } from './harness/grants.ts'
import { archiveContract } from './harness/platform.ts'
import { checkNextServed, checkProblem } from './harness/refusal.ts'
import { answerOk } from './harness/upstream.ts'
import type { AnswerAs } from './harness/upstream.ts'
import { KeptCopy, longestKept } from './kept-copy.ts'
import { reportOf } from './report.ts'

const item = { type: 'object', additionalProperties: false, required: ['id', 'secret'], properties: { id: { type: 'string', maxLength: 10_000_000 }, n: { type: 'integer' }, secret: { type: 'string', writeOnly: true }, note: { type: 'string' } } }
const problem = { 'application/problem+json': { schema: { type: 'object', required: ['title', 'status'], properties: { title: { type: 'string' }, status: { type: 'integer' } } } } }
const answers = {
  200: { description: 'Fatto', headers: { 'X-Total': { required: true, schema: { type: 'integer', minimum: 0 } }, 'X-RateLimit-Limit': { required: true, schema: { type: 'integer' } } }, content: { 'application/json': { schema: item }, 'text/csv': { schema: { type: 'string', maxLength: 20 } }, 'application/pdf': {} } },
  202: { description: 'Preso in carico' },
  304: { description: 'Non modificato' },
  '4XX': { description: 'Errore', content: problem },
  503: { description: 'Non disponibile', content: problem }
}
const contract = {
  ...archiveContract,
  paths: { ...archiveContract['paths'] as JsonObject, '/checked': { get: { operationId: 'getChecked', responses: answers }, head: { operationId: 'headChecked', responses: answers } } }
} as unknown as JsonObject

const json = { 'content-type': 'application/json', 'x-total': '1' }
const good = '{"id":"a","n":1}'
const sending = (body: string | Buffer, headers: Readonly<Record<string, string>> = json, status = 200): AnswerAs => (request, response) => { response.writeHead(status, { ...Buffer.byteLength(body) > 0 && { 'content-length': Buffer.byteLength(body) }, ...headers }).end(request.method === 'HEAD' ? undefined : body) }

const start = async (t: Test, mode: AnswerMode, options: HarnessOptions = {}): Promise<Harness> => startGateway(t, {
  contract, ...options, config: (config) => {
    const own = options.config?.(config) ?? config
    return { ...own, eservices: own.eservices.map((one) => ({ ...one, answers: mode })) }
  }
})
const reportNow = ({ gateway }: Harness): AnswerReport => gateway.ledgers.of('archive').report()
const toldOf = ({ in: part, pointer, rule }: Violation): string => `${part}${pointer} ${rule}`

interface Wrong { readonly answer: AnswerAs, readonly violation: string, readonly operation?: 'HEAD' }

/** Answers that break the contract, and how. */
const wrong: Readonly<Record<string, Wrong>> = {
  'a status that is not declared': { answer: sending(good, json, 201), violation: 'status undeclared' },
  'a media type that is not declared': { answer: sending('<p>', { 'content-type': 'text/html', 'x-total': '1' }), violation: 'media-type undeclared' },
  'no media type': { answer: sending(good, { 'x-total': '1' }), violation: 'media-type required' },
  'a header that is missing': { answer: sending(good, { 'content-type': 'application/json' }), violation: 'header/X-Total required' },
  'a header that is no integer': { answer: sending(good, { ...json, 'x-total': 'many' }), violation: 'header/X-Total type' },
  'a body that is not declared': { answer: sending(good, {}, 202), violation: 'body undeclared' },
  'a body of another form': { answer: sending('{"id":"a","n":"RSSMRA80A01H501U"}'), violation: 'body/n type' },
  'a large body of another form': { answer: sending(JSON.stringify({ id: 'a'.repeat(300_000), n: 'x' })), violation: 'body/n type' },
  'a body with a member twice': { answer: sending('{"id":"a","id":"b"}'), violation: 'body json' },
  'a body that is no JSON': { answer: sending('{"id":'), violation: 'body json' },
  'a text that is too long': { answer: sending('a,b\n'.repeat(9), { ...json, 'content-type': 'text/csv; charset=utf-8' }), violation: 'body maxLength' },
  'a coded body of another form': { answer: sending(gzipSync('{"n":1}'), { ...json, 'content-encoding': 'gzip' }), violation: 'body required' },
  'a body that is not in its coding': { answer: sending(good, { ...json, 'content-encoding': 'gzip' }), violation: 'body coding' },
  'a problem document without status': { answer: sending('{"title":"No"}', { 'content-type': 'application/problem+json' }, 404), violation: 'body required' },
  'a problem document with a status that is not declared': { answer: sending('{"title":"No","status":507}', { 'content-type': 'application/problem+json' }, 507), violation: 'status undeclared' },
  'a head of another media type': { answer: sending('', { 'content-type': 'text/html', 'x-total': '1' }), violation: 'media-type undeclared', operation: 'HEAD' }
}

/** Answers that keep to it, also where nothing can be said of them. */
const right: Readonly<Record<string, AnswerAs>> = {
  'JSON': sending(good),
  'JSON in gzip': sending(gzipSync(good), { ...json, 'content-encoding': 'gzip' }),
  'JSON in brotli': sending(brotliCompressSync(good), { ...json, 'content-encoding': 'br' }),
  'large JSON': sending(JSON.stringify({ id: 'a'.repeat(300_000) })),
  'text': sending('a,b\n', { ...json, 'content-type': 'text/csv' }),
  'any bytes': sending(randomBytes(1_200_000), { ...json, 'content-type': 'application/pdf' }),
  'nothing': sending('', {}, 202),
  'not modified': sending('', {}, 304),
  'a problem document': sending('{"title":"No","status":404}', { 'content-type': 'application/problem+json' }, 404)
}

t.test('report: whatever comes is passed on byte by byte, and what is wrong with it is known afterwards', async (t) => {
  const gateway = await start(t, 'report')
  for (const [name, { answer, violation, operation }] of Object.entries(wrong)) {
    await t.test(`${name}: ${violation}`, async (t) => {
      gateway.upstream.answer = answer
      const before = reportNow(gateway)
      const got = await gateway.call('/checked', { ...operation && { method: operation } })
      t.not(got.status, 502)
      await until(() => reportNow(gateway).latest[0] !== before.latest[0])
      const { latest: [last] } = reportNow(gateway)
      t.equal(last && toldOf(last), violation)
      const [record] = await gateway.takeRecords(1)
      t.match(last, { operationId: operation ? 'headChecked' : 'getChecked', status: got.status, correlationId: record?.['correlationId'], time: '2026-03-02T10:00:00.000Z' })
      t.notMatch(JSON.stringify(last), /RSSMRA|many/)
    })
  }
  const { violations, answers } = reportNow(gateway)
  t.equal(answers, Object.keys(wrong).length)
  t.equal(violations.reduce((all, { count }) => all + count, 0), Object.keys(wrong).length)
  const before = reportNow(gateway)
  for (const [name, answer] of Object.entries(right)) {
    gateway.upstream.answer = answer
    const { status } = await gateway.call('/checked')
    t.ok(status < 500, name)
  }
  await until(() => reportNow(gateway).bodiesChecked === before.bodiesChecked + 6)
  t.equal(reportNow(gateway).bodiesChecked, before.bodiesChecked + 6, 'all bodies of which the contract says something')
  t.strictSame(reportNow(gateway).violations, before.violations, 'nothing is wrong with them')
})

t.test('enforce: an answer that breaks the contract does not go out', async (t) => {
  const gateway = await start(t, 'enforce')
  for (const [name, { answer, violation, operation }] of Object.entries(wrong)) {
    await t.test(`${name}: ${violation}`, async (t) => {
      gateway.upstream.answer = answer
      const got = await gateway.call('/checked', { ...operation && { method: operation } })
      t.equal(got.status, 502)
      if (operation) await gateway.takeRecords(1)
      else {
        t.notMatch(JSON.stringify(got.headers) + got.body, /x-total|RSSMRA|etag/)
        await checkProblem(t, gateway, got, { status: 502, code: 'upstream-invalid' })
      }
      t.equal(toldOf(reportNow(gateway).latest[0] as Violation), violation)
    })
  }
  for (const [name, answer] of Object.entries(right)) {
    await t.test(`${name} goes out`, async (t) => {
      gateway.upstream.answer = answer
      const got = await gateway.call('/checked')
      t.ok([200, 202, 304, 404].includes(got.status))
      const [record] = await gateway.takeRecords(1)
      t.match(record, { status: got.status, bytesSent: got.bytes.length, contractViolations: undefined })
    })
  }
  gateway.upstream.answer = answerOk
  await checkNextServed(t, gateway)
})

t.test('enforce: nothing goes out before the last byte came, and the record says how many violations there were', async (t) => {
  const gateway = await start(t, 'enforce')
  gateway.upstream.answer = (_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json', 'x-total': 'x' })
    response.end('{')
  }
  await gateway.call('/checked')
  t.match((await gateway.takeRecords(1))[0], { status: 502, code: 'upstream-invalid', check: 'contract', contractViolations: 1, reason: /what its contract says: the header "x-total"/i })
  gateway.upstream.answer = (_request, response) => { response.writeHead(200, json).write(good, () => { response.destroy() }) }
  await checkProblem(t, gateway, await gateway.call('/checked'), { status: 502, code: 'upstream-unreachable' })
})

t.test('enforce: what cannot be checked does not go out either', async (t) => {
  const gateway = await start(t, 'enforce', { config: (config) => ({ ...config, limits: { ...config.limits, signedAnswerBytes: 100_000 } }) })
  const long = JSON.stringify({ id: 'a'.repeat(200_000) })
  const cases: Readonly<Record<string, readonly [AnswerAs, RegExp]>> = {
    'longer than may be held': [sending(long), /limits\.signedAnswerBytes/],
    'longer, and says so only by coming': [(_request, response) => { response.writeHead(200, json).end(long) }, /limits\.signedAnswerBytes/],
    'unfolds to more': [sending(gzipSync(long), { ...json, 'content-encoding': 'gzip' }), /limits\.signedAnswerBytes/],
    'in a coding that is not known': [sending(deflateSync(good), { ...json, 'content-encoding': 'deflate' }), /coding/]
  }
  for (const [name, [answer, reason]] of Object.entries(cases)) {
    gateway.upstream.answer = answer
    const got = await gateway.call('/checked')
    t.match(gateway.logs.at(-1), { reason }, name)
    await checkProblem(t, gateway, got, { status: 502, code: 'upstream-invalid' })
  }
  t.strictSame(reportNow(gateway).bodiesNotChecked, { 'too-long': 3, 'coding': 1 })
  t.strictSame(reportNow(gateway).violations, [])
})

t.test('report: an answer that is too long, or in a coding that is not known, is not checked, and counted', async (t) => {
  const gateway = await start(t, 'report')
  const long = JSON.stringify({ id: 'a'.repeat(1_100_000) })
  for (const answer of [sending(long), ((_request, response) => { response.writeHead(200, json).end(long) }) satisfies AnswerAs, sending(gzipSync(long), { ...json, 'content-encoding': 'gzip' })]) {
    gateway.upstream.answer = answer
    t.equal((await gateway.call('/checked')).status, 200)
  }
  gateway.upstream.answer = sending(deflateSync(good), { ...json, 'content-encoding': 'deflate' })
  t.equal((await gateway.call('/checked')).status, 200)
  await until(() => Object.values(reportNow(gateway).bodiesNotChecked).reduce((all, count) => all + count, 0) === 4)
  t.match(reportNow(gateway), { bodiesChecked: 0, bodiesNotChecked: { 'too-long': 3, 'coding': 1 }, violations: [] })
})

t.test('sample: heads always, bodies of the first answers and of one in a hundred', async (t) => {
  const gateway = await start(t, 'sample')
  gateway.upstream.answer = sending(good)
  for (let call = 0; call < 100; call++) await gateway.call('/checked')
  await until(() => reportNow(gateway).bodiesChecked === 11)
  t.match(reportNow(gateway), { answers: 100, bodiesChecked: 11 })
  gateway.upstream.answer = sending(good, json, 418)
  await gateway.call('/checked')
  t.equal(toldOf(reportNow(gateway).latest[0] as Violation), 'media-type undeclared', 'heads are always looked at')
})

t.test('off: nothing is looked at', async (t) => {
  const gateway = await start(t, 'off')
  gateway.upstream.answer = sending('x', {}, 299)
  t.equal((await gateway.call('/checked')).status, 299)
  t.match(reportNow(gateway), { answers: 0, violations: [] })
})

t.test('an answer that is replaced anyway breaks the contract where that does not have it', async (t) => {
  const gateway = await start(t, 'report')
  for (const [status, violation] of [[500, 'status undeclared'], [404, 'media-type undeclared'], [401, 'media-type undeclared']] as const) {
    gateway.upstream.answer = sending('<p>', { 'content-type': 'text/html' }, status)
    await gateway.call('/checked')
    t.equal(toldOf(reportNow(gateway).latest[0] as Violation), violation, String(status))
    t.match((await gateway.takeRecords(1))[0], { contractViolations: 1 })
  }
})

t.test('a call that the gateway refuses itself has no answer to be checked', async (t) => {
  const gateway = await start(t, 'enforce')
  t.equal((await gateway.call('/checked', { voucher: null })).status, 401)
  t.equal((await gateway.call('/checked?x=1')).status, 400)
  t.equal(reportNow(gateway).answers, 0)
})

t.test('the log has one line of a kind in ten seconds, with the call that it was, and how many it stands for', async (t) => {
  const gateway = await start(t, 'report')
  gateway.upstream.answer = sending('<p>', { 'content-type': 'text/html', 'x-total': '1' })
  const lines = () => gateway.logs.filter(({ event }) => event === 'contract violated')
  for (let call = 0; call < 4; call++) await gateway.call('/checked')
  t.equal(lines().length, 1)
  t.match(lines()[0], { level: 40, eservice: 'archive', operationId: 'getChecked', status: 200, in: 'media-type', rule: 'undeclared', correlationId: String, withheld: undefined })
  gateway.clock.now += 10_000
  await gateway.call('/checked')
  t.match(lines()[1], { withheld: 3 })
})

t.test('operations see what was counted, also over a reload', async (t) => {
  const gateway = await start(t, 'report')
  gateway.upstream.answer = sending(good, {}, 202)
  await gateway.call('/checked')
  const seen = () => reportOf(gateway.gateway, 0).eservices[0]?.answers
  t.match(seen(), { mode: 'report', answers: 1, violations: [{ operationId: 'getChecked', in: 'body', count: 1 }], latest: [{ pointer: '', rule: 'undeclared' }] })
  const next = await gateway.gateway.prepare({ ...gateway.config, eservices: gateway.config.eservices.map((one) => ({ ...one, answers: 'enforce' })) })
  next.commit()
  t.equal((await gateway.call('/checked')).status, 502)
  t.match(seen(), { mode: 'enforce', answers: 2, violations: [{ operationId: 'getChecked', in: 'body', count: 2 }] })
})

t.test('what is checked of a narrowed answer is what the upstream sent', async (t) => {
  for (const mode of ['report', 'enforce'] as const) {
    const own = granting([writtenGrant({ fields: { getChecked: { withhold: ['/n'] } } })])
    const gateway = await start(t, mode, { ...own, contract })
    gateway.upstream.answer = sending(good)
    t.match(await gateway.call('/checked'), { status: 200, body: '{"id":"a"}' }, `${mode}: a good one is narrowed`)
    gateway.upstream.answer = sending('{"id":"a","n":"x"}')
    t.equal((await gateway.call('/checked')).status, mode === 'enforce' ? 502 : 200)
    await until(() => reportNow(gateway).latest.length > 0)
    t.equal(toldOf(reportNow(gateway).latest[0] as Violation), 'body/n type', `${mode}: what is withheld is checked too`)
  }
})

t.test('a signed answer is checked before it is signed, and the refusal is signed', async (t) => {
  const gateway = await start(t, 'enforce', { ...custodyOptions, contract: { ...contract, 'x-modi': { response: 'signed' } }, config: withCustody })
  gateway.upstream.answer = sending(good)
  const answer = await gateway.call('/checked')
  t.match(answer, { status: 200, body: good })
  checkSignature(t, gateway, answer)
  gateway.upstream.answer = sending('{}')
  const refused = await gateway.call('/checked')
  t.equal(refused.status, 502)
  checkSignature(t, gateway, refused)
})

t.test('copies of answers that go out take so much memory together and no more', async (t) => {
  const part = Buffer.alloc(longestKept)
  const copies: KeptCopy[] = []
  let fault: string | undefined
  while (fault === undefined && copies.length < 100) {
    const copy = new KeptCopy()
    copies.push(copy)
    fault = copy.add(part)
  }
  t.equal(fault, 'crowded')
  t.ok(copies.length <= 65, 'there is room for 64 of the longest')
  t.equal(copies[0]?.add(Buffer.alloc(1)), 'too-long')
  t.equal(copies.at(-1)?.add(part), undefined, 'what was given up is free again')
  for (const copy of copies) copy.drop()
})
