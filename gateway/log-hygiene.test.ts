import { generateKeyPairSync } from 'node:crypto'
import t from 'tap'
import type { Line } from '../policies/check.ts'
import { denials } from '../policies/denials.ts'
import type { DenialCode } from '../policies/denials.ts'
import { canary, canaryContract, filesBelow, hostileRequests, secretsIn } from './harness/canaries.ts'
import { startGateway, until } from './harness/gateway.ts'
import type { Harness } from './harness/gateway.ts'
import { operationsOf } from './harness/operations.ts'
import { ids, mintVoucher, upstreamSecret } from './harness/platform.ts'
import type { WireAnswer } from './harness/wire.ts'

const now = Date.parse('2026-03-02T10:00:00Z')
const good = mintVoucher(now)
const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey

t.test('what callers send as secrets or personal data is in no log and in no answer', async (t) => {
  const gateway = await startGateway(t, { now, contract: canaryContract })
  const requests = hostileRequests(gateway.host, good, now)
  const answers: (readonly [name: string, answer: WireAnswer])[] = []
  for (const [name, bytes] of requests) answers.push([name, await gateway.raw(bytes)])
  const records = () => gateway.logs.filter(({ correlationId, clientIp }) => correlationId !== undefined && clientIp !== undefined)
  await until(() => records().length >= requests.size)
  t.equal(records().length, requests.size, 'every request was recorded once')
  t.ok(new Set(answers.map(([, { status }]) => status)).size >= 8, 'the requests got far in different ways')
  for (const [name, { headers, body }] of answers) t.strictSame(secretsIn(JSON.stringify(headers) + body, good, [upstreamSecret]), [], `the answer to ${name}`)
  for (const line of gateway.logs) t.strictSame(secretsIn(JSON.stringify(line), good, [upstreamSecret]), [], `the log of ${String(line['operation'])}`)
  t.notMatch(JSON.stringify(gateway.logs), /eyJ[\w-]{8}/, 'no part of a token')
  const ask = operationsOf(t, gateway)
  const told = await Promise.all(['/metrics', '/', '/-/view', '/-/config', '/-/eservices', '/-/registry', '/-/processes'].map(async (path) => {
    const { statusCode, body } = await ask(path)
    t.equal(statusCode, 200, path)
    return [path, body] as const
  }))
  const files = await filesBelow(gateway.config.state)
  t.equal(files.find(([name]) => name.endsWith('.audit'))?.[1].split('\n').filter((line) => line.includes('"correlationId"')).length, requests.size, 'every request is in the audit file')
  for (const [name, text] of [...told, ...files]) t.strictSame(secretsIn(text, good, [upstreamSecret]), [], name)
})

t.test('what an upstream says of itself when it fails is in no log and in no answer', async (t) => {
  const gateway = await startGateway(t, { now })
  const stack = `Error: ${canary}\n    at query (/srv/app/node_modules/db/index.js:10:5)`
  const failures: Readonly<Record<string, Harness['upstream']['answer']>> = {
    'a stack': (_request, response) => { response.writeHead(500, { 'content-type': 'text/plain', server: canary, 'x-powered-by': canary, 'set-cookie': `session=${canary}` }).end(stack) },
    'HTML': (_request, response) => { response.writeHead(404, `Not ${canary}`, { 'content-type': 'text/html' }).end(`<pre>${stack}</pre>`) },
    'a refusal of the gateway': (_request, response) => { response.writeHead(401, { 'www-authenticate': canary }).end(stack) },
    'a broken connection': (_request, response) => { response.destroy() },
    'headers of its own on a good answer': (_request, response) => { response.writeHead(200, { 'content-type': 'application/json', server: canary, 'set-cookie': `session=${canary}`, 'x-internal': canary }).end('{}') },
    'no HTTP': (_request, response) => { response.socket?.end(`${canary}\r\n\r\n`) },
    'a broken header': (_request, response) => { response.socket?.end(`HTTP/1.1 200 OK\r\nX ${canary}: 1\r\n\r\n`) }
  }
  for (const [name, answer] of Object.entries(failures)) {
    gateway.upstream.answer = answer
    const { headers, body } = await gateway.call('/items', { method: 'POST', body: { name: 'x' } })
    t.notMatch(JSON.stringify(headers) + body, /canary|srv|node_modules|set-cookie|x-powered-by/i, name)
  }
  await until(() => gateway.logs.length >= Object.keys(failures).length)
  t.notMatch(JSON.stringify(gateway.logs), canary)
})

t.test('the record of a refusal explains it, under the correlation id of the answer', async (t) => {
  const gateway = await startGateway(t, { now })
  const cases: readonly (readonly [code: DenialCode, claims: object])[] = [
    ['voucher-expired', { exp: now / 1000 - 60, iat: now / 1000 - 600 }],
    ['voucher-audience-mismatch', { aud: 'https://other.example' }],
    ['descriptor-mismatch', { descriptorId: ids.client }],
    ['purpose-unknown', { purposeId: ids.client }]
  ]
  for (const [code, claims] of cases) {
    const answer = await gateway.call('/items', { voucher: gateway.voucher({ claims: { ...claims } }) })
    const [record = {}] = await gateway.takeRecords(1)
    t.equal(record['correlationId'], answer.json.correlationId, code)
    t.equal(answer.headers['x-request-id'], answer.json.correlationId)
    t.match(record, { event: 'call refused', code, check: String, reason: String })
    const lines = record['explanation'] as readonly Line[]
    t.match(lines.find(({ outcome }) => outcome === 'fail'), { code, mend: denials[code].mend, expected: String, got: String })
    t.ok(lines.length > 20, 'every check has its line')
  }
})

t.test('before a signature is verified the answer tells nothing of the checks, and the record everything', async (t) => {
  const gateway = await startGateway(t, { now })
  const vouchers = [mintVoucher(now, { key: stranger }), mintVoucher(now, { header: { kid: 'none' } }), mintVoucher(now, { key: stranger, claims: { exp: 1, aud: 'x' } })]
  const details: object[] = []
  for (const voucher of vouchers) {
    const { json } = await gateway.call('/items', { voucher })
    details.push({ ...json, correlationId: undefined })
    const [record] = await gateway.takeRecords(1)
    t.match(record, { code: 'voucher-unverifiable', reason: String })
  }
  t.strictSame(details, details.map(() => details[0]), 'one answer for all of them')
})

t.test('a flood of bad vouchers is recorded, but only 50 a second are explained in full', async (t) => {
  const gateway = await startGateway(t, { now })
  const voucher = mintVoucher(now, { claims: { exp: 1 } })
  await Promise.all(Array.from({ length: 80 }, async () => gateway.call('/items', { voucher })))
  const records = await gateway.takeRecords(80)
  t.equal(records.length, 80)
  t.equal(records.filter(({ explanation }) => (explanation as unknown[]).length > 0).length, 50)
})
