import { createHash, generateKeyPairSync, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { decodeJwt, decodeProtectedHeader } from 'jose'
import t from 'tap'
import { noDemands } from '../../policies/demands.ts'
import type { Demands } from '../../policies/demands.ts'
import { prepareCall } from './demanded-call.ts'
import type { WantedCall } from './demanded-call.ts'
import { makeDpopKey } from '../pdnd/dpop-key.ts'
import type { RawRequest } from '../raw-request.ts'

/** The token requests that came, as the claims of their assertions. */
const asked: { url: string, claims: Readonly<Record<string, unknown>>, bound: boolean }[] = []
const platform = createServer((request, response) => {
  let form = ''
  request.on('data', (chunk: Buffer) => { form += chunk.toString() }).on('end', () => {
    const bound = request.headers['dpop'] !== undefined
    asked.push({ url: request.url ?? '', claims: decodeJwt(new URLSearchParams(form).get('client_assertion') ?? ''), bound })
    response.end(JSON.stringify({ access_token: 'v.o.ucher', token_type: bound ? 'DPoP' : 'Bearer', expires_in: 600 }))
  })
}).listen(0, '127.0.0.1')
await once(platform, 'listening')
t.teardown(() => { platform.close() })
t.beforeEach(() => { asked.length = 0 })

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const consumer = { clientId: randomUUID(), purposeId: randomUUID(), kid: 'kid', privateKey }
const tokenUrl = `http://127.0.0.1:${(platform.address() as AddressInfo).port}/token.oauth2`
const integrity = { trust: ['pdnd' as const], headers: [], emptyBody: 'unsigned' as const, contentCodings: [] }

const wantedCall = (demands: Partial<Demands>, changes: Partial<WantedCall> = {}): WantedCall => ({
  request: { method: 'GET', url: new URL('https://api.example.it/rest/things/v1/things?x=1'), headers: [], body: Buffer.alloc(0) },
  demands: { ...noDemands, ...demands }, consumer, environment: { tokenUrl, clientAssertionAudience: 'platform/client-assertion' }, audience: 'https://api.example.it/things',
  adds: { dpop: false, sign: false, evidence: false }, claims: {}, interaction: {}, now: Date.now, randomUUID, ...changes
})
const posting = { method: 'POST', url: new URL('https://api.example.it/rest/things/v1/things'), headers: [['Content-Type', 'text/plain'], ['Content-Encoding', 'gzip']] as const, body: Buffer.from('bytes') }
const valueOf = ({ headers }: RawRequest, name: string): string | undefined => headers.find(([own]) => own === name)?.[1]
const names = ({ headers }: RawRequest): readonly string[] => headers.map(([name]) => name)

t.test('without a demand there is a voucher and nothing else', async (t) => {
  const request = await (await prepareCall(wantedCall({})))()
  t.strictSame(request, { method: 'GET', target: '/rest/things/v1/things?x=1', headers: [['Host', 'api.example.it'], ['Authorization', 'Bearer v.o.ucher'], ['Connection', 'close']], body: Buffer.alloc(0) })
  t.match(asked, [{ url: '/token.oauth2', claims: { sub: consumer.clientId, purposeId: consumer.purposeId }, bound: false }])
})

t.test('a body is signed over its bytes with the headers that say how to read it; without one there is a signature only where it is demanded', async (t) => {
  const request = await (await prepareCall(wantedCall({ integrity }, { request: posting })))()
  t.strictSame(names(request), ['Host', 'Authorization', 'Digest', 'Agid-JWT-Signature', 'Content-Type', 'Content-Encoding', 'Content-Length', 'Connection'])
  t.equal(valueOf(request, 'Digest'), `SHA-256=${createHash('sha256').update('bytes').digest('base64')}`)
  t.match(decodeJwt(valueOf(request, 'Agid-JWT-Signature') ?? ''), { aud: 'https://api.example.it/things', iss: consumer.clientId, sub: consumer.clientId, signed_headers: [{ digest: valueOf(request, 'Digest') }, { 'content-type': 'text/plain' }, { 'content-encoding': 'gzip' }] })
  t.notOk(names(await (await prepareCall(wantedCall({ integrity })))()).includes('Digest'))
  t.equal(valueOf(await (await prepareCall(wantedCall({ integrity: { ...integrity, emptyBody: 'signed' } })))(), 'Digest'), 'SHA-256=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=')
  t.equal(valueOf(await (await prepareCall(wantedCall({}, { request: { ...posting, headers: [], body: Buffer.alloc(0) } })))(), 'Content-Length'), '0')
})

t.test('a header that must be signed and is not there is a sentence', async (t) => {
  await t.rejects((await prepareCall(wantedCall({ integrity: { ...integrity, headers: ['x-protocol'] } }, { request: posting })))(), { message: 'the contract wants the header x-protocol signed: send one' })
})

t.test('evidence is bound to the voucher by its digest', async (t) => {
  const request = await (await prepareCall(wantedCall({ evidence: { trust: ['pdnd'], bound: true, claims: undefined } }, { claims: { userID: 'u', LoA: 2 } })))()
  const evidence = valueOf(request, 'Agid-JWT-TrackingEvidence') ?? ''
  t.match(asked, [{ claims: { digest: { alg: 'SHA256', value: createHash('sha256').update(evidence).digest('hex') } } }])
  t.match(decodeJwt(evidence), { purposeId: consumer.purposeId, userID: 'u', LoA: 2 })
})

t.test('a bound voucher comes with a proof that is new each time, of the same evidence', async (t) => {
  const dpopKey = await makeDpopKey()
  const sign = await prepareCall(wantedCall({ dpop: true, evidence: { trust: ['pdnd'], bound: true, claims: undefined } }, { dpopKey }))
  const [first, second] = [await sign(), await sign('nonce-1')]
  t.match(asked, [{ bound: true }], 'one voucher for both')
  t.match(valueOf(first, 'Authorization'), /^DPoP /)
  t.notOk('nonce' in decodeJwt(valueOf(first, 'DPoP') ?? ''))
  t.match(decodeJwt(valueOf(second, 'DPoP') ?? ''), { nonce: 'nonce-1', htm: 'GET', htu: 'https://api.example.it/rest/things/v1/things' })
  t.not(valueOf(first, 'DPoP'), valueOf(second, 'DPoP'))
  t.equal(valueOf(first, 'Agid-JWT-TrackingEvidence'), valueOf(second, 'Agid-JWT-TrackingEvidence'))
})

t.test('a voucher of an asynchronous exchange is for its step', async (t) => {
  const urlCallback = 'https://consumer.example.it/callback'
  const interactionId = randomUUID()
  await prepareCall(wantedCall({ scope: 'start_interaction' }, { interaction: { urlCallback, interactionId } }))
  await prepareCall(wantedCall({ scope: 'get_resource' }, { interaction: { urlCallback, interactionId } }))
  t.match(asked, [{ url: '/token.oauth2.async', claims: { scope: 'start_interaction', urlCallback, purposeId: consumer.purposeId } }, { url: '/token.oauth2.async', claims: { scope: 'get_resource', interactionId } }])
  t.notOk('interactionId' in asked[0]!.claims)
  for (const name of ['purposeId', 'urlCallback']) t.notOk(name in asked[1]!.claims, name)
})

t.test('who is outside the platform signs its own token, and asks nobody for a voucher', async (t) => {
  const { privateKey: ecKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const outside = { clientId: 'protocollo', purposeId: undefined, x5c: ['MA=='], privateKey: ecKey }
  const request = await (await prepareCall(wantedCall({ trust: ['x509'], integrity: { ...integrity, trust: ['x509'] } }, { consumer: outside, request: posting })))()
  t.strictSame(asked, [])
  const own = valueOf(request, 'Authorization')?.replace('Bearer ', '') ?? ''
  t.match(decodeJwt(own), { iss: 'protocollo', sub: 'protocollo', aud: 'https://api.example.it/things', iat: Number, exp: Number, jti: String })
  t.notOk('purposeId' in decodeJwt(own))
  for (const token of [own, valueOf(request, 'Agid-JWT-Signature') ?? '']) t.match(decodeProtectedHeader(token), { alg: 'ES256', typ: 'JWT', x5c: ['MA=='] })
  await t.rejects(prepareCall(wantedCall({}, { consumer: outside })), { message: /vouchers of the platform only/ })
})

t.test('who takes certificates only is not called with a key of the platform', async (t) => {
  await t.rejects(prepareCall(wantedCall({ trust: ['x509'] })), { message: /by certificate only/ })
  t.strictSame(asked, [])
})
