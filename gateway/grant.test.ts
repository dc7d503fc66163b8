import { gzipSync } from 'node:zlib'
import t from 'tap'
import type { Test } from 'tap'
import { checkSignature, custodyOptions, withCustody } from './harness/custody.ts'
import { startGateway, until } from './harness/gateway.ts'
import type { CallOptions, Harness } from './harness/gateway.ts'
import { consumer, granting, purpose, recordsContract, withoutCitizen, writtenGrant } from './harness/grants.ts'
import { basePath, ids } from './harness/platform.ts'
import { checkNextServed, checkProblem } from './harness/refusal.ts'
import { answerOk } from './harness/upstream.ts'
import type { AnswerAs } from './harness/upstream.ts'
import type { WireAnswer } from './harness/wire.ts'

const narrowing = granting([writtenGrant({ fields: withoutCitizen })])
const jsonType = { 'content-type': 'application/json' }
const sending = (body: string | Buffer, headers: Readonly<Record<string, string>> = jsonType, status = 200): AnswerAs => (_request, response) => { response.writeHead(status, { 'content-length': Buffer.byteLength(body), ...headers }).end(body) }
const item = '{ "id": "a", "price": 10.50, "citizen": { "fullName": "Persona Segnaposto", "fiscalCode": "YYYYYY00H00Z000Q" }, "notes": [ ] }'
const narrowed = '{ "id": "a", "price": 10.50, "notes": [ ] }'
const personal = /citizen|Persona|YYYYYY|fullName|fiscalCode/

/** Nothing of what is withheld is anywhere in an answer or a record. */
async function checkNothingLeaks (t: Test, gateway: Harness, ...answers: readonly WireAnswer[]): Promise<void> {
  for (const { headers, body } of answers) t.notMatch(JSON.stringify(headers) + body, personal)
  t.notMatch(JSON.stringify(await gateway.takeRecords(answers.length)), personal)
}

t.test('what is withheld is taken out on the bytes, and everything else keeps its spelling', async (t) => {
  const gateway = await startGateway(t, narrowing)
  gateway.upstream.answer = sending(item)
  const one = await gateway.call('/items/a')
  t.match(one, { status: 200, body: narrowed, headers: { 'content-type': 'application/json', 'content-length': String(narrowed.length) } })
  gateway.upstream.answer = sending(`{"items":[${item},${item}],"next":"x"}`)
  const list = await gateway.call('/items')
  t.equal(list.body, `{"items":[${narrowed},${narrowed}],"next":"x"}`)
  gateway.upstream.answer = sending(narrowed)
  t.equal((await gateway.call('/items/a')).body, narrowed, 'one that has nothing of it is given as it is')
  t.match((await gateway.takeRecords(3)).map(({ grant, bytesSent }) => ({ grant, bytesSent }))[0], { grant: 'records 1', bytesSent: narrowed.length })
  gateway.upstream.answer = sending(item)
  await checkNothingLeaks(t, gateway, await gateway.call('/items/a'), await gateway.call('/items/a', { method: 'PATCH', body: {} }))
})

t.test('an answer that comes in pieces is narrowed as one', async (t) => {
  const gateway = await startGateway(t, narrowing)
  gateway.upstream.answer = (_request, response) => {
    response.writeHead(200, jsonType)
    const next = (index: number): void => {
      if (index === item.length) response.end()
      else response.write(item[index], () => { setImmediate(next, index + 1) })
    }
    next(0)
  }
  t.match(await gateway.call('/items/a'), { body: narrowed, headers: { 'content-length': String(narrowed.length), 'transfer-encoding': undefined } })
})

t.test('a grant that has expired or soon will is in the log from the start', async (t) => {
  const grants = [writtenGrant({ expires: '2026-03-31' }), writtenGrant({ id: 'studies', purpose: ids.purpose, expires: '2026-03-01' }), writtenGrant({ id: 'later', consumer: ids.consumer, expires: '2026-04-01' })]
  const gateway = await startGateway(t, granting(grants))
  t.strictSame(gateway.logs.filter(({ event }) => event === 'grants').map(({ level, message }) => [level, message]), [
    [40, 'archive: grant "studies", version 1, was good until 2026-03-01: whoever it is for is refused'],
    [40, 'archive: grant "records", version 1, is good until 2026-03-31: have it reviewed before then']
  ])
})

t.test('only what is named is left', async (t) => {
  const gateway = await startGateway(t, granting([writtenGrant({ fields: { getItem: { only: ['/id', '/notes/*/text'] } } })]))
  gateway.upstream.answer = sending('{"id":"a","undeclared":1,"notes":[{"author":"b","text":"c"}]}')
  t.equal((await gateway.call('/items/a')).body, '{"id":"a","notes":[{"text":"c"}]}')
})

t.test('the upstream is asked for what can be narrowed: JSON, as it is, whole and without condition', async (t) => {
  const gateway = await startGateway(t, { ...narrowing, contract: withParameters(['Range', 'If-Range', 'Accept-Charset']) })
  gateway.upstream.answer = sending(item)
  const headers = { 'Accept': 'text/csv;q=0.9, */*;q=0.1', 'Accept-Encoding': 'gzip, br', 'Accept-Charset': 'utf-16', 'Accept-Language': 'it', 'Range': 'bytes=0-10', 'If-Range': '"x"', 'If-None-Match': '"guess"', 'If-Modified-Since': 'Mon, 02 Mar 2026 10:00:00 GMT', 'If-Unmodified-Since': 'Mon, 02 Mar 2026 10:00:00 GMT' }
  t.equal((await gateway.call('/items/a', { headers })).status, 200)
  const { headers: seen } = gateway.upstream.requests[0]!
  t.match(seen, { 'accept': 'application/json', 'accept-encoding': 'identity', 'accept-language': 'it' })
  for (const name of ['range', 'if-range', 'accept-charset', 'if-none-match', 'if-modified-since', 'if-unmodified-since']) t.notHas(seen, name)
  const call = JSON.parse(Buffer.from(String(seen['varco-call']).split('.')[1] ?? '', 'base64url').toString()) as object
  t.match(call, { grant: { id: 'records', version: 1 } })
})

/** The contract whose items can be asked for with more headers. */
function withParameters (names: readonly string[]): ReturnType<typeof recordsContract> {
  const contract = recordsContract() as unknown as { paths: Record<string, { get: object }> }
  Object.assign(contract.paths['/items/{id}']!.get, { parameters: names.map((name) => ({ name, in: 'header', schema: { type: 'string' } })) })
  return contract as unknown as ReturnType<typeof recordsContract>
}

t.test('who cannot take JSON is refused before anybody is called', async (t) => {
  const gateway = await startGateway(t, narrowing)
  for (const Accept of ['text/csv', 'text/*', 'application/json;q=0, */*']) {
    await checkProblem(t, gateway, await gateway.call('/items', { headers: { Accept } }), { status: 406, code: 'not-acceptable' })
  }
  t.equal(gateway.upstream.requests.length, 0)
  await checkNextServed(t, gateway)
})

const unfit: Readonly<Record<string, AnswerAs>> = {
  'CSV': sending('id,citizen\na,Persona Segnaposto', { 'content-type': 'text/csv' }),
  'HTML that calls itself nothing': sending(item, {}),
  'lines of JSON': sending(`${item}\n${item}`, { 'content-type': 'application/x-ndjson' }),
  'a sequence of JSON': sending(item, { 'content-type': 'application/json-seq' }),
  'two JSON texts': sending(`${item}\n${item}`),
  'JSON that breaks off': sending(item.slice(0, -1)),
  'JSON that goes on': sending(`${item}}`),
  'JSON with a comment': sending(`/* */${item}`),
  'JSON behind a byte order mark': sending(`\ufeff${item}`),
  'JSON in UTF-16': sending(Buffer.from(item, 'utf16le')),
  'JSON that says to be in another charset': sending(item, { 'content-type': 'application/json; charset="iso-8859-1"' }),
  'bytes that are no UTF-8': sending(Buffer.concat([Buffer.from('{"id":"'), Buffer.from([0xff]), Buffer.from('"}')])),
  'a content coding': sending(gzipSync(item), { ...jsonType, 'content-encoding': 'gzip' }),
  'a list instead of an object': sending(`[${item}]`),
  'a part': sending(item.slice(0, 100), { ...jsonType, 'content-range': `bytes 0-99/${item.length}` }, 206),
  'an answer to a condition that nobody made': (_request, response) => { response.writeHead(304, { etag: '"1"' }).end() },
  'nesting without end': sending(`{"notes":${'['.repeat(100)}${']'.repeat(100)}}`),
  'two media types': (_request, response) => { response.writeHead(200, ['Content-Type', 'application/json', 'Content-Type', 'text/plain', 'Content-Length', String(item.length)]).end(item) },
  'two content codings': (_request, response) => { response.writeHead(200, ['Content-Type', 'application/json', 'Content-Encoding', 'identity', 'Content-Encoding', 'gzip']).end(item) },
  'two tags': (_request, response) => { response.writeHead(200, ['Content-Type', 'application/json', 'ETag', '"1"', 'ETag', '"2"']).end(item) },
  'a redirection with a page': sending(`<a href="/Persona">`, { 'content-type': 'text/html', location: '/x' }, 302)
}

t.test('what cannot be narrowed is not passed on', async (t) => {
  const gateway = await startGateway(t, narrowing)
  for (const [name, answer] of Object.entries(unfit)) {
    await t.test(name, async (t) => {
      gateway.upstream.answer = answer
      const refused = await gateway.call('/items/a')
      t.notMatch(JSON.stringify(refused.headers) + refused.body, personal)
      await checkProblem(t, gateway, refused, { status: 502, code: 'upstream-invalid' })
      gateway.upstream.answer = answerOk
      await checkNextServed(t, gateway)
    })
  }
  t.notMatch(JSON.stringify(gateway.logs), personal)
})

t.test('an answer that is too long to be held is not passed on', async (t) => {
  const gateway = await startGateway(t, granting([writtenGrant({ fields: withoutCitizen })], { config: (config) => ({ ...config, limits: { ...config.limits, signedAnswerBytes: 1024 } }) }))
  const long = JSON.stringify({ citizen: { fullName: 'Persona' }, name: 'x'.repeat(1024) })
  for (const answer of [sending(long), ((_request, response) => { response.writeHead(200, jsonType).end(long) }) satisfies AnswerAs]) {
    gateway.upstream.answer = answer
    await checkProblem(t, gateway, await gateway.call('/items/a'), { status: 502, code: 'upstream-invalid' })
  }
})

t.test('an answer that breaks off is a failure: nothing of it had gone out', async (t) => {
  const gateway = await startGateway(t, narrowing)
  gateway.upstream.answer = (_request, response) => { response.writeHead(200, { ...jsonType, 'content-length': 1000 }).write(item, () => { response.destroy() }) }
  const refused = await gateway.call('/items/a')
  t.notMatch(refused.body, personal)
  await checkProblem(t, gateway, refused, { status: 502, code: 'upstream-unreachable' })
})

t.test('of a problem document what the standard knows is passed on', async (t) => {
  const gateway = await startGateway(t, narrowing)
  const problemType = { 'content-type': 'application/problem+json' }
  gateway.upstream.answer = sending('{"type":"about:blank","status":409,"title":"Conflict","code":"x","citizen":{"fullName":"Persona"},"balance":1,"errors":[{"in":"body"}]}', problemType, 409)
  const answer = await gateway.call('/items/a', { method: 'PATCH', body: {} })
  t.match(answer, { status: 409, body: '{"type":"about:blank","status":409,"title":"Conflict","code":"x","errors":[{"in":"body"}]}', headers: { ...problemType, etag: undefined } })
  await checkNothingLeaks(t, gateway, answer)
  for (const body of ['["Persona"]', '"Persona"', 'Persona']) {
    gateway.upstream.answer = sending(body, problemType, 409)
    await checkProblem(t, gateway, await gateway.call('/items/a'), { status: 502, code: 'upstream-invalid' })
  }
})

t.test('answers without a body are passed on, and say nothing of the whole', async (t) => {
  const gateway = await startGateway(t, narrowing)
  gateway.upstream.answer = sending(item, { ...jsonType, 'etag': '"of-the-whole"', 'last-modified': 'Mon, 02 Mar 2026 10:00:00 GMT' })
  const { status, headers } = await gateway.call('/items/a', { method: 'HEAD' })
  t.equal(status, 200)
  for (const name of ['content-length', 'etag', 'last-modified']) t.notHas(headers, name)
  gateway.upstream.answer = (_request, response) => { response.writeHead(204).end() }
  t.match(await gateway.call('/items/a'), { status: 204, body: '' })
  gateway.upstream.answer = (_request, response) => { response.writeHead(303, { 'content-length': 0, 'location': '/rest/archive/v1/items' }).end() }
  t.match(await gateway.call('/items/a'), { status: 303, body: '', headers: { location: '/rest/archive/v1/items', 'content-length': '0' } })
})

t.test('a view is private, whatever the upstream says of the whole', async (t) => {
  const gateway = await startGateway(t, narrowing)
  const cases = [['public, max-age=60, s-maxage=600', 'private, max-age=60'], ['no-cache', 'private, no-cache'], ['private', 'private'], ['public, no-store', 'no-store'], ['private="set-cookie, x", max-age=60', 'no-store'], [undefined, 'no-store']] as const
  for (const [said, expected] of cases) {
    gateway.upstream.answer = sending(item, { ...jsonType, ...said !== undefined && { 'cache-control': said } })
    t.equal((await gateway.call('/items/a')).headers['cache-control'], expected, String(said))
  }
})

t.test('what is said of the whole in several lines is taken out or changed as well', async (t) => {
  const gateway = await startGateway(t, narrowing)
  const [list, date] = [`{"items":[${item}]}`, 'Mon, 02 Mar 2026 10:00:00 GMT']
  gateway.upstream.answer = (_request, response) => {
    response.writeHead(200, ['Content-Type', 'application/json', 'Content-Length', String(list.length), 'Cache-Control', 'max-age=60', 'Cache-Control', 'public, s-maxage=600', 'Last-Modified', date, 'Last-Modified', date, 'Content-Digest', 'sha-256=:AAAA:', 'Content-Digest', 'sha-512=:AAAA:', 'Content-Digest', 'md5=:AAAA:']).end(list)
  }
  const { headers } = await gateway.call('/items')
  t.equal(headers['cache-control'], 'private, max-age=60')
  for (const name of ['last-modified', 'content-digest']) t.notHas(headers, name)
})

t.test('its tag is that of the view: it tells nothing of what is withheld, and serves nobody else', async (t) => {
  const other = { id: 'another', purpose: ids.client, fields: { listItems: { withhold: ['/items/*/notes'] } } }
  const gateway = await startGateway(t, granting([writtenGrant({ fields: withoutCitizen }), writtenGrant(other)], { registry: withPurpose }))
  const send = async (fiscalCode: string, { headers = {}, ...options }: CallOptions = {}): Promise<WireAnswer> => {
    gateway.upstream.answer = sending(`{"items":[{"id":"a","citizen":{"fiscalCode":"${fiscalCode}"}}]}`, { ...jsonType, 'etag': '"of-the-whole"', 'last-modified': 'Mon, 02 Mar 2026 10:00:00 GMT', 'content-digest': 'sha-256=:AAAA:', 'cache-control': 'max-age=60' })
    return gateway.call('/items', { headers, ...options })
  }
  const first = await send('A')
  const etag = first.headers['etag'] as string
  t.match(etag, /^"[\w-]{22}"$/)
  for (const name of ['last-modified', 'content-digest']) t.notHas(first.headers, name)
  t.equal((await send('B')).headers['etag'], etag, 'what is withheld has no part in it')
  for (const tags of [etag, `W/${etag}`, `"x", ${etag}`, '*']) {
    const same = await send('C', { headers: { 'If-None-Match': tags } })
    t.match(same, { status: 304, body: '', headers: { etag, 'cache-control': 'private, max-age=60', 'content-length': undefined, 'content-type': undefined } }, tags)
  }
  t.notHas(gateway.upstream.requests.at(-1)!.headers, 'if-none-match')
  for (const tags of ['"of-the-whole"', '"x"', etag.slice(1, -1), `"${etag.slice(1, 10)}"`]) t.equal((await send('D', { headers: { 'If-None-Match': tags } })).status, 200, tags)
  const foreign = await send('E', { voucher: gateway.voucher({ claims: { purposeId: ids.client } }), headers: { 'If-None-Match': etag } })
  t.equal(foreign.status, 200)
  t.match(foreign.body, '"fiscalCode":"E"')
  t.not(foreign.headers['etag'], etag)
})

/** The registry of the tests with one more purpose of the consumer. */
function withPurpose (content: { purposes: readonly object[], clients: readonly { purposes: readonly string[] }[] }): object {
  const [own] = content.purposes
  return { ...content, purposes: [own, { ...own, id: ids.client, alias: 'altra', versions: [{ id: ids.eservice, state: 'Active', dailyCalls: 1000 }] }], clients: content.clients.map((client) => ({ ...client, purposes: [...client.purposes, ids.client] })) }
}

t.test('another version of a grant is another view', async (t) => {
  const tags: (string | undefined)[] = []
  for (const version of [1, 2]) {
    const gateway = await startGateway(t, granting([writtenGrant({ version, fields: withoutCitizen })]))
    gateway.upstream.answer = sending('{"items":[]}')
    tags.push((await gateway.call('/items')).headers['etag'])
  }
  t.not(tags[0], tags[1])
})

t.test('a change can be made on condition of the view, by whom it was given to', async (t) => {
  const gateway = await startGateway(t, granting([writtenGrant({ fields: withoutCitizen }), writtenGrant({ id: 'another', purpose: ids.client, fields: withoutCitizen })], { registry: withPurpose }))
  gateway.upstream.answer = (request, response) => {
    if (request.method === 'PATCH' && !request.headers['if-match']?.split(', ').includes('"v1"')) response.writeHead(412, { 'content-type': 'application/problem+json' }).end('{"status":412}')
    else response.writeHead(200, { ...jsonType, 'etag': '"v1"' }).end(item)
  }
  const change = async (headers: Readonly<Record<string, string>>, purposeId: string = purpose) => gateway.call('/items/a', { method: 'PATCH', body: {}, headers, voucher: gateway.voucher({ claims: { purposeId } }) })
  const read = await gateway.call('/items/a')
  const etag = read.headers['etag'] as string
  t.match(etag, /^"[\w-]{22}\.[\w-]+"$/)
  t.notMatch(Buffer.from(etag).toString() + Buffer.from(etag, 'base64url').toString('latin1'), 'v1')
  t.match(await gateway.call('/items/a', { headers: { 'If-None-Match': etag } }), { status: 304 })
  const changed = await change({ 'If-Match': etag })
  t.match(changed, { status: 200, body: narrowed })
  t.equal((await change({ 'If-Match': `"x", ${changed.headers['etag']}` })).status, 200, 'the answer to a change has one too')
  t.equal((await change({ 'If-Match': '"v1"' })).status, 412, 'one that was guessed is none')
  t.equal((await change({ 'If-Match': etag }, ids.client)).status, 412, 'it is not that of another purpose')
  for (const tag of [`W/${etag}`, etag.slice(1, -1), etag.replace(/(?<=\.)./, (first) => first === 'A' ? 'B' : 'A'), '', '"', 'x', '"a.b"']) t.equal((await change({ 'If-Match': tag })).status, 412, tag)
  const seen = gateway.upstream.requests.filter(({ method }) => method === 'PATCH').map(({ headers }) => headers['if-match'])
  t.strictSame(new Set(seen.join(', ').split(', ')), new Set(['"v1"', '"unknown-to-the-gateway"']), 'no tag of a caller reaches the upstream')
  gateway.upstream.answer = answerOk
  await change({ 'If-Match': '*', 'If-None-Match': '*', 'If-Unmodified-Since': 'Mon, 02 Mar 2026 10:00:00 GMT' })
  t.match(gateway.upstream.requests.at(-1)!.headers, { 'if-match': '*', 'if-none-match': '*', 'if-unmodified-since': 'Mon, 02 Mar 2026 10:00:00 GMT' }, 'a change does not lose its conditions')
})

t.test('what is withheld cannot be filtered, sorted or selected by', async (t) => {
  const gateway = await startGateway(t, narrowing)
  const queries = ['fiscalCode=YYYYYY00H00Z000Q', '%66iscalCode=x', 'sort=fiscalCode', 'sort=name,-citizen.fiscalCode', 'sort=name&sort=citizen', 'fields=items(citizen)', 'q=Persona']
  for (const query of queries) {
    const refused = await gateway.call(`/items?${query}`)
    t.notMatch(refused.body, /YYYYYY|Persona/)
    await checkProblem(t, gateway, refused, { status: 403, code: 'field-withheld' })
  }
  t.equal(gateway.upstream.requests.length, 0)
  for (const query of ['sort=-name', 'name=citizen', 'fields=id,name']) {
    t.equal((await gateway.call(`/items?${query}`)).status, 200, query)
    await gateway.takeRecords(1)
  }
  const allowing = await startGateway(t, granting([writtenGrant({ fields: { listItems: { withhold: ['/items/*/citizen'], allowParameters: ['q', 'fiscalCode'] } } })]))
  for (const query of ['q=x', 'fiscalCode=x']) t.equal((await allowing.call(`/items?${query}`)).status, 200, query)
  t.match(await allowing.call('/items?sort=fiscalCode'), { status: 403 })
})

t.test('the most specific grant counts, and the newest version of it', async (t) => {
  const grants = [
    writtenGrant({ fields: withoutCitizen }),
    writtenGrant({ id: 'consumer', consumer, operations: ['listItems'] }),
    writtenGrant({ id: 'purpose', version: 1, purpose, operations: ['getPart'] }),
    writtenGrant({ id: 'purpose', version: 2, purpose, operations: ['getItem'], expires: '2026-03-02' })
  ]
  const gateway = await startGateway(t, granting(grants))
  gateway.upstream.answer = sending(item)
  t.match(await gateway.call('/items/a'), { status: 200, body: item }, 'what a grant does not narrow is given whole')
  t.match(await gateway.call('/items'), { status: 403, json: { code: 'operation-not-granted', detail: /expected getItem, got "listItems"/ } })
  gateway.clock.now = Date.parse('2026-03-03T00:00:00+01:00') - 1
  t.equal((await gateway.call('/items/a')).status, 200, 'until the end of its last day in Rome')
  gateway.clock.now++
  t.match(await gateway.call('/items/a'), { status: 403, json: { code: 'grant-expired', detail: /"purpose", version 2, good until 2026-03-02/ } })
  const others = await startGateway(t, granting(grants.slice(0, 2)))
  t.match(await others.call('/items/a'), { status: 403, json: { code: 'operation-not-granted' } })
  t.equal((await others.call('/items')).status, 200)
  t.match((await startGateway(t, granting(grants.slice(0, 1)))).config.eservices, [{ grants: String }])
})

t.test('a refusal is explained in the log by the checks of the grant', async (t) => {
  const gateway = await startGateway(t, narrowing)
  await gateway.call('/items?q=Persona')
  const [record] = await gateway.takeRecords(1)
  t.match(record, { code: 'field-withheld', check: 'grant fields' })
  const lines = (record!['explanation'] as { check: string, outcome: string }[]).filter(({ check }) => check.startsWith('grant'))
  t.match(lines, [{ check: 'grant', outcome: 'pass' }, { check: 'grant expiry', outcome: 'pass' }, { check: 'grant operation', outcome: 'pass' }, { check: 'grant fields', outcome: 'fail' }])
  t.notMatch(JSON.stringify(record), 'Persona')
})

t.test('it is narrowed first and signed then: the digest and the signature are of the bytes that are sent', async (t) => {
  const gateway = await startGateway(t, granting([writtenGrant({ fields: withoutCitizen })], { ...custodyOptions, contract: recordsContract({ 'x-modi': { response: 'signed' } }), config: withCustody }))
  gateway.upstream.answer = sending(item, { ...jsonType, etag: '"v1"' })
  const answer = await gateway.call('/items/a')
  t.match(answer, { status: 200, body: narrowed, headers: { 'content-length': String(narrowed.length) } })
  checkSignature(t, gateway, answer)
  const same = await gateway.call('/items/a', { headers: { 'If-None-Match': answer.headers['etag'] as string } })
  t.match(same, { status: 304, body: '', headers: { digest: undefined } })
  gateway.upstream.answer = sending('Persona', { 'content-type': 'text/plain' })
  const refused = await gateway.call('/items/a')
  checkSignature(t, gateway, refused)
  t.equal(refused.status, 502)
})

t.test('a caller who leaves while the answer comes in ends the upstream\'s work', async (t) => {
  const gateway = await startGateway(t, narrowing)
  gateway.upstream.answer = (_request, response) => { response.writeHead(200, jsonType).write('{"id":') }
  const wire = gateway.connect()
  wire.write(gateway.request('/items/a'))
  await until(() => gateway.upstream.requests.length === 1)
  wire.destroy()
  await until(() => gateway.upstream.requests[0]?.aborted === true)
  t.ok(gateway.upstream.requests[0]?.aborted)
  t.match(await gateway.takeRecords(1), [{ status: 499 }])
})

/** The first bytes of an answer of which the upstream sends only these. */
async function firstBytes (gateway: Harness, path: string): Promise<string> {
  gateway.upstream.answer = (_request, response) => { response.writeHead(200, { ...jsonType, etag: '"v1"' }).write('{"id":"first"') }
  const wire = gateway.connect()
  wire.write(gateway.request(path, { headers: { 'Accept-Encoding': 'gzip', 'If-None-Match': '"v0"', 'Accept': 'text/csv, */*' } }))
  await until(() => wire.received.includes('first'))
  wire.destroy()
  return wire.received
}

t.test('where nothing is narrowed an answer is passed on as it comes, and is asked for as the caller asks', async (t) => {
  const starts = [startGateway(t), startGateway(t, granting([writtenGrant()])), startGateway(t, granting([writtenGrant({ fields: { getItem: withoutCitizen.getItem } })]))]
  for (const gateway of await Promise.all(starts)) {
    const received = await firstBytes(gateway, '/items')
    t.match(received, 'first')
    t.match(received, /^etag: "v1"\r$/im)
    t.match(gateway.upstream.requests[0]!.headers, { 'accept': 'text/csv, */*', 'accept-encoding': 'gzip', 'if-none-match': '"v0"' })
  }
  const gateway = await startGateway(t, narrowing)
  t.notMatch(await firstBytes(gateway, '/items'), 'first', 'where it is, nothing goes out before it is whole')
})

t.test('a public operation needs no grant, and its answers are not narrowed', async (t) => {
  const gateway = await startGateway(t, granting([writtenGrant({ purpose: ids.client })]))
  t.match(await gateway.raw([`GET ${basePath}/open HTTP/1.1`, `Host: ${gateway.host}`]), { status: 200, body: '{"ok":true}' })
})
