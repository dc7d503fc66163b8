import { setTimeout as wait } from 'node:timers/promises'
import t from 'tap'
import { startGateway, until } from '../harness/gateway.ts'
import type { Harness, HarnessOptions } from '../harness/gateway.ts'
import { agreedClaims, evidenceDigestOf, makeEvidence } from '../../policies/evidence-fixture.ts'
import { clientKeysOf } from '../../policies/signature-fixture.ts'
import { custodyOptions, keeping, signedCall } from '../harness/custody.ts'
import { granting, withoutCitizen, writtenGrant } from '../harness/grants.ts'
import { archiveContract, audience, ids, jwksOf } from '../harness/platform.ts'
import type { AnswerAs } from '../harness/upstream.ts'
import type { CallRecord, Durability } from './call-record.ts'
import type { Trail } from './trail.ts'

interface Added { readonly record: CallRecord, readonly durability: Durability, readonly told: (isKept: boolean) => void }

/** A trail that keeps nothing before it is let, and says so as it is told to. */
class HeldTrail implements Trail {
  works = true
  readonly added: Added[] = []
  /** What is said of records at once; undefined while they are held. */
  says: boolean | undefined

  add (text: string, _endedAt: number, durability: Durability, told: (isKept: boolean) => void): void {
    this.added.push({ record: JSON.parse(text) as CallRecord, durability, told })
    if (this.says !== undefined) setImmediate(told, this.says)
  }

  /** The record of the next call, which is held. */
  async next (): Promise<Added> {
    await until(() => this.added.length > 0)
    return this.added.shift() as Added
  }
}

async function start (options: HarnessOptions = {}): Promise<{ readonly gateway: Harness, readonly trail: HeldTrail }> {
  const trail = new HeldTrail()
  return { gateway: await startGateway(t, { ...options, trail }), trail }
}

/** Long enough for anything that is on its way on this machine to come; what must not come has not come then. */
const aWhile = async (): Promise<void> => wait(30)

const { gateway, trail } = await start()

const answering = (body: Buffer, headers: object = {}): AnswerAs => (_request, response) => { response.writeHead(200, { 'content-type': 'application/json', ...headers }).end(body) }
const short = Buffer.from('{"items":[]}')
const long = Buffer.from(JSON.stringify({ items: [], notes: 'x'.repeat(300_000) }))

t.test('not a byte of a short answer goes out before its record is kept', async (t) => {
  gateway.upstream.answer = answering(short, { 'content-length': short.length })
  const wire = gateway.connect()
  wire.write(gateway.request('/items'))
  const { record, durability, told } = await trail.next()
  await aWhile()
  t.equal(wire.received, '')
  t.equal(durability, 'written')
  t.match(record, {
    v: 1, event: 'call', time: '2026-03-02T10:00:00.000Z', listener: 'public', eservice: 'archive', operationId: 'listItems', method: 'GET', status: 200, kind: 'pdnd',
    clientId: ids.client, consumerId: ids.consumer, producerId: ids.producer, purposeId: ids.purpose, agreementId: ids.agreement, eserviceId: ids.eservice, descriptorId: ids.descriptor, voucherId: String, keyId: String,
    node: /^[0-9a-f-]{36}$/, bytesSent: short.length, bytesReceived: 0, durationMs: 0, burst: { limit: 1_000_000, remaining: Number }, quota: { limit: Number, remaining: Number }
  })
  t.strictSame(Object.keys(record.stages), ['admit', 'body', 'upstream', 'answer'])
  t.ok(Object.values(record.stages).every((us) => Number.isInteger(us) && us >= 0))
  told(true)
  t.match(await wire.answer(), { status: 200, whole: true, body: short.toString() })
})

const framings = [['of known length', { 'content-length': long.length }], ['in chunks', { 'transfer-encoding': 'chunked' }]] as const

for (const [name, headers] of framings) {
  t.test(`of a long answer ${name} all goes out but its end`, async (t) => {
    gateway.upstream.answer = answering(long, headers)
    const wire = gateway.connect()
    wire.write(gateway.request('/items'))
    const { record, told } = await trail.next()
    await until(() => wire.received.length > long.length / 2)
    await aWhile()
    t.ok(wire.received.startsWith('HTTP/1.1 200'))
    t.notOk(wire.received.endsWith('0\r\n\r\n') || wire.received.endsWith('"}'), 'its end is missing')
    t.equal(record.bytesSent, long.length)
    told(true)
    t.match(await wire.answer(), { whole: true, body: long.toString() })
  })
}

t.test('nor does a byte of an answer from which something is taken out, of which the upstream told another length', async (t) => {
  const { gateway, trail } = await start(granting([writtenGrant({ fields: withoutCitizen })]))
  const body = Buffer.from(JSON.stringify({ items: [{ id: '1', citizen: { fullName: 'Rossi' } }] }))
  for (const headers of [{ 'content-length': body.length }, { 'transfer-encoding': 'chunked' }]) {
    gateway.upstream.answer = answering(body, headers)
    const wire = gateway.connect()
    wire.write(gateway.request('/items'))
    const { record, told } = await trail.next()
    await aWhile()
    t.equal(wire.received, '')
    told(true)
    const { json, bytes } = await wire.answer()
    t.strictSame([json, bytes.length], [{ items: [{ id: '1' }] }, record.bytesSent])
  }
})

t.test('a refusal and a status are recorded before they go out, too', async (t) => {
  for (const [lines, expected] of [[gateway.request('/items', { voucher: 'none' }), { event: 'call refused', status: 401, code: 'voucher-malformed', stages: { admit: Number } }], [gateway.request('/nothing'), { status: 404, code: 'route-not-found', eservice: undefined }]] as const) {
    const wire = gateway.connect()
    wire.write(lines)
    const { record, told } = await trail.next()
    await aWhile()
    t.equal(wire.received, '')
    t.match(record, expected)
    told(true)
    t.equal((await wire.answer()).status, record.status)
  }
})

t.test('answers on one connection keep their order, whichever record is kept first', async (t) => {
  gateway.upstream.answer = (request, response) => { response.end(JSON.stringify({ path: request.url })) }
  const wire = gateway.connect()
  wire.write(gateway.request('/items?q=1'))
  wire.write(gateway.request('/items?q=2'))
  const first = await trail.next()
  const second = await trail.next()
  second.told(true)
  await aWhile()
  t.equal(wire.received, '')
  first.told(true)
  t.match((await wire.answer()).json.path, /q=1/)
  t.match((await wire.answer()).json.path, /q=2/)
})

t.test('a call has one record, whether its caller leaves before its end or while that is held', async (t) => {
  gateway.upstream.answer = answering(short)
  const wire = gateway.connect()
  wire.write(gateway.request('/items'))
  const { told, record } = await trail.next()
  wire.destroy()
  await aWhile()
  told(true)
  t.equal(record.status, 200)
  gateway.upstream.answer = () => undefined
  const before = gateway.upstream.requests.length
  const impatient = gateway.connect()
  impatient.write(gateway.request('/items'))
  await until(() => gateway.upstream.requests.length > before)
  impatient.destroy()
  const left = await trail.next()
  t.match(left.record, { status: 499, event: 'call' })
  left.told(true)
  await aWhile()
  t.equal(trail.added.length, 0)
})

t.test('what cannot be read behind a call whose answer is held is refused once, however often it comes', async (t) => {
  gateway.upstream.answer = answering(short)
  const wire = gateway.connect()
  wire.write(gateway.request('/items'))
  const { told } = await trail.next()
  for (const part of ['NONSENSE\r\n\r\n', 'NONSENSE\r\n\r\n']) {
    wire.write(part)
    await aWhile()
  }
  told(true)
  t.equal((await wire.answer()).status, 200)
  const second = await trail.next()
  t.match(second.record, { event: 'call refused', operation: 'none' })
  second.told(true)
  t.equal((await wire.answer()).status, second.record.status)
  await wire.closed
  t.strictSame([trail.added.length, wire.received], [0, ''])
})

t.test('of a refusal without a body no bytes are recorded', async (t) => {
  const wire = gateway.connect()
  wire.write(gateway.request('/items', { method: 'HEAD', voucher: null }))
  const { record, told } = await trail.next()
  t.match(record, { method: 'HEAD', code: 'method-not-allowed', bytesSent: 0 })
  told(true)
  t.ok(Number((await wire.answer()).headers['content-length']) > 0)
})

t.test('who leaves before taking what there is of a long answer has not got it, says its record', async (t) => {
  const { gateway, trail } = await start({ config: (config) => ({ ...config, eservices: config.eservices.map((one) => ({ ...one, answers: 'enforce' })) }) })
  gateway.upstream.answer = (request, response) => { answering(request.url?.includes('long') ? long : short)(request, response, gateway.upstream.requests[0] as never) }
  const wire = gateway.connect()
  wire.write(gateway.request('/items?q=short'))
  wire.write(gateway.request('/items?q=long'))
  const { record, told } = await trail.next()
  await until(() => gateway.upstream.requests.length === 2)
  await aWhile()
  t.strictSame([record.status, trail.added.length], [200, 0], 'it waits behind an answer that is held')
  wire.destroy()
  t.match((await trail.next()).record, { status: 499 })
  told(true)
})

t.test('a call that need not be proved goes on when its record cannot be kept, and that is counted', async (t) => {
  gateway.upstream.answer = answering(short)
  trail.says = false
  trail.works = false
  t.equal((await gateway.call('/items')).status, 200)
  t.equal(gateway.gateway.recording.lost, 1)
  trail.works = true
})

t.test('one whose record is part of the proof is not', async (t) => {
  const { gateway, trail } = await start({ ...custodyOptions, contract: keeping(), jwks: () => jwksOf() })
  trail.says = true
  t.equal((await gateway.call('/items', signedCall(gateway))).status, 200)
  t.match(trail.added, [{ durability: 'synced', record: { status: 200, signature: String, signatureKey: String, evidence: /^[0-9a-f]{64}$/ } }])
  t.equal(gateway.upstream.requests.length, 1)
  trail.says = false
  t.match(await gateway.call('/items', signedCall(gateway)), { status: 503, json: { code: 'record-store-unavailable' }, headers: { 'retry-after': '5' } })
  t.equal(gateway.upstream.requests.length, 2, 'it was known too late')
  t.strictSame(gateway.gateway.figures.report(false).calls.map(({ status, count }) => [status, count]), [[200, 1], [503, 1]], 'it counts as what it was answered')
  t.match(trail.added.slice(1), [{ durability: 'synced', record: { status: 200 } }, { durability: 'written', record: { status: 503, code: 'record-store-unavailable' } }])
  t.strictSame((await gateway.takeRecords(2)).map(({ status }) => status as number), [200, 503], 'the log says no more')
  trail.works = false
  t.equal((await gateway.call('/items', signedCall(gateway))).status, 503)
  t.equal(gateway.upstream.requests.length, 2, 'now before')
  t.equal((await gateway.call('/items')).status, 401, 'what is refused anyway is')
  trail.works = true
  trail.says = true
  t.equal((await gateway.call('/items', signedCall(gateway))).status, 200, 'it goes on by itself')
  trail.says = undefined
  trail.added.length = 0
  const wire = gateway.connect()
  wire.write(gateway.request('/items', signedCall(gateway)))
  const { told } = await trail.next()
  wire.destroy()
  await aWhile()
  told(false)
  t.match(await trail.next(), { durability: 'written', record: { status: 499, code: undefined } }, 'also where its caller left meanwhile it has one')
})

t.test('nor is one that would be answered from the cache', async (t) => {
  const { gateway, trail } = await start({ contract: { ...archiveContract, 'x-modi': { patterns: ['AUDIT_REST_02'], audit: { claims: agreedClaims } } }, clientKeys: clientKeysOf(ids.client, ids.client) })
  const evidence = makeEvidence({ clientId: ids.client, purposeId: ids.purpose, audience, now: gateway.clock.now })
  const call = async (): Promise<number> => (await gateway.call('/items', { voucher: gateway.voucher({ claims: { digest: evidenceDigestOf(evidence) } }), headers: { 'Agid-JWT-TrackingEvidence': evidence } })).status
  gateway.upstream.answer = answering(short, { 'cache-control': 'public, max-age=60' })
  trail.says = true
  t.strictSame([await call(), await call(), gateway.upstream.requests.length], [200, 200, 1])
  trail.says = false
  t.equal(await call(), 503)
  t.match(trail.added, [{ record: { status: 200, cache: undefined } }, { record: { status: 200, cache: 'hit' } }, { record: { status: 200, cache: 'hit' } }, { durability: 'written', record: { status: 503, cache: undefined } }])
})
