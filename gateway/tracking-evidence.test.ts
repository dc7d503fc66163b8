import { createHmac, generateKeyPairSync } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import type { JsonObject } from '../openapi/document.ts'
import type { Line } from '../policies/check.ts'
import { denialType } from '../policies/denials.ts'
import type { DenialCode } from '../policies/denials.ts'
import { agreedClaims, evidenceDigestOf, makeEvidence } from '../policies/evidence-fixture.ts'
import type { EvidenceChanges } from '../policies/evidence-fixture.ts'
import { portsOf } from '../policies/fixture.ts'
import type { ClientKeys } from '../policies/keys.ts'
import { ecKey, jktOf, makeProof } from '../policies/proof-fixture.ts'
import { certificatesOf, clientKey, clientKeysOf, clientKid, otherClientKey, otherClientKid, signToken } from '../policies/signature-fixture.ts'
import { loadConfig } from './config.ts'
import { startGateway } from './harness/gateway.ts'
import type { Harness, HarnessOptions } from './harness/gateway.ts'
import { archiveContract, audience, basePath, ids, mintVoucher } from './harness/platform.ts'
import { checkNextServed, checkProblem } from './harness/refusal.ts'
import { temporaryFolder } from './harness/process.ts'
import { goLive, termsOf } from './live.ts'

/** The clock stands still here. */
const now = Date.parse('2026-03-02T10:00:00Z')
const seconds = now / 1000
const otherClient = '10000000-0000-4000-8000-000000000099'
const header = 'Agid-JWT-TrackingEvidence'
const otherSpelling = 'Agid-JWT-Tracking-Evidence'
const publicUrl = 'https://api.ente.example.it'

/** The contract of the tests that demands evidence, with these agreed claims. */
const contractWith = (patterns: readonly string[] = ['AUDIT_REST_02'], claims: object = agreedClaims): JsonObject => ({ ...archiveContract, 'x-modi': { patterns, audit: { claims } } }) as unknown as JsonObject

const options: HarnessOptions = { now, contract: contractWith(), clientKeys: clientKeysOf(ids.client, otherClient), config: (config) => ({ ...config, publicUrl }) }

const make = (changes: EvidenceChanges = {}): string => makeEvidence({ clientId: ids.client, purposeId: ids.purpose, audience, now }, changes)
const voucherWith = (digest: unknown, claims: object = {}): string => mintVoucher(now, { claims: { digest, ...claims } })
const voucherFor = (evidence: string, claims: object = {}): string => voucherWith(evidenceDigestOf(evidence), claims)

/** What is sent: evidence in these headers, with a voucher that was asked for with it unless another is given. */
interface Sent { readonly evidence?: string, readonly headers?: readonly string[], readonly voucher?: string, readonly path?: string, readonly more?: readonly string[] }

/** The lines of a request, good but for what is said. */
function lines (gateway: Harness, { evidence = make(), headers = [`${header}: ${evidence}`], voucher = voucherFor(evidence), path = '/items', more = [] }: Sent = {}): string[] {
  return [`GET ${basePath}${path} HTTP/1.1`, `Host: ${gateway.host}`, `Authorization: Bearer ${voucher}`, ...headers, ...more]
}

/** What is sent, and what must come of it; `said` is part of the detail. */
type Case = readonly [name: string, send: (gateway: Harness) => readonly string[], code: DenialCode | 'admitted', said?: RegExp | undefined]

const sent = (name: string, code: Case[2], what: Sent, said?: RegExp): Case => [name, (gateway) => lines(gateway, what), code, said]
const withEvidence = (name: string, code: Case[2], changes: EvidenceChanges, said?: RegExp): Case => sent(name, code, { evidence: make(changes) }, said)
const withHeader = (name: string, header: Readonly<Record<string, unknown>>, code: Case[2] = 'evidence-malformed'): Case => withEvidence(name, code, { header })
const withClaims = (name: string, code: Case[2], claims: object, said?: RegExp): Case => withEvidence(name, code, { claims: { ...claims } }, said)

function challengeOf (code: DenialCode): string | undefined {
  const { challenge } = denialType(code)
  return challenge === undefined ? undefined : challenge === null ? 'Bearer' : `Bearer error="${challenge}"`
}

async function tryAll (t: Test, cases: readonly Case[], more: HarnessOptions = {}): Promise<void> {
  const gateway = await startGateway(t, { ...options, ...more })
  for (const [name, send, code, said] of cases) {
    await t.test(`${name}: ${code}`, async (t) => {
      const before = gateway.upstream.requests.length
      const started = performance.now()
      const answer = await gateway.raw(send(gateway))
      t.ok(performance.now() - started < 5000, 'in no time')
      t.equal(gateway.upstream.requests.length, before + (code === 'admitted' ? 1 : 0), 'only what is admitted reaches the upstream')
      if (code === 'admitted') {
        t.equal(answer.status, 200, answer.body)
        t.match(gateway.upstream.requests.at(-1)?.headers, { 'agid-jwt-trackingevidence': undefined, 'agid-jwt-tracking-evidence': undefined, 'authorization': undefined }, 'evidence stays here')
        await gateway.takeRecords(1)
        return
      }
      const { status } = denialType(code)
      if (code.startsWith('evidence-')) t.equal(answer.headers['www-authenticate'], challengeOf(code))
      if (said) t.match(answer.json.detail, said)
      await checkProblem(t, gateway, answer, { status, code })
      await checkNextServed(t, gateway)
    })
  }
  t.equal((await gateway.raw(lines(gateway))).status, 200, 'the next good one is served')
}

t.test('E1, E10 and a1, a4: there is one piece of evidence, in one of two headers', async (t) => {
  const evidence = make()
  await tryAll(t, [
    sent('good evidence', 'admitted', {}),
    sent('the other spelling', 'admitted', { evidence, headers: [`${otherSpelling}: ${evidence}`] }),
    sent('in lower case', 'admitted', { evidence, headers: [`${header.toLowerCase()}: ${evidence}`] }),
    sent('in upper case', 'admitted', { evidence, headers: [`${otherSpelling.toUpperCase()}: ${evidence}`] }),
    sent('none', 'evidence-missing', { headers: [] }),
    sent('an empty one', 'evidence-missing', { headers: [`${header}:`] }),
    sent('in a header with underscores', 'evidence-missing', { headers: [`Agid_JWT_TrackingEvidence: ${evidence}`] }),
    sent('in Agid-JWT-Signature', 'evidence-missing', { headers: [`Agid-JWT-Signature: ${evidence}`] }),
    sent('in the query', 'evidence-missing', { headers: [], path: `/items?q=${evidence}` }),
    sent('in a cookie', 'evidence-missing', { headers: [`Cookie: ${header}=${evidence}`] }),
    sent('twice', 'malformed-request', { evidence, headers: [`${header}: ${evidence}`, `${header}: ${evidence}`] }),
    sent('twice, in two cases', 'malformed-request', { evidence, headers: [`${header}: ${evidence}`, `${header.toLowerCase()}: x`] }),
    sent('in both spellings', 'evidence-malformed', { evidence, headers: [`${header}: ${evidence}`, `${otherSpelling}: ${evidence}`] }),
    sent('good and bad in both spellings', 'evidence-malformed', { evidence, headers: [`${otherSpelling}: x`, `${header}: ${evidence}`] }),
    sent('two in one header', 'evidence-malformed', { evidence, headers: [`${header}: ${evidence}, ${evidence}`] })
  ])
})

const one = make()
const [head = '', body = '', signature = ''] = one.split('.')
const bytes = Buffer.from(signature, 'base64url')
const flipped = Buffer.from(bytes)
flipped[100]! ^= 1
const encode = (text: string | Buffer): string => Buffer.from(text).toString('base64url')
const raw = (name: string, evidence: string, code: Case[2] = 'evidence-malformed'): Case => sent(name, code, { evidence })
const signedAs = (header: object, claims: object | string): string => signToken(header as Readonly<Record<string, unknown>>, claims, clientKey.privateKey)
const goodHeader = { typ: 'JWT', alg: 'RS256', kid: clientKid }

t.test('a5 to a9: it is a JWT with a signature', async (t) => tryAll(t, [
  ...['none', 'None', 'NONE', 'nOnE'].map((alg) => raw(`alg ${alg} without signature`, `${encode(JSON.stringify({ ...goodHeader, alg }))}.${body}.`)),
  ...['none', 'nOnE', 'HS256', 'HS512', 'ES256', 'EdDSA', 'RS1', 'rs256', ''].map((alg) => withHeader(`alg "${alg}"`, { alg })),
  ...(['pem', 'der'] as const).map((format): Case => {
    const signed = `${encode(JSON.stringify({ ...goodHeader, alg: 'HS256' }))}.${body}`
    return raw(`HS256 with the public key as ${format}`, `${signed}.${createHmac('sha256', clientKey.publicKey.export({ format, type: 'spki' } as { format: 'pem', type: 'spki' })).update(signed).digest('base64url')}`)
  }),
  ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'].map((alg) => withHeader(alg, { alg }, 'admitted')),
  raw('RS256 for PS256', `${encode(JSON.stringify({ ...goodHeader, alg: 'PS256' }))}.${body}.${signature}`, 'evidence-unverifiable'),
  raw('RS256 for RS384', `${encode(JSON.stringify({ ...goodHeader, alg: 'RS384' }))}.${body}.${signature}`, 'evidence-unverifiable'),
  raw('a signature of zeros', `${head}.${body}.${encode(Buffer.alloc(256))}`, 'evidence-unverifiable'),
  raw('one bit flipped', `${head}.${body}.${encode(flipped)}`, 'evidence-unverifiable'),
  raw('a signature cut by 3 bytes', `${head}.${body}.${encode(bytes.subarray(0, 253))}`, 'evidence-unverifiable'),
  raw('another spelling of the signature', one.slice(0, -1) + String.fromCharCode(one.charCodeAt(one.length - 1) + 1)),
  raw('a fourth segment', `${one}.x`),
  raw('a JWE of five parts', `${head}.${body}.${body}.${body}.${signature}`),
  raw('JSON serialisation', JSON.stringify({ payload: body, signature })),
  raw('one segment', head),
  withEvidence('by a stranger', 'evidence-unverifiable', { key: generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey })
]))

t.test('a10 to a21: its header leads nowhere else, and it is of its own kind', async (t) => {
  const canary = createServer((socket) => { socket.destroy() })
  let hits = 0
  canary.on('connection', () => { hits++ })
  await new Promise<void>((resolve) => canary.listen(0, '127.0.0.1', resolve))
  t.teardown(async () => new Promise((resolve) => canary.close(resolve)))
  const url = `http://127.0.0.1:${(canary.address() as AddressInfo).port}/key`
  const dpopVoucher = mintVoucher(now, { claims: { cnf: { jkt: jktOf(ecKey.publicKey) } } })
  await tryAll(t, [
    ...['jku', 'x5u', 'jwk', 'x5c', 'x5t', 'x5t#S256'].map((name) => withHeader(name, { [name]: name === 'jwk' ? clientKey.publicKey.export({ format: 'jwk' }) : name === 'x5c' ? [url] : url })),
    withHeader('x5u and no kid', { x5u: url, kid: undefined }),
    withHeader('a symmetric jwk', { jwk: { kty: 'oct', k: 'c2VjcmV0' } }),
    ...['', '../../../dev/null', '/dev/null', '|sleep 10', "x' UNION SELECT '1';--", 'a\u0000', 'x'.repeat(4096), 7, ['a'], {}, undefined].map((kid) => withHeader(`kid ${JSON.stringify(kid)?.slice(0, 20)}`, { kid })),
    ...['another', 'constructor', '__proto__', 'toString', '..', '%2e%2e'].map((kid) => withHeader(`kid ${kid}`, { kid }, /^[A-Za-z0-9._~-]+$/.test(kid) ? 'evidence-unverifiable' : 'evidence-malformed')),
    ...Object.entries({ crit: ['exp'], b64: false, zip: 'DEF', cty: 'JWT', enc: 'A128GCM' }).map(([name, value]) => withHeader(name, { [name]: value })),
    withHeader('crit of nothing', { crit: [] }),
    ...[undefined, 'at+jwt', 'AT+JWT', 'dpop+jwt', 'JOSE', 7].map((typ) => withHeader(`typ ${typ}`, { typ })),
    withHeader('typ in lower case', { typ: 'jwt' }, 'admitted'),
    withHeader('use, as the platform has it', { use: 'sig' }, 'admitted'),
    raw('a voucher as evidence', mintVoucher(now)),
    raw('a DPoP proof as evidence', makeProof({ method: 'GET', url: `${publicUrl}${basePath}/items`, voucher: dpopVoucher, now })),
    sent('evidence as voucher', 'voucher-malformed', { evidence: one, voucher: one }),
    raw('a byte order mark', signedAs(goodHeader, `\ufeff${JSON.stringify({ iss: ids.client })}`)),
    raw('a member twice', signedAs(goodHeader, '{"iss":"a","iss":"b"}')),
    raw('claims that are a list', signedAs(goodHeader, '[]')),
    raw('half of a surrogate pair', signedAs(goodHeader, String.raw`{"iss":"\ud800"}`)),
    raw('__proto__', signedAs(goodHeader, '{"__proto__":{"iss":"a"}}')),
    raw('claims nested 1000 deep', signedAs(goodHeader, `{"a":${'['.repeat(1000)}${']'.repeat(1000)}}`)),
    raw('more than 8 KiB', 'a'.repeat(8193)),
    raw('more than any header', make({ claims: { more: 'x'.repeat(6000) } }), 'headers-too-large')
  ])
  t.equal(hits, 0, 'nobody was asked for a key by a name in a header')
})

t.test('E15 and T15: it is by a key of the client that calls', async (t) => tryAll(t, [
  withEvidence('a key of another client', 'evidence-signer-mismatch', { header: { kid: otherClientKid }, key: otherClientKey.privateKey }, new RegExp(ids.client)),
  withEvidence('a key of another client, who says to be this one', 'evidence-signer-mismatch', { header: { kid: otherClientKid }, key: otherClientKey.privateKey, claims: { iss: ids.client } }),
  withEvidence('the kid of one and the key of another', 'evidence-unverifiable', { key: otherClientKey.privateKey }),
  withEvidence('by certificate', 'evidence-malformed', { certificate: true })
], { certificates: certificatesOf(ids.client) }))

t.test('b26 to b28: its times are judged by the clock', async (t) => tryAll(t, [
  ...['exp', 'iat'].flatMap((name) => [undefined, null, String(seconds), seconds + 0.5, 1e300, -1, 0, {}].map((value) => withClaims(`${name} ${JSON.stringify(value)}`, 'evidence-claims-invalid', { [name]: value }))),
  withClaims('exp a second ago', 'evidence-expired', { exp: seconds - 1 }),
  withClaims('exp now', 'evidence-expired', { exp: seconds }, /later than 2026-03-02T10:00:00Z/),
  withClaims('exp in a second', 'admitted', { exp: seconds + 1 }),
  withClaims('iat in 5 s', 'admitted', { iat: seconds + 5 }),
  withClaims('iat in 6 s', 'evidence-not-yet-valid', { iat: seconds + 6 }),
  withClaims('iat in an hour', 'evidence-not-yet-valid', { iat: seconds + 3600, exp: seconds + 7200 }),
  withClaims('iat in milliseconds', 'evidence-claims-invalid', { iat: seconds * 1000, exp: seconds * 1000 + 1 }),
  withClaims('iat hours ago', 'admitted', { iat: seconds - 36_000 }),
  withClaims('nbf in 5 s', 'admitted', { nbf: seconds + 5 }),
  withClaims('nbf in 6 s', 'evidence-not-yet-valid', { nbf: seconds + 6 }),
  withClaims('nbf that is no time', 'evidence-not-yet-valid', { nbf: 'x' }),
  withClaims('no nbf', 'admitted', { nbf: undefined }),
  withClaims('a day', 'admitted', { exp: seconds + 86_400 }),
  withClaims('more than a day', 'evidence-claims-invalid', { exp: seconds + 86_401 })
]))

t.test('E11 and b30: it is for this e-service', async (t) => tryAll(t, [
  ...[[audience], ['https://other.example', audience], `https://other.example,${audience}`].map((aud) => withClaims(`aud ${JSON.stringify(aud)}`, 'admitted', { aud })),
  ...[undefined, [], 7, [7], '', '*', `${audience}/`, `${audience}/items`, audience.toUpperCase(), audience.slice(0, -1), 'https://other.example', audience.replace('ente', 'еnte')].map((aud) => withClaims(`aud ${JSON.stringify(aud)}`, 'evidence-audience-mismatch', { aud }, /https:\/\/api\.ente\.example\.it/))
]))

t.test('E3: evidence may have an audience of its own besides that', async (t) => tryAll(t, [
  withClaims('its own', 'admitted', { aud: 'https://audit.ente.example.it' }),
  withClaims('that of the e-service', 'admitted', {}),
  withClaims('another', 'evidence-audience-mismatch', { aud: 'https://audit.example' })
], { config: (config) => ({ ...config, publicUrl, eservices: config.eservices.map((one) => ({ ...one, audit: { audience: ['https://audit.ente.example.it'] } })) }) }))

t.test('its own audience stands in the configuration', async (t) => {
  const folder = await temporaryFolder(t)
  for (const named of ['contract.yaml', 'registry.yaml']) await writeFile(join(folder, named), '')
  const secret = 'a-secret-of-forty-characters-or-so-12345'
  const configured = async (audit: object) => {
    const eservice = { contract: 'contract.yaml', upstream: { url: 'https://10.0.0.5', secret }, eserviceId: ids.eservice, descriptorIds: [ids.descriptor], audience: [audience], ...audit }
    await writeFile(join(folder, 'gateway.yaml'), JSON.stringify({ pdnd: { environment: 'sandbox' }, publicUrl, registry: 'registry.yaml', producer: ids.producer, eservices: { archive: eservice } }))
    const config = await loadConfig(join(folder, 'gateway.yaml'), {})
    return termsOf(config, config.eservices[0]!, { grants: undefined }).evidenceAudience
  }
  t.strictSame(await configured({}), [])
  t.strictSame(await configured({ audit: { audience: ['https://audit.ente.example.it'] } }), ['https://audit.ente.example.it'])
  await t.rejects(configured({ audit: { audiences: ['x'] } }), { message: /unknown key "audiences"\. Did you mean "audience"\?/ })
})

t.test('52: it is for the client and the purpose of the voucher', async (t) => tryAll(t, [
  ...[undefined, otherClient, ids.consumer, '', 7, [ids.client], ` ${ids.client}`].map((iss) => withClaims(`iss ${JSON.stringify(iss)}`, 'evidence-claims-invalid', { iss }, new RegExp(ids.client))),
  ...[undefined, null, 7, [ids.purpose], {}].map((purposeId) => withClaims(`purposeId ${JSON.stringify(purposeId)}`, 'evidence-claims-invalid', { purposeId })),
  ...[ids.client, '', `${ids.purpose}\n`, ` ${ids.purpose}`].map((purposeId) => withClaims(`purposeId "${purposeId}"`, 'evidence-purpose-mismatch', { purposeId }, new RegExp(ids.purpose))),
  ...[undefined, null, '', 7, ['a'], {}].map((jti) => withClaims(`jti ${JSON.stringify(jti)}`, 'evidence-claims-invalid', { jti })),
  ...[1234567890123, '1234567890123', '0000000000000'].map((dnonce) => withClaims(`dnonce ${JSON.stringify(dnonce)}`, 'admitted', { dnonce })),
  ...[undefined, null, '', 7, 123456789012, 12345678901234, '123456789012', '12345678901234', '12345678901x3', 1234567890123.5, -1234567890123, [1234567890123]].map((dnonce) => withClaims(`dnonce ${JSON.stringify(dnonce)}`, 'evidence-claims-invalid', { dnonce }))
]))

t.test('E12 to E15: the voucher holds the digest of the evidence', async (t) => {
  const evidence = make()
  const { value } = evidenceDigestOf(evidence)
  const digest = (name: string, code: Case[2], claim: unknown): Case => sent(name, code, { evidence, voucher: voucherWith(claim) })
  await tryAll(t, [
    digest('in lower case', 'admitted', { alg: 'SHA256', value }),
    digest('in upper case', 'admitted', { alg: 'SHA256', value: value.toUpperCase() }),
    digest('none', 'evidence-digest-missing', undefined),
    digest('no alg', 'voucher-claims-invalid', { value }),
    digest('no value', 'voucher-claims-invalid', { alg: 'SHA256' }),
    digest('null', 'voucher-claims-invalid', null),
    digest('a text', 'voucher-claims-invalid', value),
    digest('another alg', 'voucher-claims-invalid', { alg: 'SHA512', value }),
    digest('another spelling of alg', 'voucher-claims-invalid', { alg: 'SHA-256', value }),
    digest('in base64', 'voucher-claims-invalid', { alg: 'SHA256', value: Buffer.from(value, 'hex').toString('base64') }),
    digest('with more', 'voucher-claims-invalid', { alg: 'SHA256', value, salt: 'x' }),
    digest('of other evidence', 'evidence-digest-mismatch', evidenceDigestOf(make())),
    digest('of its claims', 'evidence-digest-mismatch', evidenceDigestOf(body)),
    digest('of it without signature', 'evidence-digest-mismatch', evidenceDigestOf(`${head}.${body}`)),
    digest('zeros', 'evidence-digest-mismatch', { alg: 'SHA256', value: '0'.repeat(64) }),
    sent('of it, which nobody signed', 'evidence-unverifiable', { evidence: make({ key: otherClientKey.privateKey }) }),
    sent('of other evidence, which nobody signed', 'evidence-digest-mismatch', { evidence: make({ key: otherClientKey.privateKey }), voucher: voucherFor(evidence) }),
    sent('of other evidence, by a key that is not there', 'evidence-digest-mismatch', { evidence: make({ header: { kid: 'another' } }), voucher: voucherFor(evidence) })
  ])
})

t.test('E6 to E9 and E16: agreed claims are there, under their names, all of them', async (t) => tryAll(t, [
  withClaims('no userID', 'evidence-agreed-claims-invalid', { userID: undefined }, /got claim userID is missing\./),
  withClaims('no userLocation', 'evidence-agreed-claims-invalid', { userLocation: undefined }, /got claim userLocation is missing\./),
  withClaims('neither', 'evidence-agreed-claims-invalid', { userID: undefined, userLocation: undefined }, /claim userID is missing; claim userLocation is missing\./),
  withClaims('userid', 'evidence-agreed-claims-invalid', { userID: undefined, userid: 'user293' }, /claim userid: did you mean userID; claim userID is missing/),
  withClaims('USERLOCATION and userId', 'evidence-agreed-claims-invalid', { userID: undefined, userLocation: undefined, userId: 'a', USERLOCATION: 'b' }, /claim userId: did you mean userID; claim USERLOCATION: did you mean userLocation/),
  withClaims('loa', 'evidence-agreed-claims-invalid', { LoA: undefined, loa: 'LOW' }, /claim loa: did you mean LoA/),
  withClaims('no LoA', 'admitted', { LoA: undefined }),
  withClaims('LoA of another value', 'evidence-agreed-claims-invalid', { LoA: 'TOP' }, /claim LoA must be equal to one of the allowed values/),
  withClaims('an empty userID', 'evidence-agreed-claims-invalid', { userID: '' }, /claim userID must NOT have fewer than 1 characters/),
  withClaims('a long userID', 'evidence-agreed-claims-invalid', { userID: 'x'.repeat(101) }, /claim userID must NOT have more than 100 characters/),
  withClaims('a userID beyond all measure', 'evidence-agreed-claims-invalid', { userID: 'x'.repeat(2001) }, /a text is longer than 2000 characters/),
  withClaims('userID that is a number', 'evidence-agreed-claims-invalid', { userID: 293 }, /claim userID must be string/),
  withClaims('more than was agreed', 'admitted', { more: 'x' })
]))

const text = { type: 'string', maxLength: 100 }
/** A custom schema (E17 to E27): for each claim a rule, a value that keeps to it, and values that do not. */
const custom: Readonly<Record<string, readonly [schema: object, good: unknown, bad: readonly unknown[], says: RegExp]>> = {
  anInt: [{ type: 'integer', format: 'int32' }, 7, ['7', 7.5, true, null, [7], 2 ** 40], /claim anInt must/],
  aLong: [{ type: 'integer', format: 'int64' }, 2 ** 40, ['1099511627776', 2 ** 60], /claim aLong must/],
  aDouble: [{ type: 'number', format: 'double' }, 7.5, ['7.5'], /claim aDouble must be number/],
  aBoolean: [{ type: 'boolean' }, true, ['true', 1], /claim aBoolean must be boolean/],
  digits: [{ ...text, pattern: '^\\d{1,5}$' }, '12345', ['123456', '12a', 12345, '1\n'], /claim digits must/],
  code: [{ ...text, pattern: '^[A-Z]{2}\\d{3}$' }, 'AB123', ['ab123', 'AB1234', 'xAB123', ' AB123'], /claim code must match pattern/],
  oneOfSome: [{ ...text, enum: ['sportello', 'sito'] }, 'sito', ['Sito', 'app', 7], /claim oneOfSome must/],
  oneOfNumbers: [{ type: 'integer', enum: [1, 2] }, 2, [3, '2'], /claim oneOfNumbers must/],
  listOfInts: [{ type: 'array', maxItems: 3, items: { type: 'integer' } }, [1, 2], [[1, '2'], '1,2', [1, 2, 3, 4], 1], /claim listOfInts/],
  listOfTexts: [{ type: 'array', items: text }, ['a'], [['a', 1], 'a'], /claim listOfTexts/],
  mixed: [{ anyOf: [{ type: 'integer', minimum: 1 }, { ...text, pattern: '^[a-z]{1,3}$' }] }, 'abc', ['abcd', 0, true], /claim mixed must/],
  least: [{ type: 'integer', minimum: 10 }, 10, [9, -10, '10'], /claim least must/],
  most: [{ type: 'number', maximum: 10 }, 10, [10.1, '10'], /claim most must/],
  aText: [text, 'true', [true, 7, 7.5], /claim aText must be string/],
  aDate: [{ type: 'string', format: 'date-time' }, '2026-03-02T10:00:00Z', ['2026-03-02', 'x'], /claim aDate must match format/]
}
const goodCustom = Object.fromEntries(Object.entries(custom).map(([name, [, good]]) => [name, good]))
const customSchema = { type: 'object', additionalProperties: false, required: Object.keys(custom), properties: Object.fromEntries(Object.entries(custom).map(([name, [schema]]) => [name, schema])) }
const onlyAgreed = { userID: undefined, userLocation: undefined, LoA: undefined }

t.test('E17 to E27: agreed claims may be any, and are held to their schema to the letter', async (t) => {
  const gateway = await startGateway(t, { ...options, contract: contractWith(['AUDIT_REST_02'], customSchema) })
  const send = async (claims: object) => gateway.raw(lines(gateway, { evidence: make({ claims: { ...onlyAgreed, ...goodCustom, ...claims } }) }))
  t.equal((await send({})).status, 200)
  for (const [name, [, , bad, says]] of Object.entries(custom)) {
    for (const value of [undefined, ...bad]) {
      await t.test(`${name} ${JSON.stringify(value)}`, async (t) => {
        await gateway.takeRecords(1).catch(() => undefined)
        const answer = await send({ [name]: value })
        t.match(answer.json.detail, value === undefined ? new RegExp(`claim ${name} is missing`) : says)
        await checkProblem(t, gateway, answer, { status: 401, code: 'evidence-agreed-claims-invalid' })
        await checkNextServed(t, gateway)
        t.equal((await send({})).status, 200)
      })
    }
  }
  t.match((await send({ RSSMRA80A01H501U: 1 })).json.detail, /the claims must NOT have additional properties\. /)
  t.match((await send(Object.fromEntries(Object.keys(custom).map((name) => [name, undefined])))).json.detail, new RegExp(Object.keys(custom).map((name) => `claim ${name} is missing`).join('; ')), 'all at once')
})

t.test('AUDIT_REST_01 needs no digest and no dnonce, but holds to a digest that is there', async (t) => tryAll(t, [
  sent('a voucher without digest', 'admitted', { voucher: mintVoucher(now) }),
  withClaims('no dnonce', 'admitted', { dnonce: undefined }),
  sent('a voucher with its digest', 'admitted', {}),
  sent('a voucher with another digest', 'evidence-digest-mismatch', { voucher: voucherFor(make()) }),
  sent('no evidence', 'evidence-missing', { headers: [], voucher: mintVoucher(now) }),
  withClaims('no purposeId', 'evidence-claims-invalid', { purposeId: undefined })
], { contract: contractWith(['AUDIT_REST_01']) }))

t.test('where none is demanded nothing is looked at', async (t) => {
  const contract = structuredClone(archiveContract) as unknown as { paths: Record<string, Record<string, object>> }
  Object.assign(contract.paths['/items/{id}']!['get']!, { 'x-modi': { patterns: ['AUDIT_REST_02'] } })
  const gateway = await startGateway(t, { ...options, contract: contract as unknown as JsonObject })
  for (const headers of [[], [`${header}: x`], [`${header}: x`, `${otherSpelling}: y`], [`${header}: ${make({ claims: { exp: 1 } })}`]]) {
    for (const voucher of [mintVoucher(now), voucherFor('another')]) t.equal((await gateway.raw(lines(gateway, { headers, voucher }))).status, 200)
  }
  t.match(await gateway.raw(lines(gateway, { headers: [], path: '/items/a' })), { json: { code: 'evidence-missing' } }, 'a demand is one of its operation')
  t.equal((await gateway.raw(lines(gateway, { path: '/items/a', evidence: make({ claims: onlyAgreed }) }))).status, 200, 'and without agreed claims none are asked for')
})

t.test('C3 and 35: the same evidence goes with every call of a voucher, until either expires', async (t) => {
  const gateway = await startGateway(t, options)
  const bytes = lines(gateway, { evidence: make({ claims: { exp: seconds + 300 } }) })
  for (const after of [0, 0, 60_000, 299_000]) {
    gateway.clock.now = now + after
    t.equal((await gateway.raw(bytes)).status, 200, `after ${after} ms`)
  }
  const all = await Promise.all(Array.from({ length: 20 }, async () => gateway.raw(bytes)))
  t.ok(all.every(({ status }) => status === 200), 'at the same moment too')
  gateway.clock.now = now + 300_000
  t.match(await gateway.raw(bytes), { status: 401, json: { code: 'evidence-expired' } })
})

t.test('41: a key that was deleted or replaced proves nothing from that moment on, and one that cannot be asked for is 503', async (t) => {
  let keys: ClientKeys = clientKeysOf(ids.client, otherClient)
  const gateway = await startGateway(t, { ...options, clientKeys: { find: (kid) => keys.find(kid) } })
  const bytes = lines(gateway)
  const code = async (): Promise<string | number> => {
    const { status, json } = await gateway.raw(bytes)
    return json?.code ?? status
  }
  t.equal(await code(), 200)
  keys = { find: () => 'unknown' }
  t.equal(await code(), 'evidence-unverifiable', 'deleted')
  keys = { find: () => ({ key: otherClientKey.publicKey, clientId: ids.client }) }
  t.equal(await code(), 'evidence-unverifiable', 'replaced under its id')
  keys = { find: () => ({ key: clientKey.publicKey, clientId: otherClient }) }
  t.equal(await code(), 'evidence-signer-mismatch', 'moved to another client')
  keys = { find: () => Promise.resolve('unavailable' as const) }
  t.match(await gateway.raw(bytes), { status: 503, headers: { 'retry-after': /^\d+$/ }, json: { code: 'trust-source-unavailable' } })
  keys = { find: async (kid) => clientKeysOf(ids.client, otherClient).find(kid) }
  t.equal(await code(), 200, 'and back again')
})

t.test('a caller by DPoP is challenged with DPoP', async (t) => {
  const gateway = await startGateway(t, options)
  const evidence = make()
  const voucher = voucherFor('another', { cnf: { jkt: jktOf(ecKey.publicKey) } })
  const proof = makeProof({ method: 'GET', url: `${publicUrl}${basePath}/items`, voucher, now })
  const answer = await gateway.raw([`GET ${basePath}/items HTTP/1.1`, `Host: ${gateway.host}`, `Authorization: DPoP ${voucher}`, `DPoP: ${proof}`, `${header}: ${evidence}`])
  t.match(answer, { status: 401, json: { code: 'evidence-digest-mismatch' }, headers: { 'www-authenticate': 'DPoP error="invalid_token", algs="ES256 RS256"' } })
})

t.test('78: a call without good evidence is refused before its body, and costs nothing', async (t) => {
  const gateway = await startGateway(t, { ...options, config: (config) => ({ ...config, publicUrl, eservices: config.eservices.map((one) => ({ ...one, burst: { requests: 2, seconds: 60 } })) }) })
  const answer = await gateway.raw([`POST ${basePath}/items HTTP/1.1`, `Host: ${gateway.host}`, `Authorization: Bearer ${voucherFor(one)}`, 'Content-Type: application/json', 'Content-Length: 1000', 'Expect: 100-continue'])
  t.match(answer, { status: 401, json: { code: 'evidence-missing' }, headers: { 'x-ratelimit-limit': '2', 'x-ratelimit-remaining': '2' } }, 'its limits are told: it is certain who calls')
  t.match((await gateway.raw(lines(gateway))).headers, { 'x-ratelimit-remaining': '1' })
})

t.test('until its signature is verified all that is told is that evidence is missing, malformed, not verifiable or not that of the voucher', async (t) => {
  const gateway = await startGateway(t, options)
  const told = async (changes: EvidenceChanges): Promise<string> => (await gateway.raw(lines(gateway, { evidence: make(changes) }))).json.detail as string
  const malformed = await Promise.all([{ typ: 'x' }, { alg: 'none' }, { kid: undefined }, { crit: [] }].map(async (header) => told({ header })))
  t.equal(new Set(malformed).size, 1)
  const stranger = otherClientKey.privateKey
  const unverifiable = await Promise.all([{ key: stranger }, { header: { kid: 'another' } }, { key: stranger, claims: { exp: 1, aud: 'x', iss: 'x', userID: undefined } }].map(told))
  t.equal(new Set(unverifiable).size, 1, 'nor whether there is such a key')
  for (const { code, check, reason, explanation } of (await gateway.takeRecords(7)).slice(0, 4)) {
    t.match({ code, check, reason }, { code: 'evidence-malformed', check: new RegExp(`^${header} `), reason: String }, 'the log says which')
    t.equal((explanation as Line[]).find(({ outcome }) => outcome === 'fail')?.check, check, 'and so does its explanation')
  }
})

t.test('117 and 118: nothing of what evidence says is in a log or an answer, refused or not', async (t) => {
  const canary = 'RSSMRA80A01H501U'
  const gateway = await startGateway(t, options)
  const secret = { userID: canary, userLocation: `${canary}-2`, [canary]: canary, jti: canary }
  const sent = [
    {}, { LoA: canary }, { userID: [canary] }, { userID: undefined, userid: canary }, { userID: canary.repeat(10) }, { exp: canary }, { exp: 1 }, { nbf: canary }, { iss: canary }, { purposeId: canary }, { dnonce: canary }, { aud: [canary, 7] }, { jti: [canary] }
  ].map((claims) => make({ claims: { ...secret, ...claims } }))
  const all = [...sent, make({ claims: secret, key: otherClientKey.privateKey }), make({ claims: secret, header: { kid: canary } }), make({ claims: secret, header: { typ: canary } })]
  const answers = []
  for (const evidence of all) answers.push(await gateway.raw(lines(gateway, { evidence })))
  for (const evidence of all) answers.push(await gateway.raw(lines(gateway, { evidence, voucher: mintVoucher(now) })))
  const records = await gateway.takeRecords(answers.length)
  t.equal(records.length, answers.length)
  t.equal(answers[0]?.status, 200)
  t.ok(new Set(answers.map(({ json }) => json?.code as string)).size >= 8)
  t.notMatch(JSON.stringify(records), canary)
  t.notMatch(JSON.stringify(answers.map((answer) => [answer.headers, answer.body])), canary)
  t.notMatch(JSON.stringify([gateway.logs, records]), /eyJ[\w-]{8}/, 'no part of a token')
  const received = JSON.stringify(gateway.upstream.requests.map(({ rawHeaders }) => rawHeaders))
  t.notOk(all.some((evidence) => received.includes(evidence.split('.')[1] as string)), 'nor does the upstream get any of it')
})

t.test('an upstream gets the evidence only where the contract declares the header, and then as it came', async (t) => {
  const contract = structuredClone(contractWith()) as unknown as { paths: Record<string, Record<string, { parameters?: object[] }>> }
  contract.paths['/items']!['get']!.parameters?.push({ name: header, in: 'header', required: true, schema: { type: 'string', maxLength: 8192 } })
  const gateway = await startGateway(t, { ...options, contract: contract as unknown as JsonObject })
  const evidence = make()
  t.equal((await gateway.raw(lines(gateway, { evidence }))).status, 200)
  t.equal(gateway.upstream.requests.at(-1)?.headers['agid-jwt-trackingevidence'], evidence)
  t.equal((await gateway.raw(lines(gateway, { evidence, path: '/items/a' }))).status, 200)
  t.equal(gateway.upstream.requests.at(-1)?.headers['agid-jwt-trackingevidence'], undefined, 'declared by one operation, not by another')
})

t.test('a contract whose agreed claims cannot be judged does not go live', async (t) => {
  const { config, folder } = await startGateway(t)
  const live = async (change: (contract: { paths: Record<string, Record<string, object>> } & Record<string, unknown>) => void): Promise<unknown> => {
    const contract = structuredClone(archiveContract) as unknown as Parameters<typeof change>[0]
    change(contract)
    const file = join(folder, 'auditing.json')
    await writeFile(file, JSON.stringify(contract))
    return goLive({ ...config, eservices: config.eservices.map((one) => ({ ...one, contract: file })) }, portsOf(), [])
  }
  const operation = (claims: object, patterns = ['AUDIT_REST_01']) => async () => live(({ paths }) => { Object.assign(paths['/items']!['get']!, { 'x-modi': { patterns, audit: { claims } } }) })
  const faults: Readonly<Record<string, readonly [schema: object, says: RegExp]>> = {
    'a type that is none': [{ properties: { userID: { type: 'txt' } } }, /operation "listItems": x-modi\.audit\.claims: schema is invalid/],
    'a keyword that is none': [{ properties: { userID: { type: 'string', maxLen: 7 } } }, /operation "listItems": x-modi\.audit\.claims: strict mode: unknown keyword: "maxLen"/],
    'a format that is none': [{ properties: { userID: { type: 'string', format: 'cf' } } }, /operation "listItems": x-modi\.audit\.claims: unknown format "cf"/],
    'a pattern that can explode': [{ properties: { userID: { type: 'string', pattern: '^(a+)+$' } } }, /operation "listItems": x-modi\.audit\.claims: the pattern .* could take too long/],
    'a reference to nothing': [{ properties: { userID: { $ref: '#/components/schemas/None' } } }, /points to nothing/]
  }
  for (const [name, [schema, says]] of Object.entries(faults)) await t.rejects(operation(schema), { message: says }, name)
  await t.rejects(operation({}, []), { message: /operation "listItems": x-modi\.audit: is about tracking evidence, which is not demanded/ })
  await t.rejects(async () => live((contract) => { contract['x-modi'] = { audit: { claims: {} } } }), { message: /auditing\.json: x-modi\.audit: is about tracking evidence, which is not demanded/ })
  await t.rejects(async () => live((contract) => { contract['x-modi'] = { patterns: ['AUDIT_REST_01'], audit: { claims: { type: 'string' } } } }), { message: /^\S+auditing\.json: x-modi\.audit\.claims: the claims of a JWT are an object$/ })
})

t.test('the docs say what evidence an operation needs', async (t) => {
  const gateway = await startGateway(t, { now, contract: contractWith() })
  const { paths } = await (await fetch(`${gateway.config.publicUrl}/docs/json`)).json() as { paths: Record<string, Record<string, { description: string, responses: object }>> }
  t.match(paths[`${basePath}/items`]?.['get']?.description, /Serve la tracciatura\*\* \(AUDIT_REST_02\).*Claim concordate: `userID`, `userLocation`, `LoA`\./)
  t.notMatch(paths[`${basePath}/open`]?.['get']?.description, /tracciatura/)
  t.match(JSON.stringify(paths[`${basePath}/items`]?.['get']?.responses), /evidence-digest-mismatch/)
})
