import { randomBytes } from 'node:crypto'
import { chmodSync, rmSync } from 'node:fs'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import t from 'tap'
import type { Test } from 'tap'
import { digestOf } from '../policies/signature-fixture.ts'
import { addKey, checkSignature, custodyOptions, keychainOf, kidOf, nextProducerKey, producerKey, signedCall, signing, withCustody } from './harness/custody.ts'
import { startGateway, until } from './harness/gateway.ts'
import type { Harness, HarnessOptions } from './harness/gateway.ts'
import { archiveContract, ids } from './harness/platform.ts'
import { checkNextServed, checkProblem } from './harness/refusal.ts'
import { answerOk } from './harness/upstream.ts'
import type { AnswerAs } from './harness/upstream.ts'

const start = async (t: Test, options: HarnessOptions = {}): Promise<Harness> => startGateway(t, { ...custodyOptions, ...options })
const binary = { 'content-type': 'application/octet-stream' }
const sending = (body: Buffer, headers: Readonly<Record<string, string>> = binary, status = 200): AnswerAs => (_request, response) => { response.writeHead(status, { 'content-length': body.length, ...headers }).end(body) }
const unsigned = (t: Test, { headers }: { headers: Readonly<Record<string, string>> }): void => {
  t.equal(headers['digest'], undefined)
  t.equal(headers['agid-jwt-signature'], undefined)
}

t.test('an answer of any length is signed over the bytes that are sent', async (t) => {
  const gateway = await start(t)
  for (const size of [1, 2, 1000, 100 * 1024, 3 * 1024 * 1024]) {
    const body = randomBytes(size)
    gateway.upstream.answer = sending(body)
    const answer = await gateway.call('/blobs/a')
    t.match(answer, { status: 200, headers: { 'content-length': String(size), 'content-type': 'application/octet-stream' } })
    t.ok(answer.bytes.equals(body))
    const claims = checkSignature(t, gateway, answer)
    t.notHas(claims, 'request_digest', 'the request was not signed')
    t.match((await gateway.takeRecords(1))[0], { status: 200, bytesSent: size, evidence: undefined })
  }
})

t.test('an answer in pieces becomes whole, with a length of its own', async (t) => {
  const gateway = await start(t)
  const pieces = Array.from({ length: 20 }, () => randomBytes(5000))
  gateway.upstream.answer = (_request, response) => {
    response.writeHead(200, binary)
    const next = (index: number): void => {
      if (index === pieces.length) response.end()
      else response.write(pieces[index], () => { setTimeout(next, 1, index + 1) })
    }
    next(0)
  }
  const answer = await gateway.call('/blobs/a')
  t.ok(answer.bytes.equals(Buffer.concat(pieces)))
  t.match(answer.headers, { 'content-length': '100000', 'transfer-encoding': undefined })
  checkSignature(t, gateway, answer)
})

t.test('what is signed of a coded answer are the coded bytes, and that they are coded', async (t) => {
  const gateway = await start(t)
  const coded = gzipSync('{"ok":true}')
  gateway.upstream.answer = sending(coded, { 'content-type': 'application/json; charset=utf-8', 'content-encoding': 'gzip' })
  const answer = await gateway.call('/items', { headers: { 'Accept-Encoding': 'gzip' } })
  t.match(answer.headers, { 'content-encoding': 'gzip', 'content-type': 'application/json; charset=utf-8' })
  t.equal(gunzipSync(answer.bytes).toString(), '{"ok":true}')
  checkSignature(t, gateway, answer)
})

t.test('what is signed of headers is what the caller gets of them, and an answer that says it twice is none', async (t) => {
  const gateway = await start(t)
  const raw = (...headers: readonly string[]): AnswerAs => ({ socket }) => { socket.end(['HTTP/1.1 200 OK', ...headers, 'Content-Length: 2', 'Connection: close', '', '{}'].join('\r\n')) }
  gateway.upstream.answer = raw('Content-Type: application/json;  charset=utf-8 \t ')
  const answer = await gateway.call('/items')
  t.strictSame(checkSignature(t, gateway, answer)['signed_headers'], [{ digest: answer.headers['digest'] }, { 'content-type': answer.headers['content-type'] }])
  await gateway.takeRecords(1)
  for (const name of ['Content-Type: application/json', 'Content-Encoding: gzip']) {
    gateway.upstream.answer = raw('Content-Type: application/json', name, name)
    await checkProblem(t, gateway, await gateway.call('/items'), { status: 502, code: 'upstream-invalid' })
  }
  await checkNextServed(t, gateway)
})

t.test('D10: an answer without a body has nothing to sign', async (t) => {
  const gateway = await start(t)
  gateway.upstream.answer = sending(Buffer.alloc(0))
  unsigned(t, await gateway.call('/blobs/a'))
  gateway.upstream.answer = (_request, response) => { response.writeHead(204).end() }
  const deleted = await gateway.call('/items/a', { method: 'DELETE' })
  t.equal(deleted.status, 204)
  t.equal(deleted.headers['content-length'], undefined)
  unsigned(t, deleted)
  gateway.upstream.answer = (request, response) => {
    if (request.headers['if-none-match'] === '"1"') response.writeHead(304, { etag: '"1"' }).end()
    else response.writeHead(200, { 'content-type': 'application/json', 'etag': '"1"', 'cache-control': 'private' }).end('{"n":1}')
  }
  const whole = await gateway.call('/items/a')
  t.equal(whole.headers['etag'], '"1"')
  checkSignature(t, gateway, whole)
  const same = await gateway.call('/items/a', { headers: { 'If-None-Match': '"1"' } })
  t.match(same, { status: 304, body: '', headers: { etag: '"1"' } })
  unsigned(t, same)
})

t.test('a problem of the e-service is signed as it is; one that replaces its answer is ours, and signed too', async (t) => {
  const gateway = await start(t)
  gateway.upstream.answer = sending(Buffer.from('{"status":422,"title":"No"}'), { 'content-type': 'application/problem+json' }, 422)
  const problem = await gateway.call('/items/a')
  t.match(problem, { status: 422, json: { title: 'No' } })
  checkSignature(t, gateway, problem)
  gateway.upstream.answer = sending(Buffer.from('<h1>no'), { 'content-type': 'text/html', 'etag': '"upstream"', 'content-encoding': 'br' }, 500)
  await gateway.takeRecords(1)
  const replaced = await gateway.call('/items/a')
  checkSignature(t, gateway, replaced)
  t.match(replaced.headers, { 'etag': undefined, 'content-encoding': undefined })
  await checkProblem(t, gateway, replaced, { status: 502, code: 'upstream-invalid' })
})

t.test('what the upstream says of digest and signature is not passed on, demanded or not, declared or not', async (t) => {
  const contract = structuredClone(archiveContract) as any
  const header = { schema: { type: 'string' } }
  contract.paths['/items'].get.responses[200].headers = { 'Digest': header, 'Agid-JWT-Signature': header, 'X-Total': header }
  for (const demanding of [contract, { ...contract, 'x-modi': { response: 'signed' } }]) {
    const gateway = await start(t, { contract: demanding })
    gateway.upstream.answer = sending(Buffer.from('{}'), { 'content-type': 'application/json', 'digest': 'SHA-256=upstream', 'agid-jwt-signature': 'upstream', 'x-total': '1' })
    const answer = await gateway.call('/items')
    t.equal(answer.headers['x-total'], '1')
    t.notMatch(JSON.stringify(answer.headers), /upstream/)
    if (demanding === contract) unsigned(t, answer)
    else checkSignature(t, gateway, answer)
  }
})

t.test('D14: the answer to a signed request says to which', async (t) => {
  const gateway = await start(t, { contract: signing({ patterns: ['INTEGRITY_REST_02'] }) })
  const body = Buffer.from('{"name":"Ciao mondo"}')
  const answer = await gateway.call('/items', signedCall(gateway, { method: 'POST', body }))
  t.equal(checkSignature(t, gateway, answer)['request_digest'], digestOf(body))
  const nothing = await gateway.call('/items')
  t.notHas(checkSignature(t, gateway, nothing), 'request_digest')
  const refused = await gateway.call('/items', signedCall(gateway, { method: 'POST', body: Buffer.from('{"nome":1}') }))
  t.equal(refused.status, 400)
  t.equal(checkSignature(t, gateway, refused)['request_digest'], digestOf('{"nome":1}'))
})

t.test('refusals are signed from the burst limit on, before it they are not', async (t) => {
  const gateway = await start(t, { contract: signing({ patterns: ['INTEGRITY_REST_02'] }) })
  const cases = [
    ['signature-missing', true, async () => gateway.call('/items', { method: 'POST', body: { name: 'x' } })],
    ['invalid-parameter', true, async () => gateway.call('/items?limit=x')],
    ['voucher-missing', false, async () => gateway.call('/items', { voucher: null })],
    ['purpose-unknown', false, async () => gateway.call('/items', { voucher: gateway.voucher({ claims: { purposeId: ids.client } }) })],
    ['route-not-found', false, async () => gateway.call('/nothing')]
  ] as const
  for (const [code, isSigned, send] of cases) {
    const answer = await send()
    t.equal(answer.json.code, code, `${isSigned ? 'signed' : 'unsigned'}: ${code}`)
    if (isSigned) checkSignature(t, gateway, answer)
    else unsigned(t, answer)
  }
  const limited = await start(t, { config: (config) => ({ ...withCustody(config), eservices: withCustody(config).eservices.map((one) => ({ ...one, burst: { requests: 1, seconds: 60 } })) }) })
  checkSignature(t, limited, await limited.call('/items'))
  const exceeded = await limited.call('/items')
  t.equal(exceeded.json.code, 'burst-exceeded', 'unsigned: burst-exceeded')
  unsigned(t, exceeded)
})

t.test('a public operation is not signed', async (t) => {
  const gateway = await start(t)
  unsigned(t, await gateway.call('/open', { voucher: null }))
})

const small = (config: Parameters<typeof withCustody>[0]) => ({ ...withCustody(config), limits: { ...config.limits, signedAnswerBytes: 100_000 } })

t.test('an answer that is longer than may be held is a failure of the upstream, and nothing of it goes out', async (t) => {
  const gateway = await start(t, { config: small })
  gateway.upstream.answer = sending(randomBytes(100_000))
  t.equal((await gateway.call('/blobs/a')).bytes.length, 100_000)
  await gateway.takeRecords(1)
  const long: Readonly<Record<string, AnswerAs>> = {
    'a declared length': sending(randomBytes(100_001)),
    'no declared length': (_request, response) => { response.writeHead(200, binary).end(randomBytes(100_001)) },
    'no end': (_request, response) => {
      response.writeHead(200, binary)
      const write = (): void => { while (!response.destroyed && response.write(randomBytes(10_000))); }
      response.on('drain', write)
      write()
    }
  }
  for (const [name, answer] of Object.entries(long)) {
    await t.test(`too long, ${name}: upstream-invalid`, async (t) => {
      gateway.upstream.answer = answer
      const refused = await gateway.call('/blobs/a')
      checkSignature(t, gateway, refused)
      await checkProblem(t, gateway, refused, { status: 502, code: 'upstream-invalid' })
      gateway.upstream.answer = answerOk
      await checkNextServed(t, gateway)
    })
  }
})

const broken: Readonly<Record<string, readonly [answer: AnswerAs, status: number, code: 'upstream-unreachable' | 'upstream-invalid' | 'upstream-timeout']>> = {
  'breaks off': [(_request, response) => { response.writeHead(200, { ...binary, 'content-length': 1000 }).write('half', () => { response.destroy() }) }, 502, 'upstream-unreachable'],
  'breaks off in pieces': [(_request, response) => { response.writeHead(200, binary).write('half', () => { response.destroy() }) }, 502, 'upstream-unreachable'],
  'stops in the middle': [(_request, response) => { response.writeHead(200, binary).write('half') }, 504, 'upstream-timeout'],
  'says nothing': [() => undefined, 504, 'upstream-timeout']
}

t.test('an answer that does not come whole is a failure of the upstream: nothing of it had gone out', async (t) => {
  const gateway = await start(t, { config: (config) => ({ ...withCustody(config), eservices: withCustody(config).eservices.map((one) => ({ ...one, upstream: { ...one.upstream, timeoutMs: 600 } })) }) })
  for (const [name, [answer, status, code]] of Object.entries(broken)) {
    await t.test(`${name}: ${code}`, async (t) => {
      gateway.upstream.answer = answer
      gateway.upstream.requests.length = 0
      const refused = await gateway.call('/blobs/a')
      checkSignature(t, gateway, refused)
      await checkProblem(t, gateway, refused, { status, code })
      t.equal(gateway.upstream.requests.length, 1, 'it was answered once, and is not asked again')
      gateway.upstream.answer = answerOk
      await checkNextServed(t, gateway)
    })
  }
})

t.test('a caller who leaves while the answer comes in ends the upstream\'s work', async (t) => {
  const gateway = await start(t)
  gateway.upstream.answer = (_request, response) => { response.writeHead(200, binary).write('half') }
  const wire = gateway.connect()
  wire.write(gateway.request('/blobs/a'))
  await until(() => gateway.upstream.requests.length === 1)
  await new Promise((resolve) => { setTimeout(resolve, 30) })
  wire.destroy()
  await until(() => gateway.upstream.requests[0]?.aborted === true)
  t.ok(gateway.upstream.requests[0]?.aborted)
  t.match(await gateway.takeRecords(1), [{ status: 499 }])
})

t.test('the issuer is the id of the keychain where one is configured', async (t) => {
  const keychainId = '10000000-0000-4000-8000-00000000000a'
  const gateway = await start(t, { config: (config) => ({ ...withCustody(config), eservices: withCustody(config).eservices.map((one) => ({ ...one, keychainId })) }) })
  const { headers } = await gateway.call('/items')
  t.match(Buffer.from(headers['agid-jwt-signature']?.split('.')[1] ?? '', 'base64url').toString(), `"iss":"${keychainId}"`)
})

t.test('140: the key is rotated by adding a file, under load, and no call fails', async (t) => {
  const known = new Set([kidOf(producerKey)])
  const gateway = await start(t, { isPublished: async (kid) => known.has(kid) })
  const kids = new Map<string, number>()
  let [failed, sent] = [0, 0]
  const callFor = async (ends: { now: boolean }): Promise<void> => {
    while (!ends.now) {
      sent++
      const answer = await gateway.call('/items')
      const { kid } = JSON.parse(Buffer.from(answer.headers['agid-jwt-signature']?.split('.')[0] ?? 'e30', 'base64url').toString()) as { kid?: string }
      if (answer.status !== 200 || kid === undefined) failed++
      else if (!kids.has(kid) || kids.get(kid)! % 50 === 0) checkSignature(t, gateway, answer, [producerKey, nextProducerKey])
      kids.set(kid ?? '', (kids.get(kid ?? '') ?? 0) + 1)
    }
  }
  const ends = { now: false }
  const clients = Array.from({ length: 200 }, async () => callFor(ends))
  await until(() => (kids.get(kidOf(producerKey)) ?? 0) > 300)
  await writeFile(join(keychainOf(gateway.config.registry), '2026-03-broken.pem'), '-----BEGIN PRIVATE KEY-----\nAAAA', { mode: 0o600 })
  addKey(gateway.config, '2026-02.pem', nextProducerKey)
  await until(() => gateway.logs.filter(({ event }) => event === 'custody').length >= 2)
  t.match(gateway.logs.filter(({ event }) => event === 'custody').map(({ message }) => String(message)).toSorted((left, right) => left < right ? -1 : 1), [/2026-02\.pem: the platform does not know the key/, /2026-03-broken\.pem: is no private key/])
  const before = sent
  await until(() => sent > before + 300)
  t.strictSame([...kids.keys()], [kidOf(producerKey)], 'the platform does not know the new key yet')
  known.add(kidOf(nextProducerKey))
  await rm(join(keychainOf(gateway.config.registry), '2026-03-broken.pem'))
  await until(() => (kids.get(kidOf(nextProducerKey)) ?? 0) > 300)
  await rm(keychainOf(gateway.config.registry), { recursive: true })
  const gone = sent
  await until(() => sent > gone + 300)
  ends.now = true
  await Promise.all(clients)
  t.equal(failed, 0, `of ${sent}`)
  t.strictSame([...kids.keys()], [producerKey, nextProducerKey].map(kidOf))
})

t.test('where a contract demands signed answers a start without a key is refused, and says what is missing', async (t) => {
  await t.rejects(start(t, { config: (config) => config }), { message: /^e-service "archive": operation "listItems" demands signed answers \(response: signed, PROFILE_NON_REPUDIATION_01\): configure keychain/ })
  const spoiled: readonly (readonly [message: RegExp, spoil: (folder: string) => void])[] = [
    [/there is no key \(\*\.pem\)/, (folder) => { rmSync(join(folder, '2026-01.pem')) }],
    [/2026-01\.pem: is open to other users: run chmod 600/, (folder) => { chmodSync(join(folder, '2026-01.pem'), 0o644) }],
    [/cannot be read \(ENOENT\)/, (folder) => { rmSync(folder, { recursive: true }) }]
  ]
  for (const [message, spoil] of spoiled) {
    const error = await start(t, { config: (config) => {
      const changed = withCustody(config)
      spoil(keychainOf(config.registry))
      return changed
    } }).then(() => undefined, (thrown: Error) => thrown)
    t.match(error?.message, message)
    t.match(error?.message, /^e-service "archive": operation "listItems" demands signed answers, and no key of its keychain can be used: /)
  }
})

t.test('a contract that demands no signed answers needs no keychain, and its answers are passed on as they come', async (t) => {
  const gateway = await startGateway(t)
  gateway.upstream.answer = (_request, response) => { response.writeHead(200, binary).write('first') }
  const wire = gateway.connect()
  wire.write(gateway.request('/blobs/a'))
  await until(() => wire.received.includes('first'))
  t.match(wire.received, 'first')
  wire.destroy()
})
