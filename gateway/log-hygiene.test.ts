import { generateKeyPairSync } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import type { Line } from '../policies/check.ts'
import { denials } from '../policies/denials.ts'
import type { DenialCode } from '../policies/denials.ts'
import { startGateway, until } from './harness/gateway.ts'
import type { Harness } from './harness/gateway.ts'
import { operationsOf } from './harness/operations.ts'
import { archiveContract, basePath, ids, mintVoucher, upstreamSecret } from './harness/platform.ts'
import type { WireAnswer } from './harness/wire.ts'

const canary = 'canary9f3e7c51'
/** A codice fiscale as it could stand in a path or a body. */
const person = 'RSSMRA80A01H501U'
const now = Date.parse('2026-03-02T10:00:00Z')
const good = mintVoucher(now)
const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey

/** Headers that go with a request to an operation, each with the canary somewhere; beside them a good voucher unless they bring their own. */
const headers: Readonly<Record<string, readonly string[]>> = {
  'Authorization with a broken voucher': [`Authorization: Bearer ${canary}`],
  'authorization in lower case': [`authorization: bearer ${canary}`],
  'AUTHORIZATION in upper case': [`AUTHORIZATION: BEARER ${canary}`],
  'aUtHoRiZaTiOn in mixed case': [`aUtHoRiZaTiOn: Basic ${canary}`],
  'Authorization without a scheme': [`Authorization: ${canary}`],
  'Authorization twice': [`Authorization: Bearer ${canary}`, `authorization: Bearer ${canary}`],
  'Authorization with two credentials': [`Authorization: Bearer ${canary}, Bearer ${canary}`],
  'Authorization with two spaces': [`Authorization: Bearer  ${canary}`],
  'Proxy-Authorization': [`Proxy-Authorization: Basic ${canary}`],
  'X-Api-Key': [`X-Api-Key: ${canary}`],
  'DPoP': [`DPoP: ${canary}`],
  'the scheme DPoP': [`Authorization: DPoP ${canary}`, `DPoP: ${canary}`],
  'Agid-JWT-Signature': [`Agid-JWT-Signature: ${canary}`],
  'AGID-JWT-SIGNATURE twice': [`AGID-JWT-SIGNATURE: ${canary}`, `agid-jwt-signature: ${canary}`],
  'Agid-JWT-TrackingEvidence': [`Agid-JWT-TrackingEvidence: ${canary}`],
  'Digest': [`Digest: SHA-256=${canary}`],
  'Cookie': [`Cookie: session=${canary}`],
  'Varco-Call': [`Varco-Call: ${canary}`],
  'X-Request-ID': [`X-Request-ID: ${canary}`],
  'X-Forwarded-For': [`X-Forwarded-For: ${canary}`],
  'User-Agent and Referer': [`User-Agent: ${canary}`, `Referer: https://example.it/?token=${canary}`],
  'traceparent': [`traceparent: 00-${canary}-1-01`],
  'Accept': [`Accept: text/${canary}`],
  'Expect': [`Expect: ${canary}`],
  'Connection': [`Connection: ${canary}`],
  'Transfer-Encoding': [`Transfer-Encoding: ${canary}`],
  'Content-Length': [`Content-Length: ${canary}`],
  'a header of the contract': [`X-Trace-Note: ${canary}${'x'.repeat(600)}`],
  'a header name': [`X-${canary}: 1`],
  'a broken header name': [`X ${canary}: 1`],
  'a header that is too long': [`X-Long: ${canary}${'x'.repeat(9000)}`],
  'kid of no key': [`Authorization: Bearer ${mintVoucher(now, { header: { kid: canary } })}`],
  'kid of another form': [`Authorization: Bearer ${mintVoucher(now, { header: { kid: `${canary} ` } })}`],
  'kid that is an object': [`Authorization: Bearer ${mintVoucher(now, { header: { kid: { canary } } })}`],
  'jku': [`Authorization: Bearer ${mintVoucher(now, { header: { jku: `https://${canary}.example` } })}`],
  'a voucher by a stranger': [`Authorization: Bearer ${mintVoucher(now, { key: stranger, claims: { [canary]: canary, sub: canary, purposeId: canary } })}`],
  'claims that are not read': [`Authorization: Bearer ${mintVoucher(now, { claims: { [canary]: canary, exp: 1 } })}`],
  'claims of another form': [`Authorization: Bearer ${mintVoucher(now, { claims: { purposeId: canary, exp: canary, aud: [7, canary] } })}`]
}

const json = 'Content-Type: application/json'
/** Requests with the canary elsewhere than in a header. */
const requests: Readonly<Record<string, (host: string) => readonly string[]>> = {
  'a query that is forwarded': (host) => [`GET ${basePath}/items?q=${canary}&tag=${person} HTTP/1.1`, host],
  'a query that is refused': (host) => [`GET ${basePath}/items?access_token=${canary} HTTP/1.1`, host],
  'a query name': (host) => [`GET ${basePath}/items?${canary}=1 HTTP/1.1`, host],
  'a value of another type': (host) => [`GET ${basePath}/items?limit=${canary} HTTP/1.1`, host],
  'a value that comes twice': (host) => [`GET ${basePath}/items?q=${canary}&q=${canary} HTTP/1.1`, host],
  'a broken query': (host) => [`GET ${basePath}/items?q=${canary}%zz HTTP/1.1`, host],
  'a path value': (host) => [`GET ${basePath}/items/${person} HTTP/1.1`, host],
  'a path value that is not allowed': (host) => [`GET ${basePath}/items/${canary}%2f HTTP/1.1`, host],
  'a path that is not there': (host) => [`GET /${canary}/${person} HTTP/1.1`, host],
  'a path in absolute form': (host) => [`GET http://${canary}/ HTTP/1.1`, host],
  'a method that the path does not have': (host) => [`DELETE ${basePath}/blobs/${canary} HTTP/1.1`, host],
  'a method that nobody has': (host) => [`${canary.toUpperCase()} ${basePath}/items HTTP/1.1`, host],
  'a protocol': (host) => [`GET ${basePath}/items ${canary}/1.1`, host],
  'a Host': () => [`GET ${basePath}/items HTTP/1.1`, `Host: ${canary}`],
  'no request at all': () => [canary],
  'a body that is forwarded': (host) => post(host, JSON.stringify({ name: canary, notes: person })),
  'a body of another type': (host) => post(host, JSON.stringify({ name: [canary] })),
  'a body with an unknown member': (host) => post(host, JSON.stringify({ name: 'x', [canary]: 1 })),
  'a body that is no JSON': (host) => post(host, `{"name":"${canary}`),
  'a body with a member twice': (host) => post(host, `{"${canary}":1,"${canary}":2}`),
  'a body with members that the contract leaves open': (host) => [`PUT ${basePath}/notes HTTP/1.1`, host, json, `Content-Length: ${person.length + 7}`, '', `{"${person}":[]}`],
  'a form': (host) => [`POST ${basePath}/items HTTP/1.1`, host, 'Content-Type: application/x-www-form-urlencoded', `Content-Length: ${canary.length + 6}`, '', `token=${canary}`],
  'a media type': (host) => [`POST ${basePath}/items HTTP/1.1`, host, `Content-Type: application/${canary}`, 'Content-Length: 2', '', '{}'],
  'a body where none belongs': (host) => [`GET ${basePath}/items HTTP/1.1`, host, json, `Content-Length: ${canary.length}`, '', canary]
}

function post (host: string, body: string): readonly string[] {
  return [`POST ${basePath}/items HTTP/1.1`, host, json, `Content-Length: ${body.length}`, '', body]
}

/** The contract of the other tests, and one operation whose body may have members of any name. */
const contract = { ...archiveContract, paths: { ...archiveContract['paths'] as object, '/notes': { put: {
  operationId: 'putNotes',
  requestBody: { required: true, content: { 'application/json': { schema: { type: 'object', additionalProperties: { type: 'string', maxLength: 100 } } } } },
  responses: { 200: { description: 'Fatto', content: { 'application/json': { schema: { type: 'object' } } } } }
} } } }

const bytesOf = (lines: readonly string[]): string => lines.includes('') ? lines.join('\r\n') : [...lines, '', ''].join('\r\n')

async function sendAll (gateway: Harness): Promise<WireAnswer[]> {
  const host = `Host: ${gateway.host}`
  const withHeaders = Object.values(headers).map((lines) => {
    const own = lines.some((line) => /^authorization:/i.test(line))
    return [`GET ${basePath}/items HTTP/1.1`, host, ...own ? [] : [`Authorization: Bearer ${good}`], ...lines]
  })
  const elsewhere = Object.values(requests).map((lines) => {
    const [line = '', ...rest] = lines(host)
    return line === canary ? [line] : [line, `Authorization: Bearer ${good}`, ...rest]
  })
  const answers = []
  for (const lines of [...withHeaders, ...elsewhere]) answers.push(await gateway.raw(bytesOf(lines)))
  return answers
}

t.test('what callers send as secrets or personal data is in no log and in no answer', async (t) => {
  const gateway = await startGateway(t, { now, contract })
  const answers = await sendAll(gateway)
  const count = Object.keys(headers).length + Object.keys(requests).length
  const records = () => gateway.logs.filter(({ correlationId, clientIp }) => correlationId !== undefined && clientIp !== undefined)
  await until(() => records().length >= count)
  t.equal(records().length, count, 'every request was recorded once')
  t.ok(new Set(answers.map(({ status }) => status)).size >= 8, 'the requests got far in different ways')
  const names = [...Object.keys(headers), ...Object.keys(requests)]
  for (const secret of [canary, canary.toUpperCase(), person, good.split('.')[2]!.slice(0, 24)]) {
    t.strictSame(gateway.logs.filter((line) => JSON.stringify(line).includes(secret)).map(({ operation, reason }) => ({ operation, reason })), [], 'logs')
    t.strictSame(answers.flatMap((answer, index) => JSON.stringify(answer.headers).includes(secret) || answer.body.includes(secret) ? [names[index]] : []), [], 'answers')
  }
  t.notMatch(JSON.stringify(gateway.logs), /eyJ[\w-]{8}/, 'no part of a token')
  t.notMatch(JSON.stringify([gateway.logs, answers]), upstreamSecret)
  const ask = operationsOf(t, gateway)
  const told = await Promise.all(['/metrics', '/', '/-/view', '/-/config', '/-/eservices', '/-/registry', '/-/processes'].map(async (path) => {
    const { statusCode, body } = await ask(path)
    t.equal(statusCode, 200, path)
    return [path, body] as const
  }))
  const files = await Promise.all((await readdir(gateway.config.state, { recursive: true, withFileTypes: true })).filter((file) => file.isFile()).map(async ({ name, parentPath }) => [name, await readFile(join(parentPath, name), 'latin1')] as const))
  t.equal(files.find(([name]) => name.endsWith('.audit'))?.[1].split('\n').filter((line) => line.includes('"correlationId"')).length, count, 'every request is in the audit file')
  for (const [name, text] of [...told, ...files]) {
    t.strictSame([canary, canary.toUpperCase(), person, upstreamSecret, good.split('.')[2]!.slice(0, 24)].filter((secret) => text.includes(secret)), [], `nothing in ${name}`)
  }
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
