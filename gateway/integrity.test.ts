import { createHmac, createPublicKey } from 'node:crypto'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib'
import * as fc from 'fast-check'
import t from 'tap'
import type { Test } from 'tap'
import type { JsonObject } from '../openapi/document.ts'
import type { Line } from '../policies/check.ts'
import { denialType } from '../policies/denials.ts'
import type { DenialCode } from '../policies/denials.ts'
import { ecKey, jktOf, makeProof } from '../policies/proof-fixture.ts'
import { certificatesOf, clientKey, clientKeysOf, clientKid, contentDigestOf, digestOf, makeSignature, otherClientKey, otherClientKid, signMessage } from '../policies/signature-fixture.ts'
import { startGateway } from './harness/gateway.ts'
import type { CallOptions, Harness, HarnessOptions } from './harness/gateway.ts'
import { archiveContract, audience, basePath, ids } from './harness/platform.ts'
import { checkNextServed, checkProblem, checkRefused } from './harness/refusal.ts'
import type { WireAnswer } from './harness/wire.ts'

/** The clock stands still here. */
const now = Date.parse('2026-03-02T10:00:00Z')
const seconds = now / 1000
const publicUrl = 'https://api.ente.example.it'
const otherClient = '10000000-0000-4000-8000-000000000099'
const signing = { clientId: ids.client, audience, now }
const item = Buffer.from('{"name":"Ciao mondo"}')
const greeting = Buffer.from('{"testo": "Ciao mondo"}')

type Changes = NonNullable<Parameters<typeof signMessage>[2]>

/** The contract of the tests that demands signatures, with a PATCH in it. */
function contractWith (integrity: object = {}, patterns: readonly string[] = ['INTEGRITY_REST_02']): JsonObject {
  const contract = structuredClone(archiveContract) as unknown as { paths: Record<string, Record<string, object>> }
  const requestBody = { required: true, content: { 'application/merge-patch+json': { schema: { type: 'object' } } } }
  Object.assign(contract.paths['/items/{id}'] as object, { patch: { operationId: 'changeItem', requestBody, responses: { 204: { description: 'Cambiato' } } } })
  return { ...contract, 'x-modi': { patterns, integrity } } as unknown as JsonObject
}

const options: HarnessOptions = {
  now,
  contract: contractWith(),
  clientKeys: clientKeysOf(ids.client, otherClient),
  certificates: certificatesOf(ids.client),
  config: (config) => ({ ...config, publicUrl })
}

/** What is sent: a signed message to a path, good but for what is said. */
interface Sent extends Omit<CallOptions, 'body'> { readonly path?: string, readonly body?: Buffer | undefined, readonly changes?: Changes, readonly more?: Readonly<Record<string, string>> }

function bytesOf (gateway: Harness, { path = '/items', method = 'POST', body = item, changes, more, ...rest }: Sent = {}): Buffer {
  const headers = { 'Content-Length': String(body.length), ...signMessage(body, { ...signing, now: gateway.clock.now }, changes), ...more }
  return gateway.request(path, { ...rest, method, headers, body })
}

/** A request without a body and with these headers. */
const bare = (headers: Readonly<Record<string, string>> = {}, method = 'GET', path = '/items'): Case[1] => (gateway) => gateway.request(path, { method, headers })
/** A good one over no body. */
const signedNothing = (changes: Changes = {}): Readonly<Record<string, string>> => signMessage('', signing, { ...changes, headers: { 'Content-Type': undefined, ...changes.headers } })

/** What is sent, and what must come of it. */
type Case = readonly [name: string, send: (gateway: Harness) => Buffer, code: DenialCode | 'admitted', said?: RegExp]
const signed = (name: string, code: Case[2], sent: Sent, said?: RegExp): Case => said ? [name, (gateway) => bytesOf(gateway, sent), code, said] : [name, (gateway) => bytesOf(gateway, sent), code]
const changed = (name: string, code: Case[2], changes: Changes, said?: RegExp): Case => signed(name, code, { changes }, said)

async function tryAll (t: Test, cases: readonly Case[], more: HarnessOptions = {}, last: Sent = {}): Promise<void> {
  const gateway = await startGateway(t, { ...options, ...more })
  for (const [name, send, code, said] of cases) {
    await t.test(`${name}: ${code}`, async (t) => {
      const before = gateway.upstream.requests.length
      const bytes = send(gateway)
      const answer = await gateway.raw(bytes)
      t.equal(gateway.upstream.requests.length, before + (code === 'admitted' ? 1 : 0), 'only what is admitted reaches the upstream')
      if (code === 'admitted') {
        t.ok(answer.status < 300, `status ${answer.status}: ${answer.body}`)
        const seen = gateway.upstream.requests.at(-1)
        t.equal(seen?.body.toString('hex'), bytes.subarray(bytes.indexOf('\r\n\r\n') + 4).toString('hex'), 'the bytes that were checked are the bytes that arrive')
        t.match(seen?.headers, { 'agid-jwt-signature': undefined, 'digest': undefined, 'authorization': undefined })
        await gateway.takeRecords(1)
        return
      }
      const { status } = denialType(code)
      if (/^(signature|digest)-/.test(code)) t.equal(answer.headers['www-authenticate'], 'Bearer')
      if (said) t.match(answer.json.detail, said)
      await checkProblem(t, gateway, answer, { status, code })
      await checkNextServed(t, gateway)
    })
  }
  const good = await gateway.raw(bytesOf(gateway, last))
  t.equal(good.status, 200, 'the next good one is served')
}

t.test('INTEGRITY_REST_02: a message that its caller signed with a key on the platform', async (t) => tryAll(t, [
  signed('D1: POST', 'admitted', {}),
  signed('C4: with a voucher in Authorization and the signature beside it', 'admitted', { changes: { claims: { nbf: undefined, sub: undefined } } }),
  signed('PUT of bytes, with the published digest', 'admitted', { method: 'PUT', path: '/blobs/a', body: greeting, changes: { headers: { 'Content-Type': 'application/octet-stream', 'Digest': 'SHA-256=hPq3xjgxGMr98LL2/lP2Y66DVCTcXdwL+YpNQD/gmvk=' } } }),
  signed('T23: PATCH is held to the same', 'admitted', { method: 'PATCH', path: '/items/a', changes: { headers: { 'Content-Type': 'application/merge-patch+json' } } }),
  ['T23: PATCH without signature', (gateway) => gateway.request('/items/a', { method: 'PATCH', body: item, headers: { 'Content-Type': 'application/merge-patch+json' } }), 'signature-missing'],
  signed('T23: PATCH with another body', 'digest-mismatch', { method: 'PATCH', path: '/items/a', changes: { headers: { 'Content-Type': 'application/merge-patch+json', 'Digest': digestOf(greeting) } } }),
  changed('PS256', 'admitted', { header: { alg: 'PS256' } }),
  changed('names of header fields in lower case', 'admitted', { sent: { 'Digest': undefined, 'digest': digestOf(item), 'Agid-JWT-Signature': undefined, 'agid-jwt-signature': makeSignature({ 'digest': digestOf(item), 'content-type': 'application/json' }, signing) } }),
  changed('D16: no signature', 'signature-missing', { sent: { 'Agid-JWT-Signature': undefined } }),
  changed('an empty signature', 'signature-missing', { sent: { 'Agid-JWT-Signature': '' } }),
  changed('a digest alone', 'signature-missing', { headers: { Digest: digestOf(item) }, sent: { 'Agid-JWT-Signature': undefined } }),
  changed('in a header with underscores', 'signature-missing', { sent: { 'Agid-JWT-Signature': undefined, 'Agid_JWT_Signature': makeSignature({ digest: digestOf(item) }, signing) } }),
  signed('in the query', 'signature-missing', { path: `/items?Agid-JWT-Signature=${makeSignature({ digest: digestOf(item) }, signing)}`, changes: { sent: { 'Agid-JWT-Signature': undefined } } }),
  ['D17: no voucher', (gateway) => bytesOf(gateway, { voucher: null }), 'voucher-missing'],
  ['two signatures', (gateway) => bytesOf(gateway, { more: { 'AGID-JWT-Signature': 'x' } }), 'malformed-request'],
  ['two digests', (gateway) => bytesOf(gateway, { more: { 'DIGEST': digestOf(item) } }), 'malformed-request'],
  ['the signature named in Connection', (gateway) => bytesOf(gateway, { more: { Connection: 'agid-jwt-signature' } }), 'malformed-request']
]))

t.test('INTEGRITY_REST_01: by certificate, where the contract takes it', async (t) => {
  await tryAll(t, [
    changed('by certificate', 'admitted', { certificate: true }),
    changed('by certificate, without jti', 'signature-claims-invalid', { certificate: true, claims: { jti: undefined } }),
    changed('by a certificate that nobody has', 'signature-unverifiable', { certificate: true, header: { 'x5t#S256': 'x' } }),
    changed('by another key than the certificate\'s', 'signature-unverifiable', { certificate: true, key: ecKey }),
    changed('by a key on the platform', 'admitted', {})
  ], { contract: contractWith({}, ['INTEGRITY_REST_01', 'INTEGRITY_REST_02']) })
  const gateway = await startGateway(t, { ...options, contract: contractWith({}, ['INTEGRITY_REST_01']) })
  t.equal((await gateway.raw(bytesOf(gateway, { changes: { certificate: true, claims: { iss: undefined, sub: 'Ente' } } }))).status, 200)
  t.match(await gateway.raw(bytesOf(gateway)), { status: 401, json: { code: 'signature-malformed' } }, 'and only that')
  const other = await startGateway(t, { ...options, contract: contractWith({}, ['INTEGRITY_REST_01']), certificates: certificatesOf(otherClient) })
  t.match(await other.raw(bytesOf(other, { changes: { certificate: true } })), { status: 401, json: { code: 'signature-signer-mismatch' } }, 'the certificate of another client')
})

const [head = '', claims = '', signature = ''] = makeSignature({ 'digest': digestOf(item), 'content-type': 'application/json' }, signing).split('.')
const token = (name: string, value: string, code: DenialCode = 'signature-malformed'): Case => changed(name, code, { sent: { 'Agid-JWT-Signature': value } })
const hmac = (key: string | Buffer): string => {
  const text = `${Buffer.from(JSON.stringify({ typ: 'JWT', alg: 'HS256', kid: clientKid })).toString('base64url')}.${claims}`
  return `${text}.${createHmac('sha256', key).update(text).digest('base64url')}`
}
const part = (value: string | Buffer): string => Buffer.from(value).toString('base64url')
const publicKey = createPublicKey(clientKey.privateKey)

t.test('hardening a: the form of the token and its signature', async (t) => {
  const canary = createServer((socket) => { socket.destroy() })
  let called = 0
  canary.on('connection', () => { called++ })
  await new Promise<void>((resolve) => canary.listen(0, '127.0.0.1', resolve))
  t.teardown(() => { canary.close() })
  const keyAt = `http://127.0.0.1:${(canary.address() as AddressInfo).port}/key`
  await tryAll(t, [
    ...['none', 'None', 'NONE', 'nOnE', 'ES256', 'rs256'].map((alg) => changed(`5: alg ${alg}`, 'signature-malformed', { header: { alg } })),
    token('5: alg none without signature', `${part(JSON.stringify({ typ: 'JWT', alg: 'none', kid: clientKid }))}.${claims}.`),
    token('6: HS256 with the public key in PEM', hmac(publicKey.export({ type: 'spki', format: 'pem' }))),
    token('6: HS256 with the public key in DER', hmac(publicKey.export({ type: 'spki', format: 'der' }))),
    token('6: HS256 with the public key as JWK', hmac(JSON.stringify(publicKey.export({ format: 'jwk' })))),
    ...['', 'secret', 'password'].map((secret) => token(`7: HS256 with "${secret}"`, hmac(secret))),
    token('8: RS256 said to be RS384', `${part(JSON.stringify({ typ: 'JWT', alg: 'RS384', kid: clientKid }))}.${claims}.${signature}`, 'signature-unverifiable'),
    token('8: RS256 said to be PS256', `${part(JSON.stringify({ typ: 'JWT', alg: 'PS256', kid: clientKid }))}.${claims}.${signature}`, 'signature-unverifiable'),
    token('9: null signature', `${head}.${claims}.${part(Buffer.alloc(256))}`, 'signature-unverifiable'),
    token('9: four characters less, and bits that belong to no byte', `${head}.${claims}.${signature.slice(0, -5)}B`),
    token('9: three bytes less', `${head}.${claims}.${part(Buffer.from(signature, 'base64url').subarray(0, 253))}`, 'signature-unverifiable'),
    token('9: another segment', `${head}.${claims}.${signature}.a`),
    token('9: a JWE of five parts', `${head}.${claims}.${signature}.a.b`),
    token('9: JSON serialisation', JSON.stringify({ protected: head, payload: claims, signature })),
    token('9: two in one header', `${head}.${claims}.${signature}, ${head}.${claims}.${signature}`),
    token('9: with padding', `${head}.${claims}.${signature}==`),
    token('9: with a space', `${head}. ${claims}.${signature}`),
    token('D2: claims changed', `${head}.${part(Buffer.from(claims, 'base64url').toString().replace(ids.client, otherClient))}.${signature}`, 'signature-unverifiable'),
    changed('10: an embedded key', 'signature-malformed', { key: otherClientKey, header: { jwk: otherClientKey.publicKey.export({ format: 'jwk' }) } }),
    changed('10: an embedded secret', 'signature-malformed', { header: { jwk: { kty: 'oct', k: 'c2VjcmV0' } } }),
    ...['jku', 'x5u', 'x5c'].flatMap((name) => [keyAt, 'http://169.254.169.254/', 'file:///etc/passwd'].map((address) => changed(`11: ${name} ${address.slice(0, 22)}`, 'signature-malformed', { header: { [name]: address } }))),
    ...[undefined, '', '../../../dev/null', '/dev/null', '|sleep 10', '\' UNION SELECT \'1\';--', '\0', 'x'.repeat(4000), 7, ['a'], {}].map((kid) => changed(`13: kid ${JSON.stringify(kid)?.slice(0, 20)}`, 'signature-malformed', { header: { kid } })),
    changed('D21: a kid that nobody has', 'signature-unverifiable', { header: { kid: 'unknown' } }),
    changed('14: the kid of another client\'s key', 'signature-unverifiable', { header: { kid: otherClientKid } }),
    changed('14: the key and kid of another client', 'signature-signer-mismatch', { key: otherClientKey, header: { kid: otherClientKid } }),
    ...([['crit', ['x']], ['crit', []], ['b64', false], ['zip', 'DEF'], ['cty', 'JWT']] as const).map(([name, value]) => changed(`16: ${name} ${JSON.stringify(value)}`, 'signature-malformed', { header: { [name]: value } })),
    ...[undefined, 'at+jwt', 'dpop+jwt'].map((typ) => changed(`19: typ ${typ}`, 'signature-malformed', { header: { typ } })),
    ['19: the voucher as signature', (gateway) => bytesOf(gateway, { changes: { sent: { 'Agid-JWT-Signature': gateway.voucher() } } }), 'signature-malformed'],
    ['19: the signature as voucher', (gateway) => bytesOf(gateway, { voucher: `${head}.${claims}.${signature}` }), 'voucher-malformed'],
    token('21: a header that is no object', `${part('[]')}.${claims}.${signature}`),
    token('21: claims with a byte order mark', `${head}.${part('\ufeff{}')}.${signature}`),
    token('21: claims that are no UTF-8', `${head}.${part(Buffer.from([0x7b, 0xff, 0x7d]))}.${signature}`),
    token('21: half of a surrogate pair', `${head}.${part('{"a":"\\ud800"}')}.${signature}`),
    token('21: more levels than anybody needs', `${head}.${part(`{"a":${'['.repeat(2000)}${']'.repeat(2000)}}`)}.${signature}`),
    token('21: too long a one', `${head}.${claims}.`.padEnd(8195, 'A')),
    token('21: beyond all measure', 'A'.repeat(9000), 'headers-too-large')
  ])
  t.equal(called, 0, 'nobody was called for a key')
})

t.test('hardening b, T14: claims and times', async (t) => tryAll(t, [
  ...[undefined, String(seconds + 60), seconds + 0.5, 1e300, -1].map((exp) => changed(`26: exp ${JSON.stringify(exp)}`, 'signature-claims-invalid', { claims: { exp } })),
  changed('27: exp now', 'signature-expired', { claims: { exp: seconds } }, /exp: expected later than 2026-03-02T10:00:00Z, got 2026-03-02T10:00:00Z\./),
  changed('27: exp in 1 s', 'admitted', { claims: { exp: seconds + 1 } }),
  changed('28: iat in 5 s', 'admitted', { claims: { iat: seconds + 5 } }),
  changed('28: iat in 6 s', 'signature-not-yet-valid', { claims: { iat: seconds + 6 } }),
  changed('28: nbf in 6 s', 'signature-not-yet-valid', { claims: { nbf: seconds + 6 } }),
  changed('28: iat 300 s ago', 'admitted', { claims: { iat: seconds - 300 } }),
  changed('28: iat 301 s ago', 'signature-expired', { claims: { iat: seconds - 301 } }, /age: expected iat not before 2026-03-02T09:55:00Z, got 2026-03-02T09:54:59Z\./),
  changed('29: good for more than a day', 'signature-claims-invalid', { claims: { exp: seconds + 86_401 } }),
  changed('30: aud is the base URL', 'admitted', { claims: { aud: `${publicUrl}${basePath}` } }),
  changed('30: aud is the URL of the call', 'admitted', { claims: { aud: `${publicUrl}${basePath}/items` } }),
  changed('30: aud is what the configuration adds', 'admitted', { claims: { aud: 'urn:ente:archive' } }),
  changed('30: a list with ours', 'admitted', { claims: { aud: ['https://other.example', audience] } }),
  ...['https://other.example', `${audience}/`, audience.slice(0, -3), audience.toUpperCase(), '*', [], 7, undefined, `${publicUrl}${basePath}/items/`, publicUrl].map((aud) => changed(`D18, 30: aud ${JSON.stringify(aud)}`, 'signature-audience-mismatch', { claims: { aud } }, /or the URL of the call, got/)),
  ['30: the address that it listens on', (gateway) => bytesOf(gateway, { changes: { claims: { aud: `http://${gateway.host}${basePath}` } } }), 'signature-audience-mismatch'],
  changed('no iss', 'signature-claims-invalid', { claims: { iss: undefined } }),
  changed('31: iss of another client', 'signature-signer-mismatch', { claims: { iss: otherClient } }),
  changed('31: iss in a list', 'signature-claims-invalid', { claims: { iss: [ids.client] } }),
  changed('sub of another client', 'signature-signer-mismatch', { claims: { sub: otherClient } }),
  ...[undefined, '', 7, 'x'.repeat(201)].map((jti) => changed(`jti ${JSON.stringify(jti)?.slice(0, 10)}`, 'signature-claims-invalid', { claims: { jti } }))
], { config: (config) => ({ ...config, publicUrl, eservices: config.eservices.map((one) => ({ ...one, integrity: { audience: ['urn:ente:archive'] } })) }) }))

const hex = Buffer.from(digestOf(item).slice(8), 'base64').toString('hex')
const digest = (name: string, Digest: string | undefined, code: Case[2], said?: RegExp, more: Changes['headers'] = {}): Case => changed(name, code, { headers: { Digest, ...more } }, said)

t.test('48, T12: the digest is that of the body', async (t) => tryAll(t, [
  digest('SHA-256 in lower case', digestOf(item).replace('SHA', 'sha'), 'admitted'),
  digest('SHA-512', digestOf(item, 'SHA-512'), 'admitted'),
  digest('both', `${digestOf(item)}, ${digestOf(item, 'SHA-512')}`, 'admitted'),
  digest('Content-Digest instead', undefined, 'admitted', undefined, { 'Content-Digest': contentDigestOf(item) }),
  digest('Content-Digest beside it', digestOf(item), 'admitted', undefined, { 'Content-Digest': contentDigestOf(item) }),
  changed('Content-Digest beside it, not signed', 'admitted', { sent: { 'Content-Digest': contentDigestOf(item) } }),
  changed('D8: missing', 'digest-missing', { sent: { Digest: undefined } }),
  digest('missing and not signed', undefined, 'digest-missing'),
  digest('of another body', digestOf('x'), 'digest-mismatch', /the 21 bytes that were received/),
  digest('MD5', 'MD5=HUXZLQLMuI/KZ5KDcJPcOA==', 'digest-malformed'),
  digest('SHA-1', 'SHA=HUXZLQLMuI/KZ5KDcJPcOA==', 'digest-malformed'),
  digest('one of two wrong', `${digestOf(item)}, ${digestOf('x', 'SHA-512')}`, 'digest-mismatch'),
  digest('hexadecimal', `SHA-256=${hex}`, 'digest-malformed', /hexadecimal instead of base64/),
  digest('whitespace', digestOf(item).replace('=', '= '), 'digest-malformed'),
  digest('twice', `${digestOf(item)}, ${digestOf(item)}`, 'digest-malformed', /twice/),
  digest('without padding', digestOf(item).slice(0, -1), 'digest-malformed'),
  digest('Content-Digest says otherwise', digestOf(item), 'digest-mismatch', undefined, { 'Content-Digest': contentDigestOf('x') }),
  changed('Content-Digest says otherwise, not signed', 'digest-mismatch', { sent: { 'Content-Digest': contentDigestOf('x') } }),
  digest('Digest says otherwise', digestOf('x'), 'digest-mismatch', undefined, { 'Content-Digest': contentDigestOf(item) }),
  ['in a trailer', (gateway) => Buffer.concat([gateway.request('/items', { method: 'POST', headers: { 'Content-Type': 'application/json', 'Transfer-Encoding': 'chunked', 'Trailer': 'Digest, Agid-JWT-Signature' } }), chunksOf(item).subarray(0, -2), Buffer.from(`Digest: ${digestOf(item)}\r\nAgid-JWT-Signature: ${head}.${claims}.${signature}\r\n\r\n`)]), 'signature-missing']
]))

const entries = (name: string, signed_headers: unknown, said: RegExp): Case => changed(name, 'signature-headers-mismatch', { claims: { signed_headers } }, said)
const both = [{ digest: digestOf(item) }, { 'content-type': 'application/json' }]

t.test('40, D6, T13: the signed headers are those that were sent', async (t) => {
  await tryAll(t, [
    changed('another order', 'admitted', { claims: { signed_headers: both.toReversed() } }),
    changed('more than must be', 'admitted', { headers: { 'X-Note': 'a', 'Accept': 'application/json' } }),
    changed('a body that was signed with another media type', 'signature-headers-mismatch', { sent: { 'Content-Type': 'application/json; charset=utf-8' } }, /another value of content-type/),
    changed('another value', 'signature-headers-mismatch', { headers: { 'X-Note': 'a' }, sent: { 'X-Note': 'b' } }, /another value of x-note/),
    changed('sent twice', 'signature-headers-mismatch', { headers: { 'X-Note': 'a' }, sent: { 'X-NOTE': 'a' } }, /x-note sent several times/),
    changed('signed and not sent', 'signature-headers-mismatch', { headers: { 'X-Note': 'a' }, sent: { 'X-Note': undefined } }, /x-note signed but not sent/),
    changed('another good digest', 'signature-headers-mismatch', { sent: { Digest: digestOf(item, 'SHA-512') } }, /another value of digest/),
    entries('none', undefined, /got nothing/),
    entries('no array', both[0], /got no array/),
    entries('no media type', [both[0]], /got no content-type/),
    entries('no digest', [both[1]], /got no digest/),
    entries('upper case', [{ Digest: digestOf(item) }, both[1]], /Digest, which is not in lower case/),
    entries('two members', [{ ...both[0], ...both[1] }], /2 members in entry 1/),
    entries('twice', [...both, both[0]], /digest twice/),
    entries('a number', [...both, { 'content-length': item.length }], /content-length with a value that is no text/)
  ])
  await tryAll(t, [
    changed('a demanded header', 'admitted', { headers: { 'X-Note': 'a' } }),
    changed('a demanded header that is not sent', 'signature-headers-mismatch', {}, /got no x-note/),
    changed('a demanded header that is not signed', 'signature-headers-mismatch', { sent: { 'X-Note': 'a' } }, /got no x-note/)
  ], { contract: contractWith({ headers: ['X-Note'] }) }, { changes: { headers: { 'X-Note': 'a' } } })
})

t.test('T24: a request without a body', async (t) => {
  await tryAll(t, [
    ['unsigned, GET', bare(), 'admitted'],
    ['unsigned, DELETE', bare({}, 'DELETE', '/items/a'), 'admitted'],
    ['unsigned, GET with the digest of nothing', bare({ Digest: 'SHA-256=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=' }), 'admitted'],
    ['unsigned, GET with another digest', bare({ Digest: digestOf(item) }), 'digest-mismatch'],
    ['unsigned, GET signed all the same', bare(signedNothing()), 'admitted'],
    ['unsigned, GET signed over headers alone', bare(signedNothing({ headers: { 'Digest': undefined, 'X-Note': 'a' } })), 'admitted'],
    ['unsigned, GET with a header that is not the signed one', bare(signedNothing({ headers: { 'Digest': undefined, 'X-Note': 'a' }, sent: { 'X-Note': 'b' } })), 'signature-headers-mismatch'],
    ['unsigned, GET with a signature that is none', bare({ 'Agid-JWT-Signature': 'x' }), 'signature-malformed'],
    ['unsigned, POST without the body that its contract demands', bare({ 'Content-Type': 'application/json', 'Content-Length': '0' }, 'POST'), 'invalid-body']
  ])
  await tryAll(t, [
    ['signed, GET', bare(signedNothing()), 'admitted'],
    ['signed, DELETE', bare(signedNothing(), 'DELETE', '/items/a'), 'admitted'],
    ['signed, GET without', bare(), 'signature-missing'],
    ['signed, DELETE without', bare({}, 'DELETE', '/items/a'), 'signature-missing'],
    ['signed, GET without digest', bare(signedNothing({ headers: { Digest: undefined } })), 'digest-missing'],
    ['signed, GET with the digest of something', bare(signedNothing({ headers: { Digest: digestOf(item) } })), 'digest-mismatch'],
    ['signed, POST of no bytes in chunks', (gateway) => Buffer.concat([gateway.request('/items', { method: 'POST', headers: { 'Content-Type': 'application/json', 'Transfer-Encoding': 'chunked' } }), Buffer.from('0\r\n\r\n')]), 'signature-missing']
  ], { contract: contractWith({ emptyBody: 'signed' }) })
})

const coded = gzipSync(item)
const packed = (name: string, code: Case[2], body: Buffer, coding = 'gzip', changes: Changes = {}): Case => signed(name, code, { body, changes: { ...changes, headers: { 'Content-Encoding': coding, ...changes.headers } } })

t.test('49, T25: a body in a content coding', async (t) => {
  await tryAll(t, [
    packed('gzip', 'admitted', coded),
    packed('GZIP', 'admitted', coded, 'GZIP'),
    packed('none', 'admitted', item, 'identity'),
    signed('none, and no header', 'admitted', {}),
    packed('the digest of what is in it', 'digest-mismatch', coded, 'gzip', { headers: { Digest: digestOf(item) } }),
    changed('a coding that was not signed', 'signature-headers-mismatch', { sent: { 'Content-Encoding': 'identity' } }),
    signed('gzip that was not signed', 'signature-headers-mismatch', { body: coded, changes: { sent: { 'Content-Encoding': 'gzip' } } }),
    packed('not what its contract says', 'invalid-body', gzipSync('{"name":7}')),
    packed('no gzip', 'invalid-body', item),
    packed('cut short', 'invalid-body', coded.subarray(0, -3)),
    packed('something behind it', 'invalid-body', Buffer.concat([coded, item])),
    packed('zeros behind it', 'invalid-body', Buffer.concat([coded, Buffer.alloc(8)])),
    packed('in gzip twice', 'invalid-body', gzipSync(coded)),
    packed('90: a bomb', 'content-too-large', gzipSync(Buffer.alloc(200_000_000))),
    packed('br', 'unsupported-media-type', brotliCompressSync(item), 'br'),
    packed('deflate', 'unsupported-media-type', deflateSync(item), 'deflate'),
    packed('gzip, gzip', 'unsupported-media-type', gzipSync(coded), 'gzip, gzip'),
    packed('x-gzip', 'unsupported-media-type', coded, 'x-gzip')
  ], { contract: contractWith({ contentCodings: ['gzip'] }) })
  const gateway = await startGateway(t, { ...options, contract: contractWith({ contentCodings: ['gzip'] }) })
  await gateway.raw(bytesOf(gateway, { body: coded, changes: { headers: { 'Content-Encoding': 'gzip' } } }))
  t.match(gateway.upstream.requests[0]?.headers, { 'content-encoding': 'gzip', 'content-length': String(coded.length) })
  await tryAll(t, [packed('gzip where the contract takes none', 'unsupported-media-type', coded)])
})

function chunksOf (body: Buffer, size = 65_536): Buffer {
  const chunks: Buffer[] = []
  for (let at = 0; at < body.length; at += size) {
    const chunk = body.subarray(at, at + size)
    chunks.push(Buffer.from(`${chunk.length.toString(16)}\r\n`), chunk, Buffer.from('\r\n'))
  }
  return Buffer.concat([...chunks, Buffer.from('0\r\n\r\n')])
}

t.test('D25: of 10 MB in chunks one byte of the last is changed, and nothing reaches the e-service', async (t) => {
  const gateway = await startGateway(t, { ...options, config: (config) => ({ ...config, publicUrl, limits: { ...config.limits, bodyBytes: 16 * 1024 * 1024 } }) })
  const body = Buffer.alloc(10 * 1024 * 1024, 'Varco ')
  const headers = signMessage(body, signing, { headers: { 'Content-Type': 'application/octet-stream' } })
  const request = gateway.request('/blobs/a', { method: 'PUT', headers: { 'Transfer-Encoding': 'chunked', ...headers } })
  const wrong = Buffer.from(body)
  wrong[wrong.length - 1]! ^= 1
  await checkRefused(t, gateway, { name: 'one byte', bytes: Buffer.concat([request, chunksOf(wrong)]), status: 401, code: 'digest-mismatch' })
  t.equal(gateway.upstream.requests.filter(({ method }) => method === 'PUT').length, 0)
  t.equal((await gateway.raw(Buffer.concat([request, chunksOf(body)]))).status, 200, 'and what was signed arrives')
  t.ok(gateway.upstream.requests.at(-1)?.body.equals(body))
})

t.test('35, 39: a signature is good for one call, whatever is asked the second time', async (t) => {
  const gateway = await startGateway(t, options)
  const once = { claims: { jti: 'once' } }
  t.equal((await gateway.raw(bytesOf(gateway, { changes: once }))).status, 200)
  const again: readonly Sent[] = [{}, { path: '/items?x=1' }, { body: Buffer.from('{"name":"another"}') }, { method: 'PUT', path: '/blobs/a', changes: { headers: { 'Content-Type': 'application/octet-stream' } } }]
  for (const sent of again) t.match(await gateway.raw(bytesOf(gateway, { ...sent, changes: { ...sent.changes, ...once } })), { status: 401, json: { code: 'signature-replayed' } })
  const same = bytesOf(gateway)
  t.equal((await gateway.raw(same)).status, 200)
  gateway.clock.now = now + 59_000
  t.match(await gateway.raw(same), { json: { code: 'signature-replayed' } })
  gateway.clock.now = now + 60_000
  t.match(await gateway.raw(same), { json: { code: 'signature-expired' } }, 'and when it is forgotten it is too old')
  t.equal(gateway.upstream.requests.length, 2)
  const long = bytesOf(gateway, { changes: { claims: { exp: seconds + 80_000 } } })
  t.equal((await gateway.raw(long)).status, 200)
  gateway.clock.now = now + 360_999
  t.match(await gateway.raw(long), { json: { code: 'signature-replayed' } }, 'for as long as it is good')
  gateway.clock.now = now + 361_000
  t.match(await gateway.raw(long), { json: { code: 'signature-expired' } })
})

t.test('36: of many calls with one signature at the same moment exactly one is admitted', async (t) => {
  const gateway = await startGateway(t, options)
  const bytes = bytesOf(gateway)
  const answers = await Promise.all(Array.from({ length: 30 }, async () => gateway.raw(bytes)))
  t.equal(answers.filter(({ status }) => status === 200).length, 1)
  t.equal(answers.filter(({ json }) => json.code === 'signature-replayed').length, 29)
  t.equal(gateway.upstream.requests.length, 1)
})

t.test('a signature that is refused is not used up; one that was good is, whatever comes after', async (t) => {
  const gateway = await startGateway(t, options)
  const changes = { claims: { jti: 'refused' } }
  t.match(await gateway.raw(bytesOf(gateway, { changes: { ...changes, headers: { Digest: digestOf('x') } } })), { json: { code: 'digest-mismatch' } })
  t.equal((await gateway.raw(bytesOf(gateway, { changes }))).status, 200)
  const unfit = { body: Buffer.from('{"name":7}'), changes: { claims: { jti: 'unfit' } } }
  t.match(await gateway.raw(bytesOf(gateway, unfit)), { status: 400, json: { code: 'invalid-body' } })
  t.match(await gateway.raw(bytesOf(gateway, unfit)), { status: 401, json: { code: 'signature-replayed' } })
})

t.test('the jti of a signature and of a DPoP proof are not each other\'s', async (t) => {
  const gateway = await startGateway(t, options)
  const voucher = gateway.voucher({ claims: { cnf: { jkt: jktOf(ecKey.publicKey) } } })
  const DPoP = makeProof({ method: 'POST', url: `${publicUrl}${basePath}/items`, voucher, now }, { claims: { jti: 'the same' } })
  const answer = await gateway.raw(bytesOf(gateway, { voucher: null, changes: { claims: { jti: 'the same' } }, more: { Authorization: `DPoP ${voucher}`, DPoP } }))
  t.equal(answer.status, 200, answer.body)
})

t.test('what cannot be decided is no pass', async (t) => {
  for (const [code, more] of [['replay-filter-unavailable', { replay: { note: () => 'unavailable' } }], ['trust-source-unavailable', { clientKeys: { find: async () => 'unavailable' as const } }], ['internal-error', { clientKeys: { find: async () => { throw new Error('at /srv/app/node_modules/x.js:1:1') } } }]] as const) {
    const gateway = await startGateway(t, { ...options, ...more as HarnessOptions })
    const answer = await gateway.raw(bytesOf(gateway))
    t.equal(answer.headers['retry-after'] !== undefined, code !== 'internal-error')
    t.equal(gateway.upstream.requests.length, 0)
    await checkProblem(t, gateway, answer, { status: denialType(code).status, code })
  }
})

t.test('Range is not passed on, so that what is signed is about the whole', async (t) => {
  const gateway = await startGateway(t, options)
  t.equal((await gateway.call('/items', { headers: { Range: 'bytes=0-1' } })).status, 200)
  t.equal(gateway.upstream.requests[0]?.headers.range, undefined)
})

t.test('a demand is one of its operation: nothing is asked of the others, nor looked at', async (t) => {
  const contract = structuredClone(archiveContract) as unknown as { paths: Record<string, Record<string, object>> }
  Object.assign(contract.paths['/items']!['post']!, { 'x-modi': { patterns: ['INTEGRITY_REST_02'] } })
  const gateway = await startGateway(t, { ...options, contract: contract as unknown as JsonObject })
  t.match(await gateway.call('/items', { method: 'POST', body: item }), { status: 401, json: { code: 'signature-missing' } })
  t.equal((await gateway.call('/blobs/a', { method: 'PUT', body: item, headers: { 'Content-Type': 'application/octet-stream', 'Digest': 'x', 'Agid-JWT-Signature': 'x' } })).status, 200)
  t.equal((await gateway.call('/open', { voucher: null, headers: { Digest: 'x' } })).status, 200)
  const { paths } = await (await fetch(`http://${gateway.host}/docs/json`)).json() as { paths: Record<string, Record<string, { description: string }>> }
  t.match(paths[`${basePath}/items`]?.['post']?.description, /Serve la firma del messaggio/)
  t.notMatch(paths[`${basePath}/items`]?.['get']?.description, /Serve la firma del messaggio/)
})

t.test('until its signature is verified all that is told is that it is missing, malformed or not verifiable', async (t) => {
  const gateway = await startGateway(t, options)
  const told = async (changes: Changes): Promise<string> => (await gateway.raw(bytesOf(gateway, { changes }))).json.detail as string
  const details = await Promise.all([{ typ: 'at+jwt' }, { alg: 'none' }, { kid: 7 }, { crit: [] }].map(async (header) => told({ header })))
  t.equal(new Set(details).size, 1)
  for (const { code, check, reason, explanation } of await gateway.takeRecords(4)) {
    t.match({ code, check, reason }, { code: 'signature-malformed', check: /^Agid-JWT-Signature /, reason: String }, 'the log says which')
    t.equal((explanation as Line[]).find(({ outcome }) => outcome === 'fail')?.check, check, 'and so does its explanation')
  }
  t.equal(await told({ key: otherClientKey, claims: { aud: 'x' } }), await told({ key: otherClientKey }))
})

t.test('117, 118: nothing of the message, of a path or of a token is in the log or in an answer', async (t) => {
  const gateway = await startGateway(t, options)
  const canary = 'RSSMRA80A01H501U'
  const answers: WireAnswer[] = []
  for (const changes of [{ claims: { aud: `${publicUrl}${basePath}/items/${canary}` } }, { claims: { aud: `https://other.example/${canary}` } }, { claims: { iss: canary } }, { claims: { sub: canary } }, { headers: { 'X-Note': canary }, sent: { 'X-Note': 'x' } }, { headers: { 'X-Note': 'x' }, sent: { 'X-Note': canary } }, { header: { kid: canary } }, { header: { kid: `${canary}/` } }, { headers: { Digest: canary } }, { claims: { jti: canary.repeat(20) } }]) {
    answers.push(await gateway.raw(bytesOf(gateway, { body: Buffer.from(JSON.stringify({ name: canary })), changes })))
  }
  for (const { status } of answers) t.equal(status, 401)
  t.notMatch(JSON.stringify(await gateway.takeRecords(answers.length)) + answers.map(({ body }) => body).join(''), new RegExp(`${canary}|eyJ`))
})

t.test('any changed byte of a signed message is refused, and nothing of it arrives', async (t) => {
  const gateway = await startGateway(t, options)
  const bytes = bytesOf(gateway, { changes: { headers: { 'X-Note': 'nota-4711' } } })
  const text = bytes.toString('latin1')
  const regions = [/\r\nDigest: (.*)\r\n/, /\r\nX-Note: (.*)\r\n/, /\r\nAgid-JWT-Signature: (.*)\r\n/, /\r\n\r\n([^]*)$/].map((pattern) => {
    const found = pattern.exec(text)!
    const start = found.index + found[0].indexOf(found[1]!)
    return { start, length: found[1]!.length }
  })
  await fc.assert(fc.asyncProperty(fc.constantFrom(...regions), fc.nat(), fc.integer({ min: 1, max: 92 }), async ({ start, length }, at, by) => {
    const other = Buffer.from(bytes)
    const place = start + at % length
    other[place] = 33 + (other[place]! - 33 + by) % 93
    const { status, json } = await gateway.raw(other)
    return status === 401 && /^(signature|digest)-/.test(json.code as string)
  }), { numRuns: 300 })
  t.equal(gateway.upstream.requests.length, 0)
  t.equal((await gateway.raw(bytes)).status, 200)
})
